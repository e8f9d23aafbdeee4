"""Notes as arrays, so that ten thousand of them are drawn as fast as ten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF

from .document import Ints, Note, Track


@dataclass(frozen=True, slots=True)
class Columns:
    """What a track's notes look like, as arrays: made once for each change of the track."""

    notes: tuple[Note, ...]
    ids: Ints
    velocities: Ints
    locked: np.ndarray

    @classmethod
    def of(cls, track: Track) -> Columns:
        count = len(track.notes)
        return cls(
            track.notes,
            np.fromiter((n.id for n in track.notes), np.int64, count),
            np.fromiter((n.velocity for n in track.notes), np.int64, count),
            np.fromiter((n.locked for n in track.notes), bool, count),
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows of a track's columns that are in sight, and where: [n, 4] of x, y, width, height."""

    columns: Columns
    rows: Ints
    places: np.ndarray

    def among(self, ids: frozenset[int]) -> np.ndarray:
        """Which of them are among those notes."""
        if not ids:
            return np.zeros(len(self.rows), bool)
        return np.isin(self.columns.ids[self.rows], np.fromiter(ids, np.int64, len(ids)))

    def rects(self, which: np.ndarray) -> list[QRectF]:
        """Those, to be drawn."""
        return [QRectF(x, y, width, height) for x, y, width, height in self.places[which].tolist()]
