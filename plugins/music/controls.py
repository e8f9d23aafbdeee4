"""What is heard of a track's controllers: sustain pedal, volume, expression, pitch bend and modulation wheel."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .document import Track
from .document_time import Timeline
from .synth_parts import RATE, Sound

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PEDAL, VOLUME, EXPRESSION, WHEEL = 64, 7, 11, 1
RAMP = 240
"""Samples that a step of a controller is spread over: a jump would click."""
BEND = 2.0
"""Semitones of a full bend, unless a file says otherwise in ways that nobody here reads."""
SWAY, DEPTH = 5.5, 0.5
"""Turns a second of the vibrato of the modulation wheel, and semitones to each side at its end: General MIDI's."""
LONGEST = 66.0
"""Seconds after its beginning in which the last note has ended for certain."""
FINE = 256
"""Samples between two points of a vibrato: thirty in each of its turns."""
MOST_POINTS = 2_000_000
"""A file that sways for days does so more coarsely."""


@dataclass(frozen=True, eq=False)
class Controls:
    """Lines through points (samples, value). `gain` beside the track's volume; `warp` is how far into a note's sound
    one has come, in samples, which runs faster while it is bent up. None where there is nothing to do.
    """

    gain: tuple[Floats, Floats] | None = None
    warp: tuple[Floats, Floats] | None = None

    def loudness(self, start: int, count: int) -> Sound:
        """The gain of those samples. Only where `gain` is given."""
        assert self.gain is not None
        return np.interp(np.arange(start, start + count), *self.gain).astype(np.float32)

    def place(self, samples: Floats) -> Floats:
        """How far the clock of bent notes has come at those samples. Only where `warp` is given."""
        assert self.warp is not None
        at, come = self.warp
        found = np.interp(samples, at, come)
        rate = (come[-1] - come[-2]) / (at[-1] - at[-2])
        return np.asarray(np.where(samples > at[-1], come[-1] + (samples - at[-1]) * rate, found))


NONE = Controls()


def controls_of(track: Track, timeline: Timeline) -> Controls:
    """What the track's foreign events do to its sound."""
    return Controls(_gain(track, timeline), _warp(track, timeline))


def _rows(track: Track, timeline: Timeline, kind: int, number: int = -1) -> list[tuple[float, int]]:
    """(sample, value) of all events of a kind; 14 bits for pitch bend."""
    found = []
    for event in track.extra:
        data = event.data
        if data[0] & 0xF0 == kind and len(data) == 3 and number in (-1, data[1]):
            value = data[1] | data[2] << 7 if kind == 0xE0 else data[2]
            found.append((timeline.seconds(event.start) * RATE, value))
    return sorted(found, key=lambda row: row[0])


def pedalled(track: Track, timeline: Timeline, off: Ints) -> Ints:
    """The ends of notes, later where the pedal is down when a key is let go."""
    rows = _rows(track, timeline, 0xB0, PEDAL)
    if not rows or not len(off):
        return off
    down, spans = -1.0, []
    for at, value in rows:
        if value >= 64 and down < 0:
            down = at
        elif value < 64 and down >= 0:
            spans.append((down, at))
            down = -1.0
    if down >= 0:
        spans.append((down, max(down, float(off.max()))))
    if not spans:
        return off
    begins, ends = np.array(spans).T
    index = np.searchsorted(begins, off, "right") - 1
    inside = (index >= 0) & (off < ends[np.maximum(index, 0)])
    return np.where(inside, np.round(ends[np.maximum(index, 0)]).astype(np.int64), off)


def _gain(track: Track, timeline: Timeline) -> tuple[Floats, Floats] | None:
    volumes = _rows(track, timeline, 0xB0, VOLUME)
    expressions = _rows(track, timeline, 0xB0, EXPRESSION)
    if not volumes and not expressions:
        return None
    base = max(track.volume, 1 / 127)
    # (sample, 0 for volume or 1 for expression, factor): both count at once, each from where it was last set.
    rows = [(at, 0, (value / 127 / base) ** 2) for at, value in volumes]
    rows += [(at, 1, (value / 127) ** 2) for at, value in expressions]
    now, points, values = [1.0, 1.0], [0.0], [1.0]
    for at, which, factor in sorted(rows):
        points.append(max(at, points[-1]))
        values.append(now[0] * now[1])
        now[which] = factor
        points.append(points[-1] + RAMP)
        values.append(now[0] * now[1])
    return np.array(points), np.array(values)


def _warp(track: Track, timeline: Timeline) -> tuple[Floats, Floats] | None:
    bends = _rows(track, timeline, 0xE0)
    wheels = [] if track.drums else _rows(track, timeline, 0xB0, WHEEL)
    swaying = [at for at, value in wheels if value]
    if all(value == 8192 for _, value in bends) and not swaying:
        return None
    last = max(at for at, _ in [*bends, *wheels]) + RATE
    if wheels and wheels[-1][1] and track.notes:
        last = max(last, (timeline.seconds(track.notes[-1].start) + LONGEST) * RATE)
    grid = [np.array([0.0, *(at for at, _ in [*bends, *wheels]), last])]
    step = max(FINE, last / MOST_POINTS)
    for (at, value), (until, _) in pairwise([*wheels, (last, 0)]):
        if value:
            grid.append(np.arange(at, until, step))
    points = np.unique(np.concatenate(grid))
    middle = (points[:-1] + points[1:]) / 2
    rate = pitched(_held(bends, middle, 8192), _held(wheels, middle, 0), middle)
    come = np.concatenate([[0.0], np.cumsum(np.diff(points) * rate)])
    # Beyond the last point one goes on as far as the bend says, without a vibrato.
    onward = pitched(_held(bends, points[-1:], 8192), np.zeros(1), points[-1:])[0]
    return np.append(points, points[-1] + RATE), np.append(come, come[-1] + RATE * onward)


def pitched(bend: Floats, wheel: Floats, at: Floats) -> Floats:
    """How fast a sound is read at those samples: `bend` is MIDI's 0 to 16383, `wheel` 0 to 127."""
    semitones = (bend - 8192) / 8192 * BEND + wheel / 127 * DEPTH * np.sin(2 * np.pi * SWAY * at / RATE)
    return np.asarray(2 ** (semitones / 12))


def _held(rows: list[tuple[float, int]], at: Floats, before: float) -> Floats:
    """What a controller stands at, at those samples; `before` is where it stands before anybody moves it."""
    if not rows:
        return np.full(len(at), float(before))
    times, values = np.array(rows, np.float64).T
    found = np.searchsorted(times, at, "right") - 1
    return np.where(found >= 0, values[found], before)


def bent(note: Sound, places: Floats) -> Sound:
    """A note's sound read at those places, between its samples."""
    index = np.minimum(places.astype(np.int64), note.shape[1] - 2)
    share = (places - index).astype(np.float32)
    low = note[:, index]
    return np.asarray(low + (note[:, index + 1] - low) * share)
