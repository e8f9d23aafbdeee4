"""The prompt under the canvas, never wider than a line can be read, with a Generate button that knows what it does."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QMimeData, QObject, QSignalBlocker, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.api import Model
from studio.widgets import theme
from studio.widgets.prompt import PromptEdit
from studio.widgets.prompt_bar import PromptBar

from .panel_words import WordsButton

WIDEST = 920
KEYS = "⌘ ↵" if sys.platform == "darwin" else "Ctrl ↵"


class PromptRow(QWidget):
    """`submitted` is Generate or Ctrl+Enter, `paste_wanted` a picture that was pasted where words belong."""

    submitted = Signal()
    paste_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = PromptBar(placeholder="Describe a picture")
        self._fit()
        self.words = WordsButton()
        self.bar.put_beside(self.words)
        self.words.word_chosen.connect(self._add_words)
        self.words.example_chosen.connect(self.prompt.replace_text)
        self.prompt.setAccessibleDescription("What the picture should show. Alt+Up brings back earlier prompts.")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.L, theme.XS, theme.L, theme.M)
        row.addStretch(1)
        row.addWidget(self.bar, 1000)
        row.addStretch(1)
        self.bar.submitted.connect(self.submitted)
        self.prompt.installEventFilter(self)
        self.setFocusProxy(self.bar)
        self.show_busy(False)

    @property
    def prompt(self) -> PromptEdit:
        """The field itself."""
        return self.bar.prompt

    def show_text(self, text: str, *, as_edit: bool) -> None:
        """Show `text` without saying that it changed; `as_edit`, so that the prompt's own undo brings back the old."""
        if self.prompt.text() == text:
            return
        with QSignalBlocker(self.prompt):
            if as_edit:
                self.prompt.replace_text(text)
            else:
                self.prompt.setText(text)
                self.prompt.moveCursor(QTextCursor.MoveOperation.End)

    def _add_words(self, words: str) -> None:
        """Put words in where the cursor stands, apart from what stands before and after."""
        cursor, text = self.prompt.textCursor(), self.prompt.text()
        before, after = text[: cursor.selectionStart()].rstrip(), text[cursor.selectionEnd() :].lstrip()
        head = "" if not before else " " if text[: cursor.selectionStart()][-1:].isspace() else ", "
        cursor.insertText(head + words + (", " if after and not after.startswith((",", ".")) else ""))
        self.prompt.setTextCursor(cursor)
        self.prompt.setFocus()

    def show_busy(self, busy: bool) -> None:
        """Say that Generate queues while a picture is being made."""
        button = self.bar.button
        button.setText(f"{'Add to queue' if busy else 'Generate'}   {KEYS}")
        button.setAccessibleName("Generate")
        said = "Adds the picture to the queue" if busy else "Makes the picture (Ctrl+Enter)"
        button.setAccessibleDescription(said)
        button.setToolTip(said)

    def changeEvent(self, event: QEvent) -> None:
        """The bar grows with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "bar"):
            self._fit()

    def _fit(self) -> None:
        self.bar.setMaximumWidth(theme.tokens().px(WIDEST))

    def show_model(self, model: Model | None) -> None:
        """The model that will make the picture: without one nothing can be made, and each knows its own words."""
        self.bar.button.setEnabled(model is not None)
        self.words.show_model(None if model is None else model.path)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A pasted picture goes to the panel, not into the words; so does Undo where the words know none."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            words = self.prompt.document()
            undo = event.matches(QKeySequence.StandardKey.Undo) and not words.isUndoAvailable()
            redo = event.matches(QKeySequence.StandardKey.Redo) and not words.isRedoAvailable()
            if undo or redo:
                event.ignore()
                return True
        pressed = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent)
        if pressed and event.matches(QKeySequence.StandardKey.Paste):
            data = QGuiApplication.clipboard().mimeData()
            if holds_picture(data):
                self.paste_wanted.emit()
                return True
        return super().eventFilter(watched, event)


def holds_picture(data: QMimeData | None) -> bool:
    """True where the clipboard holds a picture or files rather than words."""
    return data is not None and (
        any(url.isLocalFile() for url in data.urls()) or (data.hasImage() and not data.hasText())
    )
