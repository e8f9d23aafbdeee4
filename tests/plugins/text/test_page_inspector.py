"""What the model is told and how it writes: fields of the inspector end up in the request; what was sent is shown."""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtCore import Qt

from plugins.text import lorebook
from plugins.text.panel_samplers import EXAMPLES
from plugins.text.spelling import biases
from studio.api import Failed, ModelRef, Problem, Recipe, Request
from studio.widgets.prompt import PromptEdit
from studio.widgets.text import ElidedLabel
from tests.plugins.text.page_bench import ALT, PROSE, Desk, desk  # noqa: F401 - fixture

K = Qt.Key


def test_memory_note_and_lorebook_are_sent(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    desk.qtbot.keyClicks(pane.memory, "Ida never says she is afraid.")
    desk.qtbot.keyClicks(pane.note, "A storm is near.")
    pane.tabs.bar.setCurrentIndex(2)
    desk.qtbot.mouseClick(pane.lore.add_button, Qt.MouseButton.LeftButton)
    card = pane.lore.card
    for line, words in ((card.title, "Ida"), (card.keys, "Ida, the keeper"), (card.group, "people")):
        desk.qtbot.keyClicks(line, words)
    desk.qtbot.keyClicks(card.words, "34, keeper's daughter.")
    desk.editor.setFocus()
    desk.type("Ida went up.")
    desk.go_on()
    params = desk.request.params
    assert params["memory"] == "Ida never says she is afraid."
    assert params["note"] == "A storm is near."
    (entry,) = lorebook.from_json(str(params["lore"]))
    assert (entry.name, entry.keys, entry.group) == ("Ida", ("Ida", "the keeper"), "people")
    assert entry.text == "34, keeper's daughter."
    desk.panel.restore(desk.panel.state())
    assert pane.lore.entries()[0].keys == ["Ida", "the keeper"]
    assert pane.memory.text() == "Ida never says she is afraid."


def test_every_field_of_an_entry_is_told_and_kept(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    pane.tabs.bar.setCurrentIndex(2)
    desk.qtbot.mouseClick(pane.lore.add_button, Qt.MouseButton.LeftButton)
    card = pane.lore.card
    desk.qtbot.keyClicks(card.title, "Storm")
    desk.qtbot.keyClicks(card.keys, "storm")
    desk.qtbot.keyClicks(card.words, "It comes from the west.")
    card.more.set_open(True)
    desk.qtbot.keyClicks(card.secondary, "harbour, boat")
    card.logic.setFocus()
    desk.qtbot.keyClick(card.logic, K.Key_Down)  # and all of these
    for number, value in ((card.order, "300"), (card.depth, "7"), (card.place, "2")):
        number.setFocus()
        number.selectAll()
        desk.qtbot.keyClicks(number, value)
    for switch in (card.recursive, card.whole_words, card.match_case):
        desk.qtbot.keyClick(switch, K.Key_Space)
    said = " ".join(label.text() for label in card.more.fold.findChildren(ElidedLabel))
    for words in ("order 300", "last 7 lines", "2 lines before the end", "not by others", "capitals count"):
        assert words in said, "a folded part says what is not as usual"
    desk.panel.restore(desk.panel.state())
    (entry,) = [kept.entry() for kept in pane.lore.entries()]
    assert (entry.keys, entry.secondary, entry.logic) == (("storm",), ("harbour", "boat"), "all")
    assert (entry.order, entry.depth, entry.place) == (300, 7, 2)
    assert (entry.recursive, entry.whole_words, entry.match_case) == (False, False, True)
    assert lorebook.from_json(lorebook.to_json([entry])) == (entry,)


def test_the_viewer_says_which_entry_came_and_why(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    for title, keys, secondary in (("Storm", "storm", ""), ("Boat", "boat", "harbour"), ("King", "king", "")):
        pane.lore.add()
        desk.qtbot.keyClicks(pane.lore.card.title, title)
        desk.qtbot.keyClicks(pane.lore.card.keys, keys)
        desk.qtbot.keyClicks(pane.lore.card.words, f"All about the {title}.")
        desk.qtbot.keyClicks(pane.lore.card.secondary, secondary)
    desk.editor.setFocus()
    desk.type("A storm took the boat.")
    pane.tabs.bar.setCurrentIndex(3)
    viewer = pane.context
    assert "Lorebook · Storm · “storm”" in viewer.view.toPlainText()
    assert "All about the Boat" not in viewer.view.toPlainText()
    assert "Boat" in viewer.left_out.text()
    assert "King" in viewer.left_out.text()
    assert "Lorebook" in viewer.legend.text()
    desk.editor.setFocus()
    desk.type(" In the harbour.")
    desk.panel.sight.look_again()
    assert "Lorebook · Boat · “boat”" in viewer.view.toPlainText()


def test_what_will_be_sent_is_shown_and_then_what_was(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    desk.qtbot.keyClicks(pane.memory, "Ida is 34.")
    desk.editor.setFocus()
    desk.type("Ida went up the stair.")
    pane.tabs.bar.setCurrentIndex(3)
    assert pane.context.summary.text().startswith("Would be sent: about")
    shown = pane.context.view.toPlainText()
    assert "Memory" in shown
    assert "Ida is 34." in shown
    assert "Ida went up the stair." in shown
    desk.go_on()
    desk.finish(" And down.")
    pane.context.last.setChecked(True)
    assert pane.context.summary.text().startswith("Sent last: 7 of 2,048 tokens")


def test_presets_set_many_fields_and_are_recognised(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    assert pane.presets.chosen() == "Balanced"
    pane.presets.applied.emit(
        {"temperature": 1.3, "min_p": 0.04, "dry_multiplier": 0.8, "xtc_probability": 0.5, "top_p": 1.0}
    )
    assert pane.presets.chosen() == "Wild"
    desk.type("Ida")
    desk.go_on()
    assert desk.request.params["temperature"] == 1.3
    assert desk.request.params["xtc_probability"] == 0.5
    pane.presets.keep("Storm", {"temperature": 1.3})
    assert desk.host.kept["presets"] == {"Storm": {"temperature": 1.3}}


def test_the_order_of_samplers_is_changed_with_the_keyboard(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    pane.advanced.set_open(True)
    order = pane.samplers.order
    assert order is not None
    pane.samplers.sections["Choosing words"].set_open(True)
    order.list.setCurrentRow(8)
    order.list.setFocus()
    desk.qtbot.keyClick(order.list, K.Key_Up, ALT)
    assert order.value().split()[-2:] == ["temperature", "xtc"]
    desk.editor.setFocus()
    desk.type("Ida")
    desk.go_on()
    assert str(desk.request.params["order"]).split()[-2:] == ["temperature", "xtc"]
    order.reset()
    assert order.value() == ""


def test_a_seed_is_fresh_each_time_unless_locked(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida")
    desk.go_on()
    desk.finish(" went.")
    first = desk.request.seed
    desk.go_on()
    assert desk.request.seed != first
    assert desk.text() == "Ida went.", "going on takes what was on offer"
    desk.finish(" Down.")
    desk.panel.settings_pane.seed.set_locked(True)
    locked = desk.panel.manuscript.seed
    desk.go_on()
    assert desk.request.seed == locked


def test_a_recalled_recipe_is_taken_back_as_a_whole(desk: Desk) -> None:  # noqa: F811
    how = {"temperature": 0.3, "memory": "Hero: Ida", "before": "another text"}
    manuscript = desk.panel.manuscript
    before = (dict(manuscript.params), manuscript.seed, manuscript.seed_locked, manuscript.model)
    desk.panel.recall(Recipe(Request("text.writer", how, 77, ModelRef("m/other", "Other"))))
    after = ({**before[0], "temperature": 0.3, "memory": "Hero: Ida"}, 77, True, "m/other")
    assert (manuscript.params, manuscript.seed, manuscript.seed_locked, manuscript.model) == after
    assert desk.panel.settings_pane.memory.text() == "Hero: Ida"
    desk.host.undo_stack[-1].undo()
    assert (manuscript.params, manuscript.seed, manuscript.seed_locked, manuscript.model) == before
    assert not desk.panel.settings_pane.seed.locked()
    desk.host.undo_stack[-1].redo()
    assert (manuscript.params, manuscript.seed, manuscript.seed_locked, manuscript.model) == after


def test_without_a_model_the_page_says_so(desk: Desk) -> None:  # noqa: F811
    desk.host.usable_models = []
    desk.panel.refresh_models()
    desk.panel.generate()
    assert desk.panel.page.card.isVisible()
    assert desk.host.submitted == []


def test_the_manuscript_is_exported_as_it_is_now(desk: Desk) -> None:  # noqa: F811
    assert not desk.panel.can_export
    desk.type("# One\nWords.")
    assert desk.panel.can_export
    artifact = desk.host.artifact(desk.panel.export_id())
    assert artifact is not None
    assert artifact.title == "One"
    assert artifact.path.read_text("utf-8") == "# One\n\nWords.\n"


def test_passes_are_offered_for_models_that_refine_alone(desk: Desk) -> None:  # noqa: F811
    pane = desk.panel.settings_pane
    pane.advanced.set_open(True)
    assert all(section.fold.accessibleName() for section in pane.samplers.sections.values()), "each has a name"
    assert not pane.samplers.fields["passes"].isVisible()
    pane.samplers.sections["Text diffusion"].set_open(True)
    assert not pane.samplers.fields["passes"].isVisible()
    refiner = replace(PROSE, id="tests/llada", family="diffusers/LLaDA2Pipeline", bundled=False)
    pane.set_models([PROSE, refiner])
    assert pane.use_model(refiner.id)
    assert pane.samplers.fields["passes"].isVisible()
    assert pane.use_model(PROSE.id)
    assert not pane.samplers.fields["passes"].isVisible()


def test_empty_boxes_say_how_they_are_filled(desk: Desk) -> None:  # noqa: F811
    fields = desk.panel.settings_pane.samplers.fields
    for name, example in EXAMPLES.items():
        edit = fields[name].findChild(PromptEdit)
        assert edit is not None
        assert edit.placeholderText() == example
        desk.set(**{name: example})
    assert desk.panel.settings_pane.commit()
    assert biases(EXAMPLES["logit_bias"]) == (("night", 2.5),), "each example is right"
    assert re.fullmatch(EXAMPLES["grammar"], "Ida walked home.")


def test_what_was_wrong_with_a_model_goes_with_it(desk: Desk) -> None:  # noqa: F811
    other = replace(PROSE, id="tests/other", title="Other", bundled=False)
    desk.host.usable_models = [PROSE, other]
    desk.panel.refresh_models()
    desk.type("Ida")
    job = desk.go_on()
    desk.host.end(job)
    desk.play(Failed(job, Problem("The chat template does not work.")))
    assert desk.panel.page.card.isVisible()
    assert desk.panel.use_model(other.id)
    assert not desk.panel.page.card.isVisible()
