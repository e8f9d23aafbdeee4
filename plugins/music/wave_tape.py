"""Recordings as the editor works on them: decoded once, on disk, with peaks for every zoom, read at random.

A tape lies in a nameless file of the system's temporary folder: it goes with the program, however that ends, and is
made again from the kept recording at the next start.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.float32]

BASE = 64
"""Frames of the finest peaks; below that the samples themselves are looked at."""
FACTOR = 4
"""How many peaks make one of the next level."""
COARSEST = 512
"""A level with fewer peaks than this has none above it."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """Lowest, highest and mean square of stretches of `size` frames, [n, channels] each."""

    size: int
    low: Frames
    high: Frames
    square: Frames

    def coarser(self) -> Peaks:
        """One level up."""
        rows = -(-len(self.low) // FACTOR)
        starts = np.arange(rows) * FACTOR
        counts = np.minimum(FACTOR, len(self.low) - starts)[:, None].astype(np.float32)
        return Peaks(
            self.size * FACTOR,
            np.minimum.reduceat(self.low, starts, axis=0),
            np.maximum.reduceat(self.high, starts, axis=0),
            np.add.reduceat(self.square, starts, axis=0) / counts,
        )


@dataclass(frozen=True, slots=True)
class Tape:
    """`samples` are [frames, channels] at `rate` Hz, on disk; `levels` its peaks, the finest first."""

    rate: int
    samples: Frames
    levels: tuple[Peaks, ...]
    clipped: int = 0
    """How many samples were not finite numbers, or so loud that they were taken for damage."""

    @property
    def frames(self) -> int:
        return len(self.samples)

    @property
    def channels(self) -> int:
        return int(self.samples.shape[1])

    def read(self, start: int, frames: int, channels: int) -> Frames:
        """[frames, channels] from a place on; silence before the beginning and behind the end."""
        out = np.zeros((frames, channels), np.float32)
        first, last = max(0, start), min(self.frames, start + frames)
        if first < last:
            part = self.samples[first:last]
            if self.channels == 2 and channels == 1:
                part = part.mean(axis=1, keepdims=True)
            out[first - start : last - start] = part
        return out


def record(blocks: Iterator[Frames], rate: int, channels: int) -> Tape:
    """Write [frames, channels] blocks to a tape. Raises what `blocks` raises, and OSError for a full disk."""
    file: IO[bytes] = tempfile.TemporaryFile(prefix="studio-sound-")  # noqa: SIM115 - lives as long as its mapping
    try:
        lows, highs, squares = [], [], []
        held = np.zeros((0, channels), np.float32)
        frames = broken = 0
        for block in blocks:
            good, bad = _sane(block)
            broken += bad
            file.write(good.tobytes())
            frames += len(good)
            held = np.concatenate([held, good]) if len(held) else good
            ready = len(held) // BASE * BASE
            if ready:
                _measure(held[:ready], lows, highs, squares)
                held = held[ready:]
        if len(held):
            _measure(held, lows, highs, squares)
        file.flush()
        if not frames:
            file.close()
            empty = np.zeros((0, channels), np.float32)
            return Tape(rate, empty, (Peaks(BASE, empty, empty, empty),), broken)
        samples = np.memmap(file, np.float32, "r", shape=(frames, channels))
    except BaseException:
        file.close()
        raise
    file.close()  # the mapping keeps it
    levels = [Peaks(BASE, np.concatenate(lows), np.concatenate(highs), np.concatenate(squares))]
    while len(levels[-1].low) > COARSEST:
        levels.append(levels[-1].coarser())
    return Tape(rate, samples, tuple(levels), broken)


def _sane(block: Frames) -> tuple[Frames, int]:
    good = np.ascontiguousarray(block, np.float32)
    wrong = ~(np.abs(good) < 1e4)  # catches what is no number, too
    count = int(np.count_nonzero(wrong))
    return (np.where(wrong, np.float32(0), good) if count else good), count


def _measure(part: Frames, lows: list[Frames], highs: list[Frames], squares: list[Frames]) -> None:
    starts = np.arange(0, len(part), BASE)
    sizes = np.minimum(BASE, len(part) - starts)[:, None].astype(np.float32)
    lows.append(np.minimum.reduceat(part, starts, axis=0))
    highs.append(np.maximum.reduceat(part, starts, axis=0))
    squares.append(np.add.reduceat(part * part, starts, axis=0) / sizes)


class Shelf:
    """The tapes of a document by the ids of their recordings and their rates. May be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tapes: dict[tuple[str, int], Tape] = {}

    def put(self, source: str, tape: Tape) -> None:
        """A recording is decoded."""
        with self._lock:
            self._tapes[source, tape.rate] = tape

    def get(self, source: str, rate: int) -> Tape | None:
        """None while it is not decoded at that rate."""
        return self._tapes.get((source, rate))
