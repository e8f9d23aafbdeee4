"""Which tokens may come next: an incremental grammar, so that whatever is sampled is a sound score as asked.

It holds the sampler to the asked bars, parts and metre, keeps notes inside the piece and off notes that still sound
or that are fixed further on, and (on request) keeps pitches in the key or the chord of the moment, and chords to those
of the key. It cannot run into a dead end: a token is only allowed where something legal can follow. A mask costs about
a tenth of a millisecond, far less than the model's own step.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .score import DURATIONS, HIGHEST, LOWEST, MODES, QUALITIES, STEP, Brief, Note, Score, home
from .tokens import Cell
from .vocabulary import BAR_ZERO, BLOCKS, CHORD_WORDS, END, KIND_OF, PART_ID, PARTS, POSITIONS, WORDS

Mask = npt.NDArray[np.bool_]

SINGLE = frozenset({"melody", "counter", "bass"})
"""Parts that play one note at a time."""
_BLUE = frozenset({3, 6, 10})
_PITCHES = HIGHEST - LOWEST + 1
_CLASSES = np.arange(LOWEST, HIGHEST + 1) % 12
_DURATIONS = np.array(DURATIONS)
_FAR = 1 << 20


@lru_cache(maxsize=4096)
def _colour(mode: str, blues: bool, chord: tuple[int, str] | None) -> Mask:
    """Pitches that belong to the key, or to the chord."""
    classes = set(MODES[mode]) | (_BLUE if blues else frozenset())
    if chord:
        classes |= {(chord[0] + i) % 12 for i in QUALITIES[chord[1]]}
    mask = np.isin(_CLASSES, sorted(classes))
    mask.flags.writeable = False
    return mask


@lru_cache(maxsize=16)
def _native(mode: str, blues: bool) -> Mask:
    """Chords whose notes are all of the key. Its dominant may raise the leading tone, and blues has its blue notes."""
    scale = set(MODES[mode]) | (_BLUE if blues else frozenset())
    mask = np.zeros(len(CHORD_WORDS), dtype=bool)
    for index, (root, quality) in enumerate(CHORD_WORDS):
        leading = {11} if root in (7, 11) and (mode == "minor" or blues) else set()
        mask[index] = {(root + i) % 12 for i in QUALITIES[quality]} <= scale | leading
    mask.flags.writeable = False
    return mask


class Grammar:
    """The state of one answer: `allowed()` masks the vocabulary, `push(token)` goes on.

    `asked` are the cells to be written, `context` the score that everything else is taken from (None: nothing else).
    `needed` are those among them that are not left empty where they have room.
    With `in_key` pitches belong to the key or the chord of the moment, and where `borrowed` is off the chords written
    belong to the key too.
    """

    def __init__(
        self,
        brief: Brief,
        asked: Collection[Cell],
        *,
        context: Score | None = None,
        in_key: bool = True,
        borrowed: bool = False,
        single: frozenset[str] = SINGLE,
        needed: Collection[Cell] = (),
    ) -> None:
        self.brief, self.asked, self.in_key, self.single = brief, frozenset(asked), in_key, single
        self._needed = self.asked & frozenset(needed)
        self._native = _native(brief.mode, brief.style == "blues") if in_key and not borrowed else True
        self._bars = sorted({bar for bar, _ in self.asked})
        self._size = brief.bar_steps
        self._end = brief.bars * self._size
        self._places = np.array([p for p in POSITIONS if p < self._size])
        self._notes: dict[str, list[tuple[int, int, int]]] = {role: [] for role, _ in brief.parts}
        self._chords: dict[int, tuple[int, str]] = {}
        if context is not None:
            self._take(context)
        self._next = 0
        self._rows: Mask | None = None
        self._room: dict[str, bool] = {}
        self.done = False
        self._stage = "bar"
        self._bar = -1
        self._part = self._kind = ""
        self._leave_part()

    def _take(self, context: Score) -> None:
        base = home(self.brief.tonic)
        for track in context.tracks:
            for note in track.notes:
                if (note.start // self.brief.bar_ticks, track.role) not in self.asked:
                    self._notes[track.role].append(_row(note, base))
        for chord in context.chords:
            if (chord.start // self.brief.bar_ticks, "harmony") not in self.asked:
                self._chords[chord.start // STEP] = ((chord.root - self.brief.tonic) % 12, chord.quality)

    def _leave_part(self) -> None:
        self._place = self._velocity = self._duration = -1
        self._lowest = 0
        self._fresh = ""
        self._busy = np.zeros(_PITCHES, dtype=np.int64)
        self._limit = np.full(_PITCHES, _FAR)

    def _enter_part(self, part: str) -> None:
        self._leave_part()
        self._part = part
        if part in ("harmony", "drums"):
            return
        self._busy, self._limit = self._walls(part)

    def _walls(self, part: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For each pitch: until when it sounds from before this bar, and when it is struck after it."""
        busy, limit = np.zeros(_PITCHES, dtype=np.int64), np.full(_PITCHES, _FAR)
        first = self._bar * self._size
        for start, pitch, end in self._notes[part]:
            where: slice | int = slice(None) if part in self.single else pitch
            if start < first:
                busy[where] = np.maximum(busy[where], end)
            elif start >= first + self._size:
                limit[where] = np.minimum(limit[where], start)
        return busy, np.minimum(limit, self._end)

    def _chord(self, step: int) -> tuple[int, str] | None:
        starts = sorted(self._chords)
        index = bisect_right(starts, step)
        return self._chords[starts[index - 1]] if index else None

    def _open(self, busy: np.ndarray, limit: np.ndarray, step: int) -> Mask:
        """Pitches that may be struck at a step for at least the shortest time."""
        free = (busy <= step) & (limit - step >= DURATIONS[0])
        if self.in_key:
            free &= _colour(self.brief.mode, self.brief.style == "blues", self._chord(step))
        return free

    def _open_places(self, part: str, after: int, busy: np.ndarray, limit: np.ndarray) -> Mask:
        """For each place of a bar: is it later, and could anything be struck there?"""
        later = self._places > after
        if part in ("harmony", "drums"):
            return later
        steps = (self._bar * self._size + self._places)[:, None]
        free = (busy <= steps) & (limit >= steps + DURATIONS[0])
        if self.in_key:
            free &= self._colours()
        return later & free.any(axis=1)

    def _colours(self) -> Mask:
        """One row of fitting pitches for each place of the bar; kept until the bar or its chords change."""
        if self._rows is None:
            blues, first = self.brief.style == "blues", self._bar * self._size
            rows = [_colour(self.brief.mode, blues, self._chord(first + int(p))) for p in self._places]
            self._rows = np.stack(rows)
        return self._rows

    def _opens(self, part: str) -> bool:
        """Whether this part has room in this bar."""
        if part in ("harmony", "drums"):
            return True
        if part not in self._room:
            self._room[part] = bool(self._open_places(part, -1, *self._walls(part)).any())
        return self._room[part]

    def allowed(self) -> Mask:
        """A mask over the vocabulary; never empty until the answer is done."""
        mask = np.zeros(len(WORDS), dtype=bool)
        if self.done:
            return mask
        if self._stage == "bar":
            mask[BAR_ZERO + self._bars[self._next] if self._next < len(self._bars) else END] = True
            return mask
        if self._stage in ("part", "next"):
            self._allow_onward(mask)
        if self._stage == "place" or self._stage == "next":
            places = self._open_places(self._part, self._place, self._busy, self._limit)
            mask[BLOCKS["position"]][: len(places)] = places
        if self._stage == "event" or (self._stage == "next" and self._part != "harmony"):
            self._allow_event(mask)
        return mask

    def _allow_onward(self, mask: Mask) -> None:
        """Another part of this bar, the next bar, or the end."""
        begun = PARTS.index(self._part) if self._part else -1
        for index in range(begun + 1, len(PARTS)):
            part = PARTS[index]
            if (self._bar, part) in self.asked and self._opens(part):
                mask[PART_ID[part]] = True
                if (self._bar, part) in self._needed:
                    return
        mask[BAR_ZERO + self._bars[self._next] if self._next < len(self._bars) else END] = True

    def _allow_event(self, mask: Mask) -> None:
        """Velocity, duration, pitch, drum or chord at the current position."""
        if self._part == "harmony":
            mask[BLOCKS["chord"]] = self._native
            return
        if self._part == "drums":
            if BLOCKS["drum"].start + self._lowest == BLOCKS["drum"].stop:
                return
            if self._velocity >= 0:
                mask[BLOCKS["drum"].start + self._lowest : BLOCKS["drum"].stop] = True
            if not self._fresh:
                self._allow_velocity(mask)
            return
        step = self._bar * self._size + self._place
        free = self._open(self._busy, self._limit, step)
        free[: self._lowest] = False
        if not free.any():
            return
        room = int((self._limit[free] - step).max())
        if not self._fresh:
            self._allow_velocity(mask)
        if self._velocity < 0:
            return
        if self._fresh != "duration":
            lengths = room >= _DURATIONS
            if self._duration >= 0:
                lengths[self._duration] = False
            mask[BLOCKS["duration"]] = lengths
        if self._duration >= 0:
            mask[BLOCKS["pitch"]] = free & (self._limit - step >= DURATIONS[self._duration])

    def _allow_velocity(self, mask: Mask) -> None:
        mask[BLOCKS["velocity"]] = True
        if self._velocity >= 0:
            mask[BLOCKS["velocity"].start + self._velocity] = False

    def push(self, token: int) -> None:
        """Take one token. ValueError, with nothing changed, if it is not allowed."""
        if not self.allowed()[token]:
            raise ValueError(f"{WORDS[token]} cannot stand here")
        self._advance(token)

    def _advance(self, token: int) -> None:
        kind = KIND_OF[token]
        number = token - BLOCKS[kind].start
        if kind == "special":
            self.done = True
        elif kind == "bar":
            self._bar, self._next, self._part, self._stage = number, self._next + 1, "", "part"
            self._rows, self._room = None, {}
            self._leave_part()
        elif kind == "part":
            self._enter_part(PARTS[number])
            self._stage = "place"
        elif kind == "position":
            self._place, self._lowest, self._fresh, self._stage = POSITIONS[number], 0, "", "event"
        elif kind == "velocity":
            self._velocity, self._fresh, self._stage = number, "velocity", "event"
        elif kind == "duration":
            self._duration, self._fresh, self._stage = number, "duration", "event"
        elif kind == "chord":
            self._chords[self._bar * self._size + self._place] = CHORD_WORDS[number]
            self._stage, self._rows, self._room = "next", None, {}
        elif kind == "drum":
            self._lowest, self._fresh, self._stage = number + 1, "", "next"
        else:
            self._strike(number)

    def _strike(self, number: int) -> None:
        step = self._bar * self._size + self._place
        end = step + DURATIONS[self._duration]
        self._notes[self._part].append((step, number, end))
        if self._part in self.single:
            self._busy[:] = end
        else:
            self._busy[number] = end
        self._lowest, self._fresh, self._stage = number + 1, "", "next"

    @property
    def bar(self) -> int:
        """The bar being written, -1 before the first."""
        return self._bar


def _row(note: Note, base: int) -> tuple[int, int, int]:
    pitch = min(max(note.pitch - base - LOWEST, 0), _PITCHES - 1)
    return note.start // STEP, pitch, -(-note.end // STEP)


def all_cells(brief: Brief, first: int = 0) -> frozenset[Cell]:
    """Everything from a bar on."""
    parts = ("harmony", *(role for role, _ in brief.parts))
    return frozenset((bar, part) for bar in range(first, brief.bars) for part in parts)


def check(ids: Sequence[int], grammar: Grammar) -> int:
    """How many tokens of an answer the grammar takes; all of them if it is valid."""
    for index, token in enumerate(ids):
        if grammar.done or not grammar.allowed()[token]:
            return index
        grammar._advance(token)
    return len(ids)


__all__ = ["SINGLE", "Grammar", "Mask", "all_cells", "check"]
