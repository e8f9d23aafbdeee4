"""Sound at another rate keeps its pitch, its loudness and its place, and brings nothing that was not there."""

from __future__ import annotations

import numpy as np
import pytest

from studio.inference.resampling import Resampler, resample


def tone(rate: int, hertz: float, seconds: float = 0.5) -> np.ndarray:
    at = np.arange(int(rate * seconds)) / rate
    wave = np.sin(2 * np.pi * hertz * at)
    return np.stack([wave, -0.5 * wave], axis=1).astype(np.float32)


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 48_000), (48_000, 44_100), (16_000, 48_000), (48_000, 16_000),
                                              (44_101, 48_000), (96_000, 8_000)])  # fmt: skip
def test_a_tone_is_the_same_tone_in_the_same_place(rate: int, wanted: int) -> None:
    got = resample(tone(rate, 1000), rate, wanted)
    assert len(got) == -(-int(rate * 0.5) * wanted // rate)
    expected = tone(wanted, 1000)[: len(got)]
    middle = slice(len(expected) // 10, -len(expected) // 10)
    limit = 1e-4 if rate != 44_101 else 2e-3
    assert np.abs(got[: len(expected)][middle] - expected[middle]).max() < limit


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    got = resample(tone(48_000, 9_000), 48_000, 16_000)
    assert np.abs(got[200:-200]).max() < 1e-4


def test_blocks_make_the_same_as_one_go() -> None:
    sound = np.random.default_rng(1).standard_normal((20_000, 2)).astype(np.float32) * 0.1
    whole = resample(sound, 44_100, 48_000)
    machine, pieces, at = Resampler(44_100, 48_000, 2), [], 0
    for size in (1, 7, 100, 5000, 3, 9000, 20_000):
        pieces.append(machine.push(sound[at : at + size]))
        at += size
    assert np.allclose(np.concatenate([*pieces, machine.flush()]), whole, atol=1e-6)


def test_the_same_rate_changes_nothing() -> None:
    sound = tone(48_000, 440)
    assert np.array_equal(resample(sound, 48_000, 48_000), sound)


def test_rates_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot become"):
        Resampler(0, 48_000, 1)


def test_a_sound_shorter_than_the_kernel() -> None:
    assert resample(np.ones((3, 1), np.float32), 16_000, 48_000).shape == (9, 1)
    assert resample(np.zeros((0, 2), np.float32), 16_000, 48_000).shape == (0, 2)
