"""Over the waveform: the time, or the bars where the tempo is known; and a lane of named regions and markers."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from studio.widgets import theme

from . import wave_edit as edits
from .panel_handle_ruler import HandleRuler
from .panel_palette import mixed, track_colour
from .panel_wave_lens import WaveLens
from .panel_wave_sheet import WaveSheet
from .wave import Marker, Region, Wave, spoken_time

FAR = 4
NEAR = 6
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800)


class TimeRuler(HandleRuler):
    """A click goes there, a drag sets the loop."""

    def __init__(self, sheet: WaveSheet, lens: WaveLens, parent: QWidget | None = None) -> None:
        super().__init__(lens, parent)
        self._sheet, self._lens = sheet, lens
        self.bars = False
        """Bars instead of seconds; only where the tempo is known."""
        self.setAccessibleName("Time")
        self.setAccessibleDescription("Click to go there. Drag to loop.")
        for said in (lens.changed, sheet.edited, sheet.chosen):
            said.connect(self.update)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(400, theme.tokens().px(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Numbers and ticks, the loop, the selection, the handle."""
        painter = QPainter(self)
        colours, lens, sheet = theme.tokens(), self._lens, self._sheet
        painter.fillRect(self.rect(), colours.color("window"))
        if sheet.has_range:
            start, end = (lens.x(frame) for frame in sheet.selection)
            painter.fillRect(QRectF(start, 0, end - start, self.height()), colours.color("wash"))
        self._paint_loop(painter)
        if sheet.shown.length:
            self._paint_ticks(painter)
            self._paint_handle(painter)

    def _paint_ticks(self, painter: QPainter) -> None:
        colours, lens, wave = theme.tokens(), self._lens, self._sheet.shown
        painter.setFont(theme.font(colours.small))
        metrics = painter.fontMetrics()
        if self.bars and wave.tempo > 0:
            step, small, words = self._bars(wave, metrics.horizontalAdvance("0000") + 24)
            origin = wave.first_beat
        else:
            step, small, words = self._seconds(wave, metrics.horizontalAdvance("00:00.000") + 24)
            origin = 0
        line, edge = mixed(colours.color("window"), colours.color("muted"), 0.5), self.height()
        first = int((lens.left - origin) // small) if small * lens.scale >= 3 else None
        painter.setPen(mixed(colours.color("window"), colours.color("line"), 1.0))
        place = first
        while place is not None and (frame := origin + place * small) <= min(
            wave.length, lens.left + self.width() / lens.scale
        ):
            x = lens.x(frame)
            painter.drawLine(QPointF(x, edge - 5), QPointF(x, edge))
            place += 1
        number = int((lens.left - origin) // step)
        while (frame := origin + number * step) <= min(wave.length, lens.left + self.width() / lens.scale):
            if frame >= 0:
                x = lens.x(frame)
                painter.setPen(line)
                painter.drawLine(QPointF(x, edge - 10), QPointF(x, edge))
                painter.setPen(colours.color("muted"))
                if x + 5 + metrics.horizontalAdvance(words(number)) < self.width():
                    painter.drawText(QPointF(x + 5, edge - 9), words(number))
            number += 1

    def _seconds(self, wave: Wave, room: float):  # type: ignore[no-untyped-def]
        wanted = room / self._lens.scale / wave.rate
        step = next((s for s in _STEPS if s >= wanted), _STEPS[-1])
        digits = 0 if step >= 1 else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
        small = step / (5 if str(step)[-1] in "15" or step in (10, 15, 60) else 4)
        return step * wave.rate, small * wave.rate, lambda n: spoken_time(n * step, digits=digits)

    def _bars(self, wave: Wave, room: float):  # type: ignore[no-untyped-def]
        beat = wave.rate * 60 / wave.tempo
        step = beat * wave.beats
        every = 1
        while step * every * self._lens.scale < room:
            every *= 2
        return step * every, beat if every == 1 else step, lambda n: str(n * every + 1)

    def _place(self, x: float) -> int:
        return self._lens.frame(x)

    def _dragged(self, first: float, last: float, keys: Qt.KeyboardModifier) -> None:
        self.loop_wanted.emit(self._lens.frame(first), self._lens.frame(last))


class RegionLane(QWidget):
    """Regions as named bars, markers as flags. A click selects, a drag at an edge moves it, a double click renames."""

    rename_wanted = Signal(object)
    menu_wanted = Signal(object, object)
    sought = Signal(int)

    def __init__(self, sheet: WaveSheet, lens: WaveLens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet, self._lens = sheet, lens
        self._held: tuple[Region | Marker, str, Wave] | None = None
        self._moved = False
        self.setAccessibleName("Regions")
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        for said in (lens.changed, sheet.edited, sheet.chosen):
            said.connect(self.update)
        sheet.edited.connect(self._describe)
        self._describe()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(400, theme.tokens().px(24))

    def _describe(self) -> None:
        wave = self._sheet.shown
        names = [r.name for r in wave.regions] + [f"marker {m.name}" for m in wave.markers]
        self.setAccessibleDescription(", ".join(names[:40]) or "No regions yet. Select a range and press R.")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars and flags."""
        painter = QPainter(self)
        colours, lens, wave = theme.tokens(), self._lens, self._sheet.shown
        painter.fillRect(self.rect(), colours.color("window"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(colours.small))
        metrics, edge = painter.fontMetrics(), self.height()
        for region in wave.regions:
            x, end = lens.x(region.start), lens.x(region.end)
            if end < 0 or x > self.width():
                continue
            colour = track_colour(region.colour)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mixed(colours.color("window"), colour, 0.3))
            place = QRectF(x + 0.5, 2, max(3.0, end - x - 1), edge - 4)
            painter.drawRoundedRect(place, 4, 4)
            painter.fillRect(QRectF(x + 0.5, 2, 3, edge - 4), colour)
            painter.setPen(colours.color("text"))
            flags = [lens.x(m.at) + self._flag(m) for m in wave.markers if x - 8 < lens.x(m.at) < x + 40]
            left = max(4.0, x + 8, *(flag + 4 for flag in flags))
            room = end - left - 4
            if room > 16:
                words = metrics.elidedText(region.name, Qt.TextElideMode.ElideRight, int(room))
                painter.drawText(QRectF(left, 0, room, edge), Qt.AlignmentFlag.AlignVCenter, words)
        for marker in wave.markers:
            x = lens.x(marker.at)
            words = metrics.elidedText(marker.name, Qt.TextElideMode.ElideRight, 120)
            wide = self._flag(marker)
            if -wide < x < self.width():
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colours.color("warning"))
                painter.drawRoundedRect(QRectF(x, 3, wide, edge - 6), 3, 3)
                painter.setPen(colours.color("window"))
                painter.drawText(QRectF(x + 6, 0, wide, edge), Qt.AlignmentFlag.AlignVCenter, words)
        if not wave.regions and not wave.markers and wave.length:
            painter.setPen(colours.color("muted"))
            words = "Select a range and press R to name it; M sets a marker"
            words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, self.width() - 16)
            painter.drawText(QRectF(8, 0, self.width() - 16, edge), Qt.AlignmentFlag.AlignVCenter, words)

    def _flag(self, marker: Marker) -> int:
        """How wide a marker's flag is."""
        metrics = QFontMetrics(theme.font(theme.tokens().small))
        return min(120, metrics.horizontalAdvance(marker.name)) + 12

    # Which one

    def mark_at(self, x: float) -> tuple[Region | Marker, str] | None:
        """The mark under x, and what of it: "start", "end" or "all"."""
        lens, wave = self._lens, self._sheet.wave
        for marker in reversed(wave.markers):
            if lens.x(marker.at) - 2 <= x <= lens.x(marker.at) + self._flag(marker):
                return marker, "all"
        for region in reversed(wave.regions):
            start, end = lens.x(region.start), lens.x(region.end)
            if abs(x - end) < NEAR and end - start > 3 * NEAR:
                return region, "end"
            if abs(x - start) < NEAR and end - start > 3 * NEAR:
                return region, "start"
            if start <= x < end:
                return region, "all"
        return None

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a mark."""
        found = self.mark_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and found is not None and self._sheet.ghost_span is None:
            self._held = (*found, self._sheet.wave)
            self._moved = False
            mark = found[0]
            if isinstance(mark, Region) and found[1] == "all":
                self._sheet.select(mark.start, mark.end)
            elif isinstance(mark, Marker):
                self._sheet.select(mark.at, mark.at)
                self.sought.emit(mark.at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move an edge or a marker."""
        x = event.position().x()
        if self._held is None:
            found = self.mark_at(x)
            edge = found is not None and found[1] in ("start", "end")
            self.setCursor(Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor)
            return
        mark, part, before = self._held
        frame = self._lens.frame(x)
        if isinstance(mark, Marker):
            if self._moved or abs(self._lens.x(mark.at) - x) > FAR:
                self._moved = True
                self._sheet.show(edits.set_marker(before, replace(mark, at=frame)))
        elif part == "start":
            self._moved = True
            self._sheet.show(edits.set_region(before, replace(mark, start=min(frame, mark.end - 1))))
        elif part == "end":
            self._moved = True
            self._sheet.show(edits.set_region(before, replace(mark, end=max(frame, mark.start + 1))))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The whole drag is one entry of the undo stack."""
        if self._held is not None and self._moved:
            mark, _, before = self._held
            words = "moving a marker" if isinstance(mark, Marker) else "another length of a region"
            self._sheet.edit(words, self._sheet.wave, before=before)
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Rename."""
        found = self.mark_at(event.position().x())
        if found is not None:
            self._held = None
            self.rename_wanted.emit(found[0])

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Rename, colour, remove."""
        found = self.mark_at(event.pos().x())
        if found is not None:
            self.menu_wanted.emit(found[0], event.globalPos())
