"""One line over the canvas: what came back from a recipe, what was pasted, what could not be done."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.text import Label

WIDEST = 560
LIFT = 36
"""Pixels above the lower edge, so that size and zoom of the picture stay readable."""


class Notice(Card):
    """Leaves by itself after a while, unless it names something that was lost or the mouse rests on it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("plain", parent)
        self._act: Callable[[], None] | None = None
        self._words = Label("", wrap=True)
        self._button = Button(" ", "quiet")
        self._button.clicked.connect(self._acted)
        close = IconButton("x", "Dismiss", kind="tiny", size=16)
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.M, theme.S, theme.S, theme.S)
        row.setSpacing(theme.S)
        row.addWidget(self._words, 1)
        row.addWidget(self._button)
        row.addWidget(close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._time_over)
        self.hide()

    def say(self, text: str, *, action: str = "", act: Callable[[], None] | None = None, stay: bool = False) -> None:
        """Show `text`, with one thing to do about it; `stay` until it is dismissed."""
        self._words.setText(text)
        self.setAccessibleName(text)
        self._act = act
        self._button.setText(action)
        self._button.setAccessibleName(action)
        self._button.setVisible(bool(action))
        self._timer.stop()
        if not stay:
            self._timer.start(6000)
        self.show()
        self.raise_()
        self.place()

    def text(self) -> str:
        """What it says, or "" while it is hidden."""
        return "" if self.isHidden() else self._words.text()

    def place(self) -> None:
        """Stand at the lower edge, in the middle."""
        parent = self.parentWidget()
        if parent is None or self.isHidden():
            return
        room = max(200, parent.width() - 2 * theme.tokens().px(80))
        free = self._words.fontMetrics().horizontalAdvance(self._words.text()) + theme.tokens().px(140)
        width = min(theme.tokens().px(WIDEST), room, free)
        self.setFixedWidth(width)
        self.resize(width, max(self.heightForWidth(width), self.sizeHint().height()))
        self.move((parent.width() - width) // 2, parent.height() - self.height() - theme.tokens().px(LIFT))

    def _acted(self) -> None:
        act = self._act
        self.hide()
        if act is not None:
            act()

    def _time_over(self) -> None:
        if self.underMouse() or self._button.hasFocus():
            self._timer.start(2000)
        else:
            self.hide()
