"""A score as sound: which notes sound when, voices kept note by note, and the mix, in pieces of any size.

A piece of the mix depends on the score and its place alone, so that playback starts at once, an edit costs only the
notes that nobody has heard yet, and any part can be rendered by itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock

import numpy as np

from .controls import bent
from .document import Score, Track
from .strikes import Plan, Plans, plan
from .synth_bus import LIMITER_DELAY, PART, Chorus, Glue, Hall, Limiter
from .synth_parts import HOP, RATE, Sound, frames
from .synth_voices import Voice
from .voicing import Voicing

MASTER = 10 ** (-13 / 20)
HALL = 0.55
FADE = 480
"""Samples in which a sound that is cut by a jump or an edit fades."""
TAIL = 2.5
"""Seconds in which the last sound dies away."""


class NoteCache:
    """Notes as they sound while the key is held, the longest made so far of each, within `limit` bytes. Two threads may
    take from it at once: what plays, and what makes ready.
    """

    def __init__(self, limit: int = 384_000_000) -> None:
        self._limit, self._size = limit, 0
        self._kept: OrderedDict[tuple[str, int, int], Sound] = OrderedDict()
        self._lock = Lock()

    def take(self, plan_: Plan, index: int, samples: int) -> Sound:
        """(channels, at least `samples`) of a strike's sound."""
        pitch, layer, most = int(plan_.pitch[index]), int(plan_.velocity[index]) // 16, int(plan_.most[index])
        key = (plan_.voice_name, pitch, layer)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found.shape[1] >= samples:
                self._kept.move_to_end(key)
                return found
        before = found.shape[1] if found is not None else 0
        wanted = min(max(samples, min(most, plan_.at_once), before * 2), max(most, samples))
        made = plan_.voice.make(pitch, (layer * 16 + 8) / 127, frames(wanted))
        made = np.ascontiguousarray(made if made.ndim == 2 else made[None, :], np.float32)
        with self._lock:
            other = self._kept.get(key)
            if other is not None and other.shape[1] >= made.shape[1]:
                return other
            self._size += made.nbytes - (other.nbytes if other is not None else 0)
            self._kept[key] = made
            self._kept.move_to_end(key)
            while self._size > self._limit and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1].nbytes
        return made

    def has(self, plan_: Plan, index: int, samples: int) -> bool:
        """Whether that much of a strike's sound is there."""
        found = self._kept.get((plan_.voice_name, int(plan_.pitch[index]), int(plan_.velocity[index]) // 16))
        return found is not None and found.shape[1] >= samples


@lru_cache(maxsize=256)
def _release(samples: int, steep: float) -> Sound:
    x = np.linspace(0, 1, max(samples, 2), dtype=np.float32)
    return ((1 - x) * np.exp(-steep * x)).astype(np.float32)


def gains(track: Track, voice: Voice) -> tuple[float, float]:
    """Left and right, at equal power."""
    level = 10 ** (voice.level / 20) * (track.volume * 127 / 100) ** 2
    angle = (track.pan + 1) * np.pi / 4
    return float(level * np.cos(angle) * 2**0.5), float(level * np.sin(angle) * 2**0.5)


class Mixer:
    """Renders plans. `dry` gives a piece of one track, `mix` one of all with chorus, hall and limiter.

    The effects hear the pieces in the order in which they are asked for: one mixer for one stream.
    """

    def __init__(self, cache: NoteCache | None = None) -> None:
        self.cache = cache or NoteCache()
        self._hall, self._chorus, self._glue, self._limiter = Hall(), Chorus(), Glue(), Limiter()

    def dry(self, plan_: Plan, start: int, count: int, *, carried: int | None = None) -> Sound:
        """(2, count) of one track before volume, pan and effects, from sample `start`. Notes that began before sample
        `carried` fade in: they are joined in their middle.
        """
        out = np.zeros((2, count), np.float32)
        voice, stop = plan_.voice, start + count
        for index in plan_.sounding(start, stop):
            on, end = int(plan_.on[index]), int(plan_.end[index])
            if end <= start:
                continue
            first, last = max(on, start), min(end, stop)
            pitch, velocity = int(plan_.pitch[index]), int(plan_.velocity[index])
            if plan_.controls.warp is None:
                piece = self.cache.take(plan_, index, last - on)[:, first - on : last - on]
            else:
                places = plan_.controls.place(np.arange(first, last, dtype=np.float64))
                places -= plan_.controls.place(np.array([float(on)]))
                piece = bent(self.cache.take(plan_, index, int(places[-1]) + 3), places)
            loud = voice.loudness(velocity)
            held = int(plan_.held[index])
            if last > held or (carried is not None and on < carried):
                piece = piece * np.float32(loud)
                _fade_out(piece, first - held, end - held, voice.steep)
                if carried is not None and on < carried:
                    ramp = np.arange(piece.shape[1], dtype=np.float32) + (first - carried)
                    piece *= np.clip(ramp / FADE, 0, 1)
                loud = 1.0
            _add(out[:, first - start : last - start], piece, loud, voice.wide * (pitch - 64) / 48)
        if plan_.controls.gain is not None:
            out *= plan_.controls.loudness(start, count)
        return out

    def mix(self, pieces: Sequence[tuple[Plan, Sound]], extra: Sound | None = None) -> Sound:
        """(2, count) of the tracks' dry pieces; late by LIMITER_DELAY samples. `extra` is added after the effects."""
        count = pieces[0][1].shape[1] if pieces else (extra.shape[1] if extra is not None else 0)
        total = np.zeros((2, count), np.float32)
        to_hall, to_chorus = np.zeros(count, np.float32), np.zeros((2, count), np.float32)
        for plan_, dry in pieces:
            left, right = gains(plan_.track, plan_.voice)
            wet = dry * np.array([[left], [right]], np.float32)
            total += wet
            to_hall += (wet[0] + wet[1]) * np.float32(plan_.voice.hall * HALL / 2)
            if plan_.voice.chorus:
                to_chorus += wet * np.float32(plan_.voice.chorus)
        total += self._chorus.run(to_chorus)
        total += self._hall.run(to_hall)
        total *= np.float32(MASTER)
        total = self._glue.run(total)
        if extra is not None:
            total += extra
        return self._limiter.run(total)


def _fade_out(piece: Sound, since: int, length: int, steep: float) -> None:
    """Apply a release in place; the piece begins `since` samples after the key was let go (negative: before)."""
    begin = max(0, -since)
    if begin < piece.shape[1]:
        fade = _release(length, steep)
        at = since + begin
        part = fade[at : at + piece.shape[1] - begin]
        piece[:, begin : begin + len(part)] *= part
        piece[:, begin + len(part) :] = 0


def _add(out: Sound, piece: Sound, loud: float, wide: float) -> None:
    if wide:
        lean = float(np.clip(wide, -0.6, 0.6))
        sides = (loud * (1 - max(lean, 0)), loud * (1 + min(lean, 0)))
    else:
        sides = (loud, loud)
    for side in (0, 1):
        source = piece[side] if len(piece) == 2 else piece[0]
        out[side] += source * np.float32(sides[side]) if sides[side] != 1.0 else source


def render(
    score: Score,
    *,
    first: int = 0,
    last: int | None = None,
    tail: float = TAIL,
    cache: NoteCache | None = None,
    say: Callable[[float], None] | None = None,
    only: str = "",
    block: int = 16_384,
    voicing: Voicing | None = None,
) -> Sound:
    """(2, samples) of the ticks first to last (the end), with `tail` seconds to die away. `only` is a track's id: a
    stem, through its own effects. `say` hears the share that is done, and may raise to stop.
    """
    plans = plan(score, voicing=voicing)
    begin = round(plans.timeline.seconds(first) * RATE)
    stop = plans.samples if last is None else round(plans.timeline.seconds(last) * RATE)
    total = max(0, stop - begin) + int(tail * RATE)
    mixer = Mixer(cache)
    tracks = [p for p in plans.tracks if (p.track.id == only if only else p.track.id in plans.heard)]
    parts, done = [], 0
    while done < total + LIMITER_DELAY:
        count = min(block, total + LIMITER_DELAY - done)
        pieces = [(p, _until(mixer, p, begin + done, count, stop, begin)) for p in tracks]
        parts.append(mixer.mix(pieces, np.zeros((2, count), np.float32)))
        done += count
        if say:
            say(done / (total + LIMITER_DELAY))
    return np.concatenate(parts, axis=1)[:, LIMITER_DELAY:]


def _until(mixer: Mixer, plan_: Plan, start: int, count: int, stop: int, begin: int) -> Sound:
    """Like `dry`, but no note begins at `stop` or later, and at the beginning sounding notes fade in."""
    if start + count > stop:
        plan_ = plan_.before(stop)
    return mixer.dry(plan_, start, count, carried=begin if start < begin + FADE else None)


def render_loop(
    score: Score, *, cache: NoteCache | None = None, block: int = 16_384, voicing: Voicing | None = None
) -> Sound:
    """(2, samples), exactly as long as the piece, as it sounds when it has gone round for a while: with all that still
    rings from the last time.
    """
    plans = plan(score, voicing=voicing)
    size, mixer = max(plans.samples, 1), Mixer(cache)
    heard = [p for p in plans.tracks if p.track.id in plans.heard]
    ringing = max((p.longest for p in heard), default=0) + int(TAIL * RATE)
    rounds = 1 + min(-(-ringing // size), 16)
    parts, place, total = [], 0, rounds * size + LIMITER_DELAY
    while place < total:
        turn, at = divmod(place, size)
        count = min(block, size - at, total - place)
        pieces = []
        for one in heard:
            dry = mixer.dry(one, at, count)
            for back in range(1, turn + 1):
                if back * size <= one.longest + size:
                    dry = dry + mixer.dry(one, at + back * size, count)
            pieces.append((one, dry))
        parts.append(mixer.mix(pieces, np.zeros((2, count), np.float32)))
        place += count
    begin = LIMITER_DELAY + (rounds - 1) * size
    return np.concatenate(parts, axis=1)[:, begin : begin + size]


__all__ = [
    "HOP",
    "LIMITER_DELAY",
    "PART",
    "RATE",
    "Mixer",
    "NoteCache",
    "Plan",
    "Plans",
    "plan",
    "render",
    "render_loop",
]
