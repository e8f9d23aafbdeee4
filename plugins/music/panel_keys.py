"""The keyboard at the left of the roll: tells the rows apart, and sounds where it is pressed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.widgets import theme

from .instruments import DRUM_NAMES
from .names import pitch_name
from .panel_lens import Lens
from .panel_roll import BLACK
from .panel_sheet import Sheet


class Keys(QWidget):
    """`struck` carries the pitch of a pressed key, `let_go` says that none is pressed any more."""

    struck = Signal(int)
    let_go = Signal()

    def __init__(self, sheet: Sheet, lens: Lens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet, self._lens = sheet, lens
        self._down = -1
        self._over = -1
        self.setMouseTracking(True)
        self.setAccessibleName("Keyboard")
        self.setAccessibleDescription("Press a key to hear it in the chosen track's instrument")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        lens.changed.connect(self.update)
        sheet.chosen.connect(self.update)
        sheet.edited.connect(self.update)

    def sizeHint(self) -> QSize:
        """Wide enough for the name of a drum."""
        return QSize(theme.tokens().px(88), 200)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Keys, or the names of the drums."""
        painter = QPainter(self)
        colours, lens = theme.tokens(), self._lens
        track = self._sheet.track
        drums = track is not None and track.drums
        painter.fillRect(self.rect(), colours.color("surface"))
        painter.setFont(theme.font(colours.small))
        light = colours.name == "light"
        white = QColor("#ffffff") if light else QColor("#d6d6d9")
        black = QColor("#5c5c61") if light else QColor("#2b2b2e")
        named: list[tuple[int, QRectF]] = []
        for pitch in range(lens.pitch(self.height()), lens.pitch(0) + 1):
            row = QRectF(0, lens.y(pitch), self.width(), lens.row)
            if drums:
                self._paint_drum(painter, pitch, row)
                continue
            colour = black if pitch % 12 in BLACK else white
            if pitch == self._down:
                colour = colours.color("accent")
            painter.fillRect(row.adjusted(0, 0.5, -1, -0.5), colour)
            if pitch % 12 == 0 or (pitch == self._over and lens.row >= 9):
                named.append((pitch, row))
        for pitch, row in named:  # when all keys are there: low rows are narrower than their names
            painter.setPen(QColor("#1b1b1d") if pitch % 12 not in BLACK else QColor("#ececee"))
            self._write(painter, row, pitch_name(pitch))

    def _paint_drum(self, painter: QPainter, pitch: int, row: QRectF) -> None:
        colours = theme.tokens()
        name = DRUM_NAMES.get(pitch, "")
        if pitch == self._down:
            painter.fillRect(row, colours.color("accent"))
        painter.setPen(QPen(colours.color("line"), 1))
        painter.drawLine(QPointF(0, row.bottom()), QPointF(row.right(), row.bottom()))
        if name:
            painter.setPen(colours.color("on_accent" if pitch == self._down else "text"))
            self._write(painter, row, name)

    def _write(self, painter: QPainter, row: QRectF, words: str) -> None:
        if self._lens.row < 9 and words[:1] != "C":
            return
        tall = max(row.height(), 14.0)
        # In low rows a name hangs down, over the white key below its own; above it is a black one.
        top = row.top() - 1 if tall > row.height() else row.center().y() - tall / 2
        place = QRectF(4, top, self.width() - 11, tall)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), words)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Sound."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._strike(event.position().y())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A glissando while the button is held."""
        over = self._lens.pitch(event.position().y())
        if over != self._over:
            self._over = over
            self.update()
        if self._down >= 0:
            self._strike(event.position().y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Silence."""
        self._down = -1
        self.let_go.emit()
        self.update()

    def leaveEvent(self, event: object) -> None:
        """No key is named any more."""
        self._over = -1
        self.update()

    def _strike(self, y: float) -> None:
        pitch = self._lens.pitch(y)
        if pitch != self._down:
            self._down = pitch
            self.struck.emit(pitch)
            self.update()
