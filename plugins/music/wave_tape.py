"""Recordings as the editor works on them: on disk, with peaks for every zoom, read at random.

A WAV file is read where it lies. What has to be decoded, or brought to another rate, lies in a nameless file of the
system's temporary folder: it goes with the tape, or with the program, however that ends, and is made again from the
kept recording when it is wanted.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .wave_reel import BYTES, Kind, Reel, packed

Frames = npt.NDArray[np.float32]

BASE = 64
"""Frames of the finest peaks; below that the samples themselves are looked at."""
FACTOR = 4
"""How many peaks make one of the next level."""
COARSEST = 512
"""A level with fewer peaks than this has none above it."""
MOST_BYTES = 1_000_000_000
"""What tapes may take in the temporary folder beside those of the document: to be there when an edit is undone."""
AT_ONCE = 65_536


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
    """`reel` holds the samples at `rate` Hz; `levels` are its peaks, the finest first."""

    rate: int
    reel: Reel
    levels: tuple[Peaks, ...]
    clipped: int = 0
    """How many samples were not finite numbers, or so loud that they were taken for damage."""

    @property
    def frames(self) -> int:
        return self.reel.frames

    @property
    def channels(self) -> int:
        return self.reel.channels

    def read(self, start: int, frames: int, channels: int) -> Frames:
        """[frames, channels] from a place on; silence before the beginning and behind the end."""
        first, last = max(0, start), min(self.frames, start + frames)
        if first >= last:
            return np.zeros((frames, channels), np.float32)
        part = self.reel.read(first, last)
        if self.channels == 2 and channels == 1:
            part = part.mean(axis=1, keepdims=True)
        if part.shape == (frames, channels):
            return part
        out = np.zeros((frames, channels), np.float32)
        out[first - start : last - start] = part
        return out


class _Measuring:
    """The finest peaks of blocks that come one after the other."""

    def __init__(self, channels: int) -> None:
        self._rows: tuple[list[Frames], list[Frames], list[Frames]] = ([], [], [])
        self._held = np.zeros((0, channels), np.float32)

    def add(self, block: Frames) -> None:
        held = np.concatenate([self._held, block]) if len(self._held) else block
        ready = len(held) // BASE * BASE
        if ready:
            self._measure(held[:ready])
        self._held = held[ready:]

    def levels(self) -> tuple[Peaks, ...]:
        """All of them, the finest first."""
        if len(self._held) or not self._rows[0]:
            self._measure(self._held)
        levels = [Peaks(BASE, *(np.concatenate(row) for row in self._rows))]
        while len(levels[-1].low) > COARSEST:
            levels.append(levels[-1].coarser())
        return tuple(levels)

    def _measure(self, part: Frames) -> None:
        lows, highs, squares = self._rows
        if not len(part):
            for row in self._rows:
                row.append(part)
            return
        starts = np.arange(0, len(part), BASE)
        sizes = np.minimum(BASE, len(part) - starts)[:, None].astype(np.float32)
        lows.append(np.minimum.reduceat(part, starts, axis=0))
        highs.append(np.maximum.reduceat(part, starts, axis=0))
        squares.append(np.add.reduceat(part * part, starts, axis=0) / sizes)


def record(blocks: Iterator[Frames], rate: int, channels: int, *, kind: Kind = "float") -> Tape:
    """Write [frames, channels] blocks to a tape; `kind` is "int16" where they hold no more than that. Raises what
    `blocks` raises, and OSError for a full disk.
    """
    measuring, frames, broken = _Measuring(channels), 0, 0
    with tempfile.TemporaryFile(prefix="studio-sound-") as file:
        for block in blocks:
            good, bad = _sane(block)
            broken += bad
            file.write(packed(good, kind))
            frames += len(good)
            measuring.add(good)
        file.flush()
        reel = Reel(file, frames, channels, kind, temporary=frames * channels * BYTES[kind])
    return Tape(rate, reel, measuring.levels(), broken)


def lying(reel: Reel, rate: int) -> Tape | None:
    """A tape of samples that are read where they lie; None where some of them are damaged."""
    measuring = _Measuring(reel.channels)
    for first in range(0, reel.frames, AT_ONCE):
        block = reel.read(first, min(first + AT_ONCE, reel.frames))
        if _sane(block)[1]:
            return None
        measuring.add(block)
    return Tape(rate, reel, measuring.levels())


def _sane(block: Frames) -> tuple[Frames, int]:
    good = np.ascontiguousarray(block, np.float32)
    wrong = ~(np.abs(good) < 1e4)  # catches what is no number, too
    count = int(np.count_nonzero(wrong))
    return (np.where(wrong, np.float32(0), good) if count else good), count


class Shelf:
    """The tapes of a document by the ids of their recordings and their rates. May be asked from any thread."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._tapes: dict[tuple[str, int], Tape] = {}
        self._held: frozenset[str] = frozenset()
        self._most = most

    def put(self, source: str, tape: Tape) -> None:
        """A recording is decoded."""
        with self._lock:
            self._tapes[source, tape.rate] = tape
            self._tidy()

    def get(self, source: str, rate: int) -> Tape | None:
        """None while it is not decoded at that rate."""
        return self._tapes.get((source, rate))

    def hold(self, sources: Collection[str]) -> None:
        """These recordings are seen and heard now: others go, the oldest first, where they take too much room."""
        with self._lock:
            self._held = frozenset(sources)
            self._tidy()

    def _tidy(self) -> None:
        spare = [key for key in list(self._tapes)[:-1] if key[0] not in self._held]
        room = sum(self._tapes[key].reel.temporary for key in spare)
        for key in spare:
            if room <= self._most:
                break
            room -= self._tapes.pop(key).reel.temporary
