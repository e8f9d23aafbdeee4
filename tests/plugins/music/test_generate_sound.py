"""Audio models of eight architectures, tiny and random, by one route: new sounds, parts anew, going on, the steps."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from diffusers import AutoencoderKL, AutoencoderOobleck

from plugins.music import generate_sound, sound_spoken
from plugins.music.params import SoundParams
from studio.api import JobCancelled, Model, Output, Request, StudioError, media
from studio.inference.loading import hushed
from studio.store.model_files import examine
from studio.testing.context import FakeContext
from tests import tiny_sounds

KINDS: dict[str, Callable[[Path], Model]] = {
    "stable audio": tiny_sounds.stable_audio,
    "stable audio 3": tiny_sounds.stable_audio_3,
    "audio ldm": tiny_sounds.audio_ldm,
    "music ldm": tiny_sounds.music_ldm,
    "audio ldm 2": tiny_sounds.audio_ldm_2,
    "ace step": tiny_sounds.ace_step,
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


LATENTS = ("stable audio", "stable audio 3", "audio ldm", "music ldm", "audio ldm 2", "ace step")


def heard(output: Output) -> tuple[np.ndarray, int]:
    sound, rate = soundfile.read(io.BytesIO(output.data), dtype="float32", always_2d=True)
    return sound, rate


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """Two seconds of stereo at a rate of no model: a tone that slowly turns, a little noise."""
    rate, random = 1000, np.random.default_rng(1)
    time = np.arange(2 * rate) / rate
    left = 0.3 * np.sin(2 * np.pi * (60 + 20 * time) * time)
    both = np.stack([left, 0.5 * left], 1) + 0.01 * random.standard_normal((len(time), 2))
    path = tmp_path / "given.wav"
    soundfile.write(path, both.astype(np.float32), rate, "FLOAT")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_makes_sound(models: dict[str, Model], tmp_path: Path, kind: str) -> None:
    output, seen = make(models[kind], tmp_path)
    assert output.media == media.WAV
    sound, rate = heard(output)
    assert rate == output.facts["rate"]
    assert np.isfinite(sound).all()
    assert 0 < np.abs(sound).max() <= 1
    if kind != "vits":
        assert abs(len(sound) / rate - 0.5) < 0.01
    looks = [step.preview for step in seen.steps]
    assert all(look is not None and (look.media, look.width, look.height) == (media.RGB, 192, 96) for look in looks)
    assert looks[0] is not None
    small, small_rate = soundfile.read(io.BytesIO(looks[0].sound))
    assert 0 < len(small) <= 1.6 * small_rate
    assert len(looks[0].sound) < 300_000
    again, _ = make(models[kind], tmp_path)
    assert again.data == output.data
    other, _ = make(models[kind], tmp_path, seed=4)
    assert other.data != output.data


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "vits"])
def test_its_steps_can_be_branched_from(models: dict[str, Model], tmp_path: Path, kind: str) -> None:
    output, seen = make(models[kind], tmp_path)
    total = seen.steps[0].total
    assert [step.index for step in seen.steps] == list(range(total))
    assert total == (2 if kind == "musicgen" else 4)
    for index in {0, total - 2}:
        again, after = make(models[kind], tmp_path, resume=(index, seen.states[index]))
        assert again.data == output.data
        assert [step.index for step in after.steps] == list(range(index + 1, total))
        other, _ = make(models[kind], tmp_path, resume=(index, seen.states[index]), guidance_scale=9.0, seed=5)
        assert other.data != output.data


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "vits"])
def test_it_can_be_stopped_and_what_there_is_stays(models: dict[str, Model], tmp_path: Path, kind: str) -> None:
    seen = context(models[kind], tmp_path, cancel_at=1)
    with pytest.raises(JobCancelled):
        generate_sound.run(seen.request, seen)
    assert len(seen.steps) == 2
    (partial,) = seen.outputs
    assert partial.recipe.state == "partial"
    sound, rate = heard(partial)
    assert np.isfinite(sound).all()
    assert 0.2 < len(sound) / rate <= 0.51
    make(models[kind], tmp_path)


@pytest.mark.parametrize("kind", ["stable audio", "musicgen"])
def test_a_sound_that_was_stopped_while_it_went_on_keeps_its_beginning(
    models: dict[str, Model], tmp_path: Path, given: Path, kind: str
) -> None:
    before, _ = soundfile.read(given, dtype="float32", always_2d=True)
    wish = {"task": "extend", "seconds": 4.0, "inputs": {"audio": given}}
    seen = context(models[kind], tmp_path, cancel_at=6, **wish)
    with pytest.raises(JobCancelled):
        generate_sound.run(seen.request, seen)
    (partial,) = seen.outputs
    after, _ = heard(partial)
    assert np.array_equal(after[: len(before)], before)
    assert len(before) < len(after) < len(before) + 4000
    assert partial.facts["last_frame"] == len(after)


@pytest.mark.parametrize("kind", LATENTS)
def test_nobody_listens_nothing_is_decoded(models: dict[str, Model], tmp_path: Path, kind: str) -> None:
    output, seen = make(models[kind], tmp_path, looks=False)
    assert all(step.preview is None for step in seen.steps)
    assert output.data == make(models[kind], tmp_path)[0].data


@pytest.mark.parametrize("kind", LATENTS)
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_a_part_is_made_anew_and_all_else_stays(
    models: dict[str, Model], tmp_path: Path, given: Path, kind: str, strength: float
) -> None:
    before, rate = soundfile.read(given, dtype="float32", always_2d=True)
    wish = {"task": "repaint", "first_frame": 701, "last_frame": 1303, "strength": strength, "inputs": {"audio": given}}
    output, seen = make(models[kind], tmp_path, **wish)
    after, now = heard(output)
    assert (now, after.shape) == (rate, before.shape)
    assert np.array_equal(after[:701], before[:701])
    assert np.array_equal(after[1303:], before[1303:])
    assert np.abs(after[760:1240] - before[760:1240]).mean() > 1e-3
    assert (output.facts["first_frame"], output.facts["last_frame"]) == (701, 1303)
    # No click at either border: no larger leap than there is elsewhere in what is there and in what was made.
    leaps = np.abs(np.diff(after, axis=0)).max(axis=1)
    assert max(leaps[700], leaps[1302]) <= 1.2 * max(leaps[:690].max(), leaps[720:1280].max())
    assert [step.index for step in seen.steps] == list(range(4 if strength == 1 else 2))
    again, _ = make(models[kind], tmp_path, **wish, resume=(0, seen.states[0]))
    assert again.data == output.data


@pytest.mark.parametrize("kind", [*LATENTS, "musicgen"])
@pytest.mark.parametrize("side", ["end", "front"])
def test_a_sound_goes_on(models: dict[str, Model], tmp_path: Path, given: Path, kind: str, side: str) -> None:
    before, rate = soundfile.read(given, dtype="float32", always_2d=True)
    wish = {"task": "extend", "side": side, "seconds": 0.7, "inputs": {"audio": given}}
    if (kind, side) == ("musicgen", "front"):
        with pytest.raises(StudioError, match="left to right"):
            make(models[kind], tmp_path, **wish)
        return
    output, seen = make(models[kind], tmp_path, **wish)
    after, now = heard(output)
    assert (now, len(after)) == (rate, len(before) + 700)
    old, new = (after[:-700], after[-700:]) if side == "end" else (after[700:], after[:700])
    assert np.array_equal(old, before)
    assert np.abs(new).max() > 1e-3
    first = 2000 if side == "end" else 0
    assert (output.facts["first_frame"], output.facts["last_frame"]) == (first, first + 700)
    join = 2000 if side == "end" else 700
    leap = np.abs(after[join] - after[join - 1]).max()
    assert leap <= 1.5 * max(np.abs(np.diff(old, axis=0)).max(), np.abs(np.diff(new, axis=0)).max())
    again, _ = make(models[kind], tmp_path, **wish, resume=(1, seen.states[1]))
    assert again.data == output.data


def test_longer_than_the_models_window_in_several_runs(models: dict[str, Model], tmp_path: Path) -> None:
    """Tiny Stable Audio's window is two seconds."""
    output, seen = make(models["stable audio"], tmp_path, seconds=5.0)
    sound, rate = heard(output)
    assert len(sound) == 5 * rate
    runs = seen.ingredients["runs"]
    assert runs >= 3
    assert [step.index for step in seen.steps] == list(range(4 * runs))
    assert {step.total for step in seen.steps} == {4 * runs}
    quiet = np.abs(sound).reshape(40, -1).max(axis=1)
    assert quiet.min() > 0
    for index in (2, 6, 4 * runs - 2):
        again, _ = make(models["stable audio"], tmp_path, seconds=5.0, resume=(index, seen.states[index]))
        assert again.data == output.data


