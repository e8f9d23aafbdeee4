"""Joining sound that was made to sound that was there, without a click, a jump in loudness or a changed frame of it."""

from __future__ import annotations

import numpy as np

from .resampling import Frames

FADE = 0.03
"""Seconds over which one sound goes over into the other."""
ORDER = 48
"""Of the prediction that carries a sound on beyond its end."""
LEAST = 1e-4
"""A level (RMS) below which nothing can be compared."""


def crossfade(before: Frames, behind: Frames) -> Frames:
    """From one sound to another of the same length [frames, channels], as loud in the middle as at the ends.

    Alike sounds are mixed by their amplitudes, unlike ones by their powers, and whatever lies between by how much they
    are alike.
    """
    count = len(before)
    if not count:
        return before
    rise = (np.arange(1, count + 1, dtype=np.float32) / (count + 1))[:, None]
    powers = float(np.square(before).sum()), float(np.square(behind).sum())
    alike = float((before * behind).sum()) / max(1e-12, (powers[0] * powers[1]) ** 0.5)
    fall = 1 - rise
    level = np.sqrt(rise**2 + fall**2 + 2 * max(0.0, alike) * rise * fall)
    return np.asarray((before * fall + behind * rise) / level, np.float32)


def fitted_in(there: Frames, made: Frames, first: int, last: int, rate: int) -> Frames:
    """`there` with `made` (as many frames as lie between) from `first` up to `last`; both joins lie inside of that."""
    out = there.copy()
    count = last - first
    fade = min(int(FADE * rate), count // 4)
    piece = made.copy()
    if first > 0:
        piece[:fade] = crossfade(there[first : first + fade], made[:fade])
    if last < len(there) and fade:
        piece[-fade:] = crossfade(made[-fade:], there[last - fade : last])
    out[first:last] = piece
    return out


def carried_on(there: Frames, made: Frames, rate: int) -> Frames:
    """`there`, frame for frame, and `made` behind it: what `there` would have gone on with fades into it."""
    fade = min(int(FADE * rate), len(made) // 4)
    if not fade or not len(there):
        return np.concatenate([there, made])
    piece = made.copy()
    piece[:fade] = crossfade(predicted(there, fade), made[:fade])
    return np.concatenate([there, piece])


def led_up_to(there: Frames, made: Frames, rate: int) -> Frames:
    """`made`, and then `there`, frame for frame."""
    return carried_on(there[::-1], made[::-1], rate)[::-1].copy()


def predicted(sound: Frames, count: int) -> Frames:
    """How a sound [frames, channels] would most simply go on, `count` frames: linear prediction by Burg's method
    (J. P. Burg 1967), which cannot grow.
    """
    out = np.empty((count, sound.shape[1]), np.float32)
    for channel in range(sound.shape[1]):
        line = np.asarray(sound[-max(count * 4, ORDER * 8) :, channel], np.float64)
        taps = _burg(line, min(ORDER, len(line) // 3))
        held = list(line[len(line) - len(taps) :])
        for number in range(count):
            value = float(np.dot(taps, held[::-1][: len(taps)])) if len(taps) else 0.0
            out[number, channel] = value
            held = [*held[1:], value]
    return out


def _burg(line: np.ndarray, order: int) -> np.ndarray:
    """Taps a such that line[n] is about Σ a[k] · line[n - 1 - k]; none for silence."""
    forward, backward = line.copy(), line.copy()
    taps = np.zeros(0)
    for _ in range(order):
        ahead, behind = forward[1:], backward[:-1]
        power = float(np.dot(ahead, ahead) + np.dot(behind, behind))
        if power < 1e-12:
            break
        mirror = 2.0 * float(np.dot(ahead, behind)) / power
        taps = np.concatenate([taps - mirror * taps[::-1], [mirror]])
        forward, backward = ahead - mirror * behind, behind - mirror * ahead
    return taps


def gain_to(there: Frames, made: Frames, otherwise: float = 1.0) -> float:
    """By how much `made` must grow to be as loud as `there`, both of the same place; no more than 9 dB either way.
    `otherwise` where there is nothing to compare.
    """
    level, own = (float(np.sqrt(np.square(sound).mean())) if sound.size else 0.0 for sound in (there, made))
    if level < LEAST or own < LEAST:
        return otherwise
    return min(2.8, max(1 / 2.8, level / own))


def as_channels(sound: Frames, channels: int) -> Frames:
    """[frames, channels] with another number of channels: mono goes to all, several become their mean."""
    if sound.shape[1] == channels:
        return sound
    mono = sound.mean(axis=1, keepdims=True, dtype=np.float32)
    return np.repeat(mono, channels, axis=1)
