"""What a MIDI, MusicXML or sound file says about how it was made. No note is read and no sample decoded."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import soundfile

from studio.api import Imported, Recipe, StudioError, media

from . import midi, tags
from .musicxml import FIELD

_SOUNDS = {"WAV": media.WAV, "WAVEX": media.WAV, "FLAC": "audio/flac", "OGG": "audio/ogg", "MP3": "audio/mpeg"}


def read(path: Path) -> Imported:
    """What the file says; one that says nothing is no error. Raises StudioError for what is gone, damaged or neither
    notes nor sound.
    """
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise StudioError(f"{path.name} is gone.", "Choose the file again.", details=str(error)) from error
    if head[:4] == b"MThd" or (head[:4] == b"RIFF" and head[8:12] == b"RMID"):
        return _understood(media.MIDI, midi.recipe_text(midi.content(path)))
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<?xml"):
        return _understood("application/vnd.recordare.musicxml+xml", _sheet(path))
    return _sound(path)


def _sheet(path: Path) -> str:
    """The recipe in a MusicXML file, found without parsing it: foreign XML can be made to blow up a parser."""
    text = midi.content(path)[: tags.MOST_TEXT].decode("utf-8", "replace")
    found = re.search(rf'<miscellaneous-field name="{re.escape(FIELD)}">([^<]*)<', text)
    return html.unescape(found[1]) if found else ""


def _sound(path: Path) -> Imported:
    try:
        with soundfile.SoundFile(path) as file:
            kind, comment = _SOUNDS.get(file.format, ""), str(file.comment)
            facts = {"seconds": round(file.frames / max(file.samplerate, 1), 2), "rate": file.samplerate}
    except (soundfile.SoundFileError, RuntimeError, OSError, ValueError) as error:
        raise StudioError(
            f"{path.name} is not music that Studio can read.",
            "MIDI, MusicXML, WAV, FLAC, OGG, Opus and MP3 can be read.",
            details=str(error),
        ) from error
    if kind == media.WAV:
        comment = tags.wav_comment(path) or comment
    elif kind == "audio/mpeg":
        comment = tags.id3_comment(path) or comment
    if not kind:
        raise StudioError(f"{path.name} is a kind of sound that Studio does not know.", "Save it as WAV or FLAC.")
    text = comment[len(midi.RECIPE) :] if comment.startswith(midi.RECIPE) else ""
    found = _understood(kind, text)
    return Imported(found.media, found.recipe, found.notes, facts=facts)


def _understood(kind: str, text: str) -> Imported:
    if not text:
        return Imported(kind)
    try:
        return Imported(kind, Recipe.from_json(json.loads(text[: tags.MOST_TEXT])))
    except (ValueError, KeyError, TypeError, RecursionError):
        return Imported(kind, notes=("The recipe in this file is damaged or from a newer Studio.",))
