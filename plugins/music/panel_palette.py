"""The colours of tracks: told apart at a glance in both themes, and quieter than the accent's own controls."""

from __future__ import annotations

from PySide6.QtGui import QColor

from studio.widgets import theme

_DARK = (
    "#7b8cff", "#dd9a55", "#55b08a", "#d583b4", "#c8b65c", "#5fb0d2",
    "#b391f2", "#df7d70", "#93bd66", "#cfa68d", "#86a9c6", "#a9a9b0",
)  # fmt: skip
_LIGHT = (
    "#4453d4", "#b4661a", "#22805a", "#a8487f", "#86700f", "#1f789c",
    "#7848c4", "#b5483b", "#567f24", "#8d6045", "#456d8f", "#66666d",
)  # fmt: skip


def track_colour(index: int) -> QColor:
    """The colour of a track's notes in the present theme."""
    row = _LIGHT if theme.tokens().name == "light" else _DARK
    return QColor(row[index % len(row)])


def mixed(one: QColor, other: QColor, part: float) -> QColor:
    """`part` of the way from one colour to the other."""
    a, b = one.getRgbF(), other.getRgbF()
    return QColor.fromRgbF(*(min(1.0, max(0.0, x + (y - x) * part)) for x, y in zip(a, b, strict=True)))
