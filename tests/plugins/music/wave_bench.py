"""A sound panel on a fake host, with a sound to work on and the mouse where a frame is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from plugins.music import wave_render
from plugins.music.panel_wave import WavePanel
from plugins.music.params import SoundParams
from studio.api import Model
from studio.testing.panel_host import FakePanelHost
from tests.plugins.music.panel_bench import _move, in_window

RATE = 8_000
MODEL = Model("m/audio", "Tiny audio", "sound/StableAudioPipeline", Path("/nowhere"), sha256="c" * 64)
NONE = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def noise(seconds: float, channels: int = 2, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).uniform(-0.5, 0.5, (round(seconds * RATE), channels))
    return made.astype(np.float32)


def write(path: Path, sound: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, sound, rate, "FLOAT")
    return path


@pytest.fixture
def wave_host(tmp_path: Path) -> FakePanelHost:
    return FakePanelHost(tmp_path, panel_id="music.sound", usable_models=(MODEL,), generators={"sound": SoundParams})


def settle(qtbot: QtBot, panel: WavePanel) -> None:
    """Until nothing is being decoded."""
    qtbot.waitUntil(lambda: not panel.sheet.tapes.busy(), timeout=5000)


@pytest.fixture
def wave_panel(qtbot: QtBot, wave_host: FakePanelHost) -> Iterator[WavePanel]:
    made = WavePanel(wave_host)
    window = in_window(made, qtbot)
    yield made
    settle(qtbot, made)
    window.hide()
    made.sound.player.close()


@pytest.fixture
def opened(qtbot: QtBot, wave_panel: WavePanel, wave_host: FakePanelHost, tmp_path: Path) -> WavePanel:
    """The panel with ten seconds of stereo noise."""
    wave_panel.open_file(write(tmp_path / "noise.wav", noise(10)))
    settle(qtbot, wave_panel)
    wave_host.undo_stack.clear()
    return wave_panel


def heard(panel: WavePanel) -> np.ndarray:
    """What the document sounds like."""
    wave = panel.sheet.wave
    return wave_render.read(wave, panel.sheet.shelf, 0, wave.length)


class Hand:
    """The mouse over the waveform, by seconds."""

    def __init__(self, qtbot: QtBot, panel: WavePanel) -> None:
        self.bot, self.panel, self.view = qtbot, panel, panel.desk.view

    def at(self, seconds: float) -> QPoint:
        """A place on the screen."""
        return QPoint(round(self.panel.desk.lens.x(seconds * self.panel.sheet.wave.rate)), 100)

    def drag(self, start: float, end: float, keys: Qt.KeyboardModifier = NONE) -> None:
        """Press, move in three steps, release."""
        left = Qt.MouseButton.LeftButton
        a, b = self.at(start), self.at(end)
        self.bot.mousePress(self.view, left, keys, a)
        for part in (0.3, 0.7, 1.0):
            _move(self.view, a + (b - a) * part, keys)
        self.bot.mouseRelease(self.view, left, keys, b)

    def click(self, seconds: float, keys: Qt.KeyboardModifier = NONE) -> None:
        """One press without a move."""
        self.bot.mouseClick(self.view, Qt.MouseButton.LeftButton, keys, self.at(seconds))

    def double(self, seconds: float) -> None:
        """A double click."""
        self.bot.mouseDClick(self.view, Qt.MouseButton.LeftButton, NONE, self.at(seconds))
        self.bot.mouseRelease(self.view, Qt.MouseButton.LeftButton, NONE, self.at(seconds))
