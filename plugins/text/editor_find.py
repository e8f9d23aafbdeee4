"""Find and replace over the page: every place is marked, each is a key away."""

from __future__ import annotations

import re
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button, IconButton
from studio.widgets.text import Label

from .document_places import spread
from .editor import ManuscriptEdit
from .editor_authors import written_by
from .editor_paint import Tint
from .editor_sections import Step

SOON = 120
"""Milliseconds after the last key until the places are marked."""
MOST = 20_000
"""Places that are marked; a search for “e” in a novel finds more."""


class FindBar(QWidget):
    """Works on one editor at a time. `closed` follows Esc and the cross."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor: ManuscriptEdit | None = None
        self._found: list[tuple[int, int]] = []
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(SOON)
        self._later.timeout.connect(self.search)
        self._seen = -1
        self._edited = QTimer(self)
        self._edited.setSingleShot(True)
        self._edited.setInterval(SOON)
        self._edited.timeout.connect(self._look_again)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Find")
        self.words.setAccessibleName("Find")
        self.instead = QLineEdit()
        self.instead.setPlaceholderText("Replace with")
        self.instead.setAccessibleName("Replace with")
        self.case = IconButton("text-aa", "Match capitals", size=18)
        self.whole = IconButton("quotes", "Whole words only", size=18)
        for button in (self.case, self.whole):
            button.setCheckable(True)
            button.toggled.connect(lambda _on: self.search())
        self.count = Label("", "label")
        self.count.setAccessibleName("Places found")
        self.back = IconButton("caret-up", "Previous place", size=18)
        self.forth = IconButton("caret-down", "Next place", size=18)
        close = IconButton("x", "Close the search", size=16)
        self.one = Button("Replace", "quiet")
        self.all = Button("Replace all", "quiet")
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for part in (self.words, self.case, self.whole, self.back, self.forth, close):
            upper.addWidget(part, 1 if part is self.words else 0)
        for part in (self.instead, self.one, self.all, self.count):
            lower.addWidget(part, 1 if part is self.instead else 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.XL), theme.px(theme.XS), theme.px(theme.XL), theme.px(theme.S))
        column.setSpacing(theme.px(theme.XS))
        column.addLayout(upper)
        column.addLayout(lower)
        self.words.textChanged.connect(lambda _text: self._later.start())
        self.back.clicked.connect(lambda: self.step(-1))
        self.forth.clicked.connect(lambda: self.step(1))
        close.clicked.connect(self.close_search)
        self.one.clicked.connect(self.replace_one)
        self.all.clicked.connect(self.replace_all)
        for line in (self.words, self.instead):
            line.installEventFilter(self)
        order = (self.words, self.instead, self.one, self.all, self.case, self.whole, self.back, self.forth, close)
        for before, after in pairwise(order):  # from what is sought to what comes instead, and then to the rest
            QWidget.setTabOrder(before, after)
        self.setFocusProxy(self.words)
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes, whichever of its parts has the focus."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_search()
        else:
            super().keyPressEvent(event)

    def open(self, editor: ManuscriptEdit) -> None:
        """Search in `editor`, for what is selected there."""
        if self._editor is not editor:
            if self._editor is not None:
                self._editor.document().contentsChanged.disconnect(self._edited.start)
            editor.document().contentsChanged.connect(self._edited.start)
        self._editor = editor
        chosen = editor.textCursor().selectedText()
        if chosen and "\u2029" not in chosen:
            self.words.setText(chosen)
        self.show()
        self.words.setFocus()
        self.words.selectAll()
        self.search()

    def close_search(self) -> None:
        """Take the marks away."""
        self._found = []
        self._later.stop()
        self._edited.stop()
        if self._editor is not None:
            self._editor.marks = ()
            self._editor.viewport().update()
            self._editor.setFocus()
        self.hide()
        self.closed.emit()

    def _pattern(self) -> re.Pattern[str] | None:
        words = spread(self.words.text())
        if not words:
            return None
        # Straight quotes find curly ones, a space one that does not break.
        plain = re.escape(words).replace("'", "['‘’]").replace('"', '["“”]').replace("\\ ", "[ \u00a0\u202f]")
        if self.whole.isChecked():
            plain = rf"\b{plain}\b"
        return re.compile(plain, 0 if self.case.isChecked() else re.IGNORECASE)

    def search(self) -> None:
        """Mark every place."""
        editor = self._editor
        if editor is None:
            return
        pattern = self._pattern()
        self._found, self._seen = [], editor.document().revision()
        if pattern is not None:
            for found in pattern.finditer(editor.text()):
                if found.end() > found.start():
                    self._found.append(found.span())
                if len(self._found) >= MOST:
                    break
        ground = theme.tokens().color("warning")
        ground.setAlpha(70)
        editor.marks = [Tint(start, end, ground) for start, end in self._found]
        editor.viewport().update()
        self._say()

    def _look_again(self) -> None:
        """The text may have been edited since: other words stand where something was found."""
        if self._editor is not None and not self.isHidden() and self._editor.document().revision() != self._seen:
            self.search()

    def _say(self) -> None:
        at = self._at()
        if not self.words.text():
            self.count.setText("")
        elif not self._found:
            self.count.setText("not found")
        else:
            place = f"{at + 1:,} of " if at >= 0 else ""
            self.count.setText(f"{place}{len(self._found):,}")
        for button in (self.one, self.all, self.back, self.forth):
            button.setEnabled(bool(self._found))

    def _at(self) -> int:
        if self._editor is None:
            return -1
        cursor = self._editor.textCursor()
        span = (cursor.selectionStart(), cursor.selectionEnd())
        return self._found.index(span) if span in self._found else -1

    def step(self, by: int) -> None:
        """Go to the next or previous place, round the end."""
        self._look_again()
        editor = self._editor
        if editor is None or not self._found:
            return
        cursor = editor.textCursor()
        if by > 0:
            row = next((n for n, span in enumerate(self._found) if span[0] >= cursor.selectionEnd()), 0)
        else:
            before = [n for n, span in enumerate(self._found) if span[1] <= cursor.selectionStart()]
            row = before[-1] if before else len(self._found) - 1
        start, end = self._found[row]
        editor.move_to(start, select_to=end)
        self._say()

    def replace_one(self) -> None:
        """Replace the place that is selected and go to the next."""
        self._look_again()
        editor, at = self._editor, self._at()
        if editor is None:
            return
        if at >= 0:
            start, end = self._found[at]
            editor.replace(start, end, self.instead.text(), name="replace")
            self.search()
        self.step(1)

    def replace_all(self) -> None:
        """Replace every place as one step of undo."""
        editor = self._editor
        if editor is None or not self._found:
            return
        self._look_again()
        count, bar = len(self._found), editor.verticalScrollBar()
        seen = bar.value()
        editor.ghost.take_down()
        # As one edit: 4,000 of them, one by one, took three seconds.
        with Step(editor, "replace all") as cursor:
            for start, end in reversed(self._found):
                cursor.setPosition(start)
                cursor.setPosition(end, cursor.MoveMode.KeepAnchor)
                cursor.insertText(self.instead.text(), written_by(0))
        editor.ghost.put_up()
        bar.setValue(seen)
        self.search()
        self.count.setText(f"{count:,} replaced")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter goes on, Shift+Enter back, Esc closes."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self._later.isActive():
                    self._later.stop()
                    self.search()
                if watched is self.instead:
                    self.replace_one()
                else:
                    self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close_search()
                return True
        return super().eventFilter(watched, event)
