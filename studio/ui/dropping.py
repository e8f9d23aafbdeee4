"""Drag and drop onto any part of the window, with a veil that says what letting go will do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QWidget

from studio.widgets import theme


def dropped_files(data: QMimeData) -> list[Path]:
    """The local files that a drag carries."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


class DropZone(QObject):
    """Watches `window` and the parts given to `cover`. Emits `dropped(paths, from_inside)`.

    Parts that take drops themselves (a canvas, a text field) would keep files from the window: where covered, they
    still get pictures and words, but files go to the window.
    """

    dropped = Signal(object, bool)

    def __init__(self, window: QWidget, centre: QWidget) -> None:
        super().__init__(window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        self._centre = centre
        self.veil = QLabel("Let go to bring back how it was made, or to start from it", centre)
        self.veil.setObjectName("dropVeil")
        self.veil.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.veil.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.tone(self.veil, "title")
        self.veil.hide()

    def cover(self, parts: Sequence[QWidget]) -> None:
        """Take files away from the parts among these that accept drops."""
        for part in parts:
            if part.acceptDrops():
                part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept drags of files, whatever is below the mouse."""
        kind = event.type()
        if kind in (QEvent.Type.DragEnter, QEvent.Type.DragMove) and isinstance(event, QDropEvent):
            files = dropped_files(event.mimeData())
            if not files:
                return False
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            if isinstance(event, QDragEnterEvent) and event.source() is None:
                self._cover_centre()
            return True
        if kind == QEvent.Type.DragLeave:
            self.veil.hide()
        elif kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self.veil.hide()
            files = dropped_files(event.mimeData())
            if files:
                event.setDropAction(Qt.DropAction.CopyAction)
                event.accept()
                self.dropped.emit(files, event.source() is not None)
                return True
        return False

    def _cover_centre(self) -> None:
        self.veil.setGeometry(self._centre.rect().adjusted(theme.M, theme.M, -theme.M, -theme.M))
        self.veil.show()
        self.veil.raise_()
