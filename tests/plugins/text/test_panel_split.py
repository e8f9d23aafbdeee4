"""The page seen twice: the editor is in the half that somebody works in, and nothing moves when it goes there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from plugins.text.editor import ManuscriptEdit
from tests.plugins.text.page_bench import Desk, desk  # noqa: F401 - fixture

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # the offscreen one, of windows
K = Qt.Key
LINES = [f"Paragraph {number} of a long story." for number in range(80)]


def split(desk: Desk) -> ManuscriptEdit:  # noqa: F811
    desk.editor.load("\n".join(LINES), [], 5)
    desk.panel.page.buttons["split"].click()
    second = desk.panel.page.second
    assert second is not None
    second.verticalScrollBar().setValue(40)
    desk.qtbot.wait(1)
    return second


def press(desk: Desk, view: ManuscriptEdit, words: str) -> int:  # noqa: F811
    """A click behind some words in a view; where they are."""
    at = desk.text().index(words) + len(words)
    spot = view.viewport().mapFrom(view, view.place_of(at).toPoint())
    spot.setY(spot.y() + 8)
    desk.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    return at


def test_a_click_into_the_other_half_brings_the_editor_there(desk: Desk) -> None:  # noqa: F811
    second = split(desk)
    below = second.geometry()
    shown = second.firstVisibleBlock().blockNumber()
    at = press(desk, second, "Paragraph 43 of")
    assert desk.editor.geometry() == below
    assert desk.editor.firstVisibleBlock().blockNumber() == shown, "nothing moves"
    assert second.firstVisibleBlock().blockNumber() == 0
    assert desk.editor.textCursor().position() == at
    assert QApplication.focusWidget() is desk.editor
    desk.go_on()
    assert str(desk.request.params["before"]).endswith("Paragraph 43 of")
    desk.finish(" this")
    desk.key(K.Key_Tab)
    assert "Paragraph 43 of this a long story." in desk.text()
    press(desk, second, "Paragraph 2 of")
    assert second.firstVisibleBlock().blockNumber() == shown
    assert desk.editor.firstVisibleBlock().blockNumber() == 0


def test_a_selection_in_the_other_half_has_its_bar_and_its_menu(desk: Desk) -> None:  # noqa: F811
    second = split(desk)
    start = desk.text().index("Paragraph 44")
    spots = []
    for place in (start, start + len("Paragraph")):
        spot = second.viewport().mapFrom(second, second.place_of(place).toPoint())
        spots.append(QPoint(spot.x(), spot.y() + 8))
    QTest.mousePress(second.viewport(), Qt.MouseButton.LeftButton, pos=spots[0])
    QTest.mouseMove(second.viewport(), spots[1])
    QTest.mouseRelease(second.viewport(), Qt.MouseButton.LeftButton, pos=spots[1])
    assert desk.editor.textCursor().selectedText() == "Paragraph"
    assert desk.panel.selection.bar.isVisible()
    other = desk.panel.page.second
    assert other is not None
    spot = other.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, other.mapToGlobal(spot))
    QApplication.sendEvent(other.viewport(), event)
    menus = [menu for menu in desk.panel.findChildren(QMenu) if menu.isVisible()]
    assert any("Continue" in action.text() for menu in menus for action in menu.actions())
    for menu in menus:
        menu.close()


def test_the_keyboard_goes_over_too_and_code_stays_code(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("code", "python")
    desk.type("def f():")
    desk.panel.page.buttons["split"].click()
    second = desk.panel.page.second
    assert second is not None
    assert second.code
    above = desk.editor.geometry()
    second.setFocus(Qt.FocusReason.TabFocusReason)
    assert desk.editor.geometry() != above
    assert QApplication.focusWidget() is desk.editor
    desk.panel.page.buttons["split"].click()
    desk.key(K.Key_Return)
    desk.key(K.Key_Tab)
    desk.type("pass")
    assert desk.text() == "def f():\n    pass"
