"""What could have stood in a word's place: a small list with how likely each was; choosing one forks the text there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.widgets import theme
from studio.widgets.controls import Card
from studio.widgets.text import Label

from .wire import Choice, Token

DATA = Qt.ItemDataRole.UserRole


def visible_form(text: str) -> str:
    """A token's text with its spaces and line ends to be seen."""
    return text.replace("\n", "↵").replace("\t", "⇥").replace(" ", "·" if not text.strip() else " ").strip() or "·"


class _Rows(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(theme.px(220), theme.px(30))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        choice, written = index.data(DATA), bool(index.data(DATA + 1))
        if not isinstance(choice, Choice):
            return
        current = theme.tokens()
        area = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setBrush(current.color("hover"))
            painter.drawRoundedRect(area, current.px(6), current.px(6))
        bar = QRectF(area.left() + current.px(8), area.bottom() - current.px(5), area.width() - current.px(16), 2)
        painter.setBrush(current.color("track"))
        painter.drawRect(bar)
        painter.setBrush(current.color("accent"))
        painter.drawRect(QRectF(bar.left(), bar.top(), bar.width() * min(choice.p, 1.0), bar.height()))
        inside = area.adjusted(current.px(8), 0, -current.px(8), -current.px(4))
        painter.setFont(theme.serif(current.px(15)))
        painter.setPen(current.color("accent" if written else "text"))
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, visible_form(choice.text))
        painter.setFont(theme.font(current.label, tabular=True))
        painter.setPen(current.color("muted"))
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, percent(choice.p))
        painter.restore()


def percent(p: float) -> str:
    """A probability as a person reads it."""
    if p >= 0.0995:
        return f"{100 * p:.0f} %"
    return f"{100 * p:.1f} %" if p >= 0.001 else "< 0.1 %"


class TokenPopup(Card):
    """Shows a token's choices at a point of its parent, until something else gets the focus. `chosen(Choice)` is what
    the text shall go on with; `closed` follows every end.
    """

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("plain", parent)
        self.setAccessibleName("Other words here")
        self._title = Label("", "label", wrap=True)
        self.list = QListWidget()
        self.list.setAccessibleName("Other words")
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._hint = Label("Choose one: the text goes on from it, and what is here stays as a way of its own.", "hint")
        self._hint.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(10), theme.px(10), theme.px(10), theme.px(8))
        column.setSpacing(theme.px(6))
        column.addWidget(self._title)
        column.addWidget(self.list)
        column.addWidget(self._hint)
        self.setFixedWidth(theme.px(252))
        self.list.installEventFilter(self)
        self.hide()
        self.list.itemClicked.connect(self._take)
        self.list.itemActivated.connect(self._take)

    def open(self, token: Token, spot: QPoint, line: int = 0) -> None:
        """Show the choices below a point of the parent, or above the line of so many pixels that ends there."""
        self._title.setText(f"“{visible_form(token.text)}” was written: {percent(token.p)}")
        self.list.clear()
        rows: Sequence[Choice] = token.choices
        if all(choice.id != token.id for choice in rows):
            rows = [*rows, Choice(token.id, token.text, token.p)]
        for choice in rows:
            item = QListWidgetItem(visible_form(choice.text))
            item.setData(DATA, choice)
            item.setData(DATA + 1, choice.id == token.id)
            said = f"{visible_form(choice.text)}, {percent(choice.p)}"
            item.setData(Qt.ItemDataRole.AccessibleTextRole, said + (", written" if choice.id == token.id else ""))
            self.list.addItem(item)
        self.list.setFixedHeight(theme.px(30) * min(len(rows), 10) + theme.px(4))
        self.list.setCurrentRow(0)
        self.adjustSize()
        room = self.parentWidget().rect().adjusted(4, 4, -self.width() - 4, -self.height() - 4)
        above = spot.y() - line - self.height()
        top = spot.y() if spot.y() <= room.bottom() else above if above >= room.top() else room.bottom()
        beside = theme.px(60) if top == room.bottom() else 0  # it would lie on its word
        self.move(max(min(spot.x() + beside, room.right()), 4), max(top, 4))
        self.show()
        self.raise_()
        self.list.setFocus()

    def _take(self, item: QListWidgetItem) -> None:
        choice, written = item.data(DATA), bool(item.data(DATA + 1))
        self.hide()
        self.closed.emit()
        if not written:
            self.chosen.emit(choice)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """It goes with the focus; Esc and Enter are its own meanwhile."""
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if asked and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.closed.emit()
        else:
            super().keyPressEvent(event)
