"""What a step of sound looks like: a spectrogram, the same for every kind of model.

Low notes lie at the bottom, time runs to the right. Waves are analysed; of latents it is told by a map that is fitted
once through the model's own encoder, as previews of pictures are: decoding all of a sound at every step would cost more
than the steps do.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from studio.api import Preview, media

from .resampling import Frames
from .sound_colours import CEILING, FLOOR, HIGHEST, LOWEST, hertz, mel, table
from .sound_spaces import SoundSpace

HEIGHT, WIDTH = 96, 192
"""Pixels of a step's picture: bands and moments."""
FITTED_SECONDS, FITTED_CELLS = 8.0, 512
"""How much made-up sound a model's encoder is shown, whichever is less."""
GOOD = 0.4
"""How alike (correlation) what is told of sounds that the map was not fitted to must be to them, or it is not used."""
_TABLE = table()


def levels_of(sound: Frames, rate: int, columns: int) -> np.ndarray:
    """[frames, channels] as [HEIGHT, columns] levels in 0 … 1, the lowest band first."""
    mono = np.asarray(sound, np.float32).mean(axis=1)
    window = 1 << max(5, round(math.log2(rate * 0.046)))  # 2048 at 44.1 kHz: notes apart, beats apart
    centres = ((np.arange(columns) + 0.5) * len(mono) / columns).astype(int)
    padded = np.pad(mono, (window // 2, window), mode="symmetric")  # an edge of silence would be seen as a crack
    shape = np.hanning(window).astype(np.float32)
    bands = _bands(rate, window)
    out = np.zeros((HEIGHT, columns), np.float32)
    for begin in range(0, columns, 64):
        places = centres[begin : begin + 64]
        pieces = padded[places[:, None] + np.arange(window)[None]] * shape
        powers = np.square(np.abs(np.fft.rfft(pieces, axis=1)) * (2 / shape.sum()))
        out[:, begin : begin + 64] = bands @ powers.T
    decibels = 10 * np.log10(np.maximum(out, 1e-12))
    return np.asarray(np.clip((decibels - FLOOR) / (CEILING - FLOOR), 0, 1))


def _bands(rate: int, window: int) -> np.ndarray:
    """[HEIGHT, bins]: triangles over the bins, in even steps of mel, none narrower than two bins."""
    top = min(HIGHEST, rate / 2)
    edges = hertz(np.linspace(float(mel(min(LOWEST, top / 8))), float(mel(top)), HEIGHT + 2))
    bins = np.arange(window // 2 + 1) * rate / window
    width = rate / window
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rise = (bins - centre) / np.maximum(centre - low, width)
    fall = (centre - bins) / np.maximum(high - centre, width)
    return np.asarray(np.clip(1 + np.minimum(rise, fall), 0, None), np.float32)


def picture(levels: np.ndarray) -> Preview:
    """[HEIGHT, columns] levels as a picture of WIDTH × HEIGHT; what is NaN is not there yet."""
    columns = levels.shape[1]
    places = np.minimum(((np.arange(WIDTH) + 0.5) * columns / WIDTH).astype(int), columns - 1)
    wide = levels[::-1][:, places]
    pixels = _TABLE[np.nan_to_num(np.clip(wide, 0, 1) * 255).astype(np.uint8)]
    pixels[np.isnan(wide)] = (28, 28, 32)
    return Preview(media.RGB, np.ascontiguousarray(pixels).tobytes(), WIDTH, HEIGHT)


class LatentSpectrum:
    """Levels of a sound, told from its latents."""

    def __init__(self, space: SoundSpace, weights: torch.Tensor) -> None:
        self._space, self._weights = space, weights

    def levels(self, latents: torch.Tensor, first: int, last: int) -> np.ndarray:
        """[HEIGHT, last - first] levels of the cells from `first` up to `last`."""
        rows = self._space.rows(latents)[:, first:last]
        if 4 * len(rows) + 1 != self._weights.shape[1]:  # an encoder that belongs to another model
            return outline(rows)
        return (self._weights @ _features(rows)).clamp(0, 1).numpy()


def outline(rows: torch.Tensor) -> np.ndarray:
    """[values, moments] of latents that tell nothing of notes as [HEIGHT, moments] levels: large is bright."""
    sizes = rows.detach().float().cpu().abs()
    sizes = sizes / sizes.max().clamp(min=1e-6)
    tall = torch.nn.functional.interpolate(sizes[None, None], (HEIGHT, sizes.shape[1]), mode="area")[0, 0]
    return tall.sqrt().numpy()


@torch.no_grad()
def fitted(space: SoundSpace) -> LatentSpectrum | None:
    """Least squares through the model's own encoder over made-up sounds, or None where its latents do not tell."""
    frames = min(int(FITTED_SECONDS * space.rate) // space.hop, FITTED_CELLS) * space.hop
    sound = made_up_sounds(frames, space.rate)
    given = torch.from_numpy(sound)[None].expand(space.channels, -1).contiguous()
    rows = space.rows(space.encode(given))
    if not bool(rows.isfinite().all()):
        return None
    wanted = torch.from_numpy(levels_of(sound[:, None], space.rate, rows.shape[1])).double()
    seen = _features(rows).double()
    kept = rows.shape[1] * 4 // 5
    told = _solved(seen[:, :kept], wanted[:, :kept]) @ seen[:, kept:]
    if not _alike(told, wanted[:, kept:]) > GOOD:
        return None
    return LatentSpectrum(space, _solved(seen, wanted).float())


def _solved(seen: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    ridge = seen.shape[1] * torch.eye(len(seen), dtype=torch.float64)
    weights: torch.Tensor = torch.linalg.solve(seen @ seen.T + ridge, seen @ wanted.T)
    return weights.T


def _alike(told: torch.Tensor, true: torch.Tensor) -> float:
    """Their correlation."""
    both = torch.stack([told.clamp(0, 1).flatten(), true.flatten()])
    return float(torch.corrcoef(both)[0, 1])


def _features(rows: torch.Tensor) -> torch.Tensor:
    """Values, how large they and their neighbours in time are, as decibels count it (loudness has no sign), and one. On
    a codec of cosines this told sounds that it was not fitted to better than sizes or squares did.
    """
    bounded = rows.clamp(-20, 20)
    sizes = (bounded.abs() + 0.05).log()
    beside = torch.nn.functional.pad(sizes[None], (1, 1), mode="replicate")[0]
    one = torch.ones(1, rows.shape[1], dtype=rows.dtype)
    return torch.cat([bounded, sizes, beside[:, :-2], beside[:, 2:], one])


def made_up_sounds(frames: int, rate: int) -> Frames:
    """[frames], always the same: strings of notes, bands of noise, beats and silence, loud and soft."""
    random = np.random.default_rng(0)
    out = np.zeros(frames, np.float32)
    top = min(HIGHEST, rate / 2) * 0.9
    for number, begin in enumerate(range(0, frames, max(32, int(0.12 * rate)))):
        count = min(max(64, int(rate * random.choice([0.1, 0.3]))), frames - begin)
        time = np.arange(count) / rate
        kind = number % 4
        if kind == 3:
            low = LOWEST * (top / LOWEST) ** random.random()
            spectrum = np.fft.rfft(random.standard_normal(count))
            pitches = np.fft.rfftfreq(count, 1 / rate)
            spectrum[(pitches < low) | (pitches > low * 2.5)] = 0
            piece = np.fft.irfft(spectrum, count)
        else:
            pitch = min(LOWEST * 2 ** (random.random() * 5), top / 2)
            harmonics = np.arange(1, 1 + max(1, min(12, int(top / pitch))))
            falls = harmonics ** -(0.4 + 1.4 * random.random())
            waves = np.sin(2 * np.pi * pitch * harmonics[:, None] * time + random.random((len(harmonics), 1)) * 6.28)
            piece = (waves * falls[:, None]).sum(0)
        piece = piece / max(1e-6, float(np.abs(piece).max())) * np.exp(-time * random.choice([0.5, 4.0, 16.0]))
        out[begin : begin + count] += (piece * 10 ** (-random.random() * 3)).astype(np.float32)
    return out / max(1.0, float(np.abs(out).max()) / 0.9)
