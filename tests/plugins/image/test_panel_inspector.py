"""Recipes, the inspector, files and what is kept, in the image panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QMenu
from pytestqt.qtbot import QtBot

from plugins.image import codec
from plugins.image.document import FIRST_PROMPT
from plugins.image.panel import ImagePanel
from studio.api import (
    Input,
    ModelRef,
    Recipe,
    Request,
    media,
)
from tests.plugins.image.fake_host import STARTER, FakeHost
from tests.plugins.image.panel_bench import (
    build,
    click,
    colour,
    drop,
    files,
    generate,
    make_picture,
    named,
    shown,
    tiles,
    type_into,
)

# Recipes


def test_an_exported_file_brings_everything_back(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot, tmp_path: Path
) -> None:
    from PIL import Image

    params = {**panel.document.params, "prompt": "a tower", "steps": 33, "width": 320}
    recipe = Recipe(Request("image.diffusion", params, 4711, STARTER.ref()))
    path = tmp_path / "tower.png"
    path.write_bytes(codec.png(Image.new("RGB", (16, 16)), recipe))
    drop(panel.stage.canvas.view, files(path))
    qtbot.waitUntil(lambda: panel.document.params["prompt"] == "a tower")
    assert panel.prompt_row.prompt.text() == "a tower"
    assert panel.document.start is None
    generate(qtbot, panel)
    (request,) = host.requests
    assert request == recipe.request
    host.undo[0].undo()
    assert panel.prompt_row.prompt.text() == FIRST_PROMPT


def test_what_cannot_be_brought_back_is_said(panel: ImagePanel) -> None:
    request = Request(
        "image.diffusion",
        {"prompt": "a tower"},
        1,
        ModelRef("gone", "Lost model", "c" * 64),
        (Input("image", media.PNG, "ee" * 32),),
    )
    panel.recall(Recipe(request), ["The style was left out."])
    said = panel.stage.notice.text()
    for words in ("The style was left out.", "Lost model", "started from"):
        assert words in said


def test_the_recall_keeps_the_prompts_own_undo(panel: ImagePanel, qtbot: QtBot) -> None:
    panel.recall(Recipe(Request("image.diffusion", {"prompt": "a tower"}, 1)))
    prompt = panel.prompt_row.prompt
    assert prompt.text() == "a tower"
    qtbot.keyClick(prompt, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert prompt.text() == FIRST_PROMPT


# The inspector


def test_shapes_and_swap(panel: ImagePanel, qtbot: QtBot) -> None:
    click(qtbot, named(panel, "Shape 16:9"))
    assert (panel.document.params["width"], panel.document.params["height"]) == (344, 192)
    click(qtbot, named(panel, "Swap width and height"))
    assert (panel.document.params["width"], panel.document.params["height"]) == (192, 344)
    click(qtbot, named(panel, "Shape 1:1"))
    assert (panel.document.params["width"], panel.document.params["height"]) == (256, 256)


def test_presets_are_saved_applied_and_deleted(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    type_into(qtbot, named(panel, "Steps"), "33")
    type_into(qtbot, named(panel, "Height"), "512")
    click(qtbot, named(panel, "Save as preset"))
    name = named(panel, "Preset name")
    qtbot.keyClicks(name, "Tall")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    combo = named(panel, "Preset", QComboBox)
    assert isinstance(combo, QComboBox)
    assert combo.currentText() == "Tall"
    type_into(qtbot, named(panel, "Steps"), "20")
    assert combo.currentText() == "Balanced"
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Home)
    combo.activated.emit(combo.findText("Tall"))
    assert panel.document.params["steps"] == 33
    again = build(host, qtbot)
    assert "Tall" in [again.settings_pane.presets._combo.itemText(row) for row in range(4)]
    click(qtbot, named(panel, "Delete preset"))
    assert combo.findText("Tall") < 0
    assert host.memory["presets"] == {}


def test_a_preset_does_not_touch_the_words(panel: ImagePanel, qtbot: QtBot) -> None:
    combo = named(panel, "Preset", QComboBox)
    assert isinstance(combo, QComboBox)
    combo.activated.emit(combo.findText("Careful"))
    assert panel.document.params["steps"] == 40
    assert panel.document.params["prompt"] == FIRST_PROMPT


def test_the_history_comes_back(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    prompt = panel.prompt_row.prompt
    generate(qtbot, panel)
    qtbot.keyClick(prompt, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(prompt, "second")
    generate(qtbot, panel)
    again = build(host, qtbot)
    for _ in range(2):
        qtbot.keyClick(again.prompt_row.prompt, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert again.prompt_row.prompt.text() == FIRST_PROMPT


@pytest.mark.parametrize("rubbish", [None, 7, "x", {"a": 1}, [1, None], {"p": "x", "q": {"steps": "many"}}])
def test_memory_that_makes_no_sense_is_passed_over(rubbish: object, host: FakeHost, qtbot: QtBot) -> None:
    host.memory = {"history": rubbish, "presets": rubbish}
    panel = build(host, qtbot)
    generate(qtbot, panel)
    assert len(host.requests) == 1


def test_a_preset_of_other_limits_gives_what_fits(host: FakeHost, qtbot: QtBot) -> None:
    host.memory = {"presets": {"Old": {"steps": 12, "width": 7, "height": 99_999, "guidance_scale": "high"}}}
    panel = build(host, qtbot)
    combo = named(panel, "Preset", QComboBox)
    assert isinstance(combo, QComboBox)
    combo.activated.emit(combo.findText("Old"))
    assert panel.document.params["steps"] == 12
    assert panel.document.params["width"] == 256
    generate(qtbot, panel)
    assert len(host.requests) == 1


# Hands and files


def test_copy_puts_the_picture_and_its_file_on_the_clipboard(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    assert panel.copy() is False
    made = make_picture(qtbot, panel, host, "red")
    click(qtbot, named(panel, "Copy picture"))
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    assert [Path(url.toLocalFile()) for url in data.urls()] == [host.artifacts[made].path]


def test_the_canvas_sends_its_picture_to_who_takes_it(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    made = make_picture(qtbot, panel, host, "red")
    host.others = [("text.manuscript", "Text")]
    menu = QMenu()
    panel.stage.canvas.menu_requested.emit(menu)
    next(action for action in menu.actions() if action.text() == "Send to Text").trigger()
    assert host.sent == [(made, "text.manuscript")]


def test_the_tools_do_what_they_say(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    export = named(panel, "Export…")
    assert not export.isEnabled()
    made = make_picture(qtbot, panel, host, "red")
    canvas = panel.stage.canvas
    click(qtbot, named(panel, "100 %"))
    assert canvas.zoom() == 1.0
    click(qtbot, named(panel, "Fit"))
    assert canvas.view.is_fitted()
    click(qtbot, export)
    assert host.exported == [made]


def test_the_hand_moves_the_picture(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    make_picture(qtbot, panel, host, "red")
    view = panel.stage.canvas.view
    before = view.picture_rect()
    click(qtbot, named(panel, "Move"))
    start = view.rect().center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, start + QPoint(30, 0))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 0))
    assert view.picture_rect().left() > before.left()


# Keeping


def test_the_sitting_comes_back_as_it_was(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    first = make_picture(qtbot, panel, host, "red")
    made = make_picture(qtbot, panel, host, "green")
    host.commands["start"]()
    type_into(qtbot, named(panel, "Steps"), "27")
    click(qtbot, named(panel, "Lock seed"))
    kept = panel.state()
    again = build(host, qtbot)
    again.restore(kept)
    qtbot.waitUntil(lambda: shown(again) == colour("green"))
    assert again.state() == kept
    assert again.artifact_id() == made
    assert [tile.key for tile in tiles(again)] == [made, first]
    generate(qtbot, again)
    request = host.requests[-1]
    assert request.params["steps"] == 27
    assert request.seed == kept["seed"]
    assert request.inputs == (Input("image", media.PNG, made),)


def test_restoring_passes_over_what_is_gone(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    panel.restore(
        {
            "params": {"prompt": "x", "steps": "many"},
            "artifact": "a" * 64,
            "results": ["b" * 64],
            "start": {"id": "c" * 64, "media": "image/png"},
            "model": "gone",
        }
    )
    assert panel.prompt_row.prompt.text() == "x"
    assert panel.artifact_id() == ""
    assert panel.document.start is None
    generate(qtbot, panel)
    assert host.requests[0].model == STARTER.ref()


@pytest.mark.parametrize(
    "act",
    [
        lambda panel, qtbot: qtbot.keyClicks(panel.prompt_row.prompt, "x"),
        lambda panel, qtbot: type_into(qtbot, named(panel, "Steps"), "5"),
        lambda panel, qtbot: click(qtbot, named(panel, "Lock seed")),
        lambda panel, qtbot: type_into(qtbot, named(panel, "Pictures"), "2"),
    ],
)
def test_changes_are_told_to_the_window(
    act: Callable[[ImagePanel, QtBot], None], panel: ImagePanel, host: FakeHost, qtbot: QtBot
) -> None:
    before, state = host.changes, panel.state()
    act(panel, qtbot)
    assert host.changes > before
    assert panel.state() != state
