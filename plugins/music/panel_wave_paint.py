"""Pictures of a sound: the waveform by its peaks, and the spectrogram. Made as arrays: a line a pixel takes longer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from studio.inference import sound_colours

from . import wave_look, wave_render
from .panel_palette import mixed
from .wave import Wave
from .wave_tape import Shelf

WINDOW = 2048
"""Frames of a spectrum at 48 kHz."""
GAP = 6
"""Pixels between two channels."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is to be drawn: `width` columns from the frame `left` on at `scale` columns a frame, `height` rows."""

    left: float
    scale: float
    width: int
    height: int

    def edges(self) -> npt.NDArray[np.int64]:
        """The first frame of each column, and behind them the end."""
        return np.round(self.left + np.arange(self.width + 1) / self.scale).astype(np.int64)


def lanes(height: int, channels: int, gap: int = GAP) -> list[tuple[int, int]]:
    """(first row, rows) of each channel."""
    if channels == 1:
        return [(0, height)]
    each = (height - gap) // 2
    return [(0, each), (height - each, each)]


def waveform(wave: Wave, shelf: Shelf, sight: Sight, gap: int = GAP) -> npt.NDArray[np.uint8]:
    """[height, width] of 0 (nothing), 1 (peaks), 2 (their mean level), 3 to 5 (the peaks' soft ends), 6 (zero)."""
    low, high, root = wave_look.look(wave, shelf, sight.edges())
    upright = np.zeros((sight.width, sight.height), np.uint8)  # columns are filled in one stroke this way
    shown = int(np.searchsorted(sight.edges()[:-1], wave.length))
    for channel, (top, rows) in enumerate(lanes(sight.height, wave.channels, gap)):
        middle, half = top + (rows - 1) / 2, rows / 2 - 2
        highest, lowest = np.clip(high[:, channel], -1, 1), np.clip(low[:, channel], -1, 1)
        upper, lower = middle - highest * half, middle - lowest * half
        thin = np.maximum(0.5 - (lower - upper) / 2, 0)
        upper, lower = upper - thin, lower + thin
        first, last = np.ceil(upper).astype(np.int64), np.floor(lower).astype(np.int64)
        body = np.minimum(root[:, channel], np.maximum(highest, -lowest)) * half
        centre = middle - (highest + lowest) / 2 * half
        inner = np.maximum(np.ceil(centre - body).astype(np.int64), first).tolist()
        outer = np.minimum(np.floor(centre + body).astype(np.int64), last).tolist()
        ends = zip(first.tolist(), last.tolist(), inner, outer, strict=True)
        upright[:, top + rows // 2] = 6
        for line, (a, b, c, d) in zip(upright[:shown], ends, strict=False):
            line[a : b + 1] = 1
            line[c : d + 1] = 2
        _soften(upright[:shown], (first - 1)[:shown], (first - upper)[:shown])
        _soften(upright[:shown], (last + 1)[:shown], (lower - last)[:shown])
    return np.ascontiguousarray(upright.T)


def _soften(upright: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64], share: npt.NDArray[np.float32]) -> None:
    """Half-covered pixels at the ends of each column, in three shades."""
    good = np.flatnonzero((rows >= 0) & (rows < upright.shape[1]) & (share > 0.2))
    upright[good, rows[good]] = 3 + np.clip((share[good] * 3).astype(np.int64), 0, 2)


def painted(picture: npt.NDArray[np.uint8], back: QColor, line: QColor, peak: QColor, body: QColor) -> QImage:
    """The picture in colours, opaque. It stays a picture of indices: to make another of it costs 3 ms a megapixel."""
    table = [back, peak, body, *(mixed(back, peak, share) for share in (0.3, 0.5, 0.75)), line]
    image = _indexed(picture)
    image.setColorTable([colour.rgb() for colour in table])
    return image


def _indexed(picture: npt.NDArray[np.uint8]) -> QImage:
    height, width = picture.shape
    if width % 4:  # Qt wants whole words
        padded = np.zeros((height, -(-width // 4) * 4), np.uint8)
        padded[:, :width] = picture
        picture = padded
    return QImage(picture.tobytes(), width, height, picture.shape[1], QImage.Format.Format_Indexed8)


# --- the spectrogram ---


def spectrogram(wave: Wave, shelf: Shelf, sight: Sight) -> npt.NDArray[np.uint8]:
    """[height, width] of 0 to 255: time to the right, low notes at the bottom, as pictures of a model's steps are."""
    size = WINDOW if wave.rate > 24_000 else WINDOW // 2
    window = np.hanning(size).astype(np.float32)
    bounds = _rows(sight.height, size, wave.rate)
    out = np.zeros((sight.height, sight.width), np.uint8)
    centres = ((sight.edges()[:-1] + sight.edges()[1:]) // 2) - size // 2
    for begin in range(0, sight.width, 64):
        part = centres[begin : begin + 64]
        rows = np.stack([wave_render.read(wave, shelf, int(at), size).mean(axis=1) for at in part])
        power = np.abs(np.fft.rfft(rows * window, axis=1)) ** 2
        found = _gathered(power, bounds) * (2 / window.sum()) ** 2
        decibels = 10 * np.log10(np.maximum(found, 1e-12))
        span = sound_colours.CEILING - sound_colours.FLOOR
        shade = np.clip((decibels - sound_colours.FLOOR) / span, 0, 1) * 255
        out[:, begin : begin + len(part)] = shade.T[::-1].astype(np.uint8)
    return out


def _rows(height: int, size: int, rate: int) -> npt.NDArray[np.float64]:
    """The bins between which each row lies, lowest first."""
    low, high = sound_colours.mel(sound_colours.LOWEST), sound_colours.mel(min(sound_colours.HIGHEST, rate / 2))
    hertz = sound_colours.hertz(np.linspace(float(low), float(high), height + 1))
    return np.clip(hertz * size / rate, 0.5, size / 2)


def _gathered(power: npt.NDArray[np.float64], bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean power between two bounds (bins, in parts of a bin too)."""
    total = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)
    place = bounds + 0.5  # a bin reaches half a bin to both sides
    whole = np.minimum(place.astype(np.int64), power.shape[1] - 1)
    sums = total[:, whole] + power[:, whole] * (place - whole)
    return np.diff(sums, axis=1) / np.maximum(np.diff(place), 1e-9)


def heated(picture: npt.NDArray[np.uint8]) -> QImage:
    """The spectrogram in the colours that steps of a model have, too."""
    image = _indexed(picture)
    image.setColorTable([0xFF000000 | r << 16 | g << 8 | b for r, g, b in sound_colours.table().tolist()])
    return image.convertToFormat(QImage.Format.Format_RGB32)
