"""A score out of a kept file: our own JSON, or a MIDI file."""

from __future__ import annotations

from studio.api import Artifact, StudioError

from .document import MEDIA, Score

MIDI = ("audio/midi", "audio/mid", "audio/x-midi")


def score_of(artifact: Artifact) -> Score | None:
    """The score an artifact holds; None where it holds none. Raises StudioError where it is damaged."""
    if artifact.media == MEDIA:
        try:
            data = artifact.path.read_bytes()
        except OSError as error:
            raise StudioError("This piece is not there any more.", details=str(error)) from error
        return Score.from_bytes(data)
    if artifact.media in MIDI:
        from .midi import read

        return read(artifact.path)
    return None
