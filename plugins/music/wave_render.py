"""What a Wave sounds like, and what it looks like: pieces, gains and ramps put together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .wave import Clip, Ramp, Voice, Wave
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


def look(wave: Wave, shelf: Shelf, edges: npt.NDArray[np.int64]) -> tuple[Frames, Frames, Frames]:
    """(lowest, highest, root of the mean square) between each two of the ascending `edges`, [n, channels] each. Where
    voices sound together they are as loud as they could be together.
    """
    count = len(edges) - 1
    low, high, square = (np.zeros((count, wave.channels), np.float32) for _ in range(3))
    middles = (edges[:-1] + edges[1:]) / 2
    index = max(0, bisect_right(wave.starts, int(edges[0])) - 1)
    while index < len(wave.clips) and wave.starts[index] < edges[-1]:
        at, clip = wave.starts[index], wave.clips[index]
        end = at + clip.length
        first = max(0, int(np.searchsorted(edges, at, "right")) - 1)
        last = min(count, int(np.searchsorted(edges, end, "left")))
        if first < last:
            part = np.clip(edges[first : last + 1], at, end) - at
            lowest, highest, mean = _clip_look(clip, wave, shelf, part, middles[first:last] - at)
            # A column over a seam shows both sides of it.
            low[first:last] = np.minimum(low[first:last], lowest) if _shared(edges, first, at) else lowest
            high[first:last] = np.maximum(high[first:last], highest) if _shared(edges, first, at) else highest
            share = np.diff(part) / np.maximum(np.diff(edges[first : last + 1]), 1)
            square[first:last] += mean * share[:, None].astype(np.float32)
        index += 1
    return low, high, np.sqrt(square)


def _shared(edges: npt.NDArray[np.int64], column: int, at: int) -> bool:
    return bool(edges[column] < at)


def _clip_look(
    clip: Clip, wave: Wave, shelf: Shelf, part: npt.NDArray[np.int64], middles: npt.NDArray[np.float64]
) -> tuple[Frames, Frames, Frames]:
    count, channels = len(part) - 1, wave.channels
    low, high, square = (np.zeros((count, channels), np.float32) for _ in range(3))
    for voice in clip.voices:
        tape = shelf.get(voice.source, wave.rate)
        if tape is None:
            continue
        if voice.step > 0:
            lowest, highest, mean = tape.peaks(part + voice.start)
        else:
            lowest, highest, mean = (a[::-1] for a in tape.peaks((voice.start + 1 - part)[::-1]))
        if tape.channels > channels:
            lowest, highest, mean = (a.mean(axis=1, keepdims=True) for a in (lowest, highest, mean))
        gains = np.full((count, 1), voice.gain, np.float32)
        for ramp in voice.ramps:
            gains *= level(ramp, np.clip(middles, 0, clip.length))[:, None]
        low += lowest * gains
        high += highest * gains
        square += mean * gains * gains
    return low, high, square
