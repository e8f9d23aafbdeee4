"""Moods of texts and pictures: clear cases come out clear, and nothing said is nothing guessed."""

from __future__ import annotations

import pytest

from plugins.music.mood import of_picture, of_text


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("They laughed and danced in the bright summer sun.", "joyful"),
        ("A secret door in the fog; a whisper at midnight.", "mysterious"),
        ("The lake was still and quiet, and she slept.", "calm"),
        ("He remembered the old letter and wept, alone in the rain.", "wistful"),
        ("The brave queen raised the banner and won the battle.", "heroic"),
        ("They hunted him; he ran in fear through the shadows.", "tense"),
    ],
)
def test_texts(text: str, mood: str) -> None:
    found = of_text(text)
    assert found is not None
    assert found[0] == mood
    assert 40 <= found[1] <= 170


def test_haste_is_heard() -> None:
    slow, fast = of_text("a calm lake, slow and quiet"), of_text("a calm lake, quick, run, run, hurry")
    assert slow is not None
    assert fast is not None
    assert slow[1] < fast[1]


def test_nothing_is_guessed_from_nothing() -> None:
    assert of_text("") is None
    assert of_text("qwerty 123 ???") is None


@pytest.mark.parametrize(
    ("colour", "mood"),
    [
        ((1.0, 0.85, 0.2), "joyful"),
        ((0.03, 0.04, 0.12), "mysterious"),
        ((0.3, 0.05, 0.02), "tense"),
        ((0.35, 0.45, 0.6), "wistful"),
        ((0.9, 0.9, 0.9), "calm"),
    ],
)
def test_pictures(colour: tuple[float, float, float], mood: str) -> None:
    assert of_picture([colour] * 64)[0] == mood


def test_an_empty_picture_is_calm() -> None:
    assert of_picture([])[0] == "calm"
