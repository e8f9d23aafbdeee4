"""What the panels of scores and of sounds have in common: how they are laid out, and what the mouse works on."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.widgets import theme

from .panel_handle_ruler import Places


def lay_out(panel: QWidget, transport: QWidget, work: QWidget, bar: QWidget) -> None:
    """A panel of music: what plays it above, the work in the middle, what is asked for below."""
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(transport)
    column.addWidget(work, 1)
    under = QVBoxLayout()
    under.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
    under.addWidget(bar)
    column.addLayout(under)
    panel.setProperty("surface", "canvas")
    panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    panel.setFocusProxy(work)


class Gestured(Protocol):
    """What the mouse and the keys do."""

    def press(self, event: QMouseEvent, /) -> None: ...

    def move(self, event: QMouseEvent, /) -> None: ...

    def release(self, event: QMouseEvent, /) -> None: ...

    def double(self, event: QMouseEvent, /) -> None: ...

    def key(self, event: QKeyEvent, /) -> bool: ...


class Surface(QWidget):
    """`near` are the pixels beside the playhead that belong to it. `_keyboard` is true for whoever came by keyboard:
    a frame shows where one is.
    """

    menu_wanted = Signal(object)
    sought = Signal(int)
    gestures: Gestured

    def __init__(self, name: str, places: Places, *, near: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._across, self._near = places, near
        self._playhead = -1.0
        self._keyboard = False
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(200, 120)

    def set_playhead(self, place: float) -> None:
        """Move it; only two narrow strips are painted."""
        if place == self._playhead:
            return
        old, self._playhead = self._playhead, place
        for each in (old, place):
            if each >= 0:
                self.update(QRect(int(self._across.x(each)) - self._near, 0, 2 * self._near + 1, self.height()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A gesture begins."""
        self._keyboard = False
        self.gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A gesture goes on, or the cursor tells which one could begin here."""
        self.gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A gesture ends."""
        self.gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """What a double click does."""
        self.gestures.double(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What a key does."""
        if not self.gestures.key(event):
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The frame shows only for who came by keyboard."""
        self._keyboard = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """And goes with the focus."""
        self._keyboard = False
        super().focusOutEvent(event)
        self.update()
