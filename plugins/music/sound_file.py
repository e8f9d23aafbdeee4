"""A sound as a file for the rest of the world, written block by block, with the recipe inside."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile

from studio.api import Recipe, StudioError
from studio.inference.resampling import Resampler

from . import midi, tags
from .wave_tape import Frames

BLOCK = 65_536
"""Samples that are written at once: libsndfile's Vorbis encoder crashes the process when it is given a minute."""
_OPUS = (8_000, 12_000, 16_000, 24_000, 48_000)
_MP3 = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


@dataclass(frozen=True, slots=True)
class Held:
    """A sound to be written: [frames, channels] blocks at `rate` Hz, and the recipe that goes along."""

    rate: int
    channels: int
    blocks: Iterator[Frames]
    title: str = ""
    recipe: Recipe | None = None


def encode(held: Held, form: str, kind: str, *, level: float | None = None, loop: bool = False) -> bytes:
    """A file of that format, `kind` is libsndfile's name of the samples, `level` from 0 to 1 how small a lossy one
    shall be. A `loop` says in a `smpl` chunk of a WAV that it goes round. Raises StudioError.
    """
    comment = "" if held.recipe is None else midi.RECIPE + held.recipe.text()
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
