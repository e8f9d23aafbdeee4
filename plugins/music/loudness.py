"""How loud a sound is, after ITU-R BS.1770-4: K-weighting, blocks of 400 ms, two gates. And other measures of a mix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .synth_parts import RATE, Sound

_BLOCK, _HOP = int(0.4 * RATE), int(0.1 * RATE)
_B1, _A1 = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
_B2, _A2 = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
"""The standard's two filters, given for 48 kHz."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`lufs` integrated loudness (-70 for silence), `peak` in dB of full scale, `silence` the longest span in
    seconds in which nothing over -60 dB is heard between the first sound and the last.
    """

    lufs: float
    peak: float
    silence: float


def _response(samples: int) -> npt.NDArray[np.float64]:
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(samples))
    total = np.ones(len(turn), np.complex128)
    for up, down in ((_B1, _A1), (_B2, _A2)):
        total *= (up[0] + up[1] * turn + up[2] * turn**2) / (down[0] + down[1] * turn + down[2] * turn**2)
    return np.asarray(np.abs(total))


def lufs(sound: Sound) -> float:
    """Integrated loudness of (channels, samples) at RATE. By FFT: the filters' phase has no loudness."""
    if sound.shape[1] < _BLOCK:
        sound = np.pad(sound, ((0, 0), (0, _BLOCK - sound.shape[1])))
    size = 1 << (sound.shape[1] + RATE - 1).bit_length()
    weight = _response(size)
    weighted = np.stack([np.fft.irfft(np.fft.rfft(side, size) * weight, size)[: sound.shape[1]] for side in sound])
    total = np.concatenate(([0.0], np.cumsum((weighted**2).sum(axis=0))))
    begins = np.arange(0, sound.shape[1] - _BLOCK + 1, _HOP)
    power = (total[begins + _BLOCK] - total[begins]) / _BLOCK
    loud = -0.691 + 10 * np.log10(np.maximum(power, 1e-12))
    kept = power[loud > -70]
    if not len(kept):
        return -70.0
    gate = -0.691 + 10 * np.log10(kept.mean()) - 10
    kept = power[(loud > -70) & (loud > gate)]
    return float(-0.691 + 10 * np.log10(kept.mean()))


def measure(sound: Sound) -> Measured:
    """Loudness, peak and the longest silence of (channels, samples)."""
    peak = float(np.abs(sound).max()) if sound.size else 0.0
    size = RATE // 100
    cells = np.abs(sound[:, : sound.shape[1] // size * size]).max(axis=0).reshape(-1, size).max(axis=1)
    heard = np.flatnonzero(cells > 1e-3)
    gap = int(np.diff(heard).max()) if len(heard) > 1 else 0
    return Measured(lufs(sound), 20 * float(np.log10(max(peak, 1e-9))), gap * size / RATE)
