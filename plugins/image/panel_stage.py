"""The stage of the image panel: the canvas with everything that floats over it, and the results strip beside it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.api import Problem
from studio.widgets import theme
from studio.widgets.canvas import Canvas
from studio.widgets.controls import Card
from studio.widgets.errors import ErrorCard
from studio.widgets.text import Label
from studio.widgets.toast import Toast

from .panel_strip import Strip
from .panel_tools import ToolBar

CARD_WIDTH = 520


class Stage(QWidget):
    """The canvas fills it; the tool bar, the notice, the partial mark and an error card lie over it."""

    try_again = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(
            title="What shall it be?",
            text="Describe a picture below and press Generate. Every step appears here while it is made.\n"
            "Or drop a picture here to start from it.",
            icon="image",
        )
        self.strip = Strip()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, theme.XS, 0)
        row.setSpacing(0)
        row.addWidget(self.canvas, 1)
        beside = QVBoxLayout()
        beside.setContentsMargins(0, theme.S, 0, theme.S)
        beside.addWidget(self.strip)
        row.addLayout(beside)
        self.tools = ToolBar(self.canvas, self.canvas)
        self.notice = Toast(self.canvas, lift=36)  # size and zoom of the picture stay readable
        self.badge = Card("plain", self.canvas)
        inside = QHBoxLayout(self.badge)
        inside.setContentsMargins(theme.M, theme.XS, theme.M, theme.XS)
        self._badge_words = Label("")
        inside.addWidget(self._badge_words)
        self.badge.hide()
        self._card: ErrorCard | None = None
        self.canvas.installEventFilter(self)
        self._place()

    @property
    def card(self) -> ErrorCard:
        """The error card over the canvas, made when something goes wrong for the first time."""
        if self._card is None:
            self._card = ErrorCard(Problem(""), parent=self.canvas)
            self._card.hide()
            self._card.acted.connect(self.try_again)
            self._card.resized.connect(self._place_card)
        return self._card

    def show_badge(self, text: str) -> None:
        """Mark what is on the canvas ("Partial"); "" takes the mark away."""
        self._badge_words.setText(text)
        self.badge.setAccessibleName(text)
        self.badge.setVisible(bool(text))
        self.badge.raise_()
        self._place()

    def copy(self) -> bool:
        """Put the picture on the clipboard, as pixels and as a file; False where there is none."""
        data = self.canvas.view.drag_data()
        if data is not None:
            QGuiApplication.clipboard().setMimeData(data)
        return data is not None

    def show_problem(self, problem: Problem | None, *, action: str = "") -> None:
        """Say over the canvas what went wrong and what to do; None takes the card away."""
        if problem is None:
            if self._card is not None:
                self._card.hide()
        else:
            self.card.show()
            self.card.set_problem(problem, action=action)
            self.card.raise_()
            self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What floats keeps its place when the canvas changes its size."""
        if watched is self.canvas and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        room = self.canvas.rect()
        self.tools.stand(room.height() - 2 * theme.M)
        self.tools.move(theme.M, theme.M)
        lying = self.tools.width() > self.tools.height()
        self.canvas.keep_free(self.tools.height() + theme.M if lying else 0)
        self.badge.adjustSize()
        self.badge.move(room.width() - self.badge.width() - theme.M, theme.M)
        self._place_card()

    def _place_card(self) -> None:
        if self._card is None or self._card.isHidden():
            return
        room = self.canvas.rect()
        width = min(theme.tokens().px(CARD_WIDTH), max(240, room.width() - 2 * theme.XL))
        self.card.setFixedWidth(width)
        self.card.adjustSize()
        self.card.move((room.width() - width) // 2, theme.M)
