"""What the model wrote, as a change of a score: so that it can be laid over whatever was edited meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .document import Note, Score, Track, by_start
from .document_edit import grown

Sound = tuple[int, int, int, int]
"""Start, length, pitch, velocity: what makes two notes the same to the ear."""


def sound(note: Note) -> Sound:
    """What is heard of a note."""
    return note.start, note.length, note.pitch, note.velocity


@dataclass(frozen=True, slots=True)
class Change:
    """Notes that go and notes that come, by track id; `tracks` are new ones without their notes."""

    gone: dict[str, tuple[Note, ...]]
    come: dict[str, tuple[Note, ...]]
    tracks: tuple[Track, ...]
    after: Score

    @property
    def empty(self) -> bool:
        """True where nothing sounds different."""
        return not self.gone and not self.come and not self.tracks


def change_between(before: Score, after: Score) -> Change:
    """What has to be done to `before` so that it sounds like `after`; tracks are the same where their ids are."""
    gone: dict[str, tuple[Note, ...]] = {}
    come: dict[str, tuple[Note, ...]] = {}
    known = {track.id: track for track in before.tracks}
    for track in after.tracks:
        old = known[track.id].notes if track.id in known else ()
        fewer, more = _without(old, track.notes), _without(track.notes, old)
        if fewer:
            gone[track.id] = fewer
        if more:
            come[track.id] = more
    fresh = tuple(replace(track, notes=()) for track in after.tracks if track.id not in known)
    return Change(gone, come, fresh, after)


def _without(notes: Iterable[Note], others: Iterable[Note]) -> tuple[Note, ...]:
    left = Counter(sound(note) for note in others)
    found = []
    for note in notes:
        if left[sound(note)]:
            left[sound(note)] -= 1
        else:
            found.append(note)
    return tuple(found)


def fading(score: Score, change: Change) -> frozenset[int]:
    """The ids of the notes of `score` that the change takes away."""
    ids = set()
    for track in score.tracks:
        left = Counter(sound(note) for note in change.gone.get(track.id, ()))
        for note in track.notes:
            if left[sound(note)] and not note.locked:
                left[sound(note)] -= 1
                ids.add(note.id)
    return frozenset(ids)


def take_in(score: Score, change: Change) -> Score:
    """`score` with the change made. Locked notes stay; a track that is there already keeps its instrument."""
    going = fading(score, change)
    known = {track.id for track in score.tracks}
    made = replace(score, tracks=(*score.tracks, *(track for track in change.tracks if track.id not in known)))
    number = score.next_id

    def one(track: Track) -> Track:
        nonlocal number
        fresh = change.come.get(track.id, ())
        if not fresh and going.isdisjoint(track.by_id):
            return track
        kept = [note for note in track.notes if note.id not in going]
        for note in fresh:
            kept.append(replace(note, id=number))
            number += 1
        return track.with_notes(kept)

    made = made.map_tracks(one)
    after = change.after
    chords = after.chords if not score.chords else by_start([*after.chords, *_beyond(score, after)])
    return grown(replace(made, next_id=number, length=max(score.length, after.length), chords=chords))


def _beyond(score: Score, after: Score) -> list:  # type: ignore[type-arg]
    return [chord for chord in score.chords if chord.start >= after.length]


def outside(score: Score, cells: Iterable[tuple[str, int, int]]) -> dict[str, Counter[Sound]]:
    """What sounds outside the cells (track id, first tick, last tick exclusive), by track: to show it is unchanged."""
    marked: dict[str, list[tuple[int, int]]] = {}
    for track, first, last in cells:
        marked.setdefault(track, []).append((first, last))
    return {
        track.id: Counter(
            sound(note)
            for note in track.notes
            if not any(first <= note.start < last for first, last in marked.get(track.id, ()))
        )
        for track in score.tracks
    }


def ghosts_of(change: Change) -> Score:
    """Only what comes, for a look at it."""
    tracks = [replace(track, notes=change.come[track.id]) for track in change.after.tracks if track.id in change.come]
    return replace(change.after, tracks=tuple(tracks))
