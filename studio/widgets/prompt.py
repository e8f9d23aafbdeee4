"""The field for prompts: plain text that grows with what is written and remembers what was written before."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextCursor, QTextOption, QWheelEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

LIMIT = 20_000
"""Characters. One word of this length is laid out in 0.03 s, one of 100,000 in 0.6 s, one of 1,000,000 in 82 s."""
KEPT = 200


class PromptEdit(QPlainTextEdit):
    """Grows from the first to the last number of `lines`, then scrolls. Alt+Up and Alt+Down go through the history.

    `submitted` is Ctrl+Enter. `shortened` says how many characters of a paste were left out.
    """

    submitted = Signal()
    shortened = Signal(int)

    def __init__(
        self,
        accessible_name: str = "Prompt",
        *,
        placeholder: str = "",
        limit: int = LIMIT,
        lines: tuple[int, int] = (1, 6),
        bare: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._limit = min(limit, LIMIT)
        self._lines = lines
        self._history: list[str] = []
        self._at: int | None = None
        self._draft = ""
        self.setAccessibleName(accessible_name)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        if bare:
            self.setProperty("bare", True)
        self.textChanged.connect(self._bound)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        # The stylesheet's padding counts for the height, and is only there after polishing.
        self.ensurePolished()
        self._fit()

    def text(self) -> str:
        """What is written."""
        return self.toPlainText()

    def setText(self, text: str) -> None:
        """Write `text` instead, as far as it fits; undo forgets what was there before."""
        self.setPlainText(text[: self._limit])

    def replace_text(self, text: str) -> None:
        """Write `text` instead; Ctrl+Z brings back what was there."""
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text[: self._limit])
        self.setTextCursor(cursor)

    def history(self) -> list[str]:
        """What was submitted, oldest first."""
        return list(self._history)

    def set_history(self, texts: Sequence[str]) -> None:
        """Bring back an earlier history, oldest first."""
        self._history = [str(text)[: self._limit] for text in texts][-KEPT:]
        self._at = None

    def add_to_history(self, text: str = "") -> None:
        """Remember `text` (what is written now where it is empty) as the newest."""
        said = text or self.text()
        if said.strip():
            self._history = [*(old for old in self._history if old != said), said][-KEPT:]
        self._at = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter submits; Alt with the arrows goes through the history."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & _CONTROL:
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Up and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._back()
        elif event.key() == Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._forth()
        else:
            super().keyPressEvent(event)

    def _back(self) -> None:
        if self._at is None:
            self._draft = self.text()
            self._at = len(self._history)
        if self._at > 0:
            self._at -= 1
            self.replace_text(self._history[self._at])

    def _forth(self) -> None:
        if self._at is None:
            return
        self._at += 1
        if self._at < len(self._history):
            self.replace_text(self._history[self._at])
        else:
            self._at = None
            self.replace_text(self._draft)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Only text: dropped pictures are for the canvas."""
        return source.hasText() and not source.hasImage() and not source.hasUrls()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste as plain text, and only as much as there is room for."""
        if not self.canInsertFromMimeData(source):
            return
        cursor = self.textCursor()
        taken = cursor.selectionEnd() - cursor.selectionStart()
        room = max(self._limit - (self.document().characterCount() - 1) + taken, 0)
        text = source.text()
        cursor.insertText(text[:room].replace("\x00", ""))
        self.ensureCursorVisible()
        if len(text) > room:
            self.shortened.emit(len(text) - room)

    def _bound(self) -> None:
        over = self.document().characterCount() - 1 - self._limit
        if over > 0:
            cursor = self.textCursor()
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, over)
            cursor.removeSelectedText()
            self.shortened.emit(over)

    def _frame(self) -> int:
        around = self.contentsMargins().top() + self.contentsMargins().bottom()
        # One pixel less than this and Qt counts the last line as not fitting.
        return around + round(2 * self.document().documentMargin()) + 1

    def height_for(self, lines: int) -> int:
        """Pixels that a number of lines takes with everything around them."""
        return self.fontMetrics().lineSpacing() * lines + self._frame()

    def _fit(self) -> None:
        # QPlainTextDocumentLayout measures its height in lines.
        written = max(round(self.document().size().height()), 1)
        shown = min(max(written, self._lines[0]), self._lines[1])
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded if written > shown else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self.setFixedHeight(self.height_for(shown))

    def sizeHint(self) -> QSize:
        """As high as its lines."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, another number of lines."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Another font, another height."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Text that fits leaves the wheel to what is around it."""
        if self.verticalScrollBar().maximum() > 0:
            super().wheelEvent(event)
        else:
            event.ignore()


_CONTROL = Qt.KeyboardModifier.ControlModifier
