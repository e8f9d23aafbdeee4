"""What all tracks run through together: a chorus, a hall, and a limiter. Each takes any number of samples at a time,
and the result does not depend on how they were cut.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .synth_parts import RATE, TAU, Sound

PART = 2048
"""Samples in a partition of the hall, and by how much it comes late: a pre-delay of 43 ms."""
CELL = 64
LOOK = 8
LIMITER_DELAY = CELL * (LOOK + 1)
"""By how many samples the limiter's output is late."""
CEILING = 10 ** (-1.2 / 20)

_BANDS = ((0, 1.5), (250, 1.75), (500, 1.7), (1000, 1.55), (2000, 1.3), (4000, 0.95), (8000, 0.6), (24_000, 0.35))
"""(Hz, seconds to fall by 60 dB)."""
_EARLY = ((0.0113, 0.42, 0.20), (0.0171, -0.16, 0.36), (0.0237, 0.30, -0.12), (0.0293, -0.10, -0.28),
          (0.0371, 0.22, 0.15), (0.0419, 0.12, 0.21))  # fmt: skip
"""First reflections: (seconds, gain left, gain right)."""


@lru_cache(maxsize=1)
def hall() -> npt.NDArray[np.complex64]:
    """The spectra of the partitions of a hall's response: (2, partitions, PART + 1). Noise, dying as a hall dies."""
    length = 44 * PART
    random = np.random.default_rng(1877)
    t = np.arange(length) / RATE
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    edges = [np.log2(max(hz, 125)) for hz, _ in _BANDS]
    response = np.zeros((2, length))
    for side in (0, 1):
        spectrum = np.fft.rfft(random.standard_normal(length))
        octave = np.log2(np.maximum(frequency, 125))
        for index, (_, fall) in enumerate(_BANDS):
            share = np.interp(octave, edges, np.eye(len(_BANDS))[index])
            response[side] += np.fft.irfft(spectrum * share, length) * np.exp(-6.91 * t / fall)
    response *= np.clip(t / 0.012, 0, 1) * np.clip((t[-1] - t) / 0.1, 0, 1)
    response /= np.sqrt((response**2).sum(axis=1, keepdims=True))
    parts = response.reshape(2, -1, PART)
    return np.fft.rfft(parts, 2 * PART, axis=-1).astype(np.complex64)


class Hall:
    """A reverb: early reflections, then convolution in equal partitions. Mono in, stereo out."""

    def __init__(self) -> None:
        self._response = hall()
        self._past = np.zeros(self._response.shape[1:], np.complex64)
        self._at = 0
        self._input = np.zeros(0, np.float32)
        self._before = np.zeros(PART, np.float32)
        self._ready = np.zeros((2, PART), np.float32)
        self._tail = np.zeros((2, PART), np.float32)

    def run(self, sound: Sound) -> Sound:
        """(samples,) to (2, samples), the tail PART samples late."""
        out = self._early(sound)
        self._input = np.concatenate([self._input, sound])
        while len(self._input) >= PART:
            self._ready = np.concatenate([self._ready, self._part(self._input[:PART])], axis=1)
            self._input = self._input[PART:]
        out += self._ready[:, : len(sound)]
        self._ready = self._ready[:, len(sound) :]
        return out

    def _early(self, sound: Sound) -> Sound:
        line = np.concatenate([self._before, sound])
        out = np.zeros((2, len(sound)), np.float32)
        for seconds, left, right in _EARLY:
            begin = PART - int(seconds * RATE)
            tap = line[begin : begin + len(sound)]
            out[0] += tap * np.float32(left)
            out[1] += tap * np.float32(right)
        self._before = line[-PART:]
        return out

    def _part(self, part: Sound) -> Sound:
        count = len(self._past)
        self._at = (self._at - 1) % count
        self._past[self._at] = np.fft.rfft(part, 2 * PART)
        split = count - self._at
        wave = np.zeros((2, PART + 1), np.complex64)
        for side in (0, 1):
            wave[side] = (self._past[self._at :] * self._response[side, :split]).sum(axis=0)
            wave[side] += (self._past[: self._at] * self._response[side, split:]).sum(axis=0)
        both = np.fft.irfft(wave, 2 * PART, axis=-1).astype(np.float32)
        # The partitions' responses reach over two parts: what lies beyond this one waits for the next.
        out: Sound = both[:, :PART] + self._tail
        self._tail = both[:, PART:]
        return out


