"""Sound at another rate: a windowed sinc in its polyphase form, in one go or block by block with the same result.

(J. O. Smith, "Digital Audio Resampling": the kernel is a Kaiser window's, stopband 90 dB, 64 zero crossings long.)
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.float32]

HALF = 32
"""Zero crossings of the kernel on each side."""
BETA = 9.0
"""Kaiser's parameter: 90 dB below in the stopband."""
EDGE = 0.95
"""The cutoff as a share of the lower Nyquist frequency: what is above would come back as something else."""
MOST_PHASES = 4096
"""Kernels that are kept; ratios that need more (44,101 to 48,000 Hz) take the nearest one in time."""
BLOCK = 1 << 18


def resample(sound: Frames, rate: int, wanted: int) -> Frames:
    """[frames, channels] at `rate` Hz as `ceil(frames · wanted / rate)` frames at `wanted` Hz, in time with it."""
    if rate == wanted:
        return np.ascontiguousarray(sound, np.float32)
    machine = Resampler(rate, wanted, sound.shape[1])
    pieces = [machine.push(sound[at : at + BLOCK]) for at in range(0, len(sound), BLOCK)]
    return np.concatenate([*pieces, machine.flush()])


class Resampler:
    """Takes blocks of [frames, channels] and gives what can be told from them; `flush` gives the rest."""

    def __init__(self, rate: int, wanted: int, channels: int) -> None:
        if rate <= 0 or wanted <= 0:
            raise ValueError(f"{rate} Hz cannot become {wanted} Hz")
        common = math.gcd(rate, wanted)
        self._up, self._down = wanted // common, rate // common
        self._reach = math.ceil(HALF * max(1.0, rate / wanted))
        self._phases = min(self._up, MOST_PHASES)
        self._kernels = _kernels(self._phases, self._reach, min(1.0, wanted / rate))
        self._held = np.zeros((self._reach, channels), np.float32)  # silence before the beginning
        self._first = -self._reach
        self._taken = 0
        self._given = 0

    def push(self, block: Frames) -> Frames:
        """What the frames so far tell."""
        self._taken += len(block)
        self._held = np.concatenate([self._held, np.asarray(block, np.float32)])
        # The last output whose kernel lies all in what is there.
        ready = self._first + len(self._held) - self._reach - 1
        return self._give(max(self._given, (ready * self._up) // self._down + 1 if ready >= 0 else 0))

    def flush(self) -> Frames:
        """The rest, with silence behind the end."""
        channels = self._held.shape[1]
        self._held = np.concatenate([self._held, np.zeros((self._reach + 1, channels), np.float32)])
        return self._give(-(-self._taken * self._up // self._down))

    def _give(self, end: int) -> Frames:
        start, count = self._given, max(0, end - self._given)
        out = np.empty((count, self._held.shape[1]), np.float32)
        # Outputs that are `up` apart meet the same kernel: one product of a matrix and a vector for each of them.
        for offset in range(min(self._up, count)):
            place = (start + offset) * self._down
            whole, part = divmod(place, self._up)
            kernel = self._kernels[part * self._phases // self._up]
            rows = -(-(count - offset) // self._up)
            begin = whole - self._reach + 1 - self._first
            for channel in range(out.shape[1]):
                out[offset :: self._up, channel] = _windows(self._held[:, channel], begin, self._down, rows, kernel)
        self._given = max(end, start)
        keep = (self._given * self._down) // self._up - self._reach + 1 - self._first
        if keep > 0:
            self._held = self._held[keep:].copy()
            self._first += keep
        return out


def _windows(line: Frames, begin: int, step: int, rows: int, kernel: Frames) -> Frames:
    line = np.ascontiguousarray(line)
    size = line.itemsize
    view = np.lib.stride_tricks.as_strided(line[begin:], (rows, len(kernel)), (step * size, size), writeable=False)
    return view @ kernel  # type: ignore[no-any-return]


def _kernels(phases: int, reach: int, ratio: float) -> Frames:
    """[phases, 2 · reach] taps; phase p is for places p / phases behind a frame. Each row sums to 1."""
    taps = np.arange(2 * reach) - (reach - 1)
    at = taps[None] - np.arange(phases)[:, None] / phases
    window = np.i0(BETA * np.sqrt(np.clip(1 - (at / reach) ** 2, 0, None))) / np.i0(BETA)
    rows = np.sinc(at * ratio * EDGE) * window
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
