"""Where the window stood, how its docks were, what was in front: remembered while it is used, not only at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer

from studio.ui.session import packed, unpacked
from studio.widgets import theme

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow

KEY = "window"
VERSION = 1
"""Of the dock layout; another number forgets old layouts."""
SOON = 300
_FIRST = (1320, 840)


class WindowLayout(QObject):
    """Restores at the start and remembers 0.3 s after each change, so that a killed window comes back as it was."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._ready = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SOON)
        self._timer.timeout.connect(self.remember)
        for dock in (window.inspector, window.ribbon):
            dock.wanted_changed.connect(self.touch)
        for part in (window, window.inspector, window.ribbon):
            part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice when the window is moved, or it or a dock made larger."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self.touch()
        return False

    def touch(self) -> None:
        """Something changed; remember it soon."""
        if self._ready:
            self._timer.start()

    def close(self) -> None:
        """Remember now and never again."""
        self.remember()
        self._timer.stop()
        self._ready = False

    def remember(self) -> None:
        """Put everything into the session."""
        window = self._window
        self._timer.stop()
        if not self._ready:
            return
        window.session.set(
            KEY,
            {
                "geometry": packed(window.saveGeometry()),
                "docks": packed(window.saveState(VERSION)),
                "inspector": window.inspector.wanted,
                "ribbon": window.ribbon.wanted,
                "front": window.front,
            },
        )

    def restore(self) -> None:
        """Bring back what the session has; the first start opens on the first panel."""
        window = self._window
        kept = window.session.get(KEY, {})
        kept = kept if isinstance(kept, dict) else {}
        if not window.restoreGeometry(unpacked(kept.get("geometry"))):
            self._first_place()
        self._default_docks()
        window.restoreState(unpacked(kept.get("docks")), VERSION)
        window.inspector.want(bool(kept.get("inspector", True)))
        window.ribbon.want(bool(kept.get("ribbon", True)))
        window.inspector.settle()
        window.ribbon.settle()
        places = [place.id for place in window.rail.places()]
        front = str(kept.get("front", ""))
        window.show_place(front if front in places else places[0])
        self._ready = True

    def scale(self, factor: float) -> None:
        """The text grew or shrank by `factor`: the docks go with it."""
        window = self._window
        if factor == 1:
            return
        width, height = round(window.inspector.width() * factor), round(window.ribbon.height() * factor)
        window.resizeDocks([window.inspector], [width], Qt.Orientation.Horizontal)
        window.resizeDocks([window.ribbon], [height], Qt.Orientation.Vertical)

    def _first_place(self) -> None:
        room = self._window.screen().availableGeometry()
        width, height = min(_FIRST[0], room.width()), min(_FIRST[1], room.height())
        if room.width() <= 1440:  # a small screen is best used whole
            self._window.resize(room.size())
            self._window.setWindowState(Qt.WindowState.WindowMaximized)
            return
        scale = min(1.5, room.width() / 1920)
        width, height = round(max(width, width * scale)), round(max(height, height * scale))
        self._window.resize(min(width, room.width()), min(height, room.height()))
        self._window.move(room.center() - self._window.rect().center())

    def _default_docks(self) -> None:
        window, px = self._window, theme.tokens().px
        # A large screen has room for larger steps, and for whole words in the inspector.
        width = max(px(300), min(px(360), window.width() // 7))
        height = max(px(122), min(px(176), window.height() // 8))
        window.resizeDocks([window.inspector], [width], Qt.Orientation.Horizontal)
        window.resizeDocks([window.ribbon], [height], Qt.Orientation.Vertical)
