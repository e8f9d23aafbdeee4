"""The mouse and the keys over a waveform: select, zoom to the mouse, scroll, go somewhere; exact to the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from .panel_wave_lens import WaveLens
from .panel_wave_sheet import WaveSheet

if TYPE_CHECKING:
    from .panel_wave_view import WaveView

NEAR = 6
"""Pixels within which an edge is meant, or a mark is snapped to."""
STEP = 12
"""Pixels that an arrow key goes."""


class WaveGestures(QObject):
    """A press puts the cursor, a drag selects, a double click selects what lies between marks."""

    sought = Signal(int)

    def __init__(self, sheet: WaveSheet, lens: WaveLens, view: WaveView) -> None:
        super().__init__(view)
        self._sheet, self._lens, self._view = sheet, lens, view
        self._anchor: int | None = None
        self._pan: float | None = None
        self._moved = False

    def busy(self) -> bool:
        """True while a button is down."""
        return self._anchor is not None or self._pan is not None

    # The mouse

    def press(self, event: QMouseEvent) -> None:
        """Begin."""
        x = event.position().x()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._pan = self._lens.left + x / self._lens.scale
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == Qt.MouseButton.LeftButton:
            start, end = self._sheet.selection
            edge = self._edge(x)
            self._moved = edge is not None
            if edge is not None:
                self._anchor = end if edge == start else start
            elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                middle = (start + end) / 2
                frame = self._frame(x, event)
                self._anchor = end if frame < middle else start
                self._moved = True
                self._sheet.select(*sorted((self._anchor, frame)))
            else:
                self._anchor = self._frame(x, event)

    def move(self, event: QMouseEvent) -> None:
        """Select, or scroll with the middle button."""
        x = event.position().x()
        if self._pan is not None:
            self._lens.scroll(self._pan - x / self._lens.scale)
        elif self._anchor is not None:
            if self._moved or abs(x - self._lens.x(self._anchor)) >= 3:
                self._moved = True
                self._turn_page(x)
                self._sheet.select(*sorted((self._anchor, self._frame(x, event))))
        else:
            shape = Qt.CursorShape.SizeHorCursor if self._edge(x) is not None else Qt.CursorShape.IBeamCursor
            self._view.setCursor(shape)

    def release(self, event: QMouseEvent) -> None:
        """A press without a drag goes there."""
        if event.button() == Qt.MouseButton.MiddleButton:
            self._pan = None
            self._view.setCursor(Qt.CursorShape.IBeamCursor)
        elif self._anchor is not None:
            if not self._moved:
                self._sheet.select(self._anchor, self._anchor)
                self.sought.emit(self._anchor)
            elif not self._sheet.has_range:
                self.sought.emit(self._sheet.cursor)
            self._anchor = None

    def double(self, event: QMouseEvent) -> None:
        """What lies between the marks around it: a region, or from marker to marker."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._anchor = None
            self._sheet.select(*self.between(self._lens.frame(event.position().x())))

    def between(self, frame: int) -> tuple[int, int]:
        """The narrowest stretch between marks around a frame."""
        wave = self._sheet.shown
        inside = [r for r in wave.regions if r.start <= frame < r.end]
        if inside:
            region = min(inside, key=lambda r: r.end - r.start)
            return region.start, region.end
        places = [0, wave.length, *(m.at for m in wave.markers), *(p for r in wave.regions for p in (r.start, r.end))]
        return max(p for p in places if p <= frame), min((p for p in places if p > frame), default=wave.length)

    def wheel(self, event: QWheelEvent) -> None:
        """To the mouse; with Shift, or sideways, along the time."""
        turn = event.angleDelta()
        steps = (turn.y() or turn.x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or abs(turn.x()) > abs(turn.y()):
            self._lens.scroll(self._lens.left - steps * 90 / self._lens.scale)
        else:
            self._lens.zoom(1.25**steps, event.position().x())
        event.accept()

    # The keys

    def key(self, event: QKeyEvent) -> bool:
        """Arrows move the cursor, with Ctrl by one sample, with Shift they select. False for all others."""
        keys = event.modifiers()
        shift = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        step = 1 if keys & Qt.KeyboardModifier.ControlModifier else max(1, round(STEP / self._lens.scale))
        start, end = self._sheet.selection
        length = self._sheet.shown.length
        # With Shift the later edge moves, and the selection never turns around.
        moves = {
            Qt.Key.Key_Left: (end - step) if shift else start - step,
            Qt.Key.Key_Right: (end + step) if shift else (end if end > start else end + step),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: length,
        }
        if event.key() == Qt.Key.Key_Up or event.key() == Qt.Key.Key_Down:
            if shift or keys & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier):
                return False
            self._lens.zoom(1.5 if event.key() == Qt.Key.Key_Up else 1 / 1.5, self._lens.x(start))
            return True
        if event.key() not in moves or keys & Qt.KeyboardModifier.AltModifier:
            return False
        to = max(0, min(length, moves[Qt.Key(event.key())]))
        if shift and event.key() == Qt.Key.Key_Home:
            self._sheet.select(0, end)
        elif shift:
            self._sheet.select(start, max(start, to))
        else:
            self._sheet.select(to, to)
            self.sought.emit(to)
        self._lens.reveal(to)
        return True

    # Where

    def _edge(self, x: float) -> int | None:
        if not self._sheet.has_range:
            return None
        near = [p for p in self._sheet.selection if abs(self._lens.x(p) - x) < NEAR]
        return min(near, key=lambda p: abs(self._lens.x(p) - x)) if near else None

    def _frame(self, x: float, event: QMouseEvent) -> int:
        """The frame there; marks pull it unless Ctrl is down."""
        frame = self._lens.frame(x)
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return frame
        wave = self._sheet.shown
        places = [0, wave.length, *(m.at for m in wave.markers), *(p for r in wave.regions for p in (r.start, r.end))]
        near = min(places, key=lambda p: abs(p - frame))
        return near if abs(self._lens.x(near) - x) < NEAR else frame

    def _turn_page(self, x: float) -> None:
        if x < 0:
            self._lens.scroll(self._lens.left + x / self._lens.scale)
        elif x > self._view.width():
            self._lens.scroll(self._lens.left + (x - self._view.width()) / self._lens.scale)
