"""A short message over the lower edge of a page, with one thing to do about it; it leaves by itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.text import Label

MARGIN = 20


class Toast(Card):
    """Lies over `page`. While it is shown or pointed at it can be acted on; `gone` is called once when it leaves."""

    def __init__(self, page: QWidget) -> None:
        super().__init__("plain", page)
        self._page = page
        self._act: Callable[[], None] | None = None
        self._gone: Callable[[], None] | None = None
        self._words = Label()
        self._button = Button("", "quiet")
        self._button.clicked.connect(self._acted)
        close = IconButton("x", "Dismiss", kind="tiny", size=16)
        close.clicked.connect(self.leave)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.L, theme.S, theme.S, theme.S)
        row.setSpacing(theme.M)
        row.addWidget(self._words)
        row.addWidget(self._button)
        row.addWidget(close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._time_over)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        page.installEventFilter(self)

    def say(
        self,
        text: str,
        *,
        action: str = "",
        act: Callable[[], None] | None = None,
        gone: Callable[[], None] | None = None,
        seconds: float = 7.0,
    ) -> None:
        """Show `text`; `act` is what the button called `action` does."""
        self.leave()
        self._act, self._gone = act, gone
        self._words.setText(text)
        self.setAccessibleName(text)
        self._button.setText(action)
        self._button.setAccessibleName(action)
        self._button.setVisible(bool(action))
        self.show()
        self.raise_()
        self._place()
        self._timer.start(int(seconds * 1000))

    def leave(self) -> None:
        """Go away now, without acting."""
        self._timer.stop()
        self.hide()
        gone, self._gone, self._act = self._gone, None, None
        if gone is not None:
            gone()

    def _acted(self) -> None:
        act, self._gone = self._act, None
        self.leave()
        if act is not None:
            act()

    def _time_over(self) -> None:
        if self.underMouse() or self._button.hasFocus():
            self._timer.start(2000)
        else:
            self.leave()

    def _place(self) -> None:
        self.adjustSize()
        room = self._page.rect()
        self.move((room.width() - self.width()) // 2, room.height() - self.height() - MARGIN)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the lower edge when the page changes its size."""
        if watched is self._page and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)
