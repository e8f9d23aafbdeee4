"""What is heard in the sound panel: the document or an alternative, from the cursor on, round and round if wished."""

from __future__ import annotations

import io
from functools import partial

import numpy as np
import soundfile
from PySide6.QtCore import QObject, QTimer, Signal

from studio.api import PanelHost, Problem
from studio.inference.resampling import resample
from studio.widgets.sound import Player, Stream, open_device

from . import wave_render
from .panel_wave_sheet import WaveSheet
from .params import MusicSettings
from .wave import RATES
from .wave_playback import Overlay, WaveSource

FRAME = 16
"""Milliseconds between two places of the playhead."""
METERED = 2048
"""Frames that the meter looks at."""
LONGEST_STEP = 1 << 21
"""Bytes of a step's sound that are believed."""


class WaveSound(QObject):
    """`moved` carries the frame that is heard and whether it moves, `metered` the peaks (left, right)."""

    moved = Signal(float, bool)
    playing = Signal(bool)
    metered = Signal(float, float)
    failed = Signal(object)

    def __init__(self, host: PanelHost, sheet: WaveSheet, parent: QObject) -> None:
        super().__init__(parent)
        self._host, self._sheet = host, sheet
        self._frame = 0.0
        self._from = 0
        self._looping = False
        self._loop: tuple[int, int] | None = None
        self._was_playing = False
        self._for_step = False
        self._deaf = False
        self._volume = 1.0
        self.source = WaveSource(sheet.shown, sheet.shelf)
        self.player = self._new_player()
        self._frames = QTimer(self)
        self._frames.setInterval(FRAME)
        self._frames.timeout.connect(self._follow)
        sheet.edited.connect(self._refresh)
        # The feeder must not outlive the panel; it knows no Qt, so it can be told while the panel goes.
        self._held = [self.player]
        self.destroyed.connect(partial(_close, self._held))

    def _new_player(self) -> Player:
        chosen = str(self._host.recall("sound", "")) or self._host.settings(MusicSettings).device
        return Player(self.source, device=chosen, opener=_open)

    def choose_device(self, name: str) -> None:
        """Play through another device from now on; "" is the system's own."""
        self._host.remember("sound", name)
        self._deaf = False
        self.player.choose(name)

    def _refresh(self) -> None:
        wave = self._sheet.shown
        if wave.rate != self.source.rate:
            self.pause()
            self._sheet.tapes.ask(self.player.close, lambda _: None)  # its feeder may still wait for the device
            self.source = WaveSource(wave, self._sheet.shelf)
            self.source.volume = self._volume
            self.player = self._new_player()
            self._held[:] = [self.player]
            self._frame, self._from = 0.0, 0
        else:
            self.source.set_wave(wave)

    # The transport

    def frame(self) -> float:
        """Where the playhead is."""
        return self._frame

    def is_playing(self) -> bool:
        """True from Play to Stop."""
        return self.player.playing

    def play(self) -> None:
        """The selection, or from the cursor on; from the beginning where that is at the end."""
        length = self._sheet.shown.length
        if not length:
            return
        start, end = self._sheet.selection
        self._deaf = False
        at = start if end > start and not start <= self._frame < end else int(self._frame)
        if at >= length - 1:
            at = 0
        self._from = at
        self._frame = float(at)
        self.player.play(at, loop=self._loop_frames())
        self._frames.start()
        self._say_playing()

    def pause(self) -> None:
        """Stay where it is."""
        if not self.player.playing:
            return
        self._frame = max(0.0, self.player.position())
        self.player.stop()
        self._leave_step()
        self._say_playing()
        self.moved.emit(self._frame, False)

    def toggle(self) -> None:
        """Space."""
        if self.is_playing():
            self.pause()
        else:
            self.play()

    def stop(self) -> None:
        """Back to where it began; a second time to the beginning."""
        was = self.is_playing()
        self.player.stop()
        self._leave_step()
        self._frame = float(self._from if was else 0)
        self._from = int(self._frame)
        self._say_playing()
        self.moved.emit(self._frame, False)

    def seek(self, frame: int) -> None:
        """Go there, playing or not."""
        self._frame, self._from = float(max(0, frame)), max(0, frame)
        self.player.seek(self._from)
        self.moved.emit(self._frame, False)

    def set_loop(self, start: int, end: int) -> None:
        """The stretch that is looped."""
        self._loop = (start, end) if end > start else None
        self.player.set_loop(self._loop_frames())

    def set_looping(self, on: bool) -> None:
        """Round and round, or through to the end."""
        self._looping = on
        self.player.set_loop(self._loop_frames())

    def set_volume(self, part: float) -> None:
        """How loud one listens (0 to 1); the document stays as it is."""
        self._volume = self.source.volume = part

    def _loop_frames(self) -> tuple[int, int] | None:
        if not self._looping:
            return None
        if self._loop is not None and self._loop[1] <= self._sheet.shown.length:
            return self._loop
        return (0, self._sheet.shown.length)

    # A step of the model

    def hear_step(self, data: bytes, at: int) -> bool:
        """Loop a short sound (a WAV file's bytes) where it belongs, in place of what is there. False for no sound."""
        sound = None if self._deaf else _decoded(data, self.source.rate)
        if sound is None or not len(sound):
            self.end_step()
            return False
        self.source.set_overlay(Overlay(at, sound))
        if not self.player.playing:
            self._for_step = True
            self.player.play(at, loop=(at, at + len(sound)))
            self._frames.start()
            self._say_playing()
        elif self._for_step:
            self.player.set_loop((at, at + len(sound)))
        return True

    def end_step(self) -> None:
        """The document again."""
        if self._for_step:
            self.player.stop()
            self._say_playing()
        self._leave_step()

    def _leave_step(self) -> None:
        self._for_step = False
        if self.source.overlay is not None:
            self.source.set_overlay(None)

    # What is heard

    def _follow(self) -> None:
        problem = self.player.problem
        if problem is not None:
            self._frames.stop()
            self._say_playing()
            if self._for_step:
                self._deaf = True  # whoever looks through steps did not ask for a device
                self._leave_step()
                self._host.say(problem.message)
            else:
                self.failed.emit(Problem.of(problem))
            return
        if not self.player.playing:
            if self._was_playing:
                self._frame = float(self._from)
                self.moved.emit(self._frame, False)
            self._say_playing()
            return
        start, end = self._sheet.selection
        frame = max(0.0, self.player.position())
        if end > start and not self._looping and not self._for_step and start <= self._from < end <= frame:
            self.stop()  # what was asked for was the selection
            return
        if frame != self._frame:
            self._frame = frame
            self.moved.emit(frame, True)
            self._meter(int(frame))

    def _meter(self, frame: int) -> None:
        over = self.source.overlay
        if over is not None and over.start <= frame < over.start + len(over.sound):
            part = over.sound[max(0, frame - over.start - METERED) : frame - over.start + 1]
        else:
            part = wave_render.read(self._sheet.shown, self._sheet.shelf, max(0, frame - METERED), METERED)
        peaks = np.abs(part).max(axis=0) if len(part) else np.zeros(1)
        self.metered.emit(float(peaks[0]), float(peaks[-1]))

    def _say_playing(self) -> None:
        playing = self.is_playing()
        if not playing:
            self._frames.stop()
        if playing != self._was_playing:
            self._was_playing = playing
            if not playing:
                self.metered.emit(0.0, 0.0)
            self.playing.emit(playing)


def _close(held: list[Player], *_: object) -> None:
    held[0].close()


def _decoded(data: bytes, rate: int) -> np.ndarray | None:
    if not data or len(data) > LONGEST_STEP:
        return None
    try:
        sound, found = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError):
        return None
    sound = resample(sound[:, :2], found, rate) if RATES[0] <= found <= RATES[1] else sound[:, :2]
    return np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound


def _open(device: str, rate: int) -> Stream:
    return open_device(device, rate)
