"""What the rulers of a score and of a sound have in common: a handle for the playhead, the loop, a click and a drag."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from studio.widgets import theme

FAR = 4
"""Pixels from which on a press is a drag."""


class Places(Protocol):
    """Where a tick or a frame stands."""

    def x(self, place: float, /) -> float: ...


class HandleRuler(QWidget):
    """A click goes there (`sought`), a drag may set the loop (`loop_wanted`)."""

    sought = Signal(int)
    loop_wanted = Signal(int, int)

    def __init__(self, places: Places, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places = places
        self._from: float | None = None
        self._playhead = 0.0
        self.loop: tuple[int, int] | None = None
        self.looping = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_playhead(self, place: float) -> None:
        """Move the handle."""
        if place != self._playhead:
            self._playhead = place
            self.update()

    def set_loop(self, start: int, end: int) -> None:
        """The stretch that a loop goes over."""
        self.loop = (start, end)
        self.update()

    def set_looping(self, on: bool) -> None:
        """Whether the loop is gone round, or only kept."""
        self.looping = on
        self.update()

    def _paint_loop(self, painter: QPainter) -> None:
        if self.loop is not None:
            start, end = (self._places.x(place) for place in self.loop)
            colour = theme.tokens().color("accent" if self.looping else "hint")
            painter.fillRect(QRectF(start, 0, end - start, 4), colour)

    def _paint_handle(self, painter: QPainter) -> None:
        x, edge = self._places.x(self._playhead), self.height()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.tokens().color("text"))
        painter.drawPolygon(QPolygonF([QPointF(x - 6, edge - 9), QPointF(x + 6, edge - 9), QPointF(x, edge)]))

    # The mouse

    def _place(self, x: float) -> int:
        """Where a click at that pixel goes."""
        raise NotImplementedError

    def _dragged(self, first: float, last: float, keys: Qt.KeyboardModifier) -> None:
        """The mouse was drawn from one pixel to another; the first is the smaller one."""
        raise NotImplementedError

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag, or go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._from = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag."""
        if self._from is not None and abs(event.position().x() - self._from) >= FAR:
            first, last = sorted((self._from, event.position().x()))
            self._dragged(first, last, event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click without a drag goes there."""
        if self._from is not None and abs(event.position().x() - self._from) < FAR:
            self.sought.emit(self._place(event.position().x()))
        self._from = None
