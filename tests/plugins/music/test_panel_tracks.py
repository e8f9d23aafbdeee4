"""The row of tracks over the roll: all of them are in sight, and each can be brought to the front."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from plugins.music.panel import MusicPanel
from plugins.music.panel_tracks import Chip, Strip
from tests.plugins.music.panel_bench import NONE


def test_every_track_is_in_sight_also_where_there_is_little_room(panel: MusicPanel, qtbot: QtBot) -> None:
    row = panel.transport.tracks

    def seen() -> list[bool]:
        return [chip.visibleRegion().boundingRect() == chip.rect() for chip in row.findChildren(Chip)]

    for instrument in ("piano", "flute", "strings", "drum kit"):
        row.add_empty(instrument)
    qtbot.waitUntil(lambda: len(row.findChildren(Chip)) == 6)
    chips = row.findChildren(Chip)
    wide = 1900
    while not any(chip.short for chip in chips):
        wide -= 20
        panel.resize(wide, 700)
    qtbot.waitUntil(lambda: all(seen()))
    assert [chip.short for chip in chips].count(False) == 1  # the one in front keeps its name
    other = next(chip for chip in chips if chip.short)
    assert other.text() in other.toolTip()
    qtbot.mouseClick(other, Qt.MouseButton.LeftButton)
    assert panel.sheet.track_id == other.track.id
    assert not other.short
    panel.resize(1900, 700)
    qtbot.waitUntil(lambda: not any(chip.short for chip in chips))


def test_the_wheel_moves_along_tracks_that_are_too_many(panel: MusicPanel, qtbot: QtBot) -> None:
    row = panel.transport.tracks
    for _ in range(12):
        row.add_empty("flute")
    panel.resize(800, 700)
    strip = row.findChild(Strip)
    assert isinstance(strip, Strip)
    bar = strip.horizontalScrollBar()
    qtbot.waitUntil(lambda: bar.value() > 0)  # the last one is in front, and in sight
    middle = QPointF(strip.rect().center())
    there = QPointF(strip.mapToGlobal(middle.toPoint()))
    for _ in range(40):
        turn, phase = QPoint(0, 120), Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(middle, there, QPoint(), turn, Qt.MouseButton.NoButton, NONE, phase, False)
        QApplication.sendEvent(strip.viewport(), event)
    assert bar.value() == 0
