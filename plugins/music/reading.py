"""A score out of a kept file: our own JSON, or a MIDI file; and one into a file of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.api import Artifact, Recipe, StudioError

from . import midi
from .document import MEDIA, Score

MIDI = ("audio/midi", "audio/mid", "audio/x-midi")
RECIPE = "recipe"
"""The field of a kept score that says what it was made from."""


def score_of(artifact: Artifact) -> Score | None:
    """The score an artifact holds; None where it holds none. Raises StudioError where it is damaged or gone."""
    return read_score(artifact.path) if artifact.media in (MEDIA, *MIDI) else None


def read_score(source: Path) -> Score:
    """The score in a kept file, told apart by how it begins. Raises StudioError."""
    score = _read(source)
    if RECIPE in score.rest:  # of the file, not of the piece
        return replace(score, rest={name: value for name, value in score.rest.items() if name != RECIPE})
    return score


def with_recipe(score: Score, recipe: Recipe | None) -> bytes:
    """The file of a score that was edited since a model wrote it."""
    if recipe is None:
        return score.to_bytes()
    return replace(score, rest={**score.rest, RECIPE: recipe.to_json()}).to_bytes()


def recipe_in(source: Path) -> Recipe | None:
    """What `with_recipe` wrote. Raises StudioError where the file is damaged or gone."""
    told = _read(source).rest.get(RECIPE)
    try:
        return None if told is None else Recipe.from_json(told)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _read(source: Path) -> Score:
    try:
        with source.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise StudioError(f"{source.name} cannot be read.", "Choose it again.", details=str(error)) from error
    if head[:4] in (b"MThd", b"RIFF"):
        return midi.read(source)
    return Score.from_bytes(midi.content(source))
