"""A rewrite to be judged: what would go and what would come, piece by piece, before a letter of the text changes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTextEdit, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.text import Label

from .document_diff import Piece, compare, composed

PIECE = QTextCharFormat.Property.UserProperty + 7


class DiffView(QTextEdit):
    """The comparison as running text. A click on a change, or Space on the current one, takes or leaves it."""

    toggled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Changes")
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._pieces: Sequence[Piece] = ()
        self._spans: dict[int, tuple[int, int]] = {}
        self.current = -1

    def show_pieces(self, pieces: Sequence[Piece], taken: set[int]) -> None:
        """Draw the comparison; `taken` changes show what comes, the others what stays."""
        self._pieces = pieces
        self._spans = {}
        current = theme.tokens()
        self.setStyleSheet(f"QTextEdit, QTextEdit:focus {{ background: {current.field}; border: none; padding: 4px; }}")
        self.setFont(theme.serif(current.px(16)))
        place = self.verticalScrollBar().value() if self.current >= 0 else 0
        self.clear()
        cursor = QTextCursor(self.document())
        for number, piece in enumerate(pieces):
            start = cursor.position()
            if not piece.changes:
                cursor.insertText(piece.old, _plain())
                continue
            takes = number in taken
            if piece.old:
                cursor.insertText(piece.old, _gone(number, takes))
            if piece.old and piece.new:
                cursor.insertText("\u2009", _plain())
            if piece.new:
                cursor.insertText(piece.new, _comes(number, takes))
            self._spans[number] = (start, cursor.position())
        if self.current not in self._spans:
            self.current = next(iter(self._spans), -1)
        self.verticalScrollBar().setValue(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The current change has an edge while the keyboard is here."""
        super().paintEvent(event)
        if not self.hasFocus() or self.current not in self._spans:
            return
        start, end = self._spans[self.current]
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        first = self.cursorRect(cursor)
        cursor.setPosition(end)
        last = self.cursorRect(cursor)
        painter = QPainter(self.viewport())
        painter.setPen(theme.tokens().color("accent"))
        right = last.right() if last.top() == first.top() else self.viewport().width() - 4
        painter.drawRoundedRect(QRectF(first.left() - 1, first.top(), right - first.left() + 2, first.height()), 3, 3)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click takes or leaves the change under it."""
        cursor = self.cursorForPosition(event.position().toPoint())
        number = next((n for n, (start, end) in self._spans.items() if start <= cursor.position() <= end), -1)
        if number >= 0:
            self.current = number
            self.toggled.emit(number)
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from change to change, Space takes or leaves."""
        numbers = list(self._spans)
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}.get(
            Qt.Key(event.key()), 0
        )
        if step and numbers:
            at = numbers.index(self.current) if self.current in numbers else 0
            self.current = numbers[(at + step) % len(numbers)]
            cursor = QTextCursor(self.document())
            cursor.setPosition(self._spans[self.current][0])
            self.setTextCursor(cursor)
            self.ensureCursorVisible()
            self.viewport().update()
        elif event.key() == Qt.Key.Key_Space and self.current in self._spans:
            self.toggled.emit(self.current)
        else:
            event.ignore()


def _plain() -> QTextCharFormat:
    style = QTextCharFormat()
    style.setForeground(theme.tokens().color("text"))
    return style


def _gone(number: int, takes: bool) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setProperty(PIECE, number)
    style.setFontStrikeOut(takes)
    style.setForeground(theme.tokens().color("danger" if takes else "text"))
    if takes:
        style.setBackground(QColor(theme.tokens().danger_wash))
    return style


def _comes(number: int, takes: bool) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setProperty(PIECE, number)
    style.setForeground(theme.tokens().color("success" if takes else "hint"))
    ground = theme.tokens().color("success")
    ground.setAlpha(40 if takes else 0)
    style.setBackground(ground)
    style.setFontStrikeOut(not takes)
    return style


