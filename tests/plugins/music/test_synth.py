"""The voices and what they run through: in tune, steady under cutting, never clipped."""

from __future__ import annotations

import numpy as np
import pytest

from plugins.music.instruments import GENERAL_MIDI, NAMES, program_of, voice_of
from plugins.music.loudness import lufs, measure
from plugins.music.synth_bus import CEILING, LIMITER_DELAY, PART, Chorus, Glue, Hall, Limiter
from plugins.music.synth_drums import seconds
from plugins.music.synth_parts import HOP, RATE, Sound, frames, hertz
from plugins.music.synth_voices import VOICES
from studio.inference.notes.score import INSTRUMENTS

PITCHED = [name for name in VOICES if name != "drum kit"]
LOW = {"double bass", "electric bass", "synth bass", "tuba", "cello"}


def mono(sound: Sound) -> Sound:
    return np.atleast_2d(sound).mean(axis=0)


def centroid(sound: Sound) -> float:
    power = np.abs(np.fft.rfft(mono(sound))) ** 2
    return float((power * np.fft.rfftfreq(mono(sound).size, 1 / RATE)).sum() / power.sum())


def test_every_instrument_has_a_voice() -> None:
    assert set(VOICES) == set(INSTRUMENTS)
    assert len(GENERAL_MIDI) == 128
    assert all(voice_of(name) in VOICES for name in NAMES)
    assert [voice_of(name) for name in ("Bassoon", "Harpsichord", "Trombone")] == ["oboe", "harp", "brass"]
    assert all(0 <= program_of(name) < 128 for name in NAMES)


@pytest.mark.parametrize("name", PITCHED)
def test_a_voice_is_in_tune(name: str) -> None:
    """The strongest common period of its sound is that of the pitch, within a sixth of a semitone."""
    pitch = 45 if name in LOW else 64
    sound = mono(VOICES[name].make(pitch, 0.6, frames(RATE)))[RATE // 4 :]
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 18)) ** 2
    step = RATE / (1 << 18)
    around = np.geomspace(hertz(pitch - 0.9), hertz(pitch + 0.9), 181)
    comb = [sum(power[round(k * hz / step)] ** 0.5 for k in range(1, 9)) for hz in around]
    off = 12 * np.log2(around[int(np.argmax(comb))] / hertz(pitch))
    assert abs(off) < 1 / 6


@pytest.mark.parametrize("name", VOICES)
def test_a_longer_note_begins_as_the_shorter_one(name: str) -> None:
    for key in (36, 42, 49) if name == "drum kit" else (33, 62, 91):
        long = np.atleast_2d(VOICES[name].make(key, 0.7, 90))
        short = np.atleast_2d(VOICES[name].make(key, 0.7, 13))
        assert np.array_equal(long[:, : 13 * HOP], short)
        assert np.isfinite(long).all()
        assert np.abs(long[:, 0]).max() < 0.05, "begins with a click"


@pytest.mark.parametrize(
    "name", ["piano", "electric piano", "steel guitar", "violin", "trumpet", "saxophone", "synth lead"]
)
def test_louder_is_brighter(name: str) -> None:
    soft, loud = (centroid(VOICES[name].make(60, v, 40)) for v in (0.2, 0.95))
    assert loud > soft * 1.1


def test_drums_are_over_when_they_say_so() -> None:
    for key in range(35, 82):
        sound = VOICES["drum kit"].make(key, 0.8, frames(int(seconds(key) * RATE)))
        assert np.abs(sound).max() > 0.05
        assert np.abs(sound[..., -HOP:]).max() < 0.03 * np.abs(sound).max(), key


@pytest.mark.parametrize("make", [Hall, Chorus, Limiter, Glue])
def test_effects_do_not_care_how_sound_is_cut(make: type) -> None:
    noise = np.random.default_rng(3).standard_normal((2, 20_000)).astype(np.float32)
    given = noise[0] if make is Hall else noise
    whole = make().run(given.copy())
    effect, parts, at = make(), [], 0
    for size in (1, 63, 64, 65, 2047, 2048, 2049, 511, 5000, 8152):
        parts.append(effect.run(given[..., at : at + size].copy()))
        at += size
    assert np.abs(np.concatenate(parts, axis=-1) - whole).max() < 1e-6


def test_the_hall_dies_away() -> None:
    spark = np.zeros(3 * RATE, np.float32)
    spark[0] = 1
    out = Hall().run(spark)
    early, late = (np.sqrt((out[:, a : a + 4800] ** 2).sum()) for a in (PART, RATE))
    assert early > 10 * late > 0
    assert np.abs(out[:, -RATE:]).max() < 1e-4
    left, right = out[:, PART : RATE // 2]
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.2


def test_the_limiter_lets_nothing_through_and_leaves_quiet_alone() -> None:
    random = np.random.default_rng(1)
    quiet = (0.2 * random.uniform(-1, 1, (2, RATE))).astype(np.float32)
    out = Limiter().run(quiet)
    assert np.array_equal(out[:, LIMITER_DELAY:], quiet[:, :-LIMITER_DELAY])
    loud = quiet * 5
    loud[:, 20_000] = 40
    assert np.abs(Limiter().run(loud)).max() <= CEILING + 1e-6


def test_loudness_is_that_of_the_standard() -> None:
    """A 997 Hz sine at -20 dB in both channels is -20 LUFS; pauses do not count."""
    at = np.arange(5 * RATE) / RATE
    tone = np.stack([0.1 * np.sin(2 * np.pi * 997 * at)] * 2).astype(np.float32)
    assert lufs(tone) == pytest.approx(-20.0, abs=0.1)
    one_side = tone * np.array([[1], [0]], np.float32)
    assert lufs(one_side) == pytest.approx(-23.0, abs=0.1)
    pause = np.concatenate([tone, np.zeros((2, 10 * RATE), np.float32), tone], axis=1)
    assert lufs(pause) == pytest.approx(-20.0, abs=0.3)
    assert measure(pause).silence == pytest.approx(10, abs=0.05)
    assert lufs(np.zeros((2, RATE), np.float32)) == -70
