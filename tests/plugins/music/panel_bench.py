"""A music panel on a fake host, with a piece to work on and the mouse where a tick and a pitch are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from plugins.music.document import Note, Score
from plugins.music.document_tracks import add_track, set_bars
from plugins.music.panel import MusicPanel
from plugins.music.panel_wave import WavePanel
from studio.api import Model
from studio.testing.panel_host import FakePanelHost

MODEL = Model("starter/music", "Starter music", "music/LlamaForCausalLM", Path("/nowhere"), sha256="c" * 64)
NONE = Qt.KeyboardModifier.NoModifier


def piece() -> Score:
    """Four bars of 4/4: four quarters of melody in each, and one long bass note."""
    score, melody = add_track(Score(), "violin", role="melody")
    score, bass = add_track(score, "cello", role="bass")
    notes = [Note(i + 1, i * 480, 480, 60 + i % 5, 90) for i in range(16)]
    low = [Note(20 + i, i * 1920, 1920, 43, 80) for i in range(4)]
    score = score.with_track(score.track(melody).with_notes(notes))
    score = score.with_track(score.track(bass).with_notes(low))
    return set_bars(replace(score, next_id=100), 4)


@pytest.fixture
def host(tmp_path: Path) -> FakePanelHost:
    return FakePanelHost(tmp_path, panel_id="music.roll", usable_models=(MODEL,))


def in_window(panel: MusicPanel | WavePanel, qtbot: QtBot) -> QWidget:
    """A panel never stands alone, and only a window has size hints to propagate."""
    window = QWidget()
    panel.setParent(window)
    panel.inspector().setParent(window)
    window.resize(1500, 700)
    panel.setGeometry(0, 0, 1200, 700)
    panel.inspector().setGeometry(1200, 0, 300, 700)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def panel(qtbot: QtBot, host: FakePanelHost) -> Iterator[MusicPanel]:
    made = MusicPanel(host)
    window = in_window(made, qtbot)
    made.sheet.edit("a piece", piece())
    made.editor.fit()
    host.undo_stack.clear()
    yield made
    window.hide()
    made.devices.close()
    made.sound.player.close()


class Hand:
    """The mouse over the roll, by ticks and pitches."""

    def __init__(self, qtbot: QtBot, panel: MusicPanel) -> None:
        self.bot, self.panel = qtbot, panel
        self.roll, self.lens = panel.editor.roll, panel.editor.lens

    def at(self, tick: float, pitch: int) -> QPoint:
        """The middle of that row."""
        return QPoint(round(self.lens.x(tick)), round(self.lens.y(pitch) + self.lens.row / 2))

    def drag(
        self, start: tuple[float, int], end: tuple[float, int], keys: Qt.KeyboardModifier = NONE, *, nudge: int = 0
    ) -> None:
        """Press, move in three steps, release; `nudge` shifts the press sideways in pixels."""
        left = Qt.MouseButton.LeftButton
        a, b = self.at(*start) + QPoint(nudge, 0), self.at(*end) + QPoint(nudge, 0)
        self.bot.mousePress(self.roll, left, keys, a)
        for part in (0.3, 0.7, 1.0):
            _move(self.roll, a + (b - a) * part, keys)
        self.bot.mouseRelease(self.roll, left, keys, b)

    def click(self, tick: float, pitch: int, keys: Qt.KeyboardModifier = NONE) -> None:
        """One press without a move."""
        self.bot.mouseClick(self.roll, Qt.MouseButton.LeftButton, keys, self.at(tick, pitch))

    def double(self, tick: float, pitch: int) -> None:
        """A double click."""
        place = self.at(tick, pitch)
        self.bot.mouseDClick(self.roll, Qt.MouseButton.LeftButton, NONE, place)
        self.bot.mouseRelease(self.roll, Qt.MouseButton.LeftButton, NONE, place)


def _move(widget: QWidget, place: QPoint, keys: Qt.KeyboardModifier) -> None:
    # QTest's mouseMove carries neither buttons nor modifiers.
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(place),
        QPointF(widget.mapToGlobal(place)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        keys,
    )
    QApplication.sendEvent(widget, event)


@pytest.fixture
def hand(qtbot: QtBot, panel: MusicPanel) -> Hand:
    return Hand(qtbot, panel)
