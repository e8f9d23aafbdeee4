"""The outline by hand: sections are dragged, moved with keys, renamed; and the page that shows where one is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from studio.widgets import theme
from tests.plugins.text.page_bench import ALT, Desk, desk  # noqa: F401 - fixture

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
K = Qt.Key
TALE = "# One\nFirst words.\n***\nA scene.\n# Two\nLast words."


def fill(desk: Desk, text: str = TALE) -> None:  # noqa: F811
    desk.editor.load(text, [])
    desk.panel.sight.look_again()


def drop(desk: Desk, source: int, target: int, *, below: bool) -> None:  # noqa: F811
    """Drag a row onto the upper or lower half of another."""
    rows = desk.panel.page.outline.list
    rows.setCurrentRow(source)
    area = rows.visualItemRect(rows.item(target))
    spot = QPointF(area.center().x(), area.bottom() - 3 if below else area.top() + 3)
    data: QMimeData = rows.model().mimeData([rows.model().index(source, 0)])
    held = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    rows.dropEvent(QDropEvent(spot, Qt.DropAction.MoveAction, data, *held))  # Qt takes none that began nowhere


def test_a_scene_is_dragged_into_another_chapter(desk: Desk) -> None:  # noqa: F811
    fill(desk)
    drop(desk, 1, 2, below=True)
    assert desk.text() == "# One\nFirst words.\n# Two\nLast words.\n***\nA scene.\n"
    desk.host.undo_stack[-1].undo()
    assert desk.text() == TALE


def test_a_chapter_is_dragged_in_front_with_its_scenes(desk: Desk) -> None:  # noqa: F811
    fill(desk)
    drop(desk, 2, 0, below=False)
    assert desk.text() == "# Two\nLast words.\n# One\nFirst words.\n***\nA scene.\n"


def test_sections_are_moved_and_renamed_with_keys(desk: Desk) -> None:  # noqa: F811
    fill(desk)
    rows = desk.panel.page.outline.list
    desk.host.commands["to-outline"]()
    assert rows.hasFocus()
    rows.setCurrentRow(2)
    desk.qtbot.keyClick(rows, K.Key_Up, ALT)
    assert desk.text() == "# Two\nLast words.\n# One\nFirst words.\n***\nA scene.\n", "a chapter passes chapters"
    desk.qtbot.keyClick(rows, K.Key_Down, ALT)
    assert desk.text().rstrip() == TALE
    rows.setCurrentRow(1)
    desk.qtbot.keyClick(rows, K.Key_Down, ALT)
    assert desk.text().rstrip() == "# One\nFirst words.\n# Two\nLast words.\n***\nA scene."
    desk.qtbot.keyClick(rows, K.Key_Up, ALT)
    desk.qtbot.keyClick(rows, K.Key_Up, ALT)
    assert desk.text().startswith("***\nA scene.\n# One"), "the same key moves it on"
    fill(desk)
    rows.setFocus()
    rows.setCurrentRow(0)
    desk.qtbot.keyClick(rows, K.Key_Up, ALT)
    assert desk.text() == TALE, "the first stays the first"
    desk.qtbot.keyClick(rows, K.Key_F2)
    line = rows.findChild(QLineEdit)
    assert line is not None
    line.selectAll()
    desk.qtbot.keyClicks(line, "The Lamp Room")
    desk.qtbot.keyClick(line, K.Key_Return)
    desk.qtbot.waitUntil(lambda: desk.text().startswith("# The Lamp Room\nFirst words."))
    rows.setCurrentRow(2)
    desk.qtbot.keyClick(rows, K.Key_Return)
    assert desk.editor.textCursor().block().text() == "Last words."
    desk.host.commands["to-outline"]()
    desk.qtbot.keyClick(rows, K.Key_Escape)
    assert desk.editor.hasFocus()


def test_a_row_that_was_renamed_stays_chosen_wherever_the_caret_is(desk: Desk) -> None:  # noqa: F811
    fill(desk)
    desk.editor.move_to(len(desk.text()))
    desk.panel.sight.look_again()
    rows = desk.panel.page.outline.list
    desk.host.commands["to-outline"]()
    desk.qtbot.keyClick(rows, K.Key_Home)
    desk.qtbot.keyClick(rows, K.Key_F2)
    line = rows.findChild(QLineEdit)
    assert line is not None
    line.selectAll()
    desk.qtbot.keyClicks(line, "Uno")
    desk.qtbot.keyClick(line, K.Key_Return)
    desk.qtbot.waitUntil(lambda: desk.text().startswith("# Uno\n"))
    desk.panel.sight.look_again()
    assert rows.currentRow() == 0
    desk.qtbot.keyClick(rows, K.Key_Down, ALT)
    assert desk.text().startswith("# Two\n"), "what moves is what is chosen"
    assert "# Uno\n" in desk.text()


def test_typewriter_mode_keeps_the_line_in_the_middle(desk: Desk) -> None:  # noqa: F811
    fill(desk, "\n".join(f"Paragraph {number}." for number in range(80)))
    desk.panel.page.buttons["typewriter"].click()
    middle = desk.editor.viewport().height() / 2
    for number in (20, 50, 79):
        desk.editor.move_to(desk.text().index(f"Paragraph {number}.") + 5)
        desk.type("x")
        assert abs(desk.editor.cursorRect().center().y() - middle) < 2.5 * desk.editor.page.pitch()


def test_focus_mode_veils_all_but_the_paragraph_at_the_caret(desk: Desk, qapp: QApplication) -> None:  # noqa: F811
    theme.apply(qapp, "dark", motion="off")
    fill(desk, "MMMMMMMM\nMMMMMMMM")
    desk.editor.move_to(2)

    def brightest(paragraph: int) -> int:
        start = desk.text().index("M") if not paragraph else desk.text().rindex("\n") + 1
        spot = desk.editor.viewport().mapFrom(desk.editor, desk.editor.place_of(start).toPoint())
        seen = desk.editor.viewport().grab().toImage()
        pitch = round(desk.editor.page.pitch())
        dots = [(x, y) for x in range(spot.x(), spot.x() + 80) for y in range(spot.y(), spot.y() + pitch)]
        return max(seen.pixelColor(x, y).lightness() for x, y in dots)

    both = brightest(0), brightest(1)
    assert both[0] == both[1]
    desk.panel.page.buttons["focus"].click()
    assert brightest(0) == both[0]
    assert brightest(1) < both[1] / 2
    desk.editor.move_to(len(desk.text()))
    assert brightest(1) == both[1]
    assert brightest(0) < both[0] / 2