class Review(Card):
    """`applied(number, text, taken)` is the passage to put in, of which alternative, and the numbers of the changes
    that were taken; `closed` leaves the text as it is; `again` asks for another version.
    """

    applied = Signal(int, object, object)
    closed = Signal()
    again = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("plain", parent)
        self.setAccessibleName("Review of the rewrite")
        self._old = ""
        self._versions: list[str] = []
        self._at = 0
        self.pieces: list[Piece] = []
        self.taken: set[int] = set()
        self._title = Label("", "heading")
        self._count = Label("", "label")
        self._proof = Label("", "hint", wrap=True)
        self.diff = DiffView()
        self.back = IconButton("caret-left", "Previous version", size=16)
        self.forth = IconButton("caret-right", "Next version", size=16)
        self._number = Label("", "label")
        self.take_all = Button("Take all", "quiet")
        self.leave_all = Button("Leave all", "quiet")
        self.once_more = Button("Again", "quiet", icon="arrow-clockwise", help="Ask for another version")
        self.cancel = Button("Keep the old", "quiet", help="Leave the text as it is  Esc")
        self.apply = Button("Put it in", "primary", help="Put what is taken into the text  Enter")
        self._lay_out()
        self.diff.toggled.connect(self.toggle)
        self.back.clicked.connect(lambda: self.turn(-1))
        self.forth.clicked.connect(lambda: self.turn(1))
        self.take_all.clicked.connect(lambda: self._set(True))
        self.leave_all.clicked.connect(lambda: self._set(False))
        self.once_more.clicked.connect(self.again)
        self.cancel.clicked.connect(self.closed)
        self.apply.clicked.connect(self.accept)
        self.hide()

    def _lay_out(self) -> None:
        top, foot = QHBoxLayout(), QHBoxLayout()
        for part in (self._title, self._count):
            top.addWidget(part)
        top.addStretch(1)
        for button in (self.back, self._number, self.forth):
            top.addWidget(button)
        for button in (self.take_all, self.leave_all, self.once_more):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.L), theme.px(theme.M), theme.px(theme.L), theme.px(theme.M))
        column.setSpacing(theme.px(theme.S))
        column.addLayout(top)
        column.addWidget(self.diff, 1)
        column.addWidget(self._proof)
        column.addLayout(foot)

    def fit(self, room: QRect) -> None:
        """Take a place in the lower part of `room`: half of it, more where letters are large, shorter words where they
        are larger still.
        """
        wide = min(room.width() - theme.px(theme.L), theme.px(820))
        words = (self.take_all, "Take all", "All"), (self.leave_all, "Leave all", "None"), (self.once_more, "Again", "")
        words += (self.cancel, "Keep the old", "Old"), (self.apply, "Put it in", "Put in")
        for button, long, _ in words:
            button.setText(long)
        self._proof.setVisible(room.height() > theme.px(300))
        if self.minimumSizeHint().width() > wide:
            for button, _, short in words:
                button.setText(short)
        need = self.minimumSizeHint().height() - self.diff.minimumSizeHint().height() + theme.px(84)
        tall = min(max(min(round(room.height() * 0.55), theme.px(360)), need), room.height() - theme.px(8))
        left = room.left() + (room.width() - wide) // 2
        self.setGeometry(left, room.bottom() - tall - theme.px(4), wide, tall)

    def show_versions(self, title: str, old: str, versions: Sequence[str]) -> None:
        """Compare `old` with each of `versions`; all changes are taken at first."""
        self._title.setText(title)
        self._old, self._versions, self._at = old, list(versions), 0
        many = len(versions) > 1
        for part in (self.back, self.forth, self._number):
            part.setVisible(many)
        self._show_version()

    def _show_version(self) -> None:
        self.diff.current = -1
        self.pieces = compare(self._old, self._versions[self._at])
        self.taken = {number for number, piece in enumerate(self.pieces) if piece.changes}
        self._number.setText(f"{self._at + 1} of {len(self._versions)}")
        self._draw()

    def turn(self, by: int) -> None:
        """Another version."""
        self._at = (self._at + by) % len(self._versions)
        self._show_version()

    def toggle(self, number: int) -> None:
        """Take a change, or leave it."""
        self.taken ^= {number}
        self._draw()

    def _set(self, on: bool) -> None:
        self.taken = {n for n, piece in enumerate(self.pieces) if piece.changes and on}
        self._draw()

    def _draw(self) -> None:
        changes = sum(piece.changes for piece in self.pieces)
        self.diff.show_pieces(self.pieces, self.taken)
        many = "1 change" if changes == 1 else f"{changes} changes"
        self._count.setText(f"{len(self.taken)} of {many} taken" if changes else "Nothing would change")
        self._proof.setText("Click a change to take or leave it. Outside of the selection not a letter changes.")
        self.apply.setEnabled(bool(self.taken))

    def result(self) -> str:
        """The passage with what is taken."""
        return composed(self.pieces, self.taken)

    def accept(self) -> None:
        """Put it in; where nothing is taken that is to keep the old."""
        if self.taken:
            self.applied.emit(self._at, self.result(), set(self.taken))
        else:
            self.closed.emit()

    def event(self, event: QEvent) -> bool:
        """Esc and Enter are the card's own while it has the focus."""
        keys = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if asked and event.key() in keys and not event.modifiers():
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter puts it in, Esc keeps the old, Alt with an arrow shows another version."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        else:
            super().keyPressEvent(event)
