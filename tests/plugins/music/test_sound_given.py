"""What a model hears of a sound, and what comes back: in time to the frame, whatever the rates and channels."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from plugins.music.hooks import studio_generators
from plugins.music.params import SoundParams
from plugins.music.sound_given import for_model, joined, read, to_wav, wished
from plugins.music.sound_ways import FAMILIES, ways, why_not
from plugins.music.tags import wav_comment
from studio.api import StudioError
from studio.inference.resampling import resample
from studio.inference.sound_joins import as_channels
from studio.inference.sound_spaces import SoundSpace


class Space(SoundSpace):
    """Only the measures of one."""

    def __init__(self, rate: int, channels: int, hop: int) -> None:
        self.rate, self.channels, self.hop, self.axis, self.whole = rate, channels, hop, 2, False
        self.longest = rate * 40 // hop * hop

    def encode(self, sound: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def decode(self, latents: torch.Tensor, first: int, last: int) -> torch.Tensor:
        raise NotImplementedError

    def rows(self, latents: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


SPACES = [Space(44_100, 2, 2048), Space(48_000, 2, 1920), Space(16_000, 1, 640), Space(44_100, 2, 4096)]


def music(rate: int, seconds: float, channels: int) -> np.ndarray:
    """Tones below 3 kHz with an edge here and there."""
    time = np.arange(int(rate * seconds)) / rate
    line = 0.2 * np.sin(2 * np.pi * 220 * time) + 0.1 * np.sin(2 * np.pi * (700 + 400 * time) * time)
    line *= 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * 1.3 * time)) * np.minimum(
        1, np.abs(np.sin(2 * np.pi * 1.3 * time)) * 9
    )
    return np.repeat(line[:, None], channels, axis=1).astype(np.float32)


@pytest.fixture(params=[(48_000, 2), (44_100, 1), (32_000, 2)], ids=str)
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    rate, channels = request.param
    soundfile.write(tmp_path / "given.wav", music(rate, 6.0, channels), rate, "FLOAT")
    return tmp_path / "given.wav"


@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"{space.rate}/{space.hop}")
def test_a_model_that_changed_nothing_would_change_nothing(given: Path, space: Space) -> None:
    """What it hears, given back as it is, comes to lie where it was: below a hundredth of its loudness away."""
    sound, rate = read(given)
    first, last = int(2.013 * rate), int(4.4017 * rate)
    wish = wished(given, SoundParams(task="repaint", first_frame=first, last_frame=last))
    heard = for_model(wish, space)
    assert heard.line.shape[1] == space.channels
    away = heard.first % space.hop
    assert min(away, space.hop - away) <= 1
    whole = joined(wish, heard.line, space.rate, heard.origin)
    assert np.array_equal(whole[:first], sound[:first])
    assert np.array_equal(whole[last:], sound[last:])
    fault = np.sqrt(np.square(whole - sound).mean()) / np.sqrt(np.square(sound).mean())
    assert fault < 0.01


@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"{space.rate}/{space.hop}")
@pytest.mark.parametrize("side", ["end", "front"])
def test_what_is_added_follows_in_time(given: Path, space: Space, side: str) -> None:
    """The rest of a sound, of which only a part was given, comes to lie where it belongs."""
    whole, rate = read(given)
    cut = int(2.5 * rate)
    part = whole[:cut] if side == "end" else whole[-cut:]
    path = given.with_name("part.wav")
    soundfile.write(path, part, rate, "FLOAT")
    wish = wished(path, SoundParams(task="extend", seconds=1.5, side=side))
    heard = for_model(wish, space)
    line = heard.line.copy()
    if side == "end":
        true = resample(as_channels(whole[heard.origin :], space.channels), rate, space.rate)
        line[heard.first :] = true[heard.first : len(line)]
    else:
        begin = len(whole) - cut + heard.origin  # where the line begins in the whole sound
        true = resample(as_channels(whole[begin:], space.channels), rate, space.rate)
        line[: heard.last] = true[: heard.last]
    made = joined(wish, line, space.rate, heard.origin)
    count = wish.last - wish.first
    expected = whole[: cut + count] if side == "end" else whole[-cut - count :]
    assert made.shape == expected.shape
    inner = slice(cut + 2000, -2000) if side == "end" else slice(2000, count - 2000)
    fault = np.sqrt(np.square(made[inner] - expected[inner]).mean()) / np.sqrt(np.square(expected).mean())
    assert fault < 0.03


def test_files_hold_every_frame_and_words(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).normal(0, 2, (1001, 2)).astype(np.float32)
    data = to_wav(sound, 48_000, "a title", "studio recipe: {}")
    assert data == to_wav(sound, 48_000, "a title", "studio recipe: {}")
    again, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert rate == 48_000
    assert np.array_equal(again, sound)
    assert soundfile.info(io.BytesIO(data)).subtype == "FLOAT"
    (tmp_path / "a.wav").write_bytes(data)
    assert wav_comment(tmp_path / "a.wav") == "studio recipe: {}"


def test_sounds_that_cannot_be_taken_are_said(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 1)), 8000)
    with pytest.raises(StudioError, match="cannot be taken"):
        read(tmp_path / "none.wav")
    soundfile.write(tmp_path / "nan.wav", np.full((100, 1), np.nan), 8000, "FLOAT")
    with pytest.raises(StudioError, match="no numbers"):
        read(tmp_path / "nan.wav")


def test_every_family_says_what_it_can() -> None:
    sounds = next(spec for spec in studio_generators() if spec.name == "sound")
    assert sounds.models == FAMILIES
    assert "sound/BarkModel" not in FAMILIES
    for family in FAMILIES:
        assert ways(family)[0] == "new"
        for task in ("new", "repaint", "extend"):
            problem, hint = why_not(family, task)
            assert bool(problem) == bool(hint) == (task not in ways(family))
