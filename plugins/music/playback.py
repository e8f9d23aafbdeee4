"""What the player plays: the score as it is this moment, the metronome, and keys that somebody holds down."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .document import Score, Track
from .render import FADE, LIMITER_DELAY, RATE, Mixer, Plan, Plans, plan
from .synth_parts import Sound
from .voicing import Voicing
from .wheels import Wheels

Name = tuple[str, str]
Pieces = dict[Name, tuple[Plan, Sound]]
"""By `Plan.key`."""


SWITCH = RATE // 4
"""How far the sounds of an edited score must be there before it takes over."""
KEY = RATE // 3
"""How much of a key's note is made before it sounds; the rest is made while it does."""
PATIENCE = RATE // 3
"""After so long without time to make them it takes over all the same."""


@lru_cache(maxsize=2)
def _tick_sound(strong: bool) -> Sound:
    at = np.arange(int(0.03 * RATE)) / RATE
    wave = np.sin(2 * np.pi * (1760 if strong else 1175) * at) * np.exp(-at / 0.006) * (0.4 if strong else 0.26)
    return wave.astype(np.float32)


@dataclass(slots=True)
class _Key:
    """A key that is held: `since` and `until` in frames of the source's own clock."""

    track: Track
    pitch: int
    velocity: int
    made: tuple[int | None, Plan] | None = None
    """Its plan, and the `until` that it was made for: two threads ask for it."""
    since: int = 0
    until: int | None = None


