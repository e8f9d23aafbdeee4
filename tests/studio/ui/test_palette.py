"""The palette by keyboard, in the whole window."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListView
from pytestqt.qtbot import QtBot

from studio.app import Studio

CTRL = Qt.KeyboardModifier.ControlModifier


def open_palette(studio: Studio) -> Any:
    QTest.keyClick(QApplication.focusWidget() or studio.window, Qt.Key.Key_K, CTRL)
    field = studio.window.palette_box.findChild(QLineEdit)
    assert field is not None
    return field


def titles(studio: Studio) -> list[str]:
    view = studio.window.palette_box.findChild(QListView)
    assert view is not None
    model = view.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_ctrl_k_finds_a_page_by_letters_and_enter_goes_there(studio: Studio) -> None:
    field = open_palette(studio)
    assert QApplication.focusWidget() is field
    QTest.keyClicks(field, "mdls")
    assert titles(studio)[0] == "Models"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert studio.window.front == "models"
    assert not studio.window.palette_box.isVisible()


def test_escape_gives_the_focus_back_and_cancels_nothing(studio: Studio) -> None:
    before = QApplication.focusWidget()
    field = open_palette(studio)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not studio.window.palette_box.isVisible()
    assert QApplication.focusWidget() is before


def test_arrows_walk_around_and_what_was_used_comes_first_next_time(studio: Studio) -> None:
    field = open_palette(studio)
    QTest.keyClicks(field, "set")
    first = titles(studio)[0]
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Up)
    QTest.keyClick(field, Qt.Key.Key_Up)
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert studio.window.front == "settings"
    open_palette(studio)
    assert titles(studio)[0] == first
    assert studio.window.session.get("palette/recent")[0] == "go.settings"


def test_panel_commands_are_found_only_while_their_panel_is_in_front(studio: Studio) -> None:
    field = open_palette(studio)
    QTest.keyClicks(field, "darker")
    assert titles(studio)[0] == "Darker shade"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    studio.window.show_place("plugins")
    field = open_palette(studio)
    QTest.keyClicks(field, "darker")
    assert "Darker shade" not in titles(studio)


def test_what_is_not_possible_is_listed_but_does_nothing(studio: Studio) -> None:
    field = open_palette(studio)
    QTest.keyClicks(field, "cancel the running")
    assert titles(studio)[0] == "Cancel the running job"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert studio.window.palette_box.isVisible()


def test_a_click_beside_it_closes_it(studio: Studio) -> None:
    open_palette(studio)
    QTest.mouseClick(studio.window.stack, Qt.MouseButton.LeftButton, pos=QPoint(20, 400))
    assert not studio.window.palette_box.isVisible()


def test_nothing_found_says_so(studio: Studio) -> None:
    field = open_palette(studio)
    QTest.keyClicks(field, "qqqqzz")
    assert titles(studio) == []
    assert studio.window.palette_box.isVisible()
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not studio.window.palette_box.isVisible()


def test_what_is_on_show_can_be_sent_to_whoever_takes_it(qtbot: QtBot, studio: Studio) -> None:
    field = open_palette(studio)
    QTest.keyClicks(field, "send to")
    assert "Send to Verse" not in titles(studio)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    slot: Any = studio.window.panels.opened("sketch.board")
    QTest.keyClick(slot.panel.prompt, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: slot.panel.shown != "" and not studio.window.job_status.running)
    field = open_palette(studio)
    QTest.keyClicks(field, "send to")
    assert titles(studio)[0] == "Send to Verse"
    assert "Send to Sketch" not in titles(studio)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert studio.window.name_of(studio.window.front) == "Verse"


def test_what_is_sent_is_what_would_be_exported(qtbot: QtBot, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """A panel whose document is more than its last result makes a file of it at that moment, not before."""
    slot: Any = studio.window.panels.opened("sketch.board")
    made: list[str] = []
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(picture, "PNG")

    def document() -> str:
        made.append(slot.panel.host.bring_in(picture.getvalue(), media="image/png", title="Mine").id)
        return made[-1]

    monkeypatch.setattr(slot.panel, "export_id", document)
    monkeypatch.setattr(slot.panel, "export_media", lambda: "image/png")
    field = open_palette(studio)
    QTest.keyClicks(field, "send to verse")
    assert titles(studio)[0] == "Send to Verse"
    assert not made
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert len(made) == 1
    assert studio.window.name_of(studio.window.front) == "Verse"


def test_a_model_that_cannot_be_used_is_shown_with_the_reason(qtbot: QtBot, studio: Studio) -> None:
    folder = studio.places.models / "pickled"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x02.")
    studio.window.services.models.scan()
    field = open_palette(studio)
    QTest.keyClicks(field, "pickled")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert studio.window.front == "models"
    page: Any = studio.window.stack.currentWidget()
    shown = page.chosen()
    assert shown is not None
    assert shown.title == "pickled"
    assert shown.problem
