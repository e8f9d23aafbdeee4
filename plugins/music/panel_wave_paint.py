"""Pictures of a sound: the waveform by its peaks, and the spectrogram. Made as arrays: a line a pixel takes longer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from studio.inference import sound_colours

from . import wave_render
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
    """[height, width] of 0 (nothing), 1 (peaks), 2 (their mean level) and 3 to 5 (the peaks' soft ends)."""
    low, high, root = wave_render.look(wave, shelf, sight.edges())
    picture = np.zeros((sight.height, sight.width), np.uint8)
    ended = sight.edges()[:-1] >= wave.length
    for channel, (top, rows) in enumerate(lanes(sight.height, wave.channels, gap)):
        middle, half = (rows - 1) / 2, rows / 2 - 2
        lane = picture[top : top + rows]
        at = np.arange(rows, dtype=np.float32)[:, None]
        upper = middle - np.clip(high[:, channel], -1, 1) * half
        lower = middle - np.clip(low[:, channel], -1, 1) * half
        thin = np.maximum(0.5 - (lower - upper) / 2, 0)
        upper, lower = upper - thin, lower + thin
        first, last = np.ceil(upper), np.floor(lower)
        lane[(at >= first) & (at <= last)] = 1
        _soften(lane, first - 1, first - upper)
        _soften(lane, last + 1, lower - last)
        body = np.minimum(root[:, channel], np.maximum(high[:, channel], -low[:, channel])) * half
        centre = middle - (np.clip(high[:, channel], -1, 1) + np.clip(low[:, channel], -1, 1)) / 2 * half
        lane[(np.abs(at - centre) <= body) & (lane == 1)] = 2
        lane[:, ended] = 0
    return picture


def _soften(lane: npt.NDArray[np.uint8], rows: npt.NDArray[np.float32], share: npt.NDArray[np.float32]) -> None:
    """Half-covered pixels at the ends of each column, in three shades."""
    columns = np.arange(lane.shape[1])
    good = (rows >= 0) & (rows < lane.shape[0]) & (share > 0.2)
    place = rows[good].astype(np.int64)
    lane[place, columns[good]] = 3 + np.clip((share[good] * 3).astype(np.int64), 0, 2)


def painted(picture: npt.NDArray[np.uint8], peak: QColor, body: QColor) -> QImage:
    """The picture in two colours, on nothing."""
    table = [0, peak.rgba(), body.rgba()]
    for share in (0.3, 0.5, 0.75):
        soft = QColor(peak)
        soft.setAlphaF(soft.alphaF() * share)
        table.append(soft.rgba())
    height, width = picture.shape
    padded = np.zeros((height, -(-width // 4) * 4), np.uint8)
    padded[:, :width] = picture
    image = QImage(padded.tobytes(), width, height, padded.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable(table)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


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
    height, width = picture.shape
    padded = np.zeros((height, -(-width // 4) * 4), np.uint8)
    padded[:, :width] = picture
    image = QImage(padded.tobytes(), width, height, padded.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable([0xFF000000 | r << 16 | g << 8 | b for r, g, b in sound_colours.table().tolist()])
    return image.convertToFormat(QImage.Format.Format_RGB32)