class ScoreSource:
    """A studio.widgets.sound.Source. `set_score`, `metronome`, `key_down` and `key_up` are for the window's thread and
    a MIDI keyboard's, the rest for the feeder's; what crosses is one reference or one wish at a time.
    """

    rate = RATE
    latency = LIMITER_DELAY

    def __init__(self, score: Score, *, mixer: Mixer | None = None, voicing: Voicing | None = None) -> None:
        self.metronome = False
        self.volume = 1.0
        self.elsewhere: frozenset[str] = frozenset()
        """Ids of tracks that another device plays."""
        self.wheels = Wheels()
        self._mixer = mixer or Mixer()
        self._voicing = voicing or Voicing()
        self._plans = plan(score, voicing=self._voicing)
        self._next = self._made = self._plans
        self._heard = self._plans
        self._expected: int | None = None
        self._carried: int | None = None
        self._made_ready: tuple[Plans | None, int, int] = (None, 0, 0)
        self._placed = self._plans
        self._waited = 0
        self._clock = 0
        self._wishes: deque[tuple[int, _Key | None]] = deque()
        self._keys: dict[int, _Key] = {}
        self._last_key = 0
        self._warming: list[tuple[int, int, Track]] = []

    # --- for the window, and a keyboard ---

    def set_score(self, score: Score, voicing: Voicing | None = None) -> None:
        """Play this one as soon as its sounds are made; what sounds in both goes on without a seam."""
        self._voicing = voicing or self._voicing
        self._next = plan(score, self._next, voicing=self._voicing)
        if self._expected is None:
            self._plans = self._made = self._next

    @property
    def length(self) -> int:
        return self._next.samples

    def samples(self, tick: float) -> int:
        """The frame at which a tick will be heard."""
        return round(self._next.timeline.seconds(tick) * RATE)

    def tick(self, sample: float) -> float:
        """The tick that is heard at a frame."""
        return self._plans.timeline.tick(sample / RATE)

    def key_down(self, track: Track, pitch: int, velocity: int = 96) -> int:
        """A key of a track's instrument sounds, playing or not, until `key_up` with the number returned."""
        self._last_key += 1
        number = self._last_key
        self._wishes.append((number, _Key(replace(track, notes=(), extra=()), pitch, velocity)))
        return number

    def key_up(self, number: int) -> None:
        """Let go of a key."""
        self._wishes.append((number, None))

    def warm(self, track: Track) -> None:
        """Somebody may play this track on a keyboard: its keys shall sound without being made first."""
        plain = replace(track, notes=(), extra=())
        middle_first = sorted(range(36, 97), key=lambda pitch: -abs(pitch - 62))
        self._warming = [(pitch, velocity, plain) for velocity in (104, 72, 88) for pitch in middle_first]

    # --- for the feeder ---

    def read(self, start: int | None, frames: int) -> Sound:
        """(2, frames) from a place, or of what still rings (None)."""
        if self._next is not self._plans:
            self._waited += frames
            if start is None or self._waited > PATIENCE:
                self._made = self._next
        self._plans = self._made
        return self._mixed(self._pieces(start, frames), frames, self._ticks(start, frames))

    def count_in_length(self, at: int) -> int:
        """One bar in the metre and tempo of that place."""
        beats, size = self._counting(at)
        return beats * size

    def count_in(self, at: int, left: int, frames: int) -> Sound:
        """(2, frames) of the count, `left` frames before it is over."""
        beats, size = self._counting(at)
        out = np.zeros((2, frames), np.float32)
        begin = beats * size - left
        for beat in range(beats):
            _place(out, _tick_sound(beat == 0), beat * size - begin)
        return self._mixed(self._pieces(None, frames), frames, out)

    def relocate(self, place: int) -> int:
        """The same beat as before where the tempo has changed."""
        self._plans = self._made
        before, now = self._placed, self._plans
        self._placed = now
        if before is now or before.timeline.tempos == now.timeline.tempos:
            return place
        return round(now.timeline.seconds(before.timeline.tick(place / RATE)) * RATE)

    def prepare(self, start: int | None, frames: int) -> bool:
        """Make the first note ready of those that will be heard in so many frames and are not there yet."""
        if self._make_keys():
            return True
        if start is None:
            return False
        plans = self._next
        if plans is not self._made:
            # An edit may need many new notes at once: what was planned before plays on until they are there.
            self._waited = 0
            soon = min(frames, SWITCH)
            if self._make(self._made, start, soon) or self._make(plans, start, soon):
                return True
            self._made = plans
        known, begin, end = self._made_ready
        if known is plans and begin <= start and start + frames * 4 // 5 <= end:
            return False
        if self._make(plans, start, frames):
            return True
        self._made_ready = (plans, start, start + frames)
        return False

    def _make_keys(self) -> bool:
        """The rest of a key that is held, or the beginning of one that may be pressed."""
        for key in list(self._keys.values()):
            one = self._key_plan(key)
            wanted = min(int(one.end[0] - one.on[0]), self._clock - key.since + RATE)
            if not self._mixer.cache.has(one, 0, wanted):
                self._mixer.cache.take(one, 0, wanted)
                return True
        while self._warming:
            pitch, velocity, track = self._warming.pop()
            one = self._key_plan(_Key(track, pitch, velocity))
            if not self._mixer.cache.has(one, 0, KEY):
                self._mixer.cache.take(one, 0, KEY)
                return True
        return False

    def _make(self, plans: Plans, start: int, frames: int) -> bool:
        """Make one note that is missing; False where none is."""
        missing = [found for one in plans.tracks if (found := self._missing(plans, one, start, frames))]
        if missing:
            one, index, wanted = min(missing, key=lambda m: int(m[0].on[m[1]]))
            self._mixer.cache.take(one, index, wanted)
        return bool(missing)

    def _missing(self, plans: Plans, one: Plan, start: int, frames: int) -> tuple[Plan, int, int] | None:
        """The first strike of a track that is not made as far as it will be heard: (plan, index, samples)."""
        if one.track.id not in plans.heard:
            return None
        for index in one.sounding(start, start + frames):
            on, end = int(one.on[index]), int(one.end[index])
            wanted = min(end - on, max(0, start - on) + frames)
            if end > start and not self._mixer.cache.has(one, index, wanted):
                return one, index, wanted
        return None

    def _counting(self, at: int) -> tuple[int, int]:
        timeline = self._plans.timeline
        tick = timeline.tick(at / RATE)
        metre = timeline.metre_at(tick)
        beat, bar = timeline.beat_ticks(metre), timeline.bar_ticks(metre)
        seconds = timeline.seconds(tick + beat) - timeline.seconds(tick)
        return max(1, bar // beat), max(1, round(seconds * RATE))

    def _pieces(self, start: int | None, frames: int) -> list[tuple[Plan, Sound]]:
        """Each track's share, with the seams of jumps and edits faded."""
        plans, before = self._plans, self._heard
        jumped = start != self._expected
        if jumped:
            self._carried = start
        found: Pieces = {}
        if start is not None:
            carried = self._carried if self._carried is not None and start < self._carried + FADE else None
            found = self._tracks(plans, start, frames, carried)
        if self._expected is not None and (jumped or plans is not before):
            fade = np.clip(1 - np.arange(frames, dtype=np.float32) / FADE, 0, 1)
            old = self._tracks(before, self._expected, min(frames, FADE), None)
            _join(found, old, fade, both=not jumped)
        self._heard = plans
        self._expected = None if start is None else start + frames
        return list(found.values())

    def _tracks(self, plans: Plans, start: int, frames: int, carried: int | None) -> Pieces:
        return {
            one.key: (one, self._mixer.dry(one, start, frames, carried=carried))
            for one in plans.tracks
            if one.track.id in plans.heard and one.track.id not in self.elsewhere
        }

    def _ticks(self, start: int | None, frames: int) -> Sound:
        out = np.zeros((2, frames), np.float32)
        if start is not None and self.metronome:
            timeline = self._plans.timeline
            first = int(timeline.tick(start / RATE)) - 1
            sound = len(_tick_sound(True))
            last = int(timeline.tick((start + frames) / RATE)) + 2
            early = int(timeline.tick(max(0, start - sound) / RATE)) - 1
            for tick, strong in timeline.beats(max(0, min(first, early)), last):
                _place(out, _tick_sound(strong), round(timeline.seconds(tick) * RATE) - start)
        return out

    def _mixed(self, pieces: list[tuple[Plan, Sound]], frames: int, extra: Sound) -> Sound:
        self._grant()
        controls = self.wheels.over(self._clock, frames, min((key.since for key in self._keys.values()), default=None))
        for key in self._keys.values():
            one = self._key_plan(key)
            if controls.warp is not None and not key.track.drums:
                one = replace(one, controls=controls)
            pieces.append((one, self._mixer.dry(one, self._clock, frames)))
        self._clock += frames
        self._keys = {n: k for n, k in self._keys.items() if int(self._key_plan(k).end[0]) > self._clock}
        out = self._mixer.mix(pieces, extra)
        return out * np.float32(self.volume) if self.volume != 1.0 else out

    def _grant(self) -> None:
        """Keys go down and up where a block begins."""
        while self._wishes:
            number, key = self._wishes.popleft()
            if key is not None:
                key.since = self._clock
                self._keys[number] = key
            elif number in self._keys and self._keys[number].until is None:
                self._keys[number].until = self._clock

    def _key_plan(self, key: _Key) -> Plan:
        made, until = key.made, key.until
        if made is not None and made[0] == until:
            return made[1]
        name, voice = self._voicing.voice(key.track)
        longest = key.since + 20 * RATE
        if voice.rings is not None:
            held = key.since + int(voice.rings(key.pitch) * RATE)
        else:
            held = max(min(longest if until is None else until, longest), key.since + RATE // 20)
        values = (key.since, held, held + int(voice.release * RATE), key.pitch, key.velocity)
        row = [np.array([n], np.int64) for n in values]
        found = Plan(key.track, name, voice, *row, longest=values[2] - key.since, at_once=KEY)
        key.made = (until, found)
        return found


def _place(out: Sound, sound: Sound, at: int) -> None:
    first, last = max(at, 0), min(at + len(sound), out.shape[1])
    if first < last:
        out[:, first:last] += sound[first - at : last - at]


def _join(found: Pieces, old: Pieces, fade: Sound, *, both: bool) -> None:
    """Let the old sound fade out; with `both` the new one fades in (an edit, not a jump)."""
    if both:
        for _, sound in found.values():
            sound *= 1 - fade
    for key, (one, sound) in old.items():
        part = sound * fade[: sound.shape[1]]
        if key in found:
            found[key][1][:, : part.shape[1]] += part
        else:
            whole = np.zeros((2, len(fade)), np.float32)
            whole[:, : part.shape[1]] = part
            found[key] = (one, whole)
