"""Sound documents and kept sound files as files for the rest of the world, block by block, with the recipe inside."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from studio.api import Recipe, StudioError
from studio.inference.resampling import Resampler

from . import midi, tags, wave_files, wave_render
from .wave import Wave
from .wave_tape import Frames, Shelf, Tape

MAGIC = b"\x00StudioSound1\n"
"""What a kept document begins with: nobody takes it for a text."""
MOST_BYTES = 64_000_000
_HEADS = (MAGIC, b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b".snd", b"riff")
_OPUS = (8_000, 12_000, 16_000, 24_000, 48_000)
_MP3 = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


@dataclass(frozen=True, slots=True)
class Held:
    """A sound to be written: [frames, channels] blocks at `rate` Hz."""

    rate: int
    channels: int
    blocks: Iterator[Frames]
    title: str = ""
    recipe: Recipe | None = None


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
    blocks = (tape.read(at, min(65_536, tape.frames - at), tape.channels) for at in range(0, tape.frames, 65_536))
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


def encode(
    source: Path,
    form: str,
    kind: str,
    recipe: Recipe | None,
    *,
    wanted: bool,
    level: float | None = None,
    loop: bool = False,
) -> bytes:
    """The sound as a file of that format, with its recipe where it is `wanted`; a `loop` says in a `smpl` chunk that
    it goes round. Raises StudioError.
    """
    held = hold(source)
    known = recipe or held.recipe
    comment = midi.RECIPE + known.text() if known is not None and wanted else ""
    rate = _rate(held.rate, form, kind)
    options = {} if level is None else {"compression_level": min(max(level, 0.0), 1.0)}
    target, frames = io.BytesIO(), 0
    try:
        with soundfile.SoundFile(target, "w", rate, held.channels, kind, format=form, **options) as file:
            if form in ("FLAC", "OGG"):  # libsndfile refuses empty words
                if held.title:
                    file.title = held.title
                if comment:
                    file.comment = comment
            random = np.random.default_rng(16)
            for block in _at(held, rate):
                frames += len(block)
                sound = _dithered(block, random) if kind == "PCM_16" else block
                file.write(sound if kind == "FLOAT" else np.clip(sound, -1, 1))
    except (soundfile.SoundFileError, RuntimeError, MemoryError) as error:
        raise StudioError(f"The sound could not be written as {form}.", "Try WAV.", details=str(error)) from error
    data = target.getvalue()
    if form == "WAV":
        chunks = [tags.info(held.title, comment)]
        return tags.with_chunks(data, [*chunks, tags.loop(frames, rate)] if loop else chunks)
    return tags.id3(held.title, comment) + data if form == "MP3" else data


def _rate(rate: int, form: str, kind: str) -> int:
    """The rate to write: some formats know few."""
    known = _OPUS if kind == "OPUS" else _MP3 if form == "MP3" else None
    return rate if known is None or rate in known else 48_000


def _at(held: Held, rate: int) -> Iterator[Frames]:
    if rate == held.rate:
        yield from held.blocks
        return
    machine = Resampler(held.rate, rate, held.channels)
    for block in held.blocks:
        yield machine.push(block)
    yield machine.flush()


def _dithered(block: Frames, random: np.random.Generator) -> Frames:
    """Triangular noise of one degree of 16 bits: rounding errors become an even hiss instead of following the sound."""
    noise = random.random(block.shape, np.float32) - random.random(block.shape, np.float32)
    return np.clip(block + noise / np.float32(32_768), -1, 1 - 2**-15).astype(np.float32)
