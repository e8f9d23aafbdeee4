"""Time, regions, waveform and level around one lens, with their scroll bar, and what floats over them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QScrollBar, QWidget

from studio.api import Problem
from studio.widgets import theme
from studio.widgets.empty import EmptyState
from studio.widgets.errors import ErrorCard

from .panel_bar import TakesBar
from .panel_wave_bars import Meter
from .panel_wave_lens import WaveLens
from .panel_wave_ruler import RegionLane, TimeRuler
from .panel_wave_sheet import WaveSheet
from .panel_wave_view import WaveView

CARD_WIDTH = 520
SCROLL_UNITS = 10_000
WELCOME = "Nothing is here yet"
HOW_TO_BEGIN = "Open a WAV, FLAC, OGG, Opus or MP3 file, or drop one here."
OR_GENERATE = "\nOr describe a sound below and press Generate."


class Desk(QWidget):
    """`sought` carries a frame to go to, `open_wanted` asks for a file, `try_again` is the error card's button."""

    sought = Signal(int)
    open_wanted = Signal()
    try_again = Signal()

    def __init__(self, sheet: WaveSheet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = sheet
        self.lens = WaveLens(self)
        self.ruler = TimeRuler(sheet, self.lens)
        self.regions = RegionLane(sheet, self.lens)
        self.view = WaveView(sheet, self.lens)
        self.meter = Meter()
        self._across = QScrollBar(Qt.Orientation.Horizontal)
        self.follow = True
        """Turn the page with the playhead."""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.ruler, 0, 0)
        grid.addWidget(self.regions, 1, 0)
        grid.addWidget(self.view, 2, 0)
        grid.addWidget(self.meter, 0, 1, 3, 1)
        grid.addWidget(self._across, 3, 0)
        grid.setRowStretch(2, 1)
        grid.setColumnStretch(0, 1)
        self.empty = EmptyState(WELCOME, HOW_TO_BEGIN, "Open a sound…", icon="waves", parent=self.view)
        self.empty.triggered.connect(self.open_wanted)
        self.takes = TakesBar(self.view)
        self.card = ErrorCard(Problem(""), parent=self)
        self.card.hide()
        self.card.acted.connect(self.try_again)
        self.card.resized.connect(self._place_card)
        self._sizes()
        self.lens.changed.connect(self._show_place)
        sheet.edited.connect(self._follow_document)
        self._across.valueChanged.connect(self._scrolled)
        self.ruler.sought.connect(self.sought)
        self.view.sought.connect(self.sought)
        self.regions.sought.connect(self.sought)
        self.view.installEventFilter(self)
        self.setFocusProxy(self.view)
        self._opening = ""
        self._can_generate = False
        self._follow_document()

    def _sizes(self) -> None:
        self.ruler.setFixedHeight(self.ruler.sizeHint().height())
        self.regions.setFixedHeight(self.regions.sizeHint().height())
        self.meter.setFixedWidth(self.meter.sizeHint().width())

    def changeEvent(self, event: QEvent) -> None:
        """Texts of another size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "meter"):
            self._sizes()

    def set_playhead(self, frame: float, *, moving: bool) -> None:
        """What is heard, or where it will begin."""
        if moving and self.follow and not self.view.gestures.busy():
            self.lens.reveal(frame)
        self.view.set_playhead(frame)
        self.ruler.set_playhead(frame)

    def show_problem(self, problem: Problem | None, *, action: str = "") -> None:
        """Say what went wrong and what to do; None takes the card away."""
        self.card.setVisible(problem is not None)
        if problem is not None:
            self.card.set_problem(problem, action=action)
            self._place_card()
            self.card.raise_()

    def show_opening(self, words: str) -> None:
        """What is being read from a file; "" when it is there."""
        self._opening = words
        self._show_empty()

    def set_possible(self, possible: bool) -> None:
        """Whether there is a model to ask."""
        self._can_generate = possible
        self._show_empty()

    def _show_empty(self) -> None:
        there = self.sheet.shown.length > 0 or self.sheet.ghost_span is not None
        self.empty.setVisible(not there)
        if self._opening:
            self.empty.set_words(self._opening, "Long files take some seconds.")
        else:
            words = HOW_TO_BEGIN + (OR_GENERATE if self._can_generate else "")
            self.empty.set_words(WELCOME, words, "Open a sound…")

    def _follow_document(self) -> None:
        span, wave = self.sheet.ghost_span, self.sheet.shown
        self.lens.set_length(max(wave.length, span[1] if span is not None else 0))
        self._show_empty()

    def _scrolled(self, value: int) -> None:
        self.lens.scroll(self.lens.widest() * value / SCROLL_UNITS)

    def _show_place(self) -> None:
        lens = self.lens
        widest = lens.widest()
        with QSignalBlocker(self._across):
            self._across.setRange(0, SCROLL_UNITS if widest > 0 else 0)
            seen = lens.width / lens.scale / max(1.0, widest)
            self._across.setPageStep(max(1, min(1 << 24, int(SCROLL_UNITS * seen))))
            self._across.setSingleStep(max(1, self._across.pageStep() // 20))
            self._across.setValue(round(SCROLL_UNITS * lens.left / widest) if widest else 0)
        self._across.setVisible(widest > 0)

    def _place_card(self) -> None:
        room = self.width()
        self.card.setFixedWidth(min(theme.tokens().px(CARD_WIDTH), max(240, room - 2 * theme.XL)))
        self.card.adjustSize()
        self.card.move((room - self.card.width()) // 2, theme.tokens().px(64))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The view has another size."""
        if watched is self.view and event.type() == QEvent.Type.Resize:
            self.empty.setGeometry(self.view.rect())
            self.takes.place_over()
            self._place_card()
        return super().eventFilter(watched, event)
