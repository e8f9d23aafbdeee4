"""Notes as arrays, so that ten thousand of them are drawn as fast as ten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from .document import Ints, Track

PITCHES = 128


class Raster:
    """A picture of very many notes: one row of pixels for each pitch, stretched to its height at the end."""

    def __init__(self, width: int) -> None:
        self._rows = np.zeros((PITCHES, width), np.uint32)

    def fill(self, pitches: Ints, left: np.ndarray, width: np.ndarray, inks: np.ndarray) -> None:
        """Bars from `left`, `width` pixels wide, in colours as 0xAARRGGBB; later ones cover earlier ones."""
        size = self._rows.shape[1]
        begin = np.clip(np.floor(left), 0, size).astype(np.int64)
        counts = np.clip(np.ceil(left + width), 0, size).astype(np.int64) - begin
        total = int(counts.sum())
        places = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(begin, counts)
        self._rows[np.repeat(pitches, counts), places] = np.repeat(inks, counts)

    def draw(self, painter: QPainter, top: Callable[[int], float], tall: float, bottom: float) -> None:
        """Each pitch that has bars and is in sight, as high as its row: `top` says where that begins."""
        width = self._rows.shape[1]
        image = QImage(
            self._rows.data, width, PITCHES, self._rows.strides[0], QImage.Format.Format_ARGB32_Premultiplied
        )
        for pitch in np.flatnonzero(self._rows.any(axis=1)).tolist():
            y = top(pitch)
            if -tall < y < bottom:
                painter.drawImage(QRectF(0, y, width, tall), image, QRectF(0, pitch, width, 1))


def argb(colours: list[QColor]) -> np.ndarray:
    """Opaque colours as numbers."""
    return np.array([colour.rgba() | 0xFF000000 for colour in colours], np.uint32)


@dataclass(frozen=True, slots=True)
class Seen:
    """The notes of a track that are in sight, and where: [n, 4] of x, y, width, height."""

    track: Track
    rows: Ints
    places: np.ndarray

    def among(self, ids: frozenset[int]) -> np.ndarray:
        """Which of them are among those notes."""
        if not ids:
            return np.zeros(len(self.rows), bool)
        return np.isin(self.track.ids[self.rows], np.fromiter(ids, np.int64, len(ids)))

    def rects(self, which: np.ndarray) -> list[QRectF]:
        """Those, to be drawn."""
        return [QRectF(x, y, width, height) for x, y, width, height in self.places[which].tolist()]
