"""Sound files of the world, and scores, onto tapes: read in blocks, bounded, resampled to the document's rate."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from studio.api import StudioError
from studio.inference.resampling import Resampler

from . import tags
from .wave import RATES
from .wave_reel import BYTES, Kind, Reel
from .wave_tape import Frames, Tape, lying, record

FRAMES_A_TIME = 65_536
"""libsndfile is asked for no more at once."""
LONGEST_SECONDS = 2 * 3600
MOST_CHANNELS = 32
KINDS = frozenset(("WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "AIFF", "CAF", "AU"))
_LYING: dict[str, Kind] = {"PCM_16": "int16", "PCM_24": "int24", "FLOAT": "float"}
SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".caf", ".au", ".w64")


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """What a file says of itself."""

    rate: int
    channels: int
    frames: int
    kind: str

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def facts_of(path: Path) -> SoundFacts:
    """What a sound file says of itself. Raises StudioError for what is none, or nothing an editor could hold."""
    with _opened(path) as file:
        return _checked(path, file)


def decode(path: Path, *, rate: int = 0) -> Tape:
    """A sound file on a tape, at `rate` Hz (0: its own), mono or stereo. Raises StudioError."""
    try:
        with _opened(path) as file:
            facts = _checked(path, file)
            wanted, channels = rate or facts.rate, min(facts.channels, 2)
            plain = wanted == facts.rate and channels == facts.channels
            tape = _in_place(path, file, facts) if plain else None
            if tape is not None:
                return tape
            kind: Kind = "int16" if plain and file.subtype in ("PCM_16", "PCM_S8", "PCM_U8") else "float"
            return record(_blocks(path, file, facts, wanted), wanted, channels, kind=kind)
    except OSError as error:
        raise StudioError(
            "There is no room to open this sound.", "Make some room on the disk of the system.", details=str(error)
        ) from error


def _in_place(path: Path, file: soundfile.SoundFile, facts: SoundFacts) -> Tape | None:
    """A WAV file as a tape of its own. None where it has to be copied: an open file cannot be deleted on Windows."""
    kind = _LYING.get(file.subtype)
    if kind is None or facts.kind not in ("WAV", "WAVEX") or sys.platform == "win32":
        return None
    first, size = tags.wav_sound(path)
    if size < facts.frames * facts.channels * BYTES[kind]:
        return None
    with path.open("rb") as held:
        return lying(Reel(held, facts.frames, facts.channels, kind, first=first), facts.rate)


def _opened(path: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(path)
    except (soundfile.SoundFileError, RuntimeError, OSError, TypeError, ValueError) as error:
        if not path.exists():
            raise StudioError(f"{path.name} is gone.", "Choose the file again.", details=str(error)) from error
        raise StudioError(
            f"{path.name} is no sound that Studio can read.",
            "WAV, FLAC, OGG, Opus, MP3 and AIFF can be read. If it should be one, it is damaged.",
            details=str(error),
        ) from error


def _checked(path: Path, file: soundfile.SoundFile) -> SoundFacts:
    rate, channels, frames = file.samplerate, file.channels, file.frames
    if file.format not in KINDS:
        raise StudioError(f"{path.name} is a kind of sound that Studio does not know.", "Save it as WAV or FLAC.")
    if not RATES[0] <= rate <= RATES[1]:
        raise StudioError(f"{path.name} has {rate:,} samples a second.", "Save it again at 48,000 Hz.")
    if channels > MOST_CHANNELS:
        raise StudioError(f"{path.name} has {channels} channels.", "Save it again in stereo.")
    if not 0 < frames <= LONGEST_SECONDS * rate:
        raise StudioError(
            f"{path.name} is empty." if frames <= 0 else f"{path.name} says it is {frames / rate / 3600:,.0f} h long.",
            "Choose another file." if frames <= 0 else f"Sounds of up to {LONGEST_SECONDS // 3600} h can be opened.",
        )
    return SoundFacts(rate, channels, frames, file.format)


def _blocks(path: Path, file: soundfile.SoundFile, facts: SoundFacts, rate: int) -> Iterator[Frames]:
    machine = None if rate == facts.rate else Resampler(facts.rate, rate, min(facts.channels, 2))
    left = LONGEST_SECONDS * facts.rate
    while left > 0:
        try:
            block = file.read(min(FRAMES_A_TIME, left), dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise StudioError(
                f"{path.name} is damaged.", "What is behind the damage cannot be read.", details=str(error)
            ) from error
        if not len(block):
            break
        left -= len(block)
        pair = _stereo(block)
        yield pair if machine is None else machine.push(pair)
    if machine is not None:
        yield machine.flush()


def _stereo(block: Frames) -> Frames:
    """More than two channels become two: each second one to the left, the others to the right."""
    if block.shape[1] <= 2:
        return block
    return np.stack([block[:, 0::2].mean(axis=1), block[:, 1::2].mean(axis=1)], axis=1)
