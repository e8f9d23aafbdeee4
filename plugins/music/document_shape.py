"""Musical edits: quantise, transpose, invert, turn round, tie, loosen, and shape the loudness of notes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import replace
from itertools import pairwise

import numpy as np

from .document import Key, Note, Score, Track
from .document_edit import change, clamp
from .document_time import Grid, Timeline

__all__ = [
    "degree_shift",
    "fit_to_key",
    "humanise",
    "in_key",
    "invert",
    "legato",
    "quantise",
    "retrograde",
    "scale_velocity",
    "transpose",
    "velocity_ramp",
]


def quantise(
    score: Score,
    ids: Collection[int],
    grid: Grid,
    *,
    strength: float = 1.0,
    swing: float = 0.0,
    ends: bool = False,
) -> Score:
    """Pull starts (and with `ends` also ends) towards the grid. `strength` 1 puts them on it, 0 leaves them.

    `swing` delays every second step: 1 by a third of a step, which is a triplet feel, 0.5 by half of that.
    """
    timeline = Timeline(score)
    step = float(grid.ticks(score.ppq))

    def target(tick: int) -> float:
        start = timeline.bar_start(timeline.bar(tick))
        size = timeline.bar_start(timeline.bar(tick) + 1) - start
        inside = tick - start
        even = 2 * step * np.floor(inside / (2 * step))
        places = [even, even + step * (1 + swing / 3), even + 2 * step]
        nearest = min(places, key=lambda p: (abs(p - inside), p))
        return float(start + min(nearest, size))

    def one(note: Note) -> Note:
        start = round(note.start + (target(note.start) - note.start) * strength)
        if not ends:
            return replace(note, start=start)
        end = round(note.end + (target(note.end) - note.end) * strength)
        return replace(note, start=start, length=end - start if end > start else max(1, round(step)))

    return change(score, ids, one)


def degree_shift(pitch: int, steps: int, key: Key) -> int:
    """A pitch so many scale degrees higher; one outside the scale keeps its distance to the degree below it."""
    scale = sorted((c - key.tonic) % 12 for c in key.scale)
    octave, inside = divmod(pitch - key.tonic, 12)
    degree = bisect_right(scale, inside) - 1
    altered = inside - scale[degree]
    up, degree = divmod(degree + steps, len(scale))
    return key.tonic + 12 * (octave + up) + scale[degree] + altered


def _by_octaves(pitch: int) -> int:
    """The nearest octave of a pitch that MIDI has."""
    while pitch > 127:
        pitch -= 12
    while pitch < 0:
        pitch += 12
    return pitch


def transpose(score: Score, ids: Collection[int], steps: int, *, in_key: bool = False) -> Score:
    """By semitones, or with `in_key` by degrees of the key at each note. Notes that would leave 0 to 127 stay where the
    last octave still fits.
    """

    def one(note: Note) -> Note:
        if in_key:
            pitch = degree_shift(note.pitch, steps, score.key_at(note.start))
        else:
            pitch = note.pitch + steps
        return replace(note, pitch=_by_octaves(pitch))

    return change(score, ids, one)


def fit_to_key(score: Score, ids: Collection[int]) -> Score:
    """Each pitch to the nearest one of its key, downwards where two are as near."""

    return change(score, ids, lambda note: replace(note, pitch=in_key(note.pitch, score.key_at(note.start))))


def in_key(pitch: int, key: Key) -> int:
    """The nearest pitch of a key, downwards where two are as near."""
    near = [p for p in (pitch, pitch - 1, pitch + 1, pitch - 2) if 0 <= p < 128]
    return next((p for p in near if p % 12 in key.scale), pitch)


def invert(score: Score, ids: Collection[int], *, axis: int | None = None, in_key: bool = False) -> Score:
    """Upside down around the pitch `axis` (None: the first note), in semitones or in degrees of the key."""
    notes = score.notes_of(ids)
    if not notes:
        return score
    centre = notes[0].pitch if axis is None else axis

    def one(note: Note) -> Note:
        if in_key:
            key = score.key_at(note.start)
            pitch = degree_shift(centre, _degree(centre, key) - _degree(note.pitch, key), key)
        else:
            pitch = 2 * centre - note.pitch
        return replace(note, pitch=_by_octaves(pitch))

    return change(score, ids, one)


def _degree(pitch: int, key: Key) -> int:
    """Scale degrees above the tonic of octave 0."""
    scale = sorted((c - key.tonic) % 12 for c in key.scale)
    octave, inside = divmod(pitch - key.tonic, 12)
    return octave * len(scale) + bisect_right(scale, inside) - 1


def retrograde(score: Score, ids: Collection[int]) -> Score:
    """Back to front within the time that those notes take."""
    notes = score.notes_of(ids)
    if not notes:
        return score
    both = notes[0].start + max(n.end for n in notes)
    return change(score, ids, lambda n: replace(n, start=both - n.end))


def legato(score: Score, ids: Collection[int], *, gap: int = 0) -> Score:
    """Each note lasts until `gap` ticks before the next of those that starts later in its track; the last one stays."""
    wanted = set(ids)

    def one(track: Track) -> Track:
        starts = sorted({n.start for n in track.notes if n.id in wanted})
        if len(starts) < 2:
            return track
        following = dict(pairwise(starts))
        return track.with_notes(
            replace(n, length=max(1, following[n.start] - gap - n.start))
            if n.id in wanted and n.start in following
            else n
            for n in track.notes
        )

    return score.map_tracks(one)


def humanise(score: Score, ids: Collection[int], *, seed: int, timing: float = 0.02, velocity: float = 8.0) -> Score:
    """Loosen: starts by about `timing` of a quarter note, velocities by about `velocity`. Notes of one chord move
    together. The same seed does the same.
    """

    homes = score.home_track
    order = {t.id: i for i, t in enumerate(score.tracks)}

    def one(note: Note) -> Note:
        late = _drawn(seed, 0, order[homes[note.id]], note.start) * timing * score.ppq
        loud = _drawn(seed, 1, order[homes[note.id]], note.start, note.pitch) * velocity
        start = max(0, round(note.start + late))
        return replace(note, start=start, velocity=clamp(note.velocity + loud, 1, 127))

    return change(score, ids, one)


def _drawn(*place: int) -> float:
    """About standard normal, by place alone: the sum of the four 16-bit parts of splitmix64."""
    state = 0
    for number in place:
        state = (state + number + 0x9E3779B97F4A7C15) & _WORD
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _WORD
        state ^= state >> 31
    parts = sum((state >> shift) & 0xFFFF for shift in (0, 16, 32, 48))
    return (parts / 0xFFFF - 2) * 3**0.5


_WORD = (1 << 64) - 1


def velocity_ramp(score: Score, ids: Collection[int], *, first: int, last: int, curve: float = 1.0) -> Score:
    """A crescendo or diminuendo from the earliest to the latest of those notes; `curve` over 1 begins gently."""
    notes = score.notes_of(ids)
    if not notes:
        return score
    begin, span = notes[0].start, max(1, notes[-1].start - notes[0].start)

    def one(note: Note) -> Note:
        share = ((note.start - begin) / span) ** curve
        return replace(note, velocity=clamp(first + (last - first) * share, 1, 127))

    return change(score, ids, one)


def scale_velocity(score: Score, ids: Collection[int], *, factor: float = 1.0, add: float = 0.0) -> Score:
    """Louder or softer as a whole: around 64 by `factor`, then by `add`."""
    return change(score, ids, lambda n: replace(n, velocity=clamp(64 + (n.velocity - 64) * factor + add, 1, 127)))
