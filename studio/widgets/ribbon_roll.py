"""The notes of a bar as the ribbon shows them: read from what a generator says of a step, and drawn on a card."""

from __future__ import annotations

import json
import math

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter

from studio.core import media
from studio.core.steps import Preview
from studio.core.values import frozen
from studio.widgets import theme

MOST = 2_000
"""Notes of one bar; more cannot be told apart on a card."""


@frozen
class Roll:
    """Notes as (start, length, pitch): start and length as parts of the whole, pitch as MIDI counts it."""

    notes: tuple[tuple[float, float, int], ...] = ()

    @property
    def lowest(self) -> int:
        """The lowest pitch; 128 where there is none."""
        return min((pitch for _, _, pitch in self.notes), default=128)

    @property
    def highest(self) -> int:
        """The highest pitch; -1 where there is none."""
        return max((pitch for _, _, pitch in self.notes), default=-1)


def roll_of(preview: Preview) -> Roll | None:
    """The notes in a preview, or None where it is none or cannot be read. Notes that make no sense are passed over."""
    if preview.media != media.ROLL or len(preview.data) > 1_000_000:
        return None
    try:
        said = json.loads(preview.data)
        whole = float(said["length"])
        found = [(float(start) / whole, float(length) / whole, int(pitch)) for start, length, pitch in said["notes"]]
    except (ValueError, TypeError, KeyError, ZeroDivisionError, OverflowError, RecursionError):
        return None
    sane = [
        note
        for note in found[:MOST]
        if all(math.isfinite(part) for part in note) and 0 <= note[0] < 1 and note[1] > 0 and 0 <= note[2] < 128
    ]
    return Roll(tuple(sane))


def draw_roll(painter: QPainter, area: QRect, roll: Roll, lowest: int, highest: int) -> None:
    """Draw notes on a card. `lowest` and `highest` are the pitches at its edges, the same on every card of a row."""
    current = theme.tokens()
    room = QRectF(area).adjusted(current.px(5), current.px(5), -current.px(5), -current.px(5))
    lines = max(highest - lowest, 11) + 1
    thick = min(max(room.height() / lines, 1.5), current.px(4))
    centre = (lowest + highest) / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(current.color("accent"))
    for start, length, pitch in roll.notes:
        y = room.center().y() - (pitch - centre) / lines * (room.height() - thick)
        wide = max(min(length, 1 - start) * room.width() - 1, 2)
        painter.drawRoundedRect(QRectF(room.left() + start * room.width(), y - thick / 2, wide, thick), 1, 1)
