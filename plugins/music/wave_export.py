"""Sound documents as kept files, and what of a document or a kept sound file is written for the rest of the world."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.api import Recipe, StudioError

from . import wave_files, wave_render
from .sound_file import BLOCK, Held
from .wave import Wave
from .wave_tape import Shelf, Tape

MAGIC = b"\x00StudioSound1\n"
"""What a kept document begins with: nobody takes it for a text."""
MOST_BYTES = 64_000_000
_HEADS = (MAGIC, b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b".snd", b"riff")


def is_sound(source: Path) -> bool:
    """True for a document or a sound file; False for a score."""
    try:
        with source.open("rb") as file:
            head = file.read(16)
    except OSError:
        return False
    mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return head.startswith(_HEADS) or mpeg or (head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE")


def pack(wave: Wave, recordings: Mapping[str, str], recipe: Recipe | None) -> bytes:
    """A document as a file; `recordings` are the endings (".wav") of the recordings by their ids."""
    data = {
        "wave": wave.to_json(),
        "recordings": dict(recordings),
        "recipe": None if recipe is None else recipe.to_json(),
    }
    return MAGIC + zlib.compress(json.dumps(data, separators=(",", ":")).encode())


def unpack(source: Path) -> tuple[Wave, dict[str, str], Recipe | None]:
    """The opposite of `pack`. Raises StudioError."""
    try:
        packed = source.read_bytes()[len(MAGIC) :]
        machine = zlib.decompressobj()
        data: dict[str, Any] = json.loads(machine.decompress(packed, MOST_BYTES))
        recipe = None if data["recipe"] is None else Recipe.from_json(data["recipe"])
        return Wave.from_json(data["wave"]), {str(k): str(v) for k, v in data["recordings"].items()}, recipe
    except (OSError, zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StudioError("This sound cannot be read.", "It is damaged.", details=str(error)) from error


def hold(source: Path) -> Held:
    """What is to be written. Raises StudioError."""
    with source.open("rb") as file:
        head = file.read(len(MAGIC))
    if head == MAGIC:
        wave, recordings, recipe = unpack(source)
        shelf = Shelf()
        for name in sorted(wave.sources):
            shelf.put(name, _recording(source, name, recordings.get(name, ""), wave.rate))
        return Held(wave.rate, wave.channels, wave_render.blocks(wave, shelf), wave.title, recipe)
    tape = wave_files.decode(source)
    blocks = (tape.read(at, min(BLOCK, tape.frames - at), tape.channels) for at in range(0, tape.frames, BLOCK))
    return Held(tape.rate, tape.channels, blocks)


def _recording(source: Path, name: str, suffix: str, rate: int) -> Tape:
    if not name.isalnum() or (not suffix.replace(".", "").isalnum() and suffix):
        raise StudioError("This sound cannot be read.", "It is damaged.")
    # A project keeps every file under the first two letters of its name; a plain folder serves as well.
    places = (source.parent.parent / name[:2] / f"{name}{suffix}", source.parent / f"{name}{suffix}")
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise StudioError("A recording of this sound is not in the project any more.", "Bring its file in again.")
    return wave_files.decode(found, rate=rate)
