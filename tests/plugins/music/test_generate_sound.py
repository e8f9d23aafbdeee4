"""Audio models of four architectures, tiny and random, by one route: sound of the length asked for, and its steps."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from plugins.music import generate_sound
from plugins.music.params import SoundParams
from studio.api import JobCancelled, Model, Output, Request, StudioError, media
from studio.inference.loading import hushed
from studio.store.model_files import examine
from studio.testing.context import FakeContext
from tests import tiny_sounds

KINDS: dict[str, Callable[[Path], Model]] = {
    "stable audio": tiny_sounds.stable_audio,
    "music ldm": tiny_sounds.music_ldm,
    "musicgen": tiny_sounds.musicgen,
    "vits": tiny_sounds.vits,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("sounds")
    with hushed():
        return {name: make(folder / name.replace(" ", "-")) for name, make in KINDS.items()}


CACHE: dict[Any, Any] = {}


def context(model: Model, folder: Path, *, seed: int = 3, **options: Any) -> FakeContext:
    params = {"prompt": "slow piano", "seconds": 0.5, "steps": 4}
    params |= {name: options.pop(name) for name in list(options) if name in SoundParams.__dataclass_fields__}
    request = Request("music.sound", params, seed)
    return FakeContext(request, SoundParams, scratch=folder, model=model, cache=CACHE, **options)


def make(model: Model, folder: Path, **options: Any) -> tuple[Output, FakeContext]:
    seen = context(model, folder, **options)
    (output,) = generate_sound.run(seen.request, seen)
    return output, seen


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_makes_sound(models: dict[str, Model], tmp_path: Path, kind: str) -> None:
    output, seen = make(models[kind], tmp_path)
    assert output.media == media.WAV
    sound, rate = soundfile.read(io.BytesIO(output.data))
    assert rate == output.facts["rate"]
    assert len(sound) > 0
    if kind in ("stable audio", "musicgen"):
        assert abs(len(sound) / rate - 0.5) < 0.1
    assert seen.steps
    again, _ = make(models[kind], tmp_path)
    assert again.data == output.data
    if kind != "vits":
        other, _ = make(models[kind], tmp_path, seed=4)
        assert other.data != output.data


@pytest.mark.parametrize("kind", ["stable audio", "music ldm"])
def test_diffusion_shows_its_steps_and_goes_on_from_each(models: dict[str, Model], tmp_path: Path, kind: str) -> None:
    output, seen = make(models[kind], tmp_path)
    assert [step.index for step in seen.steps] == [0, 1, 2, 3]
    assert all(step.preview is not None and step.preview.media == media.RGB for step in seen.steps)
    for index in (0, 2):
        again, _ = make(models[kind], tmp_path, resume=(index, seen.states[index]))
        assert again.data == output.data


@pytest.mark.parametrize("kind", ["stable audio", "musicgen"])
def test_it_can_be_stopped(models: dict[str, Model], tmp_path: Path, kind: str) -> None:
    seen = context(models[kind], tmp_path, cancel_at=1)
    with pytest.raises(JobCancelled):
        generate_sound.run(seen.request, seen)
    assert len(seen.steps) == 2
    make(models[kind], tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_models_folders_tell_sound_from_pictures_and_words(models: dict[str, Model], kind: str) -> None:
    found = examine(models[kind].path)
    assert found.problem == ""
    assert found.family == models[kind].family


def test_what_is_too_long_or_empty_is_said(models: dict[str, Model], tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="cannot make this"):
        make(models["stable audio"], tmp_path, seconds=100.0)
    with pytest.raises(StudioError, match="Nothing is asked for"):
        make(models["stable audio"], tmp_path, prompt=" ")
