"""What somebody plays on a keyboard as notes of a track: messages with the ticks at which they were heard."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .document import Foreign, Note, Score
from .document_edit import add, remove
from .document_time import Grid, Timeline

SHORTEST = 30
"""Ticks (of 480) of a key that was only touched."""
KEPT = (0xA0, 0xB0, 0xD0, 0xE0)
"""Messages beside notes that are recorded: pressure, controllers and the pedal, pitch bend."""


@dataclass
class Take:
    """One recording, while it is played. Ticks ascend but for the turn of a loop."""

    track_id: str
    first: int
    last: int
    ppq: int = 480
    notes: list[Note] = field(default_factory=list)
    events: list[Foreign] = field(default_factory=list)
    _down: dict[int, tuple[int, int]] = field(default_factory=dict)

    def hear(self, message: bytes, tick: int) -> None:
        """A message at a tick."""
        kind = message[0] & 0xF0
        self.last = max(self.last, tick)
        if kind == 0x90 and message[2]:
            self._up(message[1], tick)
            self._down[message[1]] = (tick, message[2])
        elif kind in (0x80, 0x90):
            self._up(message[1], tick, message[2] if kind == 0x80 else 64)
        elif kind in KEPT:
            self.events.append(Foreign(tick, bytes((kind, *message[1:]))))

    def passed(self, tick: int, *, turned: int | None = None) -> None:
        """The transport has come to a tick; `turned` is where a loop ended, if it just did: held keys end there."""
        if turned is not None:
            self.last = max(self.last, turned)
            for pitch in list(self._down):
                self._up(pitch, turned)
            self.first = min(self.first, tick)
        self.last = max(self.last, tick)

    def finish(self, tick: int) -> None:
        """All keys that are still down end here."""
        for pitch in list(self._down):
            self._up(pitch, tick)

    def _up(self, pitch: int, tick: int, release: int = 64) -> None:
        if pitch in self._down:
            start, velocity = self._down.pop(pitch)
            if start >= tick:
                tick = start + 1
            shortest = max(1, SHORTEST * self.ppq // 480)
            self.notes.append(Note(0, start, max(tick - start, shortest), pitch, velocity, release=release))

    def sounding(self, tick: int) -> list[Note]:
        """What has been played so far, with keys that are still down up to a tick."""
        held = [Note(0, start, max(1, tick - start), pitch, v) for pitch, (start, v) in self._down.items()]
        return [*self.notes, *held]

    def score(self, score: Score, *, grid: Grid | None = None, over: bool = True, tick: int | None = None) -> Score:
        """A score with what was played, on the grid where one is given; not `over` what was there: in its place."""
        if not any(t.id == self.track_id for t in score.tracks):
            return score
        notes = self.notes if tick is None else self.sounding(tick)
        track = score.track(self.track_id)
        if not over:
            score = remove(score, [n.id for n in track.notes if self.first <= n.start < self.last and not n.locked])
        if grid is not None:
            timeline = Timeline(score)
            notes = [snapped(note, timeline, grid) for note in notes]
        score, _ = add(score, self.track_id, notes)
        if self.events:
            track = score.track(self.track_id)
            there = track.extra
            if not over:
                there = tuple(e for e in there if not (self.first <= e.start < self.last and e.data[0] & 0xF0 in KEPT))
            moved = (replace(e, data=bytes((e.data[0] | track.channel, *e.data[1:]))) for e in self.events)
            score = score.with_track(replace(track, extra=tuple(sorted((*there, *moved), key=lambda e: e.start))))
        return score


def snapped(note: Note, timeline: Timeline, grid: Grid) -> Note:
    """A note whose beginning is on the grid; its length stays, and is no shorter than a step."""
    return replace(note, start=timeline.snap(note.start, grid))
