"""Edits of a score: pure functions from a score (and the ids of notes) to a new score. Unknown ids are ignored.

A track that an edit does not touch is the same object afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from .document import MOST_NOTES, MOST_TICKS, Ints, Note, Score, Track, by_start, ordered, picked
from .document_table import ID, LENGTH, LOCKED, PITCH, START, VELOCITY, in_order


def clamp(value: float, low: int, high: int) -> int:
    """The nearest whole number within both bounds."""
    return min(max(round(value), low), high)


def change(score: Score, ids: Collection[int], make: Callable[[Note], Note | None]) -> Score:
    """Those notes through `make`; None removes one. The base of most edits."""
    wanted = frozenset(ids)

    def one(track: Track) -> Track:
        places = picked(track, wanted)
        if not len(places):
            return track
        found: list[Note | None] = list(track.notes)
        for place in places.tolist():
            found[place] = make(track.notes[place])
        return track.with_notes(note for note in found if note is not None)

    return grown(score.map_tracks(one))


def _tables(score: Score, ids: Collection[int], work: Callable[[Ints, Ints], Ints | None]) -> Score:
    """Like `change`, for ten thousand notes that follow the mouse: `work` gets the table of a track, to be changed, and
    the places of the notes that are meant. It may give another table.
    """
    wanted = frozenset(ids)

    def one(track: Track) -> Track:
        places = picked(track, wanted)
        if not len(places):
            return track
        table = track.table.copy()
        other = work(table, places)
        return track.with_table(in_order(table if other is None else other))

    return grown(score.map_tracks(one))


def grown(score: Score) -> Score:
    """Lengthened to the end of the bar in which the last note ends, if it is shorter."""
    last = score.last_tick
    if last <= score.length:
        return score
    metre = score.metres[-1]
    size = score.bar_ticks(metre)
    bars = -(-(max(last, metre.start + 1) - metre.start) // size)
    return replace(score, length=metre.start + bars * size)


def add(score: Score, track_id: str, notes: Iterable[Note]) -> tuple[Score, tuple[int, ...]]:
    """New notes in a track; their ids are given anew, in the order in which they came. KeyError: no such track."""
    track = score.track(track_id)
    fresh = [replace(_sound(note), id=score.next_id + i) for i, note in enumerate(notes)]
    if score.note_count + len(fresh) > MOST_NOTES:
        return score, ()
    made = score.with_track(track.with_notes([*track.notes, *fresh]))
    made = replace(made, next_id=score.next_id + len(fresh))
    return grown(made), tuple(note.id for note in fresh)


def _sound(note: Note) -> Note:
    return replace(
        note,
        start=clamp(note.start, 0, MOST_TICKS - 1),
        length=max(1, note.length),
        pitch=clamp(note.pitch, 0, 127),
        velocity=clamp(note.velocity, 1, 127),
    )


def remove(score: Score, ids: Collection[int]) -> Score:
    """Without those notes."""
    return _tables(score, ids, lambda table, places: np.delete(table, places, axis=1))


def move(score: Score, ids: Collection[int], *, ticks: int = 0, pitches: int = 0) -> Score:
    """Move together: no further than one of them can go, so that they keep their places to each other."""
    wanted = frozenset(ids)
    meant = [track.table[:, places] for track in score.tracks if len(places := picked(track, wanted))]
    if not meant:
        return score
    ticks = max(ticks, -min(int(table[START].min()) for table in meant))
    low, high = min(int(table[PITCH].min()) for table in meant), max(int(table[PITCH].max()) for table in meant)
    pitches = clamp(pitches, -low, 127 - high)
    if not ticks and not pitches:
        return score

    def shift(table: Ints, places: Ints) -> None:
        table[START, places] += ticks
        table[PITCH, places] += pitches

    return _tables(score, wanted, shift)


def to_track(score: Score, ids: Collection[int], track_id: str) -> Score:
    """Put those notes into another track; they keep their ids. KeyError: no such track."""
    moved = score.notes_of(ids)
    rest = remove(score, [n.id for n in moved])
    track = rest.track(track_id)
    return rest.with_track(track.with_notes([*track.notes, *moved]))


def resize(score: Score, ids: Collection[int], *, ticks: int, shortest: int = 1, left: bool = False) -> Score:
    """Lengthen by `ticks` at the right end, or with `left` move the beginning (later if positive) and keep the end."""
    least = max(1, shortest)

    def stretch(table: Ints, places: Ints) -> None:
        start, length = table[START, places], table[LENGTH, places]
        if left:
            table[START, places] = np.clip(start + ticks, 0, np.maximum(start, start + length - least))
            table[LENGTH, places] = start + length - table[START, places]
        else:
            table[LENGTH, places] = np.maximum(np.minimum(least, length), length + ticks)

    return _tables(score, ids, stretch)


def split(score: Score, ids: Collection[int], places: Sequence[int]) -> tuple[Score, tuple[int, ...]]:
    """Cut those notes at the ticks in `places` that lie inside them; the ids of the new, right-hand pieces."""
    next_id, fresh = score.next_id, []
    tracks = []
    wanted, cuts = set(ids), sorted(set(places))
    for track in score.tracks:
        found: list[Note] = []
        for note in track.notes:
            inside = [p for p in cuts if note.start < p < note.end] if note.id in wanted else []
            edges = [note.start, *inside, note.end]
            for index, (a, b) in enumerate(pairwise(edges)):
                found.append(replace(note, start=a, length=b - a, id=note.id if index == 0 else next_id))
                if index:
                    fresh.append(next_id)
                    next_id += 1
        tracks.append(track.with_notes(found) if len(found) != len(track.notes) else track)
    return replace(score, tracks=tuple(tracks), next_id=next_id), tuple(fresh)


def join(score: Score, ids: Collection[int]) -> Score:
    """Notes of one pitch in one track become one, from the first beginning to the last end."""
    wanted = set(ids)
    tracks = []
    for track in score.tracks:
        groups: dict[int, list[Note]] = {}
        for note in track.notes:
            if note.id in wanted:
                groups.setdefault(note.pitch, []).append(note)
        merged = {g[0].id: replace(g[0], length=max(n.end for n in g) - g[0].start) for g in groups.values()}
        gone = {n.id for g in groups.values() for n in g[1:]}
        if gone:
            track = track.with_notes(merged.get(n.id, n) for n in track.notes if n.id not in gone)
        tracks.append(track)
    return replace(score, tracks=tuple(tracks))


def copy(
    score: Score, ids: Collection[int], *, ticks: int = 0, pitches: int = 0, track_id: str = ""
) -> tuple[Score, tuple[int, ...]]:
    """Copies of those notes, shifted as `move` does, in their own tracks or in `track_id`; the ids of the copies."""
    wanted = frozenset(ids)
    meant = {t.id: t.table[:, places] for t in score.tracks if len(places := picked(t, wanted))}
    count = sum(table.shape[1] for table in meant.values())
    if not count or score.note_count + count > MOST_NOTES:
        return score, ()
    every = np.concatenate(list(meant.values()), axis=1)
    ticks = max(ticks, -int(every[START].min()))
    pitches = clamp(pitches, -int(every[PITCH].min()), 127 - int(every[PITCH].max()))
    number = score.next_id
    for name, table in meant.items():
        table[ID] = number + np.arange(table.shape[1])
        table[START] += ticks
        table[PITCH] += pitches
        number += table.shape[1]
        track = score.track(track_id or name)
        score = score.with_track(track.with_table(in_order(np.concatenate([track.table, table], axis=1))))
    return grown(replace(score, next_id=number)), tuple(range(number - count, number))


def set_velocity(score: Score, ids: Collection[int], velocities: Mapping[int, int] | int) -> Score:
    """One velocity for all, or one for each id."""

    def put(table: Ints, places: Ints) -> None:
        if isinstance(velocities, int):
            wanted = np.full(len(places), velocities)
        else:
            wanted = np.array([velocities.get(n, v) for n, v in table[[ID, VELOCITY]][:, places].T.tolist()])
        table[VELOCITY, places] = np.clip(wanted, 1, 127)

    return _tables(score, ids, put)


def lock(score: Score, ids: Collection[int], *, locked: bool = True) -> Score:
    """Locked notes stay when the model writes around them."""

    def put(table: Ints, places: Ints) -> None:
        table[LOCKED, places] = locked

    return _tables(score, ids, put)


def insert_time(score: Score, at: int, ticks: int) -> Score:
    """Make room: whatever starts at `at` or later moves right. With negative ticks that much is cut out from `at` on;
    a tempo, metre, key or chord that began inside the cut holds from `at`.
    """
    cut_end = at - min(ticks, 0)

    def note_track(track: Track) -> Track:
        kept = [n for n in track.notes if not at <= n.start < cut_end]
        notes = [replace(n, start=n.start + ticks) if n.start >= cut_end else n for n in kept]
        extra = tuple(e for e in track.extra if e.start == 0 or not at <= e.start < cut_end)
        return replace(track, notes=ordered(notes), extra=_shifted(extra, at, ticks))

    made = score.map_tracks(note_track)
    return replace(
        made,
        tempos=by_start(_shifted(score.tempos, at, ticks)),
        metres=by_start(_shifted(score.metres, at, ticks)),
        keys=by_start(_shifted(score.keys, at, ticks)),
        chords=by_start(_shifted(score.chords, at, ticks)),
        extra=_shifted(score.extra, at, ticks),
        length=max(score.ppq, score.length + ticks),
    )


def _shifted(changes: tuple[Any, ...], at: int, ticks: int) -> tuple[Any, ...]:
    """What stands at tick 0 says how the piece begins and stays there."""
    return tuple(replace(c, start=max(at, c.start + ticks)) if c.start >= at and c.start > 0 else c for c in changes)