class Chorus:
    """Two slowly moving delays, one for each side."""

    def __init__(self) -> None:
        self._reach = int(0.03 * RATE)
        self._line = np.zeros((2, self._reach), np.float32)
        self._clock = 0

    def run(self, sound: Sound) -> Sound:
        """(2, samples) to (2, samples): the moved copies alone."""
        count = sound.shape[1]
        line = np.concatenate([self._line, sound], axis=1)
        at = (self._clock + np.arange(count)) / RATE
        out = np.empty_like(sound)
        for side, (rate, turn) in enumerate(((0.55, 0.0), (0.63, 0.4))):
            late = (0.0125 + 0.0035 * np.sin(TAU * (rate * at + turn))) * RATE
            place = np.arange(count) + self._reach - late
            index = place.astype(np.int64)
            share = (place - index).astype(np.float32)
            low = line[side].take(index)
            out[side] = low + (line[side].take(index + 1) - low) * share
        self._line = line[:, count:]
        self._clock += count
        return out


class Limiter:
    """Looks 10 ms ahead and turns down what would be too loud, so that nothing is ever clipped."""

    def __init__(self, ceiling: float = CEILING) -> None:
        self._ceiling = ceiling
        self._input = np.zeros((2, LOOK * CELL), np.float32)
        self._needs = [1.0] * (LOOK + 1)
        self._smooth = [1.0] * LOOK
        self._gain = 1.0
        self._ready = np.zeros((2, CELL), np.float32)

    def run(self, sound: Sound) -> Sound:
        """(2, samples) to (2, samples), LIMITER_DELAY samples late."""
        self._input = np.concatenate([self._input, sound], axis=1)
        cells = self._input.shape[1] // CELL - LOOK
        if cells > 0:
            fresh = self._input[:, LOOK * CELL : (LOOK + cells) * CELL]
            peaks = np.abs(fresh).max(axis=0).reshape(cells, CELL).max(axis=1)
            points = [self._gain, *(self._step(float(peak)) for peak in peaks)]
            self._gain = points[-1]
            low = np.array(points[:-1], np.float32)[:, None]
            step = np.diff(np.array(points, np.float32))[:, None]
            gain = (low + step * (np.arange(1, CELL + 1, dtype=np.float32) / CELL)).ravel()
            self._ready = np.concatenate([self._ready, self._input[:, : cells * CELL] * gain], axis=1)
            self._input = self._input[:, cells * CELL :]
        out = self._ready[:, : sound.shape[1]]
        self._ready = self._ready[:, sound.shape[1] :]
        return out

    def _step(self, peak: float) -> float:
        self._needs = [*self._needs[1:], min(1.0, self._ceiling / peak) if peak > 0 else 1.0]
        least = min(self._needs)
        before = self._smooth[-1]
        # Comes back within about 150 ms: slower pumps, faster distorts the bass.
        self._smooth = [*self._smooth[1:], min(least, before + (1 - before) * 0.009)]
        return sum(self._smooth) / LOOK


class Glue:
    """A slow bus compressor: loud mixes come down, soft ones up, by half of what is over THRESHOLD, as one body."""

    CELL = 512
    THRESHOLD, RATIO, MAKEUP = -23.0, 1.8, 4.0
    """dB of mean power, dB in for one out, dB."""

    def __init__(self) -> None:
        self._power = 0.0
        self._sum = 0.0
        self._at = 0
        self._from = self._to = self._wanted()

    def run(self, sound: Sound) -> Sound:
        """(2, samples) in place; the gain follows what was heard before, so nothing comes late."""
        place, count = 0, sound.shape[1]
        while place < count:
            part = sound[:, place : place + self.CELL - self._at]
            size = part.shape[1]
            self._sum += float(np.vdot(part, part))
            ramp = np.arange(self._at + 1, self._at + size + 1, dtype=np.float32) / self.CELL
            part *= np.float32(self._from) + np.float32(self._to - self._from) * ramp
            self._at, place = self._at + size, place + size
            if self._at == self.CELL:
                self._next()
        return sound

    def _next(self) -> None:
        power = self._sum / self.CELL
        # Up within 120 ms, down within 700: shorter would breathe with every beat.
        self._power += (power - self._power) * (0.085 if power > self._power else 0.015)
        self._sum, self._at = 0.0, 0
        self._from, self._to = self._to, self._wanted()

    def _wanted(self) -> float:
        level = 10 * np.log10(max(self._power, 1e-9))
        over = max(0.0, level - self.THRESHOLD)
        return float(10 ** ((self.MAKEUP - over * (1 - 1 / self.RATIO)) / 20))
