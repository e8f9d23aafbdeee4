"""The small values that a score is made of. All times are in ticks of the score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from studio.inference.notes.score import MODES


@dataclass(frozen=True, slots=True)
class Note:
    """`id` is unique in its score; MIDI `pitch` 0 to 127 and `velocity` 1 to 127. A locked note is not regenerated.

    `release` is the velocity of the key's release, which MIDI files carry and few keyboards send.
    """

    id: int
    start: int
    length: int
    pitch: int
    velocity: int
    locked: bool = False
    release: int = 64

    @property
    def end(self) -> int:
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Foreign:
    """A MIDI event that the panel does not show: `data` is the whole message, as in a file with no running status."""

    start: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Tempo:
    """From `start` on, `bpm` quarter notes a minute."""

    start: int
    bpm: float


@dataclass(frozen=True, slots=True)
class Metre:
    """From `start` (the beginning of a bar) on. The last two are MIDI's clocks per click and 32nds per quarter."""

    start: int
    numerator: int
    denominator: int
    clocks: int = 24
    thirtyseconds: int = 8


@dataclass(frozen=True, slots=True)
class Key:
    """From `start` on. `tonic` is a pitch class (0 = C), `mode` one of MODES; `flats` tells D flat from C sharp."""

    start: int
    tonic: int
    mode: str = "major"
    flats: bool = False

    @property
    def scale(self) -> frozenset[int]:
        """The pitch classes of the key."""
        return frozenset((self.tonic + i) % 12 for i in MODES[self.mode])


_PLACE = attrgetter("start", "pitch", "id")


def ordered(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Sorted by start, pitch and id."""
    return tuple(sorted(notes, key=_PLACE))