def test_codes_are_written_in_windows_too(
    models: dict[str, Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_spoken, "WINDOW", 0.6)
    monkeypatch.setattr(sound_spoken, "HEARD", 0.2)
    output, seen = make(models["musicgen"], tmp_path, seconds=1.4)
    sound, rate = heard(output)
    assert len(sound) == round(1.4 * rate)
    assert [step.index for step in seen.steps] == list(range(seen.steps[-1].total))
    index = len(seen.steps) - 2
    assert seen.states[index].values["part"] >= 2
    again, _ = make(models["musicgen"], tmp_path, seconds=1.4, resume=(index, seen.states[index]))
    assert again.data == output.data


def test_a_long_part_in_several_runs_between_what_stays(models: dict[str, Model], tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    before = np.random.default_rng(2).uniform(-0.2, 0.2, (512 * 6, 1)).astype(np.float32)
    soundfile.write(path, before, 512, "FLOAT")
    wish = {"task": "repaint", "first_frame": 512, "last_frame": 512 * 5, "inputs": {"audio": path}}
    output, seen = make(models["stable audio"], tmp_path, **wish)
    after, _ = heard(output)
    assert seen.ingredients["runs"] >= 3
    assert np.array_equal(after[:512], before[:512])
    assert np.array_equal(after[512 * 5 :], before[512 * 5 :])
    assert not np.isclose(after[600 : 512 * 5 - 100], before[600 : 512 * 5 - 100], atol=1e-6).any(axis=1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_models_folders_tell_sound_from_pictures_and_words(models: dict[str, Model], kind: str) -> None:
    found = examine(models[kind].path)
    assert found.problem == ""
    assert found.family == models[kind].family


def test_what_cannot_be_is_said(models: dict[str, Model], tmp_path: Path, given: Path) -> None:
    stable = models["stable audio"]
    with pytest.raises(StudioError, match="Nothing is asked for"):
        make(stable, tmp_path, prompt=" ")
    with pytest.raises(StudioError, match="no sound to go on from"):
        make(stable, tmp_path, task="extend")
    with pytest.raises(StudioError, match="too short"):
        make(stable, tmp_path, task="repaint", first_frame=100, last_frame=110, inputs={"audio": given})
    (tmp_path / "broken.wav").write_bytes(given.read_bytes()[:30])
    with pytest.raises(StudioError, match="cannot be read"):
        make(stable, tmp_path, task="extend", inputs={"audio": tmp_path / "broken.wav"})
    for kind, words in (("vits", "reads a text out"), ("musicgen", "left to right")):
        with pytest.raises(StudioError, match=words):
            make(models[kind], tmp_path, task="repaint", first_frame=0, last_frame=900, inputs={"audio": given})


def test_a_model_with_a_part_missing_is_said(tmp_path: Path) -> None:
    with hushed():
        model = tiny_sounds.stable_audio(tmp_path / "part")
    (tmp_path / "part" / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    seen = FakeContext(Request("music.sound", {"prompt": "a"}, 1), SoundParams, scratch=tmp_path, model=model, cache={})
    with pytest.raises(StudioError, match="cannot be loaded"):
        generate_sound.run(seen.request, seen)


def test_an_encoder_of_another_model_is_said(tmp_path: Path, given: Path) -> None:
    """It makes new sounds all the same; what is there it cannot hear."""
    with hushed():
        model = tiny_sounds.stable_audio(tmp_path / "odd", latents_heard=3)
    output, _ = make(model, tmp_path)
    assert np.abs(heard(output)[0]).max() > 0
    with pytest.raises(StudioError, match="do not fit each other"):
        make(model, tmp_path, task="repaint", first_frame=500, last_frame=1500, inputs={"audio": given})


@pytest.mark.parametrize("kind", ["stable audio", "music ldm"])
def test_too_little_memory_is_said(
    models: dict[str, Model], tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any, **_options: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    for part in (AutoencoderOobleck, AutoencoderKL):
        monkeypatch.setattr(part, "decode", full)
    with pytest.raises(StudioError, match="not enough memory to bring") as caught:
        make(models[kind], tmp_path, looks=False)
    assert "shorter" in caught.value.hint
    monkeypatch.undo()
    make(models[kind], tmp_path)
