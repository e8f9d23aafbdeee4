"""The tracks as chips over the roll: which one is written into, what is heard, and a card with the rest."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QScrollArea, QToolButton, QWidget

from studio.widgets import theme
from studio.widgets.controls import IconButton
from studio.widgets.icons import icon

from . import document_tracks as tracks
from .document import Track
from .instruments import DRUM_KIT, VOICES
from .panel_palette import track_colour
from .panel_rack import Rack
from .panel_sheet import Sheet
from .panel_track_card import TrackCard


class Chip(QAbstractButton):
    """A dot in the track's colour and its name; grey while it is not heard."""

    card_wanted = Signal(str, QPoint)

    def __init__(self, track: Track, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.track = track
        self.heard = True
        self.short = False
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_track(self, track: Track, *, heard: bool, front: bool) -> None:
        """Another state of the same track."""
        self.track, self.heard = track, heard
        self.setChecked(front)
        self.setText(track.name)
        use = "Click to write into this track. Click again or press the menu key for its sound."
        self.setToolTip(f"{track.name}: {track.instrument}\n{use}")
        self.setAccessibleName(f"Track {track.name}")
        said = [track.instrument, "" if heard else "not heard", "solo" if track.solo else "", "in front" * front]
        self.setAccessibleDescription(", ".join(part for part in said if part))
        self.updateGeometry()
        self.update()

    def show_short(self, short: bool) -> None:
        """The dot alone, where the names of all tracks do not fit beside each other."""
        if short != self.short:
            self.short = short
            self.updateGeometry()
            self.update()

    def full_width(self) -> int:
        """Dot, name, room, in pixels."""
        return self.fontMetrics().horizontalAdvance(self._words()) + theme.tokens().px(38)

    def sizeHint(self) -> QSize:
        """As wide as what is shown."""
        colours = theme.tokens()
        return QSize(colours.px(28) if self.short else self.full_width(), colours.px(28))

    def _words(self) -> str:
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, theme.tokens().px(110))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A pill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.tokens()
        box = self.rect().adjusted(1, 1, -1, -1)
        over = self.underMouse()
        painter.setBrush(colours.color("wash" if self.isChecked() else "hover" if over else "field"))
        edge = QPen(colours.color("accent"), 1.6) if self.hasFocus() else Qt.PenStyle.NoPen
        painter.setPen(edge)
        painter.drawRoundedRect(box, theme.S, theme.S)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(track_colour(self.track.colour) if self.heard else colours.color("hint"))
        dot = colours.px(10)
        left = box.center().x() - dot // 2 + 1 if self.short else box.left() + colours.px(8)
        painter.drawEllipse(left, box.center().y() - dot // 2 + 1, dot, dot)
        if self.short:
            return
        painter.setPen(colours.color("text" if self.heard else "hint"))
        words = box.adjusted(colours.px(24), 0, -colours.px(8), 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self._words())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The card."""
        self.card_wanted.emit(self.track.id, self.mapToGlobal(QPoint(0, self.height() + 4)))


class Strip(QScrollArea):
    """A row that the wheel moves along, without scroll bars; `resized` says that there is another room."""

    resized = Signal()

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inside)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell it."""
        super().resizeEvent(event)
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Along the row, whichever way the wheel turns."""
        turned = event.angleDelta()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (turned.x() or turned.y()) // 2)
        event.accept()


class Tracks(QWidget):
    """A row of chips; `model_wanted` asks that the model writes a new track for an instrument."""

    model_wanted = Signal()

    def __init__(self, sheet: Sheet, rack: Rack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet, self._rack = sheet, rack
        self._chips: dict[str, Chip] = {}
        self._inside = QWidget()
        self._row = QHBoxLayout(self._inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.px(6))
        self._row.addStretch(1)
        area = Strip(self._inside)
        area.resized.connect(self._fit)
        area.horizontalScrollBar().rangeChanged.connect(self._show_front)  # chips get their places later
        self._area = area
        self.add = IconButton("plus", "Add a track", kind="icon")
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.add)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        self.add.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(theme.XS))
        row.addWidget(area, 1)
        row.addWidget(self.add)
        area.setFixedHeight(theme.tokens().px(34))
        self._card: TrackCard | None = None
        self._opened = 0
        sheet.edited.connect(self.refresh)
        sheet.chosen.connect(self.refresh)
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_area"):
            self._area.setFixedHeight(theme.tokens().px(34))
            self._fit()

    def refresh(self) -> None:
        """One chip for each track, in order."""
        sheet = self._sheet
        heard = tracks.audible(sheet.score)
        wanted = [t.id for t in sheet.score.tracks]
        if list(self._chips) != wanted:
            for chip in self._chips.values():
                self._row.removeWidget(chip)
                chip.hide()
                chip.deleteLater()
            self._chips = {}
            for place, track in enumerate(sheet.score.tracks):
                chip = Chip(track)
                chip.clicked.connect(lambda _=False, name=track.id: self._clicked(name))
                chip.card_wanted.connect(self.open_card)
                self._chips[track.id] = chip
                self._row.insertWidget(place + 1, chip)
        for track in sheet.score.tracks:
            chip = self._chips[track.id]
            front = track.id == sheet.track_id
            chip.show_track(track, heard=track.id in heard, front=front)
        self._fit()

    def _fit(self) -> None:
        """All names where they fit; otherwise only that of the track in front, and dots for the others."""
        chips, room = self._chips.values(), self._area.viewport().width()
        wanted = sum(chip.full_width() + self._row.spacing() for chip in chips)
        for chip in chips:
            chip.show_short(wanted > room and not chip.isChecked())
        self._show_front()

    def _show_front(self) -> None:
        front = self._chips.get(self._sheet.track_id)
        if front is not None:
            self._area.ensureWidgetVisible(front)

    def _clicked(self, track_id: str) -> None:
        if track_id == self._sheet.track_id:
            chip = self._chips[track_id]
            chip.setChecked(True)
            self.open_card(track_id, chip.mapToGlobal(QPoint(0, chip.height() + 4)))
        else:
            self._sheet.choose_track(track_id)

    def open_card(self, track_id: str, place: QPoint) -> None:
        """Instrument, loudness, place, mute, solo, name, colour."""
        if self._card is not None:
            self._card.close()
        self._opened += 1
        self._card = TrackCard(self._sheet, track_id, self._rack, self)
        self._card.destroyed.connect(lambda _=None, number=self._opened: self._card_gone(number))
        self._card.open_at(place)

    def _card_gone(self, number: int) -> None:
        if number == self._opened:
            self._card = None

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        menu.addAction(icon("sparkle"), "Let the model write one …", self.model_wanted.emit)
        menu.addSeparator()
        for name in VOICES:
            menu.addAction(name[:1].upper() + name[1:], lambda name=name: self.add_empty(name))

    def add_empty(self, instrument: str = DRUM_KIT) -> None:
        """A track without notes, in front."""
        score, name = tracks.add_track(self._sheet.score, instrument)
        if name:
            self._sheet.edit("adding a track", score)
            self._sheet.choose_track(name)
