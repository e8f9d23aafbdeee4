"""What a Wave looks like: lowest, highest and mean level of each column, however many pieces it is made of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .wave import Voice, Wave
from .wave_render import level, read
from .wave_tape import Frames, Peaks, Shelf

Ints = npt.NDArray[np.int64]
Looks = tuple[Frames, Frames, Frames]


@dataclass(frozen=True, slots=True)
class _Parts:
    """Stretches of recordings, one a column and voice: `column`, its share of the column, and where in the recording it
    lies (`begin` to before `end`); `gain` is what it is multiplied by.
    """

    column: Ints
    share: Frames
    begin: Ints
    end: Ints
    gain: Frames


def look(wave: Wave, shelf: Shelf, edges: Ints) -> Looks:
    """(lowest, highest, root of the mean square) between each two of the ascending `edges` (frames), [n, channels]
    each. Where voices sound together, the louder one is seen.
    """
    count = len(edges) - 1
    low, high, square = (np.zeros((count, wave.channels), np.float32) for _ in range(3))
    first = max(0, bisect_right(wave.starts, int(edges[0])) - 1)
    last = min(len(wave.clips), bisect_left(wave.starts, int(edges[-1])))
    by_source: dict[str, list[tuple[int, int, Voice]]] = {}
    for index in range(first, last):
        at, clip = wave.starts[index], wave.clips[index]
        for voice in clip.voices:
            by_source.setdefault(voice.source, []).append((at, at + clip.length, voice))
    for source, voices in by_source.items():
        tape = shelf.get(source, wave.rate)
        if tape is None or not tape.frames:
            continue
        span = float(edges[-1] - edges[0]) / count
        peaks = next((each for each in reversed(tape.levels) if each.size <= span), None)
        if peaks is None:
            return _near(wave, shelf, edges)
        parts = _parts(edges, voices, tape.frames)
        if len(parts.column):
            _put(parts, peaks, (low, high, square))
    return low, high, np.sqrt(square)


def _near(wave: Wave, shelf: Shelf, edges: Ints) -> Looks:
    """So near that the samples themselves are looked at."""
    begin = int(edges[0])
    sound = read(wave, shelf, begin, max(1, int(edges[-1]) - begin))
    lines = np.ascontiguousarray(sound.T)  # a reduction along what lies together is five times as fast
    starts = np.clip(edges[:-1] - begin, 0, len(sound) - 1)
    sizes = np.maximum(np.diff(np.append(starts, len(sound))), 1).astype(np.float32)
    mean = np.add.reduceat(lines * lines, starts, axis=1) / sizes
    return np.minimum.reduceat(lines, starts, axis=1).T, np.maximum.reduceat(lines, starts, axis=1).T, np.sqrt(mean.T)


def _parts(edges: Ints, voices: list[tuple[int, int, Voice]], frames: int) -> _Parts:
    """The stretches that the voices of one recording have in the columns."""
    count = len(edges) - 1
    starts = np.array([start for start, _, _ in voices], np.int64)
    ends = np.array([end for _, end, _ in voices], np.int64)
    source = np.array([voice.start for _, _, voice in voices], np.int64)
    steps = np.array([voice.step for _, _, voice in voices], np.int64)
    first = np.clip(np.searchsorted(edges, starts, "right") - 1, 0, count)
    last = np.clip(np.searchsorted(edges, ends, "left"), 0, count)
    sizes = np.maximum(last - first, 0)
    which = np.repeat(np.arange(len(voices)), sizes)
    offsets = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    column = first[which] + offsets
    begin = np.maximum(edges[column], starts[which]) - starts[which]
    end = np.minimum(edges[column + 1], ends[which]) - starts[which]
    share = (end - begin) / np.maximum(edges[column + 1] - edges[column], 1)
    gain = np.array([voice.gain for _, _, voice in voices], np.float32)[which]
    turns = np.concatenate([[0], np.cumsum(sizes)])
    for number, (_, _, voice) in enumerate(voices):
        rows = slice(turns[number], turns[number + 1])
        for ramp in voice.ramps:
            gain[rows] *= level(ramp, (begin[rows] + end[rows]) / 2)
    forward = steps[which] > 0
    one = np.where(forward, source[which] + begin, source[which] + 1 - end)
    other = np.where(forward, source[which] + end, source[which] + 1 - begin)
    good = (other > 0) & (one < frames) & (end > begin)
    one, other = np.clip(one, 0, frames - 1), np.clip(other, 1, frames)
    return _Parts(column[good], share[good].astype(np.float32), one[good], other[good], gain[good])


def _put(parts: _Parts, peaks: Peaks, out: Looks) -> None:
    """Gather the peaks of the stretches into their columns."""
    channels = out[0].shape[1]
    rows = len(peaks.low)
    first = np.clip(parts.begin // peaks.size, 0, rows - 1)
    last = np.clip(-(-parts.end // peaks.size), first + 1, rows)
    order = np.argsort(parts.column, kind="stable")
    columns = parts.column[order]
    turns = np.flatnonzero(np.diff(columns, prepend=-1))
    gain, share = parts.gain[order, None], parts.share[order, None]
    sizes = (last - first)[order, None].astype(np.float32)
    works = (
        (np.minimum, peaks.low, gain),
        (np.maximum, peaks.high, gain),
        (np.add, peaks.square, gain * gain * share / sizes),
    )
    for number, (work, values, factor) in enumerate(works):
        found = _spans(work, values, first, last)[order] * factor
        if found.shape[1] > channels:
            found = found.mean(axis=1, keepdims=True)
        gathered = work.reduceat(found, turns, axis=0)
        target = out[number]
        target[columns[turns]] = work(target[columns[turns]], gathered)


def _spans(work: np.ufunc, values: Frames, first: Ints, last: Ints) -> Frames:
    """`work` over the rows from `first` to before `last`, for any spans in any order."""
    begin, end = int(first.min()), int(last.max())
    part = np.concatenate([values[begin:end], values[end - 1 : end]])  # an end may lie behind the last row
    pairs = np.empty(2 * len(first), np.int64)
    pairs[0::2], pairs[1::2] = first - begin, last - begin
    return np.asarray(work.reduceat(part, pairs, axis=0)[::2])
