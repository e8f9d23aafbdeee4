"""The drum kit: each percussion key of General MIDI from skins, plates and noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .synth_parts import HOP, RATE, Sound, click, curve, noise, phase, saturate, sine, soften, times

_PLATE = (2.0, 3.0, 4.16, 5.43, 6.79, 8.21, 9.7, 11.3, 13.1, 15.2, 17.6, 20.3)
"""Ratios of a plate's partials: no two in tune, so it hisses rather than sings."""


def _burst(samples: int, low: float, high: float, seconds: float, seed: int, *, hold: float = 0.0) -> Sound:
    at = np.arange(samples, dtype=np.float32) / np.float32(RATE)
    return noise(samples, low, high, seed=seed) * np.exp(-np.maximum(at - np.float32(hold), 0) / np.float32(seconds))


def _skin(count: int, low: float, drop: float, bend: float, seconds: float) -> Sound:
    """A drum whose pitch falls from low * drop to low Hz in about `bend` seconds."""
    t = times(count)
    fine = np.arange(count * HOP) / RATE
    # The fall takes less than a few hops: the phase is its integral in closed form, not a curve of control points.
    turns = low * (fine + (drop - 1) * bend * (1 - np.exp(-fine / bend)))
    return sine((turns % 1.0).astype(np.float32)) * curve(np.exp(-t / seconds))


def _kick(velocity: float, count: int) -> Sound:
    out = _skin(count, 49, 3.6 + 1.6 * velocity, 0.028, 0.17) * np.float32(1.5)
    out += _skin(count, 110, 2.0, 0.015, 0.045) * np.float32(0.6)
    click(out, low=1200, high=5500, seconds=0.003, level=0.10 + 0.3 * velocity, seed=36)
    return soften(saturate(out, 0.9), 0.0012)


def _snare(velocity: float, count: int) -> Sound:
    size = count * HOP
    out = _skin(count, 186, 1.5, 0.012, 0.085) * np.float32(0.7) + _skin(count, 331, 1.2, 0.01, 0.05) * np.float32(0.35)
    out += _burst(size, 1400, 9500, 0.085 + 0.04 * velocity, 38) * np.float32(0.38 + 0.2 * velocity)
    out += _burst(size, 300, 2500, 0.03, 39) * np.float32(0.25)
    return soften(saturate(out, 0.7), 0.0008)


def _rim(velocity: float, count: int) -> Sound:
    out = _skin(count, 1720, 1.0, 0.01, 0.018) + _skin(count, 480, 1.1, 0.005, 0.03) * np.float32(0.8)
    click(out, low=2000, high=7000, seconds=0.004, level=0.4 * velocity, seed=37)
    return out


def _clap(velocity: float, count: int) -> Sound:
    size = count * HOP
    out = np.zeros(size, np.float32)
    for index, late in enumerate((0, 520, 1050, 1530)):
        out[late:] += _burst(size - late, 800, 4200, 0.006 if index < 3 else 0.075, 50 + index) * np.float32(0.7)
    return out


def _metal(count: int, base: float, seconds: float, *, low: float, noise_level: float, seed: int) -> Sound:
    t = times(count)
    random = np.random.default_rng(seed)
    out = np.zeros(count * HOP, np.float32)
    for ratio in _PLATE:
        hz = base * ratio * random.uniform(0.97, 1.03)
        if not low < hz < 15_000:
            continue
        out += sine(phase(hz, count, start=random.uniform(0, 1))) * curve(
            random.uniform(0.5, 1.0) * np.exp(-t / (seconds * random.uniform(0.6, 1.1)))
        )
    out *= np.float32(0.32)
    out += _burst(count * HOP, low, 12_500, seconds, seed) * np.float32(noise_level)
    return out


def _hat(seconds: float, velocity: float, count: int) -> Sound:
    out = _metal(count, 1010, seconds, low=5200, noise_level=0.55, seed=42)
    return soften(out * np.float32(0.8 + 0.2 * velocity), 0.0006)


def _pedal(velocity: float, count: int) -> Sound:
    return _hat(0.03, velocity, count) * np.float32(0.8)


def _ride(velocity: float, count: int) -> Sound:
    out = _metal(count, 530, 0.9, low=2400, noise_level=0.12, seed=51)
    out += _skin(count, 3150, 1.0, 0.01, 0.25) * np.float32(0.25)
    click(out, low=3000, high=9000, seconds=0.005, level=0.2 + 0.3 * velocity, seed=51)
    return out


