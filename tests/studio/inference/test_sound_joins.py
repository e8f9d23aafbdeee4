"""Joining sounds: no click, no hole in loudness, not a frame changed of what stays."""

from __future__ import annotations

import numpy as np
import pytest

from studio.inference.sound_joins import (
    as_channels,
    carried_on,
    crossfade,
    fitted_in,
    gain_to,
    led_up_to,
    predicted,
)

RATE = 8000


def tone(hertz: float, count: int, level: float = 0.5, phase: float = 0.0) -> np.ndarray:
    time = np.arange(count) / RATE
    return (level * np.sin(2 * np.pi * hertz * time + phase))[:, None].astype(np.float32)


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.2, (count, 2)).astype(np.float32)


def test_alike_and_unlike_sounds_stay_as_loud_as_they_are() -> None:
    same = tone(440, 4000)
    assert np.allclose(crossfade(same, same), same, atol=1e-6)
    mixed = crossfade(noise(20_000, 1), noise(20_000, 2))
    levels = np.sqrt(np.square(mixed).reshape(10, -1).mean(axis=1))
    assert np.allclose(levels, 0.2, rtol=0.05)


def test_what_stays_is_not_touched_and_borders_do_not_click() -> None:
    there = np.repeat(tone(200, 8000), 2, axis=1)
    made = np.repeat(tone(310, 3000, phase=1.0), 2, axis=1)
    whole = fitted_in(there, made, 2000, 5000, RATE)
    assert np.array_equal(whole[:2000], there[:2000])
    assert np.array_equal(whole[5000:], there[5000:])
    assert np.array_equal(whole[2400:4600], made[400:2600])
    steepest = max(np.abs(np.diff(there, axis=0)).max(), np.abs(np.diff(made, axis=0)).max())
    assert np.abs(np.diff(whole, axis=0)).max() < 1.25 * steepest


@pytest.mark.parametrize("borders", [(0, 3000), (5000, 8000), (0, 8000)])
def test_a_part_at_the_edge_is_joined_on_its_inner_side_only(borders: tuple[int, int]) -> None:
    there, (first, last) = tone(200, 8000), borders
    made = tone(310, last - first)
    whole = fitted_in(there, made, first, last, RATE)
    assert len(whole) == len(there)
    if first == 0:
        assert np.array_equal(whole[:100], made[:100])
    if last == len(there):
        assert np.array_equal(whole[-100:], made[-100:])


def test_going_on_is_smooth_at_either_end() -> None:
    there, made = tone(200, 4000), tone(310, 4000, phase=2.0)
    for joined, kept in (
        (carried_on(there, made, RATE), slice(0, 4000)),
        (led_up_to(there, made, RATE), slice(4000, 8000)),
    ):
        assert np.array_equal(joined[kept], there)
        assert np.abs(np.diff(joined, axis=0)).max() < 1.25 * np.abs(np.diff(made, axis=0)).max()
    assert np.array_equal(carried_on(there[:0], made, RATE), made)


def test_a_sound_is_carried_on_as_it_would_go_on_itself() -> None:
    whole = tone(440, 3000) + tone(1000, 3000, 0.2)
    assert np.abs(predicted(whole[:2000], 240) - whole[2000:2240]).max() < 0.05
    assert np.array_equal(predicted(np.zeros((500, 2), np.float32), 100), np.zeros((100, 2)))
    rough = predicted(noise(2000), 400)
    assert np.isfinite(rough).all()
    assert np.abs(rough).max() < 2


def test_loudness_is_matched_within_bounds() -> None:
    assert gain_to(tone(100, 800, 0.4), tone(100, 800, 0.2)) == pytest.approx(2.0)
    assert gain_to(tone(100, 800, 0.9), tone(100, 800, 0.01)) == 2.8
    assert gain_to(np.zeros((100, 1), np.float32), tone(100, 100), otherwise=0.7) == 0.7


def test_channels() -> None:
    mono = tone(100, 50)
    assert np.array_equal(as_channels(mono, 2), np.repeat(mono, 2, axis=1))
    stereo = noise(50)
    assert as_channels(stereo, 2) is stereo
    assert np.allclose(as_channels(stereo, 1)[:, 0], stereo.mean(axis=1))
