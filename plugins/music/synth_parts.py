"""The parts of the synthesiser: phases, envelopes, tables, strings, bars and noise, all vectorised.

Everything is a pure function of pitch, velocity and length, and the first part of a longer sound is the shorter sound:
a cached note can be made longer without a seam. Curves are given at control points, one every HOP samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE = 48_000
HOP = 512
TAU = 2 * np.pi
TABLE = 2048
TOP = 17_000.0
"""Nothing is made above this frequency (Hz): no aliases, no waste."""

Sound = npt.NDArray[np.float32]
Curve = npt.NDArray[np.float64]

_RAMP = (np.arange(HOP, dtype=np.float32) / HOP)[None, :]
_INNER = np.arange(HOP, dtype=np.float64)[None, :] / RATE


def hertz(pitch: float) -> float:
    """The frequency of a MIDI pitch."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def frames(samples: int) -> int:
    """How many hops cover so many samples."""
    return max(1, -(-samples // HOP))


def times(count: int) -> Curve:
    """Seconds of the control points of `count` hops (count + 1 of them)."""
    return np.arange(count + 1) * (HOP / RATE)


def curve(points: Curve) -> Sound:
    """Control points to samples, in straight lines."""
    low = points[:-1, None].astype(np.float32)
    return (low + np.diff(points)[:, None].astype(np.float32) * _RAMP).ravel()


def phase(frequency: float | Curve, count: int, *, start: float = 0.0) -> Sound:
    """Cycles passed at each sample, whole ones left out at each hop. `frequency` is in Hz, constant or a curve."""
    if isinstance(frequency, float | int):
        base = np.arange(count) * (HOP * frequency / RATE) + start
        return ((base % 1.0)[:, None] + frequency * _INNER).astype(np.float32).ravel()
    low, step = frequency[:-1], np.diff(frequency)
    ends = np.cumsum((low + frequency[1:]) * (HOP / RATE / 2)) + start
    base = np.concatenate(([start], ends[:-1])) % 1.0
    bend = step[:, None].astype(np.float32) * (_INNER * _INNER * (RATE / HOP / 2)).astype(np.float32)
    return ((base[:, None] + low[:, None] * _INNER).astype(np.float32) + bend).ravel()


def sine(cycles: Sound) -> Sound:
    """sin of cycles."""
    return np.sin(cycles * np.float32(TAU))


class Bank:
    """Sines that are added up in place: fresh memory for each of forty partials would cost more than the sines."""

    def __init__(self, count: int, *, sides: int = 1) -> None:
        self._out = np.zeros((sides, count, HOP), np.float32)
        self._turn, self._loud = np.empty((2, count, HOP), np.float32)

    def add(self, frequency: float, start: float, used: int, *levels: Curve) -> None:
        """A partial of `used` hops: Hz, phase in cycles, and its level over time, for all sides or for each."""
        turn, loud = self._turn[:used], self._loud[:used]
        base = ((np.arange(used) * (HOP * frequency / RATE) + start) % 1.0 * TAU).astype(np.float32)
        np.add(base[:, None], (_INNER * (TAU * frequency)).astype(np.float32), out=turn)
        np.sin(turn, out=turn)
        for index, level in enumerate(levels):
            points = level[: used + 1].astype(np.float32)
            np.multiply(np.diff(points)[:, None], _RAMP, out=loud)
            np.add(loud, points[:-1, None], out=loud)
            np.multiply(loud, turn, out=loud)
            if len(levels) == 1:
                self._out[:, :used] += loud
            else:
                self._out[index, :used] += loud

    def sound(self) -> Sound:
        """(sides, samples)."""
        return self._out.reshape(len(self._out), -1)


def attack(count: int, seconds: float, *, power: float = 1.0) -> Curve:
    """Rises smoothly from 0 to 1. Attacks shorter than a hop are made by `soften`."""
    rise = np.clip(times(count) / max(seconds, 1e-6), 0, 1)
    return (np.sin(rise * np.pi / 2) ** 2) ** power


def decay(count: int, seconds: float) -> Curve:
    """Falls by 1/e in so many seconds."""
    return np.exp(-times(count) / seconds)


def soften(sound: Sound, seconds: float) -> Sound:
    """A rise of less than a hop, in place; along the last axis."""
    length = min(int(seconds * RATE), sound.shape[-1])
    if length > 1:
        sound[..., :length] *= np.sin(np.linspace(0, np.pi / 2, length, dtype=np.float32)) ** 2
    return sound


def wobble(count: int, rate: float, seed: int) -> Curve:
    """A slow random movement, about -1 to 1, `rate` new directions a second."""
    random = np.random.default_rng(seed)
    at = times(count) * rate
    points = random.uniform(-1, 1, int(at[-1]) + 3)
    index = at.astype(int)
    share = (1 - np.cos((at - index) * np.pi)) / 2
    return np.asarray(points[index] * (1 - share) + points[index + 1] * share)


def vibrato(count: int, *, rate: float, cents: float, delay: float = 0.3, seed: int = 0) -> Curve:
    """A factor on a frequency: a vibrato that grows after `delay` seconds, and is never quite even."""
    t = times(count)
    depth = np.clip((t - delay) / 0.4, 0, 1) * cents / 1200 * np.log(2)
    speed = rate * (1 + 0.06 * wobble(count, 1.3, seed + 1))
    turn = np.concatenate(([0.0], np.cumsum((speed[:-1] + speed[1:]) * (HOP / RATE / 2))))
    return np.exp(depth * np.sin(TAU * turn) + wobble(count, 2.0, seed + 2) * (1.2 / 1200 * np.log(2)))


@dataclass(frozen=True, slots=True)
class Formant:
    """A resonance of a body or a throat: centre and width in Hz, gain in dB."""

    centre: float
    width: float
    gain: float


def colour(frequencies: Curve, formants: Sequence[Formant]) -> Curve:
    """The gain (a factor) of a set of formants at those frequencies."""
    total = np.zeros_like(frequencies)
    for form in formants:
        total += form.gain / (1 + ((frequencies - form.centre) / (form.width / 2)) ** 2)
    return np.asarray(10 ** (total / 20))


def partials(frequency: float, most: int = 400) -> Curve:
    """1, 2, 3 … up to the highest harmonic below TOP."""
    return np.arange(1, max(2, min(most, int(TOP / frequency)) + 1), dtype=np.float64)


def cycle(amplitudes: Curve, seed: int = 1) -> Sound:
    """One cycle of a wave with those harmonics, at an effective value of 1, with one more sample to close the circle.

    Phases are scattered: a saw's spike would only eat headroom.
    """
    spectrum = np.zeros(TABLE // 2 + 1, np.complex128)
    used = amplitudes[: TABLE // 2 - 1]
    turns = np.random.default_rng(seed).uniform(0, 1, len(used))
    spectrum[1 : len(used) + 1] = used * np.exp(1j * TAU * turns)
    wave = np.fft.irfft(spectrum)
    wave /= max(float(np.sqrt((wave * wave).mean())), 1e-9)
    return np.append(wave, wave[0]).astype(np.float32)


def scan(tables: Sequence[Sound], cycles: Sound, place: Curve, settled: int) -> Sound:
    """Read a row of tables at a phase; `place` 0 … len - 1 fades between neighbours. From hop `settled` on the place
    stays where it is then: one table blended for it costs half.
    """
    turn = cycles - np.floor(cycles)
    turn *= TABLE
    index = turn.astype(np.int64)
    turn -= index.astype(np.float32)
    points = np.clip(place, 0, len(tables) - 1)
    hops = len(cycles) // HOP
    moving = min(settled, hops) * HOP
    out = np.empty_like(turn)
    if moving:
        out[:moving] = _moving(tables, index[:moving], turn[:moving], points[: moving // HOP + 1])
    if moving < len(out):
        row = min(int(points[settled]), len(tables) - 2)
        fade = np.float32(points[settled] - row)
        table = tables[row] + (tables[row + 1] - tables[row]) * fade
        out[moving:] = _between(table, index[moving:], turn[moving:])
    return out


def _between(table: Sound, index: npt.NDArray[np.int64], share: Sound) -> Sound:
    low = table.take(index, mode="clip")
    high = table.take(index + 1, mode="clip")
    high -= low
    high *= share
    high += low
    return high


def _moving(tables: Sequence[Sound], index: npt.NDArray[np.int64], share: Sound, points: Curve) -> Sound:
    flat = np.concatenate(tables)
    rows = curve(points)
    row = np.minimum(rows.astype(np.int64), len(tables) - 2)
    rows -= row.astype(np.float32)
    row *= TABLE + 1
    row += index
    low = _between(flat, row, share)
    row += TABLE + 1
    high = _between(flat, row, share)
    high -= low
    high *= rows
    high += low
    return high


@lru_cache(maxsize=64)
def noise_table(low: float, high: float, seed: int = 7) -> Sound:
    """A second and a third of noise between two frequencies (Hz), seamless when repeated, effective value 1."""
    size = 65_536
    random = np.random.default_rng(seed)
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    shape = 1 / np.sqrt(1 + (frequency / high) ** 6) * (frequency / low) ** 2 / np.sqrt(1 + (frequency / low) ** 4)
    spectrum = shape * np.exp(1j * random.uniform(0, TAU, len(frequency)))
    spectrum[0] = 0
    wave = np.fft.irfft(spectrum)
    return (wave / np.sqrt((wave * wave).mean())).astype(np.float32)


def noise(samples: int, low: float, high: float, *, seed: int = 0) -> Sound:
    """Band-limited noise; the seed chooses where in the loop it begins."""
    table = noise_table(low, high)
    begin = (seed * 7919) % len(table)
    return np.resize(np.roll(table, -begin), samples)


@dataclass(frozen=True, slots=True)
class String:
    """A struck or plucked string, Karplus and Strong's loop in closed form: each partial dies by the loop's loss at its
    frequency, once a period, so no loop is needed.

    `place` is where it is struck (share of its length), `bright` the cut-off in Hz at velocity 0 and what full
    velocity adds, `slope` the fall of partials, `sustain` the decay of the lowest partial at middle C in seconds,
    `loss` how much faster high partials die, `stiff` the inharmonicity at middle C, `beat` how much the strings of a
    note beat.
    """

    place: float = 0.13
    bright: tuple[float, float] = (900.0, 5200.0)
    slope: float = 0.9
    sustain: float = 2.4
    loss: float = 1.0
    stiff: float = 0.0
    beat: float = 0.0
    body: tuple[Formant, ...] = ()
    most: int = 36
    follow: float = 0.5


def string(spec: String, pitch: int, velocity: float, count: int) -> Sound:
    """(2, samples) where strings beat, which the two sides hear a little differently; else (samples,)."""
    root = hertz(pitch)
    numbers = partials(root, spec.most)
    stiffness = spec.stiff * 2 ** ((pitch - 60) / 9)
    frequency = numbers * root * np.sqrt(1 + stiffness * numbers**2)
    keep = frequency < TOP
    numbers, frequency = numbers[keep], frequency[keep]
    cut = (spec.bright[0] + spec.bright[1] * velocity**1.5) * 2 ** ((pitch - 60) / 12 * spec.follow)
    level = np.abs(np.sin(np.pi * numbers * spec.place)) / numbers**spec.slope * np.exp(-frequency / cut)
    level *= colour(frequency, spec.body)
    level /= max(float(np.sqrt((level**2).sum() / 2)), 1e-9)
    first = spec.sustain * 2 ** ((60 - pitch) / 18)
    rate = (1 + spec.loss * ((numbers - 1) * 0.22 + (frequency / 3200) ** 1.5)) / first
    t = times(count)
    random = np.random.default_rng(pitch)
    bank = Bank(count, sides=2 if spec.beat else 1)
    for number, hz, loud, speed in zip(numbers, frequency, level, rate, strict=True):
        if loud < 4e-4:
            continue
        shape = loud * (0.72 * np.exp(-t * speed * 1.6) + 0.28 * np.exp(-t * speed * 0.45))
        turn = random.uniform(0, 1)
        beat, where = random.uniform(0.15, 0.9) * (1 + number / 8), random.uniform(0, TAU, 2)
        last = int(np.searchsorted(-shape, -8e-5))
        used = max(1, min(count, last))
        if spec.beat and number < 9:
            both = [shape * (1 + spec.beat * np.cos(TAU * beat * t + side)) for side in where]
            bank.add(hz, turn, used, *both)
        else:
            bank.add(hz, turn, used, shape)
    sound = bank.sound()
    return sound if spec.beat else sound[0]


def modes(pitch: int, count: int, rows: Sequence[tuple[float, float, float]], *, spread: float = 0.0) -> Sound:
    """A struck bar, bell or skin: rows of (frequency ratio, level, decay in seconds)."""
    root, t = hertz(pitch), times(count)
    random = np.random.default_rng(pitch + 1)
    bank = Bank(count)
    for ratio, level, seconds in rows:
        hz = root * ratio * (1 + spread * random.uniform(-1, 1))
        if hz < TOP and level > 0:
            bank.add(hz, random.uniform(0, 1), count, level * np.exp(-t / seconds))
    return bank.sound()[0]


def click(out: Sound, *, low: float, high: float, seconds: float, level: float, seed: int = 0) -> None:
    """Add a short burst of noise at the beginning: a hammer, a finger, a tongue."""
    length = min(out.shape[-1], int(seconds * 8 * RATE))
    fall = np.exp(-np.arange(length, dtype=np.float32) / np.float32(seconds * RATE))
    out[..., :length] += noise(length, low, high, seed=seed) * fall * np.float32(level)


def saturate(sound: Sound, drive: float) -> Sound:
    """Soft clipping that leaves quiet sounds as loud as they were."""
    return np.tanh(sound * np.float32(drive)) / np.float32(drive)
