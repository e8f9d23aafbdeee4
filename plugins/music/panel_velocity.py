"""The lane below the roll: a stem for each note of the track in front, as high as the note is loud."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from studio.widgets import theme

from . import document_edit as edits
from .document import Note, Score
from .panel_lens import Lens
from .panel_palette import mixed, track_colour
from .panel_sheet import Sheet

STEM = 4.0
PLAIN = 600
"""Above so many stems only what is seen of them is drawn."""


class VelocityLane(QWidget):
    """Drag over stems to draw their heights; where notes are selected only those follow."""

    def __init__(self, sheet: Sheet, lens: Lens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet, self._lens = sheet, lens
        self._before: Score | None = None
        self._last = QPointF()
        self.setAccessibleName("Velocity")
        self.setAccessibleDescription("How loud each note is; drag to draw")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        for said in (lens.changed, sheet.edited, sheet.chosen):
            said.connect(self.update)

    def sizeHint(self) -> QSize:
        """High enough to aim at a velocity."""
        return QSize(400, theme.tokens().px(56))

    def _room(self) -> QRectF:
        return QRectF(0, 8, self.width(), self.height() - 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Stems."""
        painter = QPainter(self)
        colours, track, lens = theme.tokens(), self._sheet.track, self._lens
        painter.fillRect(self.rect(), colours.color("window"))
        painter.setPen(colours.color("line"))
        painter.drawLine(QPointF(0, 0.5), QPointF(self.width(), 0.5))
        if track is None:
            return
        colour, chosen = track_colour(track.colour), self._sheet.selection
        width = min(STEM, max(2.0, self._sheet.step() * lens.scale * 0.6))
        rows = track.sounding(*lens.span())
        left, loud = (track.starts[rows] - lens.left) * lens.scale, track.velocities[rows]
        quiet = mixed(colours.color("window"), colour, 0.45 if chosen else 1.0)
        mine = np.isin(track.ids[rows], np.fromiter(chosen, np.int64)) if chosen else np.zeros(len(rows), bool)
        for meant, ink in ((~mine, quiet), (mine, mixed(colour, colours.color("text"), 0.35))):
            if meant.any():
                self._draw_stems(painter, left[meant], loud[meant], width, ink)

    def _draw_stems(self, painter: QPainter, left: np.ndarray, loud: np.ndarray, width: float, ink: QColor) -> None:
        room = self._room()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        tall = room.height() * loud / 127
        if len(left) > PLAIN:
            self._draw_columns(painter, left, tall, int(width), ink)
            return
        bottom = room.bottom()
        painter.drawRects([QRectF(x, bottom - y, width, y) for x, y in zip(left.tolist(), tall.tolist(), strict=True)])

    def _draw_columns(self, painter: QPainter, left: np.ndarray, tall: np.ndarray, width: int, ink: QColor) -> None:
        """Stems that stand in each other's way: of each column of pixels the highest is seen."""
        room = self._room().toRect()
        high = np.zeros(self.width() + 8)
        for step in range(width):
            np.maximum.at(high, np.clip(left.astype(int) + step, 0, len(high) - 1), tall)
        below = np.arange(room.height(), 0, -1)[:, None] <= high[None, : self.width()]
        pixels = np.where(below, np.uint32(ink.rgba() | 0xFF000000), np.uint32(0))
        image = QImage(
            pixels.data, self.width(), room.height(), pixels.strides[0], QImage.Format.Format_ARGB32_Premultiplied
        )
        painter.drawImage(room.topLeft(), image)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to draw."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._before = self._sheet.score
            self._last = event.position()
            self._draw_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw on."""
        if self._before is not None:
            self._draw_to(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """One entry of the undo stack."""
        before, self._before = self._before, None
        if before is not None and before is not self._sheet.score:
            self._sheet.edit("drawing velocities", self._sheet.score, before=before)

    def _draw_to(self, place: QPointF) -> None:
        sheet, lens, room, track = self._sheet, self._lens, self._room(), self._sheet.track
        a, b = sorted((self._last, place), key=lambda p: p.x())
        reach = STEM + 2
        found: dict[int, int] = {}
        if track is not None:
            for note in track.between(int(lens.tick(a.x() - reach)), int(lens.tick(b.x() + 1)) + 1):
                if self._meant(note, a.x() - reach, b.x() + 1):
                    part = 0.0 if b.x() == a.x() else (lens.x(note.start) - a.x()) / (b.x() - a.x())
                    y = a.y() + (b.y() - a.y()) * min(1.0, max(0.0, part))
                    found[note.id] = round(127 * (room.bottom() - y) / room.height())
        self._last = place
        if found:
            sheet.show(edits.set_velocity(sheet.score, list(found), found))

    def _meant(self, note: Note, left: float, right: float) -> bool:
        chosen = self._sheet.selection
        return left <= self._lens.x(note.start) <= right and (not chosen or note.id in chosen)
