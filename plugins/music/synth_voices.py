"""One voice for each instrument that the model can ask for; the rest of General MIDI is played by their families."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from . import synth_drums
from .synth_parts import (
    HOP,
    TAU,
    Formant,
    Sound,
    String,
    attack,
    click,
    curve,
    decay,
    hertz,
    modes,
    noise,
    phase,
    saturate,
    sine,
    soften,
    string,
    times,
)
from .synth_sustained import Sustained, sustained

Make = Callable[[int, float, int], Sound]
"""(MIDI pitch, velocity 0 to 1, hops) -> (samples,) or (2, samples), at an effective value of about 1."""


@dataclass(frozen=True, slots=True)
class Voice:
    """`release` in seconds after the key is let go (falling as exp(-`steep` x)), `level` in dB, `hall` how much of it
    goes to the reverb, `chorus` to the chorus. Where `rings` is given, a key sounds on for so many seconds however
    short the note is. `wide` pans by pitch. `layered`: what `make` gives is as loud as the key was struck already.
    """

    make: Make
    release: float = 0.12
    level: float = 0.0
    hall: float = 0.2
    chorus: float = 0.0
    rings: Callable[[int], float] | None = None
    wide: float = 0.0
    steep: float = 3.0
    layered: bool = False

    def loudness(self, velocity: int) -> float:
        """The factor for a strike. 1 at 127; at 64 about 5 dB less, as the darker sound says the rest."""
        if self.layered:
            return float((velocity / (velocity // 16 * 16 + 8)) ** 2)
        return float((velocity / 127) ** 0.85)


_PIANO = String(
    place=0.118,
    bright=(520, 3600),
    slope=0.75,
    sustain=3.0,
    loss=0.9,
    stiff=0.00035,
    beat=0.22,
    body=(Formant(110, 120, 2), Formant(420, 400, 2), Formant(2600, 2500, -3)),
    follow=0.55,
    most=72,
)
_WOOD = (Formant(105, 60, 7), Formant(210, 90, 6), Formant(430, 180, 4), Formant(2300, 1500, 2))
_NYLON = String(place=0.21, bright=(600, 2100), slope=1.0, sustain=1.5, loss=1.5, body=_WOOD, most=24, follow=0.3)
_STEEL = String(
    place=0.14, bright=(1500, 4600), slope=0.85, sustain=2.4, loss=0.8, stiff=0.00004, body=_WOOD, most=64, follow=0.3
)
_JAZZ = String(place=0.24, bright=(700, 1300), slope=1.0, sustain=2.1, loss=1.1, most=20, follow=0.2)
_HARP = String(place=0.38, bright=(700, 2600), slope=1.05, sustain=2.6, loss=0.9, most=24, beat=0.04)
_UPRIGHT = String(
    place=0.27,
    bright=(330, 700),
    slope=0.9,
    sustain=0.75,
    loss=1.4,
    most=20,
    follow=0.3,
    body=(Formant(95, 60, 5), Formant(180, 90, 4), Formant(750, 500, 3)),
)
_FINGER = String(place=0.19, bright=(420, 1200), slope=0.75, sustain=1.3, loss=0.9, most=24, follow=0.25)


def _piano(pitch: int, velocity: float, count: int) -> Sound:
    out = string(_PIANO, pitch, velocity, count)
    click(out, low=120, high=900, seconds=0.012, level=0.10 + 0.12 * velocity, seed=pitch)
    return soften(out, 0.0015 + 0.003 * (1 - velocity))


def _plucked(spec: String, nail: float, pitch: int, velocity: float, count: int) -> Sound:
    out = string(spec, pitch, velocity, count)
    click(out, low=900, high=4200, seconds=0.004, level=nail * velocity, seed=pitch)
    return soften(out, 0.0015)


def _jazz(pitch: int, velocity: float, count: int) -> Sound:
    return saturate(_plucked(_JAZZ, 0.12, pitch, velocity, count) * np.float32(1.1), 0.6)


def _finger(pitch: int, velocity: float, count: int) -> Sound:
    out = _plucked(_FINGER, 0.1, pitch, velocity, count)
    return saturate(out, 0.5)


def _electric_piano(pitch: int, velocity: float, count: int) -> Sound:
    """A tine and a tone bar in two-operator FM: the tine rings at fourteen times the pitch and dies first."""
    root, t = hertz(pitch), times(count)
    turn = phase(root, count)
    long = 1.9 * 2 ** ((60 - pitch) / 24)
    bark = (0.25 + 1.5 * velocity**1.6) * np.exp(-t / (0.55 * long)) * np.clip(1.6 - (pitch - 40) / 60, 0.3, 1.4)
    tone = np.sin((turn + sine(turn) * curve(bark / TAU)) * np.float32(TAU)) * curve(np.exp(-t / long))
    ring = min(14.0, 9000 / root)
    tine = sine(phase(root * ring, count)) * curve((0.02 + 0.16 * velocity**2) * np.exp(-t / 0.11))
    out = saturate((tone + tine) * np.float32(1.25), 0.5 + 0.3 * velocity)
    sway = 0.22 * np.sin(TAU * 4.6 * t)
    both = np.stack([out * curve(1 + sway), out * curve(1 - sway)])
    return soften(both, 0.002)


def _music_box(pitch: int, velocity: float, count: int) -> Sound:
    long = 1.5 * 2 ** ((72 - pitch) / 22)
    rows = (
        (1, 1.2, long),
        (2.002, 0.30, long * 0.5),
        (3.01, 0.10 + 0.1 * velocity, long * 0.28),
        (6.27, 0.22 + 0.3 * velocity, 0.09),
        (11.2, 0.1 * velocity, 0.03),
    )
    out = modes(pitch, count, rows)
    click(out, low=2500, high=9000, seconds=0.003, level=0.25, seed=pitch)
    return soften(out, 0.0008)


def _vibraphone(pitch: int, velocity: float, count: int) -> Sound:
    long, t = 2.6 * 2 ** ((65 - pitch) / 26), times(count)
    hard = 0.12 + 0.4 * velocity
    out = modes(pitch, count, ((1, 1.3, long), (3.99, hard * 0.5, long * 0.25), (9.9, hard * 0.22, 0.12)))
    click(out, low=500, high=2500, seconds=0.004, level=0.2 * velocity, seed=pitch)
    motor = 0.22 * np.sin(TAU * 5.1 * t)
    return soften(np.stack([out * curve(1 + motor), out * curve(1 - motor * 0.6)]), 0.0015)


_RANKS = ((0.5, 0.38, -0.3), (1.0, 1.0, 0.0), (2.0, 0.62, 0.35), (3.0, 0.2, -0.5), (4.0, 0.34, 0.2), (8.0, 0.1, 0.5))
"""Pipes of an organ: (ratio, level, where they stand)."""


def _organ(pitch: int, velocity: float, count: int) -> Sound:
    """Additive: six ranks of principals, each of a few harmonics, that speak one after the other on one wind."""
    root, t = hertz(pitch), times(count)
    out = np.zeros((2, count * HOP), np.float32)
    for index, (ratio, level, where) in enumerate(_RANKS):
        if root * ratio > 8000:
            continue
        turn = phase(root * ratio * 2 ** (((-1) ** index * 0.9) / 1200), count, start=index * 0.23)
        speaks = attack(count, 0.025 + 0.02 / ratio)
        for harmonic, gain in ((1, 1.0), (2, 0.32), (3, 0.16), (4, 0.05)):
            if root * ratio * harmonic > 12_000:
                break
            wave = sine(turn * np.float32(harmonic)) * curve(
                speaks * (level * gain * (1 - 0.015 * np.sin(TAU * 3.1 * t)))
            )
            angle = (where + 1) * np.pi / 4
            out[0] += wave * np.float32(np.cos(angle))
            out[1] += wave * np.float32(np.sin(angle))
    chiff = noise(count * HOP, max(300.0, root * 1.5), max(2500.0, root * 5), seed=pitch)
    out += chiff * curve(0.16 * np.exp(-t / 0.03) * attack(count, 0.01) + 0.004)
    return out * np.float32(0.9 + 0.1 * velocity)


_SPREAD3 = ((0.0, 0.0), (7.0, -0.6), (-7.0, 0.6))
_SECTION = ((0.0, 0.0), (9.0, -0.75), (-8.0, 0.75), (4.0, 0.4), (-5.0, -0.4))
_FIDDLE_BODY = (Formant(290, 80, 6), Formant(460, 120, 5), Formant(1000, 600, -3), Formant(2500, 1400, 5))
_CELLO_BODY = (Formant(110, 50, 5), Formant(220, 90, 6), Formant(400, 180, 3), Formant(1600, 1200, 3))
_AAH = (Formant(720, 180, 16), Formant(1150, 220, 13), Formant(2750, 500, 8), Formant(3500, 600, 5))

_VIOLIN = Sustained(
    slope=1.0, cuts=(900, 9000), dark=0.22, light=0.55, rise=(0.14, 0.045), vibrato=(5.6, 14, 0.25), tremolo=0.5,
    breath=(1800, 7000, 0.012, 0.16), body=_FIDDLE_BODY, follow=0.2, swell=0.12,
)  # fmt: skip
_CELLO = Sustained(
    slope=1.0, cuts=(500, 5500), dark=0.22, light=0.55, rise=(0.16, 0.06), vibrato=(5.0, 11, 0.3), tremolo=0.4,
    breath=(900, 4000, 0.012, 0.14), body=_CELLO_BODY, follow=0.2, swell=0.12,
)  # fmt: skip
_FIDDLE = Sustained(
    slope=0.9, cuts=(1300, 10000), dark=0.4, light=0.4, rise=(0.06, 0.025), vibrato=(5.9, 7, 0.35), tremolo=0.3,
    breath=(1800, 8000, 0.02, 0.3), body=_FIDDLE_BODY, follow=0.2, unison=((0, -0.08), (3.0, 0.12)),
)  # fmt: skip
_STRINGS = Sustained(
    slope=1.0, cuts=(600, 6500), dark=0.25, light=0.4, rise=(0.26, 0.10), vibrato=(5.3, 9, 0.2), unison=_SECTION,
    breath=(1500, 6000, 0.012, 0.03), body=_CELLO_BODY[2:] + _FIDDLE_BODY[:1], follow=0.25,
)  # fmt: skip
_CHOIR = Sustained(
    slope=1.05, cuts=(900, 5500), dark=0.35, light=0.35, rise=(0.24, 0.11), vibrato=(5.0, 16, 0.2), unison=_SECTION,
    breath=(900, 5000, 0.02, 0.02), body=_AAH, follow=0.05,
)  # fmt: skip
_TRUMPET = Sustained(
    slope=0.55, cuts=(700, 8500), dark=0.12, light=0.6, sweep=0.12, fall=0.06, rise=(0.07, 0.022), scoop=25,
    vibrato=(5.2, 8, 0.5), breath=(1500, 6000, 0.006, 0.10), body=(Formant(1300, 900, 5), Formant(2600, 1500, 3)),
    follow=0.45,
)  # fmt: skip
_TUBA = Sustained(
    slope=0.8, cuts=(180, 2200), dark=0.25, light=0.5, sweep=0.1, fall=0.08, rise=(0.09, 0.035), scoop=20,
    breath=(300, 1500, 0.006, 0.08), body=(Formant(230, 200, 4), Formant(500, 400, 2)), follow=0.4,
)  # fmt: skip
_BRASS = Sustained(
    slope=0.65, cuts=(450, 7000), dark=0.15, light=0.6, sweep=0.14, fall=0.09, rise=(0.10, 0.03), scoop=18,
    vibrato=(4.9, 5, 0.6), unison=_SPREAD3, breath=(1200, 5000, 0.006, 0.06), body=(Formant(900, 800, 4),), follow=0.4,
)  # fmt: skip
_SAX = Sustained(
    slope=0.75, cuts=(600, 6500), dark=0.25, light=0.5, sweep=0.06, fall=0.08, rise=(0.07, 0.025), scoop=30,
    vibrato=(5.0, 12, 0.35), tremolo=0.4, breath=(1200, 6000, 0.035, 0.16),
    body=(Formant(650, 350, 5), Formant(1350, 600, 4), Formant(2900, 1200, 3)), follow=0.3,
)  # fmt: skip
_OBOE = Sustained(
    slope=0.7, cuts=(1300, 7000), dark=0.4, light=0.35, rise=(0.06, 0.03), vibrato=(5.2, 9, 0.35), tremolo=0.5,
    breath=(2500, 8000, 0.008, 0.06), body=(Formant(450, 300, -5), Formant(1150, 450, 10), Formant(3000, 900, 7)),
    follow=0.1,
)  # fmt: skip
_CLARINET = Sustained(
    slope=0.85, even=0.12, cuts=(700, 5500), dark=0.3, light=0.45, rise=(0.07, 0.03), vibrato=(4.8, 3, 0.5),
    breath=(1500, 5000, 0.010, 0.06), body=(Formant(1500, 900, 4),), follow=0.35,
)  # fmt: skip
_FLUTE = Sustained(
    slope=1.3, even=0.7, cuts=(900, 4500), dark=0.3, light=0.6, rise=(0.09, 0.04), vibrato=(5.0, 9, 0.3), tremolo=1.2,
    breath=(1800, 7500, 0.06, 0.22), follow=0.6,
)  # fmt: skip
_ACCORDION = Sustained(
    slope=0.6, cuts=(1200, 7500), dark=0.45, light=0.25, rise=(0.07, 0.035), unison=((-3.5, -0.35), (4.5, 0.35)),
    breath=(1000, 4000, 0.006, 0.04), body=(Formant(900, 700, 4), Formant(2600, 1200, 3)), follow=0.2,
)  # fmt: skip
_SYNTH_BASS = Sustained(
    slope=0.95, cuts=(130, 5200), peak=7, dark=0.2, light=0.2, sweep=0.42, fall=0.13, rise=(0.004, 0.002),
    unison=((0.0, -0.05), (3.0, 0.05)), sub=0.5, follow=0.3,
)  # fmt: skip
_LEAD = Sustained(
    slope=0.8, even=0.75, cuts=(700, 9500), peak=5, dark=0.45, light=0.3, sweep=0.16, fall=0.25, rise=(0.02, 0.006),
    unison=((-6.0, -0.3), (6.0, 0.3)), vibrato=(5.4, 10, 0.35), follow=0.5,
)  # fmt: skip
_PAD = Sustained(
    slope=0.95, cuts=(350, 6000), peak=4, dark=0.35, light=0.2, drift=0.16, drift_rate=0.35, rise=(0.5, 0.22),
    unison=((-9.0, -0.9), (8.0, 0.9), (1.0, 0.0)), vibrato=(4.2, 3, 0.1), follow=0.35,
)  # fmt: skip


def _synth_bass(pitch: int, velocity: float, count: int) -> Sound:
    out = sustained(_SYNTH_BASS, pitch, velocity, count)
    out *= curve(0.55 + 0.45 * decay(count, 0.35))
    return soften(saturate(out, 0.45), 0.002)


def _held(spec: Sustained) -> Make:
    return partial(sustained, spec)


VOICES: dict[str, Voice] = {
    "piano": Voice(_piano, 0.16, -3.5, 0.20, wide=0.3),
    "electric piano": Voice(_electric_piano, 0.14, 0.0, 0.16, chorus=0.25),
    "music box": Voice(_music_box, 1.2, -3.0, 0.34, wide=0.3),
    "vibraphone": Voice(_vibraphone, 0.35, -4.0, 0.26, wide=0.2),
    "organ": Voice(_organ, 0.10, -4.0, 0.42),
    "accordion": Voice(_held(_ACCORDION), 0.07, -6.5, 0.16),
    "nylon guitar": Voice(partial(_plucked, _NYLON, 0.35), 0.16, -3.5, 0.18),
    "steel guitar": Voice(partial(_plucked, _STEEL, 0.4), 0.18, -4.0, 0.18, chorus=0.1),
    "jazz guitar": Voice(_jazz, 0.12, -3.0, 0.18),
    "double bass": Voice(partial(_plucked, _UPRIGHT, 0.22), 0.12, -2.5, 0.10),
    "electric bass": Voice(_finger, 0.08, -2.0, 0.04),
    "synth bass": Voice(_synth_bass, 0.07, 0.0, 0.03),
    "violin": Voice(_held(_VIOLIN), 0.14, -5.0, 0.30),
    "cello": Voice(_held(_CELLO), 0.16, -4.5, 0.28),
    "harp": Voice(partial(_plucked, _HARP, 0.18), 0.9, -4.0, 0.30, wide=0.4),
    "strings": Voice(_held(_STRINGS), 0.32, -6.5, 0.34),
    "choir": Voice(_held(_CHOIR), 0.35, -7.0, 0.40),
    "trumpet": Voice(_held(_TRUMPET), 0.09, -6.5, 0.26),
    "tuba": Voice(_held(_TUBA), 0.10, -4.0, 0.18),
    "brass": Voice(_held(_BRASS), 0.12, -5.5, 0.26),
    "saxophone": Voice(_held(_SAX), 0.09, -5.5, 0.22),
    "oboe": Voice(_held(_OBOE), 0.09, -7.0, 0.28),
    "clarinet": Voice(_held(_CLARINET), 0.09, -6.0, 0.26),
    "flute": Voice(_held(_FLUTE), 0.12, -6.0, 0.30),
    "synth lead": Voice(_held(_LEAD), 0.12, -7.5, 0.20, chorus=0.2),
    "synth pad": Voice(_held(_PAD), 0.9, -8.5, 0.34, chorus=0.3),
    "fiddle": Voice(_held(_FIDDLE), 0.08, -5.0, 0.22),
    "drum kit": Voice(synth_drums.drum, 0.05, 0.0, 0.10, rings=synth_drums.seconds),
}
