"""One artifact as large as the page: a picture to zoom into, a text to read."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from studio.core.artifact import Artifact
from studio.core.media import kind
from studio.store import Library
from studio.ui.pages.library_keys import LibraryKeys
from studio.ui.pages.library_model import thumbnail_image
from studio.ui.pages.wording import title_of
from studio.widgets import theme
from studio.widgets.canvas import Canvas
from studio.widgets.controls import Button, IconButton
from studio.widgets.feeder import Feeder
from studio.widgets.pictures import load_image
from studio.widgets.text import Label, soften

LARGE_SIDE = 1024
TEXT_LIMIT = 200_000


class LargeView(QWidget):
    """Left and Right go to the neighbours, Esc goes back, Space stars, Delete deletes."""

    left = Signal()
    moved = Signal(int)
    _back = Signal()
    _next = Signal()

    def __init__(self, feeder: Feeder, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feeder = feeder
        self._library = library
        self._shown = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        key = Qt.Key
        leave = dict.fromkeys((key.Key_Escape, key.Key_Return, key.Key_Enter), self.left)
        self.keys = LibraryKeys(self, {**leave, key.Key_Left: self._back, key.Key_Right: self._next})
        self._back.connect(lambda: self.moved.emit(-1))
        self._next.connect(lambda: self.moved.emit(1))
        self.canvas = Canvas()
        self.canvas.view.setAccessibleName("Picture")
        # Space, arrows and Esc mean something else here than on a canvas.
        self.canvas.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Text")
        self.note = Label("", "muted", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget()
        for part in (self.canvas, self.text, self.note):
            self.stack.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addLayout(self._tools())
        column.addWidget(self.stack, 1)
        feeder.ready.connect(self._arrived)
        feeder.failed.connect(self._failed)

    def _tools(self) -> QHBoxLayout:
        back = Button("Back", "quiet", icon="arrow-left", name="Back to all", help="Back to all (Esc)")
        back.clicked.connect(self.left)
        earlier = IconButton("caret-left", "Previous", help="Previous (←)")
        earlier.clicked.connect(lambda _checked=False: self.moved.emit(-1))
        later = IconButton("caret-right", "Next", help="Next (→)")
        later.clicked.connect(lambda _checked=False: self.moved.emit(1))
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, theme.L, 0)
        row.addWidget(back)
        row.addStretch(1)
        row.addWidget(earlier)
        row.addWidget(later)
        return row

    def show_artifact(self, artifact: Artifact, thumbnail: QPixmap | None) -> None:
        """Show it: at once what is at hand, the whole as soon as it is read."""
        self._shown = artifact.id
        self.setAccessibleName(f"Large view: {title_of(artifact)}")
        name, path, library = artifact.id, artifact.path, self._library
        if kind(artifact.media) == "image":
            if thumbnail is not None:
                self.canvas.set_image(thumbnail.toImage())
            self.stack.setCurrentWidget(self.canvas)
            self._feeder.ask(("large", name), lambda: load_image(path) or thumbnail_image(library, name, LARGE_SIDE))
        elif kind(artifact.media) == "text":
            self.text.clear()
            self.stack.setCurrentWidget(self.text)
            self._feeder.ask(("text", name), lambda: _read_text(path))
        else:
            self.note.setText("There is no large view for this kind. Send it to the panel that made it.")
            self.stack.setCurrentWidget(self.note)

    def _arrived(self, key: tuple[str, str], result: object) -> None:
        if key[1] != self._shown:
            return
        if key[0] == "large":
            if isinstance(result, QImage):
                self.canvas.set_image(result)
            else:
                self._complain()
        elif key[0] == "text" and isinstance(result, str):
            self.text.setPlainText(result)

    def _failed(self, key: tuple[str, str], error: object) -> None:
        if key[1] == self._shown and key[0] in ("large", "text"):
            self._complain()

    def _complain(self) -> None:
        self.note.setText("This file cannot be read any more. It may have been moved, changed or damaged.")
        self.stack.setCurrentWidget(self.note)


def _read_text(path: Path) -> str:
    with path.open("rb") as file:
        return soften(file.read(TEXT_LIMIT).decode("utf-8", "replace"), TEXT_LIMIT)
