"""What a Wave sounds like: pieces, gains and ramps put together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .wave import Ramp, Voice, Wave
from .wave_tape import Frames, Shelf, Tape

BLOCK = 65_536


def read(wave: Wave, shelf: Shelf, start: int, frames: int) -> Frames:
    """[frames, channels] from a place on; silence outside, and where a recording is not decoded yet."""
    out = np.zeros((frames, wave.channels), np.float32)
    index = max(0, bisect_right(wave.starts, start) - 1)
    while index < len(wave.clips) and wave.starts[index] < start + frames:
        at, clip = wave.starts[index], wave.clips[index]
        first, last = max(start, at), min(start + frames, at + clip.length)
        if first < last:
            for voice in clip.voices:
                sound = _voice(voice, shelf.get(voice.source, wave.rate), first - at, last - first, wave.channels)
                if sound is not None:
                    out[first - start : last - start] += sound
        index += 1
    return out


def blocks(wave: Wave, shelf: Shelf, start: int = 0, end: int | None = None) -> Iterator[Frames]:
    """All of it, or a range, a little at a time."""
    last = wave.length if end is None else min(end, wave.length)
    for at in range(start, last, BLOCK):
        yield read(wave, shelf, at, min(BLOCK, last - at))


def peak(wave: Wave, shelf: Shelf, start: int, end: int) -> float:
    """The loudest sample of a range."""
    return max((float(np.abs(block).max()) for block in blocks(wave, shelf, start, end) if block.size), default=0.0)


def _voice(voice: Voice, tape: Tape | None, offset: int, frames: int, channels: int) -> Frames | None:
    if tape is None:
        return None
    if voice.step > 0:
        sound = tape.read(voice.start + offset, frames, channels)
    else:
        sound = tape.read(voice.start - offset - frames + 1, frames, channels)[::-1]
    if voice.gain != 1.0:
        sound = sound * np.float32(voice.gain)
    for ramp in voice.ramps:
        sound = sound * level(ramp, np.arange(offset, offset + frames) + 0.5)[:, None]
    return sound


def level(ramp: Ramp, at: npt.NDArray[np.float64]) -> Frames:
    """The gain of a ramp at places of what it lies on (frames from its beginning)."""
    u = np.clip((at + ramp.offset) / ramp.length, 0.0, 1.0)
    if ramp.curve == "soft":
        u = np.sin(u * (np.pi / 2)) ** 2
    elif ramp.curve == "power":
        u = np.sin(u * (np.pi / 2)) if ramp.last >= ramp.first else 1 - np.cos(u * (np.pi / 2))
    return (ramp.first + (ramp.last - ramp.first) * u).astype(np.float32)  # type: ignore[no-any-return]
