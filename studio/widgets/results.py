"""The view of a result by its media type, for generators that bring no panel of their own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from studio.api import Artifact, Preview, media
from studio.widgets import theme
from studio.widgets.canvas import Canvas
from studio.widgets.empty import EmptyState
from studio.widgets.pictures import load_image
from studio.widgets.text import shorten, soften

TEXT_SHOWN = 400_000
"""Characters of a text that the plain view shows."""


class ResultView(QStackedWidget):
    """Shows artifacts and previews: pictures on a canvas, words in a page, anything else by name and size."""

    dropped = Signal(object)
    menu_requested = Signal(QMenu)
    export_requested = Signal()

    def __init__(self, *, title: str, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(title=title, text=text, icon="sparkle")
        self.page = QPlainTextEdit()
        self.page.setReadOnly(True)
        self.page.setAccessibleName("Result")
        self.page.setProperty("bare", True)
        self.page.setFont(theme.font(theme.px(15)))
        self.page.document().setDocumentMargin(theme.XL)
        self._sheet = QWidget()
        inside = QVBoxLayout(self._sheet)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.page)
        self.other = EmptyState(title, text, icon="file")
        self.other.triggered.connect(self.export_requested)
        for widget in (self.canvas, self._sheet, self.other):
            self.addWidget(widget)
        self.setProperty("surface", "canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.canvas.dropped.connect(self.dropped)
        self.canvas.menu_requested.connect(self.menu_requested)
        self._artifact: Artifact | None = None

    def clear(self) -> None:
        """Show the empty state."""
        self._artifact = None
        self.canvas.set_image(None)
        self.canvas.set_file(None)
        self.setCurrentWidget(self.canvas)

    def show_artifact(self, artifact: Artifact) -> None:
        """Show a kept result."""
        self._artifact = artifact
        kind = media.kind(artifact.media)
        image = load_image(artifact.path) if kind == "image" else None
        if image is not None:
            self.canvas.set_image(image)
            self.canvas.set_file(artifact.path)
            self.setCurrentWidget(self.canvas)
        elif kind == "text":
            self._show_text(_read(artifact.path))
        else:
            self._show_other(artifact.title or artifact.path.name, artifact.media, _size(artifact.path), "Export…")

    def show_preview(self, preview: Preview) -> None:
        """Show an unfinished result."""
        if self.canvas.set_preview(preview):
            self.setCurrentWidget(self.canvas)
        elif media.kind(preview.media) == "text":
            self._show_text(preview.data.decode("utf-8", "replace"))
        else:
            self._show_other("Working", preview.media, _bytes(len(preview.data)), "")

    def _show_text(self, text: str) -> None:
        self.page.setPlainText(soften(text, TEXT_SHOWN))
        self.setCurrentWidget(self._sheet)

    def _show_other(self, name: str, kind: str, size: str, action: str) -> None:
        self.other.set_words(shorten(name, 120), f"{kind}, {size}", action)
        self.setCurrentWidget(self.other)

    def copy(self) -> bool:
        """What is on show, on the clipboard; False where there is nothing."""
        clipboard = QGuiApplication.clipboard()
        shown = self.currentWidget()
        if shown is self._sheet:
            text = _read(self._artifact.path) if self._artifact is not None else self.page.toPlainText()
            clipboard.setText(text)
            return bool(text)
        if shown is self.canvas:
            data = self.canvas.view.drag_data()
            if data is not None:
                clipboard.setMimeData(data)
            return data is not None
        if self._artifact is None:
            return False
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(self._artifact.path))])
        clipboard.setMimeData(data)
        return True


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(4 * TEXT_SHOWN).decode("utf-8", "replace")
    except OSError:
        return ""


def _size(path: Path) -> str:
    try:
        return _bytes(path.stat().st_size)
    except OSError:
        return "file not found"


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
