"""A score out of a kept file: our own JSON, or a MIDI file."""

from __future__ import annotations

from pathlib import Path

from studio.api import Artifact, StudioError

from . import midi
from .document import MEDIA, Score

MIDI = ("audio/midi", "audio/mid", "audio/x-midi")


def score_of(artifact: Artifact) -> Score | None:
    """The score an artifact holds; None where it holds none. Raises StudioError where it is damaged or gone."""
    return read_score(artifact.path) if artifact.media in (MEDIA, *MIDI) else None


def read_score(source: Path) -> Score:
    """The score in a kept file, told apart by how it begins. Raises StudioError."""
    try:
        with source.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise StudioError(f"{source.name} cannot be read.", "Choose it again.", details=str(error)) from error
    if head[:4] in (b"MThd", b"RIFF"):
        return midi.read(source)
    return Score.from_bytes(midi.content(source))
