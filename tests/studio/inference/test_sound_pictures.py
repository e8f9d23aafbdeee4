"""Spectrograms: notes where they belong, the same from waves and from latents."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.api import media
from studio.inference.sound_pictures import HEIGHT, WIDTH, fitted, levels_of, made_up_sounds, outline, picture
from studio.inference.sound_spaces import SoundSpace

RATE = 16_000


class Cosines(SoundSpace):
    """A codec without weights: how much of each of 64 cosines is in a cell and the next."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.rate, self.hop, self.channels, self.axis, self.whole = RATE, 512, 1, 2, False
        self.longest = RATE * 60
        places, number = np.arange(1024)[:, None], np.arange(64)[None]
        hertz = 40 * (RATE / 2 * 0.95 / 40) ** (number / 64)
        shape = np.sin(np.pi * (places + 0.5) / 1024) * np.cos(2 * np.pi * hertz * places / RATE)
        self._waves = torch.from_numpy(shape.astype(np.float32))
        self._deaf = deaf

    def encode(self, sound: torch.Tensor) -> torch.Tensor:
        more = self.cells(sound.shape[1]) * self.hop - sound.shape[1] + self.hop
        pieces = torch.nn.functional.pad(sound.mean(0), (0, more)).unfold(0, 1024, 512)
        latents = torch.asinh(pieces @ self._waves).T[None]
        return torch.randn(latents.shape, generator=torch.Generator().manual_seed(0)) if self._deaf else latents

    def decode(self, latents: torch.Tensor, first: int, last: int) -> torch.Tensor:
        raise NotImplementedError

    def rows(self, latents: torch.Tensor) -> torch.Tensor:
        return latents[0]


def tone(hertz: float, seconds: float = 1.0, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE))[:, None].astype(np.float32)


def test_higher_notes_lie_higher_and_louder_ones_are_brighter() -> None:
    rows = [int(levels_of(tone(hertz), RATE, 50).mean(axis=1).argmax()) for hertz in (80, 220, 880, 3000, 7000)]
    assert rows == sorted(rows)
    assert rows[0] < 12
    assert rows[-1] > HEIGHT - 12
    loud, soft = (levels_of(tone(440, level=level), RATE, 50).max() for level in (0.5, 0.05))
    assert 0.2 < soft < loud <= 1
    assert levels_of(np.zeros((RATE, 1), np.float32), RATE, 50).max() == 0


def test_time_runs_to_the_right() -> None:
    sound = np.concatenate([np.zeros((RATE, 1), np.float32), tone(440)])
    levels = levels_of(sound, RATE, 100)
    assert levels[:, :45].max() == 0
    assert levels[:, 55:].max(axis=0).min() > 0.5


@pytest.mark.parametrize("rate", [512, 8000, 44_100, 48_000])
def test_every_rate_and_length(rate: int) -> None:
    for count in (1, 100, rate * 2):
        levels = levels_of(np.random.default_rng(0).normal(0, 0.1, (count, 2)).astype(np.float32), rate, WIDTH)
        assert levels.shape == (HEIGHT, WIDTH)
        assert np.isfinite(levels).all()


def test_a_picture_is_dark_where_nothing_is_yet() -> None:
    levels = np.full((HEIGHT, 10), np.nan)
    levels[:, 0] = 1.0
    seen = picture(levels)
    assert (seen.media, seen.width, seen.height) == (media.RGB, WIDTH, HEIGHT)
    pixels = np.frombuffer(seen.data, np.uint8).reshape(HEIGHT, WIDTH, 3)
    assert pixels[0, 0].min() > 190
    assert tuple(pixels[0, -1]) == (28, 28, 32)


def test_latents_tell_the_picture_of_sounds_they_were_not_fitted_to() -> None:
    space = Cosines()
    spectrum = fitted(space)
    assert spectrum is not None
    other = made_up_sounds(RATE * 20, RATE)[::-1][: RATE * 6].copy()
    latents = space.encode(torch.from_numpy(other)[None])
    cells = latents.shape[2]
    told, true = spectrum.levels(latents, 0, cells), levels_of(other[:, None], RATE, cells)
    assert np.corrcoef(told.ravel(), true.ravel())[0, 1] > 0.55


def test_latents_that_tell_nothing_are_drawn_as_they_are() -> None:
    assert fitted(Cosines(deaf=True)) is None
    levels = outline(torch.tensor([[0.0, 4.0], [1.0, 0.0]]))
    assert levels.shape == (HEIGHT, 2)
    assert levels.max() == 1
