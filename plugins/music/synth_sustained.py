"""Voices that sound as long as they are held: a wave with formants, whose brightness follows breath, bow or filter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .synth_parts import (
    HOP,
    RATE,
    TOP,
    Curve,
    Formant,
    Sound,
    attack,
    colour,
    curve,
    cycle,
    hertz,
    noise,
    partials,
    phase,
    scan,
    times,
    vibrato,
    wobble,
)

TABLES = 6


@dataclass(frozen=True, slots=True)
class Sustained:
    """A subtractive voice. `slope` is the fall of harmonics before the filter, `even` the level of even ones.

    The filter's cut-off goes from `cuts[0]` to `cuts[1]` Hz (at middle C; `follow` says how it goes with the pitch),
    in TABLES waves; `peak` is its resonance in dB. Where in that range: `dark` at velocity 0, `light` more at full
    velocity, `sweep` more at first, falling in `fall` seconds, and `drift` up and down at `drift_rate` a second.
    `unison` are (cents, pan) of the players, `breath` (low Hz, high Hz, level, level while it speaks), `rise` seconds
    to speak softly and loudly, `sub` a sine under it all.
    """

    slope: float = 1.0
    even: float = 1.0
    cuts: tuple[float, float] = (600.0, 9000.0)
    follow: float = 0.4
    peak: float = 0.0
    dark: float = 0.3
    light: float = 0.4
    sweep: float = 0.0
    fall: float = 0.2
    drift: float = 0.0
    drift_rate: float = 0.2
    rise: tuple[float, float] = (0.08, 0.03)
    unison: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    vibrato: tuple[float, float, float] = (5.2, 0.0, 0.3)
    tremolo: float = 0.0
    scoop: float = 0.0
    breath: tuple[float, float, float, float] | None = None
    body: tuple[Formant, ...] = ()
    swell: float = 0.0
    sub: float = 0.0


@lru_cache(maxsize=512)
def _tables(spec: Sustained, pitch: int) -> tuple[Sound, ...]:
    root = hertz(pitch)
    numbers = partials(root)
    frequency = numbers * root
    level = numbers**-spec.slope * np.where(numbers % 2 == 0, spec.even, 1.0) * colour(frequency, spec.body)
    level = level * np.clip((TOP - frequency) / 3000, 0.05, 1)
    low, high = spec.cuts
    track = 2 ** ((pitch - 60) / 12 * spec.follow)
    made = []
    for index in range(TABLES):
        cut = max(low * (high / low) ** (index / (TABLES - 1)) * track, root * 1.2)
        gain = 1 / np.sqrt(1 + (frequency / cut) ** 4)
        if spec.peak:
            gain = gain * 10 ** (spec.peak / 20 / (1 + ((frequency - cut) / (0.22 * cut)) ** 2))
        made.append(cycle(level * gain, seed=pitch))
    return tuple(made)


def _settled(spec: Sustained, rise: float, count: int) -> int:
    """The hop from which the brightness no longer moves; one beyond the end where it always does."""
    if spec.drift:
        return count + 1
    quiet = spec.fall * np.log(spec.sweep / 0.002) if spec.sweep > 0.002 else 0.0
    return int(np.ceil(max(quiet, rise * 1.6) * RATE / HOP))


def sustained(spec: Sustained, pitch: int, velocity: float, count: int) -> Sound:
    """(samples,) for one player in the middle, (2, samples) for more."""
    root, t = hertz(pitch), times(count)
    tables = _tables(spec, pitch)
    rise = spec.rise[0] + (spec.rise[1] - spec.rise[0]) * velocity
    shape = attack(count, rise)
    bright = spec.dark + spec.light * velocity + spec.sweep * np.exp(-t / spec.fall)
    bright = bright * (0.45 + 0.55 * attack(count, rise * 1.6)) if rise > 0.02 else bright
    settled = _settled(spec, rise, count)
    bright[settled:] = bright[min(settled, count)]
    stereo = len(spec.unison) > 1
    out = np.zeros((2 if stereo else 1, count * HOP), np.float32)
    rate, cents, delay = spec.vibrato
    for index, (tuning, pan) in enumerate(spec.unison):
        seed = pitch * 31 + index * 7
        path: Curve = (
            root
            * 2 ** (tuning / 1200)
            * vibrato(count, rate=rate * (1 + 0.05 * index), cents=cents, delay=delay, seed=seed)
        )
        if spec.scoop:
            path = path * 2 ** (-spec.scoop / 1200 * np.exp(-t / 0.035))
        place = bright
        if spec.drift:
            place = bright + spec.drift * wobble(count, spec.drift_rate, seed + 3)
        turn = phase(path, count, start=index * 0.37)
        wave = scan(tables, turn, place * (TABLES - 1), settled)
        loud = shape * (1 + 0.05 * wobble(count, 3.0, seed + 5))
        if spec.tremolo:
            loud = loud * (1 + spec.tremolo * (path / root - 1) * 60)
        if spec.swell:
            loud = loud * (1 - spec.swell * np.exp(-t / 0.25))
        wave *= curve(loud / np.sqrt(len(spec.unison)))
        if stereo:
            angle = (pan + 1) * np.pi / 4
            out[0] += wave * np.float32(np.cos(angle) * 1.414)
            out[1] += wave * np.float32(np.sin(angle) * 1.414)
        else:
            out[0] += wave
    if spec.sub:
        out += np.sin(phase(root, count) * np.float32(2 * np.pi)) * curve(shape * spec.sub)
    if spec.breath is not None:
        low, high, level, speak = spec.breath
        air = noise(count * HOP, low, high, seed=pitch)
        speaking = speak * np.exp(-t / 0.03) * shape**0.3
        out += air * curve(shape * level * (1 + 0.3 * wobble(count, 6.0, pitch)) + speaking)
    return out if stereo else out[0]
