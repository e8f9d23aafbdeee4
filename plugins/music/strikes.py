"""When each note of a score is heard, in samples, and with which voice: what playback and export render."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from . import synth_drums
from .controls import NONE, Controls, controls_of, pedalled
from .document import Score, Track
from .document_time import Timeline
from .document_tracks import audible
from .synth_parts import RATE
from .synth_voices import Voice
from .voicing import Program, Voicing, first_program, later_programs

LONGEST = 60.0
"""Seconds after which a held note ends by itself."""
SHORTEST = int(0.03 * RATE)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plan:
    """The strikes of one track with one voice, in samples, sorted by `on`. A strike is held until `held` and gone at
    `end`. A track whose program changes has a plan for each of its voices.
    """

    track: Track
    voice_name: str
    voice: Voice
    on: Ints
    held: Ints
    end: Ints
    pitch: Ints
    velocity: Ints
    longest: int
    controls: Controls = NONE
    at_once: int = 2 * RATE
    """How much of a note is made when it is first needed, if it lasts so long."""

    @property
    def key(self) -> tuple[str, str]:
        """Tells the plans of a score apart."""
        return self.track.id, self.voice_name

    @cached_property
    def most(self) -> Ints:
        """How long the longest strike of the same pitch and layer lasts, for each strike: it is made once for all."""
        kind = self.pitch * 8 + self.velocity // 16
        longest = np.zeros(128 * 8, np.int64)
        np.maximum.at(longest, kind, self.end - self.on)
        return longest[kind]

    def sounding(self, first: int, last: int) -> range:
        """Indices among which all strikes are that sound in first <= sample < last."""
        low = int(np.searchsorted(self.on, first - self.longest, "left"))
        return range(low, int(np.searchsorted(self.on, last, "left")))

    def before(self, stop: int) -> Plan:
        """The strikes that begin before a sample."""
        cut = int(np.searchsorted(self.on, stop, "left"))
        rows = {name: getattr(self, name)[:cut] for name in ("on", "held", "end", "pitch", "velocity")}
        return replace(self, **rows)


def plan_track(track: Track, timeline: Timeline, voicing: Voicing) -> tuple[Plan, ...]:
    """When each note of a track is heard, one plan for each voice that it needs (one at least)."""
    on = np.round(timeline.seconds_of(track.starts) * RATE).astype(np.int64)
    off = np.round(timeline.seconds_of(track.ends) * RATE).astype(np.int64)
    velocity = track.velocities
    off = np.clip(pedalled(track, timeline, off), on + SHORTEST, on + int(LONGEST * RATE))
    controls = controls_of(track, timeline)
    plans = []
    for (name, voice), mask in _voices(track, voicing):
        begins, pitches = on[mask], track.pitches[mask]
        held = off[mask]
        if voice.rings is not None:
            held = _struck_ends(begins, pitches, voice)
        ends = held + int(voice.release * RATE)
        longest = int((ends - begins).max()) if len(begins) else 0
        plans.append(Plan(track, name, voice, begins, held, ends, pitches, velocity[mask], longest, controls))
    return tuple(plans)


def _voices(track: Track, voicing: Voicing) -> list[tuple[tuple[str, Voice], npt.NDArray[np.bool_]]]:
    """Each voice of a track with the notes that it plays."""
    program: Program = first_program(track)
    changes = later_programs(track)
    if not changes:
        return [(voicing.voice(track, program), np.ones(len(track.notes), np.bool_))]
    kinds = [program, *(found for _, found in changes)]
    which = np.searchsorted(np.array([tick for tick, _ in changes]), track.starts, "right")
    found: dict[str, tuple[Voice, npt.NDArray[np.bool_]]] = {}
    for place in np.unique(which) if len(which) else [0]:
        name, voice = voicing.voice(track, kinds[int(place)])
        mask = which == place
        found[name] = (voice, mask | found[name][1]) if name in found else (voice, mask)
    return [((name, voice), mask) for name, (voice, mask) in found.items()]


def _struck_ends(on: Ints, keys: Ints, voice: Voice) -> Ints:
    """Struck things sound until they are silent, or are choked."""
    assert voice.rings is not None
    ends = on + np.array([int(voice.rings(int(k)) * RATE) for k in keys], np.int64)
    for choke, choked in synth_drums.CHOKES.items():
        closing = on[keys == choke]
        for index in np.flatnonzero(keys == choked):
            later = closing[np.searchsorted(closing, on[index], "right") :]
            if len(later):
                ends[index] = min(ends[index], later[0])
    return ends


@dataclass(frozen=True, eq=False)
class Plans:
    """All voices of all tracks of a score. `heard` are the ids of the tracks that sound."""

    timeline: Timeline
    tracks: tuple[Plan, ...]
    heard: frozenset[str]
    samples: int
    """Where the piece ends."""
    voicing: Voicing


def plan(score: Score, before: Plans | None = None, *, voicing: Voicing | None = None) -> Plans:
    """Plans of a score; tracks whose notes, instrument and time are those of `before` are taken from there."""
    voicing = voicing or (before.voicing if before else Voicing())
    timeline = Timeline(score)
    known: dict[str, list[Plan]] = {}
    if (
        before
        and before.voicing is voicing
        and (before.timeline.tempos, before.timeline.ppq)
        == (
            score.tempos,
            score.ppq,
        )
    ):
        for one in before.tracks:
            known.setdefault(one.track.id, []).append(one)
    found: list[Plan] = []
    for track in score.tracks:
        old = known.get(track.id)
        if old and _sounds_as(old[0].track, track):
            turned = old[0].track.volume != track.volume and old[0].controls.gain is not None
            controls = controls_of(track, timeline) if turned else old[0].controls
            found += [replace(one, track=track, controls=controls) for one in old]
        else:
            found += plan_track(track, timeline, voicing)
    samples = round(timeline.seconds(score.length) * RATE)
    return Plans(timeline, tuple(found), audible(score), samples, voicing)


def _sounds_as(old: Track, new: Track) -> bool:
    """Whether two states of a track have the same strikes."""
    kind = (old.instrument, old.channel, old.font, old.preset) == (new.instrument, new.channel, new.font, new.preset)
    return kind and old.notes is new.notes and old.extra is new.extra
