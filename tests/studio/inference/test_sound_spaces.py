"""Latents of sound against what the pipelines themselves make of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.inference import devices, pipelines
from studio.inference.loading import hushed
from studio.inference.sound_mends import mend
from studio.inference.sound_spaces import LOUD, MelSpace, WaveSpace, space_of
from tests import tiny_sounds


def loaded(make: Any, folder: Path) -> Any:
    with hushed():
        model = make(folder)
    device = devices.pick("cpu", precision="float32", threads=1)
    found = pipelines.load(model, device=device, check=lambda: None)
    mend(found.pipe, full=True)
    return found.pipe


@pytest.fixture(params=["stable_audio", "stable_audio_3", "music_ldm", "ace_step"])
def pipe(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return loaded(getattr(tiny_sounds, str(request.param)), tmp_path)


LENGTHS = {"audio_end_in_s": 1.0, "audio_length_in_s": 1.0, "audio_duration": 1.0, "duration": 1.0}


@torch.no_grad()
def test_what_it_decodes_is_what_the_pipeline_makes(pipe: Any) -> None:
    space = space_of(pipe)
    assert space is not None
    known = type(pipe).__call__.__wrapped__.__code__.co_varnames
    options = {name: value for name, value in LENGTHS.items() if name in known}
    answers = []
    for kind in ("latent", "np"):
        torch.manual_seed(0)
        chance = torch.Generator().manual_seed(1)
        with hushed():
            answers.append(pipe("a b", num_inference_steps=2, generator=chance, output_type=kind, **options).audios)
    latents, whole = answers
    sound = np.atleast_2d(np.asarray(whole[0]))
    cells = space.cells(sound.shape[1])
    ours = space.decode(latents, 0, cells).numpy()[:, : sound.shape[1]]
    if type(pipe).__name__ == "AceStepPipeline":  # brings everything to 1 dB below full scale
        ours = ours * (10 ** (-1 / 20) / np.abs(ours).max())
    assert ours.shape == sound.shape
    assert np.allclose(np.clip(ours, -1, 1), np.clip(sound, -1, 1), atol=1e-5)


@torch.no_grad()
def test_encoding_takes_any_length_and_is_always_the_same(pipe: Any) -> None:
    space = space_of(pipe)
    assert space is not None
    for frames in (space.hop * 8, space.hop * 8 + 1, space.hop * 9 - 1):
        sound = 0.3 * torch.sin(torch.arange(frames) * 0.2).expand(space.channels, -1)
        first, again = space.encode(sound), space.encode(sound)
        assert torch.equal(first, again)
        assert first.shape[space.axis] == space.cells(frames)
        assert space.rows(first).shape[1] == space.cells(frames)
        assert space.decode(first, 2, 5).shape == (space.channels, 3 * space.hop)


@torch.no_grad()
def test_a_window_of_waves_is_decoded_as_it_is_in_the_whole(tmp_path: Path) -> None:
    space = space_of(loaded(tiny_sounds.stable_audio, tmp_path))
    assert isinstance(space, WaveSpace)
    latents = torch.randn(1, 8, 64, generator=torch.Generator().manual_seed(2))
    whole = space.decode(latents, 0, 64)
    assert torch.allclose(space.decode(latents, 30, 34), whole[:, 30 * space.hop : 34 * space.hop], atol=1e-6)


def test_spectrograms_are_those_the_models_were_trained_on(tmp_path: Path) -> None:
    """Natural logarithms of Slaney's bands: a sine lies in its band, twice as loud is log 2 more."""
    space = space_of(loaded(tiny_sounds.music_ldm, tmp_path))
    assert isinstance(space, MelSpace)
    time = torch.arange(800) / space.rate
    bands = []
    for hertz in (60.0, 150.0, 300.0):
        wave = LOUD * torch.sin(2 * math.pi * hertz * time)
        rows = space.spectrogram(wave)
        assert rows.shape == (1, 1, 200, 8)
        bands.append(int(rows[0, 0, 100].argmax()))
        louder = space.spectrogram(2 * wave) - rows
        assert torch.allclose(louder[0, 0, 100, bands[-1]], torch.tensor(math.log(2)), atol=1e-4)
    assert bands == sorted(bands)
    assert float(space.spectrogram(torch.zeros(800)).max()) == pytest.approx(math.log(1e-5))


def test_other_pipelines_have_none() -> None:
    assert space_of(object()) is None
