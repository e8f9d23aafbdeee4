"""The sound that a model goes on from: read from its file, brought to the model's rate, joined with what was made."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from studio.api import StudioError
from studio.inference.resampling import Frames, resample
from studio.inference.sound_joins import as_channels, carried_on, fitted_in, led_up_to
from studio.inference.sound_parts import context as heard
from studio.inference.sound_spaces import SoundSpace

from . import tags
from .params import SoundParams
from .sound_ways import REPAINT

LONGEST = 1200.0
"""Seconds of a sound that can be given."""
SHORTEST = 0.05
FRAMES_A_TIME = 1 << 20


@dataclass(frozen=True, slots=True)
class Wished:
    """What of a sound is to be made: `sound` [frames, channels] at `rate`, as it is; new frames lie between `first` and
    `last` of the result, which is `count` frames long. `front` is whether they come before all others.
    """

    sound: Frames
    rate: int
    first: int
    last: int
    count: int
    front: bool

    @property
    def repaints(self) -> bool:
        """Whether they take the place of others."""
        return self.count == len(self.sound)

    @property
    def seconds(self) -> float:
        """How long the new part is."""
        return (self.last - self.first) / self.rate

    def up_to(self, seconds: float) -> Wished:
        """The same, of which only so much was made."""
        if self.repaints or seconds >= self.seconds:
            return self
        last = self.first + max(1, int(seconds * self.rate))
        return replace(self, last=last, count=last)


def wished(path: Path | None, params: SoundParams) -> Wished:
    """What `params` ask for of the sound in the file. Raises StudioError."""
    if path is None:
        raise StudioError("There is no sound to go on from.", "Import one, or make a new one.")
    sound, rate = read(path)
    if params.task == REPAINT:
        first, last = params.first_frame, min(params.last_frame, len(sound))
        if last - first < SHORTEST * rate:
            raise StudioError("The part that is marked is too short.", f"Mark at least {SHORTEST * 1000:.0f} ms.")
        return Wished(sound, rate, first, last, len(sound), front=False)
    more = round(params.seconds * rate)
    if params.side == "front":
        return Wished(sound, rate, 0, more, len(sound) + more, front=True)
    return Wished(sound, rate, len(sound), len(sound) + more, len(sound) + more, front=False)


def read(path: Path) -> tuple[Frames, int]:
    """[frames, channels] in fp32, and the rate. Raises StudioError."""
    try:
        with soundfile.SoundFile(path) as file:
            if not file.frames or file.frames > LONGEST * file.samplerate or file.channels > 8:
                raise StudioError(
                    "This sound cannot be taken.", f"Sounds of up to {LONGEST / 60:.0f} minutes and 8 channels can."
                )
            sound = np.empty((file.frames, file.channels), np.float32)
            for begin in range(0, len(sound), FRAMES_A_TIME):
                piece = file.read(FRAMES_A_TIME, dtype="float32", always_2d=True)
                sound[begin : begin + len(piece)] = piece
            rate = int(file.samplerate)
    except (soundfile.SoundFileError, RuntimeError, OSError, MemoryError) as error:
        raise StudioError("The sound cannot be read.", "Import it again.", details=str(error)) from error
    if not np.isfinite(sound).all():
        raise StudioError("The sound has frames in it that are no numbers.", "Write it anew with another program.")
    return sound, rate


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model hears of it: [frames, channels] at the model's rate and with its channels; what it shall make lies
    between `first` and `last`. `origin` is the frame of the given sound at which it begins.
    """

    line: Frames
    first: int
    last: int
    origin: int


def for_model(wish: Wished, space: SoundSpace) -> Heard:
    """The part of the sound around what is to be made, so that what is to be made begins at the border of a cell."""
    ratio = space.rate / wish.rate
    made = max(1, round((wish.last - wish.first) * ratio))
    around = heard(made, space.longest, space.rate)
    if wish.front:
        return _before(wish, space, made, around)
    cells = min(around, int(wish.first * ratio)) // space.hop
    origin = max(0, wish.first - round(cells * space.hop / ratio))
    first = min(round((wish.first - origin) * ratio), cells * space.hop + 1)
    end = min(len(wish.sound), wish.last + round(around / ratio)) if wish.repaints else wish.first
    known = resample(as_channels(wish.sound[origin:end], space.channels), wish.rate, space.rate)
    if wish.repaints:
        return Heard(known, first, min(len(known), first + made), origin)
    known = known[:first]
    line = np.zeros((first + made, space.channels), np.float32)
    line[: len(known)] = known
    return Heard(line, first, len(line), origin)


def _before(wish: Wished, space: SoundSpace, made: int, around: int) -> Heard:
    cells = space.cells(made) * space.hop
    frames = min(len(wish.sound), round(around * wish.rate / space.rate))
    known = resample(as_channels(wish.sound[:frames], space.channels), wish.rate, space.rate)
    line = np.concatenate([np.zeros((cells, space.channels), np.float32), known])
    return Heard(line, 0, cells, -round(cells * wish.rate / space.rate))


def joined(wish: Wished, made: Frames, space_rate: int, origin: int) -> Frames:
    """The whole new sound: what was asked for is from `made` (at the model's rate, from the frame `origin` on), all
    else is the given sound, frame for frame.
    """
    back = as_channels(resample(made, space_rate, wish.rate), wish.sound.shape[1])
    if wish.front:
        # `made` ends where the sound begins, and was begun at a cell's border a little earlier than was asked for.
        piece = _exactly(back[:-origin][-wish.last :], wish.last)
        return led_up_to(wish.sound, piece, wish.rate)
    piece = _exactly(back[wish.first - origin : wish.last - origin], wish.last - wish.first)
    if wish.repaints:
        return fitted_in(wish.sound, piece, wish.first, wish.last, wish.rate)
    return carried_on(wish.sound, piece, wish.rate)


def _exactly(sound: Frames, count: int) -> Frames:
    """Resampling there and back may leave a frame less."""
    if len(sound) >= count:
        return sound[:count]
    return np.concatenate([sound, np.repeat(sound[-1:], count - len(sound), axis=0)])


def to_wav(sound: Frames, rate: int, title: str, comment: str) -> bytes:
    """[frames, channels] as a WAV file of 32 bits floating, with words inside; always the same bytes. Raises
    StudioError.
    """
    channels, size = sound.shape[1], sound.size * 4
    if size > 0xF000_0000:
        raise StudioError("The sound is too long for a WAV file.", "Make it shorter.")
    kind = struct.pack("<HHIIHHH", 3, channels, rate, rate * channels * 4, channels * 4, 32, 0)
    head = [tags.chunk(b"fmt ", kind), tags.chunk(b"fact", struct.pack("<I", len(sound)))]
    body = np.ascontiguousarray(sound, "<f4").tobytes()
    start = b"RIFF\0\0\0\0WAVE" + b"".join(head)
    return tags.with_chunks(start + tags.chunk(b"data", body), [tags.info(title[:200], comment)])