def _crash(velocity: float, count: int) -> Sound:
    out = _metal(count, 410, 1.1, low=1500, noise_level=0.5, seed=49)
    out += _burst(count * HOP, 2500, 11_000, 0.35, 49) * np.float32(0.4 + 0.4 * velocity)
    return soften(out, 0.002)


def _tom(low: float, velocity: float, count: int) -> Sound:
    out = _skin(count, low, 1.5 + 0.3 * velocity, 0.05, 0.24) * np.float32(1.3)
    out += _skin(count, low * 1.6, 1.2, 0.03, 0.09) * np.float32(0.35)
    click(out, low=500, high=3500, seconds=0.006, level=0.22 * velocity + 0.05, seed=int(low))
    return soften(out, 0.001)


def _tambourine(velocity: float, count: int) -> Sound:
    out = _metal(count, 1450, 0.07, low=5500, noise_level=0.4, seed=54)
    out[700:] += _metal(count, 1520, 0.10, low=6000, noise_level=0.35, seed=55)[:-700] * np.float32(0.7)
    return out


def _shaker(velocity: float, count: int) -> Sound:
    rise = np.minimum(np.arange(count * HOP, dtype=np.float32) / np.float32(0.022 * RATE), 1)
    return _burst(count * HOP, 4500, 11_500, 0.028, 70, hold=0.02) * rise * rise


def _bell(low: float, seconds: float, velocity: float, count: int) -> Sound:
    return _skin(count, low, 1.0, 0.01, seconds) + _skin(count, low * 1.48, 1.0, 0.01, seconds * 0.6) * np.float32(0.6)


_TOMS = {41: 82.0, 43: 96.0, 45: 112.0, 47: 132.0, 48: 150.0, 50: 172.0, 60: 330.0, 61: 245.0, 62: 400.0, 63: 340.0,
         64: 210.0, 65: 420.0, 66: 300.0}  # fmt: skip
_PLAIN: dict[int, Callable[[float, int], Sound]] = {
    35: _kick, 36: _kick, 37: _rim, 38: _snare, 39: _clap, 40: _snare, 44: _pedal, 49: _crash, 51: _ride, 52: _crash,
    53: _ride, 54: _tambourine, 55: _crash, 57: _crash, 59: _ride, 69: _shaker, 70: _shaker, 82: _shaker,
}  # fmt: skip
_BELLS = {56: (560.0, 0.18), 67: (930.0, 0.22), 68: (700.0, 0.22), 75: (2400.0, 0.03), 76: (1150.0, 0.035),
          77: (820.0, 0.04), 80: (5200.0, 0.08), 81: (5200.0, 0.9)}  # fmt: skip
LENGTHS = {36: 0.9, 49: 4.0, 52: 3.5, 55: 4.0, 57: 4.0, 51: 3.0, 53: 3.0, 59: 3.0, 46: 1.6, 81: 3.0}
"""Seconds after which nothing is heard; other drums take one."""
CHOKES = {42: 46, 44: 46}
"""A closed hat ends the open one."""


def seconds(key: int) -> float:
    """How long a drum sounds."""
    return LENGTHS.get(key, 1.0)


def drum(key: int, velocity: float, count: int) -> Sound:
    """The sound of a percussion key; keys of General MIDI that have no sound of their own get a shaker."""
    return _sound(key, velocity, count) * np.float32(10 ** (_TRIM.get(key, 0.0) / 20))


_TRIM = {
    35: 3.0,
    36: 3.0,
    38: 2.0,
    40: 2.0,
    37: 1.5,
    39: 1.0,
    46: -3.0,
    51: -5.0,
    59: -5.0,
    53: -4.0,
    49: -7.0,
    57: -7.0,
    52: -6.0,
    55: -5.0,
    70: -1.0,
}
"""dB, by ear and meter: how the kit is balanced."""


def _sound(key: int, velocity: float, count: int) -> Sound:
    if key in _PLAIN:
        return _PLAIN[key](velocity, count)
    if key in _TOMS:
        return _tom(_TOMS[key], velocity, count)
    if key == 42:
        return _hat(0.045, velocity, count)
    if key == 46:
        return _hat(0.34, velocity, count)
    if key in _BELLS:
        return _bell(*_BELLS[key], velocity, count)
    return _shaker(velocity, count)
