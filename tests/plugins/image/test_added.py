"""LoRAs and embeddings in requests: named in the prompt, kept in the list, refused before the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from plugins.image import codec_text
from plugins.image.added import settle, tags, with_weight, without_tags
from plugins.image.document import ImageDocument
from plugins.image.panel import ImagePanel
from plugins.image.params import ImageParams
from studio.api import AddedModel, Model, Recipe, Request, StudioError
from tests.plugins.image.fake_host import STARTER, FakeHost
from tests.plugins.image.panel_bench import click, generate, named, type_into

SD1 = Model("models/paint", "Paint", "single/StableDiffusionPipeline", Path("paint.safetensors"), base="sd1")
SDXL = Model("models/big", "Big", "diffusers/StableDiffusionXLPipeline", Path("big"), base="sdxl")
INK = Model(
    "models/loras/ink.safetensors", "Ink v2", "lora/weights", Path("loras/ink.safetensors"), sha256="1" * 64, base="sd1"
)
MOSS = Model(
    "models/loras/moss.safetensors",
    "moss",
    "lora/weights",
    Path("loras/moss.safetensors"),
    sha256="2" * 64,
    base="sdxl",
)
GLOW = Model(
    "models/embeddings/glow-1.safetensors", "glow-1", "embedding/weights", Path("embeddings/glow-1.safetensors"),
    sha256="3" * 64, base="sd1",
)  # fmt: skip
ALL = (SD1, SDXL, INK, MOSS, GLOW)


def asked(prompt: str, *added: AddedModel, model: Model = SD1, **params: str) -> Request:
    return Request("image.diffusion", {"prompt": prompt, **params}, model=model.ref(), added=added)


def laid(request: Request) -> list[tuple[str, float]]:
    return [(item.model.name, item.weight) for item in settle(request, ALL).added]


def over(model: Model, weight: float = 1.0) -> AddedModel:
    return AddedModel(replace(model.ref(), name=model.path.stem), weight)


def test_tags_are_found_and_left_out_of_what_the_model_reads() -> None:
    text = "a castle, <lora:Ink:0.8>, by the sea <LORA:moss>"
    assert [(tag.name, tag.weight) for tag in tags(text)] == [("Ink", 0.8), ("moss", 1.0)]
    assert without_tags(text) == "a castle, by the sea"
    assert without_tags("a castle ,, <not:a:tag> ") == "a castle ,, <not:a:tag> "
    assert with_weight(text, "ink", 0.35) == "a castle, <lora:Ink:0.35>, by the sea <LORA:moss>"
    assert with_weight(text, "ink", None) == "a castle, by the sea <LORA:moss>"


@pytest.mark.parametrize("weight", ["much", "1,5", "9", "nan", "-inf", "0x1"])
def test_a_weight_that_cannot_be_is_said(weight: str) -> None:
    with pytest.raises(StudioError, match="is not a number from −4 to 4"):
        settle(asked(f"a castle <lora:ink:{weight}>"), ALL)


def test_what_the_prompt_names_is_in_the_request() -> None:
    assert laid(asked("a castle <lora:ink:0.8>")) == [("ink", 0.8)]
    assert laid(asked("a castle <lora:Ink v2:0.8>")) == [("Ink v2", 0.8)]
    assert laid(asked("a castle <lora:ink:0.8>", over(INK, 0.1))) == [("ink", 0.8)]
    assert laid(asked("a castle", negative_prompt="(glow-1:1.2), bad")) == [("glow-1", 1.0)]
    assert laid(asked("a GLOW-1 castle, glow-12")) == [("glow-1", 1.0)]
    assert laid(asked("a castle", over(INK), over(GLOW))) == [("ink", 1.0)], "an embedding counts while it is named"
    once = settle(asked("a glow-1 castle <lora:ink:0.8>"), ALL)
    assert settle(once, ALL) == once


def test_a_renamed_file_is_still_the_one_of_the_recipe() -> None:
    """A recipe's LoRA was found by its hash under another name: the prompt's name means that one."""
    other = replace(INK, id="models/new.safetensors", title="new", path=Path("new.safetensors"))
    found = settle(asked("x <lora:ink:0.5>", AddedModel(replace(other.ref(), name="ink"), 0.5)), (SD1, other, MOSS))
    assert [item.model.id for item in found.added] == [other.id]


def test_an_unknown_name_is_refused_with_what_was_probably_meant() -> None:
    with pytest.raises(StudioError, match="There is no LoRA called “mos” here") as caught:
        settle(asked("a castle <lora:mos:1>", model=SDXL), ALL)
    assert caught.value.hint == "Did you mean <lora:moss>?"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (asked("x <lora:moss:1>"), "“moss” is a LoRA for SDXL, and the model “Paint” is SD 1.x."),
        (asked("x", over(INK), model=SDXL), "“Ink v2” is a LoRA for SD 1.x, and the model “Big” is SDXL."),
        (asked("x glow-1", model=SDXL), "“glow-1” is an embedding for SD 1.x, and the model “Big” is SDXL."),
    ],
)
def test_what_does_not_go_with_the_model_is_refused(request_: Request, words: str) -> None:
    with pytest.raises(StudioError) as caught:
        settle(request_, ALL)
    assert caught.value.message == words
    assert ("Big" if "for SDXL" in words else "Paint") in caught.value.hint


def test_of_two_with_one_name_the_one_that_fits_is_meant() -> None:
    twin = replace(MOSS, id="models/a/moss.safetensors", base="sd1")
    assert [item.model.id for item in settle(asked("<lora:moss:1>"), (*ALL, twin)).added] == [twin.id]


def test_the_document_keeps_the_list_and_takes_it_from_a_recipe() -> None:
    document = ImageDocument.first(ImageParams)
    document.added = (over(INK, 0.4),)
    again = ImageDocument.from_json(document.to_json(), ImageParams)
    assert again.added == document.added
    assert again.requests("image.diffusion", ImageParams, SD1)[0].added == document.added
    broken = ImageDocument.from_json({"added": [{"weight": 1}, 7, {"id": "a", "weight": "x"}]}, ImageParams)
    assert broken.added == ()
    recipe = Recipe(asked("a castle <lora:moss:0.3>", over(INK, 0.4), over(MOSS, 0.3), over(GLOW)))
    notes = again.take(recipe, ImageParams, [SD1], {}, added=[replace(INK, id="models/elsewhere"), MOSS, GLOW])
    assert [(item.model.id, item.model.name, item.weight) for item in again.added] == [("models/elsewhere", "ink", 0.4)]
    assert not notes
    (note,) = again.take(recipe, ImageParams, [SD1], {}, added=[MOSS, GLOW])
    assert "“ink”" in note
    branched, _ = again.branch(recipe.request, steps="e" * 32, index=1, params=ImageParams)
    assert branched.added == again.added


def test_other_programs_read_the_list_behind_the_prompt() -> None:
    request = asked("a glow-1 castle <lora:moss:0.3>", over(INK, 0.4), over(MOSS, 0.3), over(GLOW), negative_prompt="x")
    used = {"loras": [{"sha256": GLOW.sha256, "family": GLOW.family}, {"sha256": INK.sha256, "family": INK.family}]}
    text = codec_text.write(Recipe(request, used), size=(64, 64))
    assert text.splitlines()[0] == "a glow-1 castle <lora:moss:0.3> <lora:ink:0.4>"
    assert text.splitlines()[1] == "Negative prompt: x"
    plain = codec_text.write(Recipe(asked("a castle <lora:x:much>")), size=(64, 64))
    assert plain.splitlines()[0] == "a castle <lora:x:much>"


# The inspector


def offer(panel: ImagePanel, host: FakeHost, *added: Model) -> None:
    host.known_models = [replace(STARTER, base="sd1")]
    host.known_additions = list(added)
    panel.refresh_models()


def choose(panel: ImagePanel, title: str) -> None:
    menu = panel.settings_pane.added.add.menu()
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text().startswith(title)).trigger()


def test_the_list_is_there_once_there_is_something_to_add(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    section = panel.settings_pane.added
    assert not section.isVisible()
    offer(panel, host, INK, MOSS)
    assert section.isVisible()
    choose(panel, "Ink v2")
    choose(panel, "Ink v2")
    assert list(section.rows()) == ["ink"]
    type_into(qtbot, named(panel, "Weight of ink"), "0.65")
    generate(qtbot, panel)
    assert [(item.model.id, item.weight) for item in host.requests[-1].added] == [(INK.id, 0.65)]
    click(qtbot, named(panel, "Remove ink"))
    assert not section.rows()
    generate(qtbot, panel)
    assert host.requests[-1].added == ()


def test_a_preset_keeps_what_lies_over_the_model(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    section = panel.settings_pane.added
    offer(panel, host, INK, MOSS)
    choose(panel, "Ink v2")
    type_into(qtbot, named(panel, "Weight of ink"), "0.4")
    click(qtbot, named(panel, "Save as preset"))
    qtbot.keyClicks(named(panel, "Preset name"), "Inked")
    qtbot.keyClick(named(panel, "Preset name"), Qt.Key.Key_Return)
    click(qtbot, named(panel, "Remove ink"))
    combo = named(panel, "Preset", QComboBox)
    assert isinstance(combo, QComboBox)
    assert combo.currentText() != "Inked"
    combo.activated.emit(combo.findText("Inked"))
    assert section.rows()["ink"].value() == 0.4
    assert combo.currentText() == "Inked"
    combo.activated.emit(combo.findText("Careful"))
    assert list(section.rows()) == ["ink"], "the built-in ones say nothing about it"
    generate(qtbot, panel)
    assert [(item.model.id, item.weight) for item in host.requests[-1].added] == [(INK.id, 0.4)]


def test_what_does_not_fit_cannot_be_chosen_and_says_why_in_the_list(panel: ImagePanel, host: FakeHost) -> None:
    section = panel.settings_pane.added
    offer(panel, host, INK, MOSS)
    section.add.menu().aboutToShow.emit()
    entries = {action.text(): action.isEnabled() for action in section.add.menu().actions()}
    assert entries == {"Ink v2": True, "moss   SDXL": False}
    panel.prompt_row.prompt.setText("a castle <lora:moss:0.5> <lora:gone:1>")
    rows = section.rows()
    assert rows["moss"].value() == 0.5
    assert "SDXL" in rows["moss"].problem()
    assert "Not on this machine" in rows["gone"].problem()


def test_weights_in_the_prompt_are_changed_in_the_prompt(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    section = panel.settings_pane.added
    offer(panel, host, INK, GLOW)
    prompt = panel.prompt_row.prompt
    prompt.setText("a castle <lora:ink:0.5>, sea")
    section.rows()["ink"].set_value(0.75)
    assert prompt.text() == "a castle <lora:ink:0.75>, sea"
    assert panel.document.params["prompt"] == prompt.text()
    assert panel.document.added == ()
    choose(panel, "glow-1")
    assert prompt.text() == "a castle <lora:ink:0.75>, sea, glow-1"
    click(qtbot, named(panel, "Remove ink"))
    assert prompt.text() == "a castle, sea, glow-1"
    assert not section.rows()
    prompt.setText("a castle <lora:ink:much>")
    assert "is not a number" in section._problem.text()


def test_a_model_that_is_found_late_is_the_documents_again(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    """At a start the artist's own models are looked for in the background."""
    late = replace(STARTER, id="models/late", title="Late", bundled=False)
    state = {**panel.state(), "model": late.id}
    panel.restore(state)
    assert panel.settings_pane.chosen_model() == STARTER
    assert panel.state()["model"] == late.id
    host.known_models = [STARTER, late]
    panel.refresh_models()
    assert panel.settings_pane.chosen_model() == late
    assert panel.settings_pane.use_model(STARTER.id)
    assert panel.state()["model"] == STARTER.id
