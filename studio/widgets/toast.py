"""A short message over the lower edge of what it belongs to, with one thing to do about it; it leaves by itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.text import Label

WIDEST = 560
LIFT = 20
AGAIN = 2000
"""Milliseconds until it tries to leave again, while the mouse rests on it."""


class Toast(Card):
    """Lies over `place`, `lift` pixels above its lower edge. It is said to assistive technology, and does not leave
    while it is pointed at.
    """

    def __init__(self, place: QWidget, *, lift: int = LIFT) -> None:
        super().__init__("plain", place)
        self._place, self._lift = place, lift
        self._act: Callable[[], None] | None = None
        self._gone: Callable[[], None] | None = None
        self._words = Label("", wrap=True)
        self._button = Button(" ", "quiet")
        self._button.clicked.connect(self._acted)
        close = IconButton("x", "Dismiss", kind="tiny", size=16)
        close.clicked.connect(self.leave)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.L, theme.S, theme.S, theme.S)
        row.setSpacing(theme.M)
        row.addWidget(self._words, 1)
        row.addWidget(self._button)
        row.addWidget(close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._time_over)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        place.installEventFilter(self)

    def say(
        self,
        text: str,
        *,
        action: str = "",
        act: Callable[[], None] | None = None,
        gone: Callable[[], None] | None = None,
        stay: bool = False,
        seconds: float = 7.0,
    ) -> None:
        """Show `text`; `act` is what the button called `action` does. `gone` is called when it leaves without that.
        What names something that was lost should `stay` until it is dismissed.
        """
        self.leave()
        self._act, self._gone = act, gone
        self._words.setText(text)
        self.setAccessibleName(text)
        self._button.setText(action)
        self._button.setAccessibleName(action)
        self._button.setVisible(bool(action))
        self.show()
        self.raise_()
        self._settle()
        if not stay:
            self._timer.start(round(seconds * 1000))
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def text(self) -> str:
        """What it says, or "" while it is hidden."""
        return "" if self.isHidden() else self._words.text()

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
            self._timer.start(AGAIN)
        else:
            self.leave()

    def _settle(self) -> None:
        """Stand in the middle of the lower edge, as wide as the words want and the room allows."""
        px, place = theme.tokens().px, self._place
        around = px(76) + (self._button.sizeHint().width() + theme.M if not self._button.isHidden() else 0)
        free = self._words.fontMetrics().horizontalAdvance(self._words.text()) + around
        width = min(px(WIDEST), max(px(200), place.width() - 2 * px(40)), free)
        self.setFixedWidth(width)
        self.resize(width, max(self.heightForWidth(width), self.minimumSizeHint().height()))
        self.move((place.width() - width) // 2, place.height() - self.height() - px(self._lift))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the lower edge when the place changes its size."""
        if watched is self._place and event.type() == QEvent.Type.Resize and self.isVisible():
            self._settle()
        return super().eventFilter(watched, event)
