"""Pitch bend and the modulation wheel: of a file, of a keyboard that is played, and through a SoundFont."""

from __future__ import annotations

import numpy as np
import pytest

from plugins.music.document import Foreign, Note, Score, Track
from plugins.music.playback import ScoreSource
from plugins.music.render import RATE, render
from plugins.music.synth_parts import Sound

Q = 480
ON, OFF, HALF_UP = b"\xb0\x01\x7f", b"\xb0\x01\x00", b"\xe0\x00\x60"


def cents(sound: Sound, near: float, *, step: int = 1200) -> np.ndarray:
    """How far the partial near a frequency is off it, every `step` samples, from the turning of its phase."""
    at = np.arange(sound.shape[1])
    line = sound.mean(axis=0) * np.exp(-2j * np.pi * near * at / RATE)
    window = np.hanning(4096)
    slow = np.convolve(line, window / window.sum(), "same")
    turns = np.diff(np.unwrap(np.angle(slow)))[2048:-2048] / (2 * np.pi) * RATE
    hertz = near + np.convolve(turns, np.ones(480) / 480, "same")[::step]
    return np.asarray(1200 * np.log2(hertz / near))


def held(*events: Foreign, seconds: int = 3, instrument: str = "organ") -> Score:
    track = Track("t1", "x", instrument, 0, volume=1.0, extra=events)
    return Score(tracks=(track.with_notes([Note(1, 0, seconds * 2 * Q, 69, 90)]),), length=seconds * 2 * Q)


def test_the_wheel_of_a_file_is_heard_as_a_vibrato() -> None:
    """Straight for a second, then half a semitone to both sides 5.5 times a second, then straight again."""
    sound = render(held(Foreign(2 * Q, ON), Foreign(4 * Q, OFF), seconds=4), tail=0)
    found = cents(sound, 440.0)
    per_second = RATE // 1200
    before, swaying, after = (found[round(a * per_second) : round(b * per_second)]
                              for a, b in ((0.3, 0.9), (1.2, 1.9), (2.3, 3.6)))  # fmt: skip
    assert np.abs(before).max() < 6
    assert np.abs(after).max() < 6
    assert 30 < swaying.max() < 56
    assert -56 < swaying.min() < -30
    crossings = np.count_nonzero(np.diff(np.sign(swaying)))
    assert crossings == pytest.approx(0.7 * 5.5 * 2, abs=2)
    assert np.abs(np.diff(sound, axis=1)).max() < 1.2 * np.abs(np.diff(render(held(seconds=4), tail=0), axis=1)).max()
    other = render(held(Foreign(2 * Q, ON), Foreign(4 * Q, OFF), seconds=4), tail=0, block=999)
    assert np.abs(sound - other).max() < 1e-4


def test_a_wheel_that_stays_up_sways_to_the_end_and_drums_do_not() -> None:
    found = cents(render(held(Foreign(0, ON), seconds=6), tail=0), 440.0)
    assert np.ptp(found[-60:-5]) > 60
    drums = Track("t1", "x", "drum kit", 9).with_notes([Note(1, 0, Q, 38, 90)])
    moved = Track("t1", "x", "drum kit", 9, extra=(Foreign(0, b"\xb9\x01\x7f"),)).with_notes(drums.notes)
    plain, same = (render(Score(tracks=(track,), length=Q)) for track in (drums, moved))
    assert np.array_equal(plain, same)


def played(source: ScoreSource, seconds: float) -> Sound:
    return np.concatenate([source.read(None, 512) for _ in range(int(seconds * RATE / 512))], axis=1)


def test_the_wheels_of_a_keyboard_are_heard_at_once() -> None:
    source = ScoreSource(Score())
    key = source.key_down(Track("x", "organ", "organ", 0), 69, 100)
    straight = played(source, 1.0)
    source.wheels.hear(ON)
    swaying = played(source, 1.0)
    source.wheels.hear(OFF)
    source.wheels.hear(HALF_UP)
    bent = played(source, 1.0)
    assert np.abs(cents(straight, 440.0)[15:-5]).max() < 6
    assert np.ptp(cents(swaying, 440.0)[5:-5]) > 60
    assert np.abs(cents(bent, 440.0 * 2 ** (1 / 12))[8:-5]).max() < 8
    whole = np.concatenate([straight, swaying, bent], axis=1)[:, RATE // 4 :]
    assert np.abs(np.diff(whole, axis=1)).max() < 1.3 * np.abs(np.diff(straight[:, RATE // 4 :], axis=1)).max()
    source.key_up(key)
    played(source, 3.0)
    source.wheels.rest()
    source.key_down(Track("x", "organ", "organ", 0), 69, 100)
    assert np.abs(cents(played(source, 1.0), 440.0)[15:-5]).max() < 6


def test_every_message_of_a_wheel_is_understood_and_others_are_passed_over() -> None:
    source = ScoreSource(Score())
    for message in (b"\xb0\x07\x10", b"\xd0\x40", b"\xe0\x00\x40", b"\xc0\x05"):
        source.wheels.hear(message)
    source.key_down(Track("x", "organ", "organ", 0), 69, 100)
    assert source.wheels.over(512, 512, 0).warp is None
