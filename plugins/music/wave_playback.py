"""What the player plays of a sound document: the document as it is this moment, with soft seams where it jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import wave_render
from .wave import Wave
from .wave_tape import Frames, Shelf

FADE = 256
"""Frames of a seam: where playing begins, jumps, ends, or the document becomes another one."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is heard instead of the document from `start` on: [frames, 2] at its rate."""

    start: int
    sound: Frames


@dataclass(frozen=True, slots=True)
class _Heard:
    wave: Wave
    overlay: Overlay | None


class WaveSource:
    """A studio.widgets.sound.Source. `set_wave`, `set_overlay` and `volume` are for the window's thread, the rest for
    the feeder's; what crosses is one reference at a time.
    """

    latency = 0

    def __init__(self, wave: Wave, shelf: Shelf) -> None:
        self.rate = wave.rate
        self.volume = 1.0
        self._shelf = shelf
        self._now = _Heard(wave, None)
        self._was = self._now
        self._expected: int | None = None

    # --- for the window ---

    def set_wave(self, wave: Wave) -> None:
        """Play this one from now on."""
        if wave is not self._now.wave:
            self._now = _Heard(wave, self._now.overlay)

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Let something else be heard at a place; None: nothing."""
        self._now = _Heard(self._now.wave, overlay)

    @property
    def overlay(self) -> Overlay | None:
        return self._now.overlay

    @property
    def length(self) -> int:
        return self._now.wave.length

    # --- for the feeder ---

    def read(self, start: int | None, frames: int) -> Frames:
        """(2, frames) from a place, or what fades out behind the last one (None)."""
        now, before = self._now, self._was
        out = np.zeros((2, frames), np.float32) if start is None else self._sound(now, start, frames)
        if start != self._expected or now is not before:
            span = min(FADE, frames)
            fade = (np.arange(span, dtype=np.float32) + 0.5) / FADE
            out[:, :span] *= fade
            if self._expected is not None:
                out[:, :span] += self._sound(before, self._expected, span) * (1 - fade)
        self._was = now
        self._expected = None if start is None else start + frames
        return out if self.volume == 1.0 else out * np.float32(self.volume)

    def count_in(self, at: int, left: int, frames: int) -> Frames:
        """Nobody counts here."""
        return np.zeros((2, frames), np.float32)

    def count_in_length(self, at: int) -> int:
        """No frames."""
        return 0

    def prepare(self, start: int, frames: int) -> bool:
        """Nothing has to be made ready."""
        return False

    def relocate(self, place: int) -> int:
        """An edit moves nothing that plays."""
        return place

    def _sound(self, heard: _Heard, start: int, frames: int) -> Frames:
        sound = wave_render.read(heard.wave, self._shelf, start, frames)
        if sound.shape[1] == 1:
            sound = np.repeat(sound, 2, axis=1)
        over = heard.overlay
        if over is not None:
            first, last = max(start, over.start), min(start + frames, over.start + len(over.sound))
            if first < last:
                sound[first - start : last - start] = over.sound[first - over.start : last - over.start]
        return np.clip(sound.T, -1.0, 1.0)
