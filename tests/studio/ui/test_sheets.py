"""A contact sheet in the real window: many seeds, some chosen, the others stopped."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.app import Studio
from studio.core.job import JobState
from studio.widgets.contact_sheet import ContactSheet


def named(root: QWidget, name: str) -> list[Any]:
    return [w for w in root.findChildren(QWidget) if w.accessibleName() == name and w.isVisible()]


def begin(qtbot: QtBot, studio: Studio) -> ContactSheet:
    shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(studio.window, Qt.Key.Key_Return, shift)
    qtbot.waitUntil(lambda: studio.window.sheets.sheet is not None)
    sheet = studio.window.sheets.sheet
    assert sheet is not None
    QTest.mouseClick(named(sheet, "4 seeds")[0], Qt.MouseButton.LeftButton)
    named(sheet, "Begin")[0].setFocus()
    QTest.keyClick(named(sheet, "Begin")[0], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: all(cell.state == "ready" for cell in sheet.view.sheet.cells))
    return sheet


def test_the_chosen_are_finished_and_the_others_stop(qtbot: QtBot, studio: Studio) -> None:
    engine, library = studio.window.services.engine, studio.window.services.project.library
    sheet = begin(qtbot, studio)
    cells = sheet.view.sheet.cells
    assert [cell.seed for cell in cells] == [7, 8, 9, 10]
    assert all(cell.image is not None for cell in cells)
    assert {engine.job(cell.key).state for cell in cells} == {JobState.PAUSED}
    assert not named(studio.window, "Continue")  # they wait to be chosen, the artist did not pause them
    place = sheet.view.visualRect(sheet.view.sheet.index(2)).center()
    QTest.mouseClick(sheet.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    sheet.view.setFocus()
    sheet.view.setCurrentIndex(sheet.view.sheet.index(0))
    QTest.keyClick(sheet.view, Qt.Key.Key_Space)
    said = sheet.view.sheet.index(2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "3 of 4, seed 9, ready to be chosen, chosen"
    keys = [cell.key for cell in sheet.view.sheet.cells]
    QTest.keyClick(sheet.view, Qt.Key.Key_Return)
    assert studio.window.sheets.sheet is None
    wanted = [JobState.DONE, JobState.CANCELLED, JobState.DONE, JobState.CANCELLED]
    qtbot.waitUntil(lambda: [engine.job(key).state for key in keys] == wanted)
    assert library.count() == 2
    steps = studio.window.ribbon.ribbon.strip.steps
    qtbot.waitUntil(lambda: all(steps.step(row) is not None for row in range(4)))  # those of the sheet, then the rest


def test_escape_closes_the_sheet_and_stops_all(qtbot: QtBot, studio: Studio) -> None:
    engine = studio.window.services.engine
    sheet = begin(qtbot, studio)
    keys = [cell.key for cell in sheet.view.sheet.cells]
    sheet.view.setFocus()
    QTest.keyClick(sheet.view, Qt.Key.Key_Escape)
    assert studio.window.sheets.sheet is None
    assert {engine.job(key).state for key in keys} == {JobState.CANCELLED}
    assert studio.window.services.project.library.count() == 0


def test_a_sheet_nobody_chose_from_comes_back_at_the_next_start(qtbot: QtBot, open_studio: Any) -> None:
    first = open_studio()
    qtbot.waitUntil(first.window.isActiveWindow)
    keys = [cell.key for cell in begin(qtbot, first).view.sheet.cells]
    first.close()
    again = open_studio()
    qtbot.waitUntil(lambda: again.window.sheets.sheet is not None)
    sheet = again.window.sheets.sheet
    cells = sheet.view.sheet.cells
    assert [cell.key for cell in cells] == keys
    assert [cell.seed for cell in cells] == [7, 8, 9, 10]
    assert {cell.state for cell in cells} == {"ready"}
    qtbot.waitUntil(lambda: all(cell.image is not None for cell in sheet.view.sheet.cells))
    sheet.view.setFocus()
    sheet.view.setCurrentIndex(sheet.view.sheet.index(1))
    QTest.keyClick(sheet.view, Qt.Key.Key_Return)
    engine = again.window.services.engine
    wanted = [JobState.CANCELLED, JobState.DONE, JobState.CANCELLED, JobState.CANCELLED]
    qtbot.waitUntil(lambda: [engine.job(key).state for key in keys] == wanted)
    assert again.window.sheets.sheet is None
    again.window.sheets.reopen()
    assert again.window.sheets.sheet is None


def test_one_sees_how_many_there_will_be(qtbot: QtBot, studio: Studio) -> None:
    studio.window.sheets.open()
    sheet = studio.window.sheets.sheet
    assert sheet is not None
    assert sheet.view.sheet.rowCount() == 9
    QTest.mouseClick(named(sheet, "16 seeds")[0], Qt.MouseButton.LeftButton)
    assert sheet.view.sheet.rowCount() == 16
    assert sheet.view.sheet.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == "1 of 16, to be made"
    studio.window.sheets.close()
