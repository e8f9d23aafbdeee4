"""The command palette: everything the window can do, found by typing a few letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.core.values import frozen
from studio.ui.fuzzy import Match, match
from studio.widgets import icons, theme

Index = QModelIndex | QPersistentModelIndex
_SHOWN = 60
_ROWS = 9
_HITS = Qt.ItemDataRole.UserRole
_ENTRY = Qt.ItemDataRole.UserRole + 1


@frozen
class Entry:
    """Something to find. `kind` is what it is ("Command", "Panel", "Model", "Project"), `words` further words to find
    it by, `keys` its shortcut as people read it.
    """

    id: str
    title: str
    kind: str
    run: Callable[[], object]
    icon: str = ""
    keys: str = ""
    words: str = ""
    enabled: bool = True


def rank(query: str, entries: Iterable[Entry], recent: Sequence[str] = ()) -> list[tuple[Entry, Match]]:
    """The entries that fit, best first. Without a query: what was used last, then everything in its own order."""
    recency = {name: len(recent) - at for at, name in enumerate(recent)}
    found: list[tuple[int, int, Entry, Match]] = []
    for order, entry in enumerate(entries):
        if not query.strip():
            found.append((100 * recency.get(entry.id, 0) if entry.enabled else -1, -order, entry, Match(0, ())))
            continue
        fit = match(query, entry.title)
        if fit is None:
            loose = match(query, f"{entry.title} {entry.kind} {entry.words}")
            if loose is None:
                continue
            fit = Match(loose.score // 2, tuple(hit for hit in loose.hits if hit < len(entry.title)))
        score = fit.score + 2 * recency.get(entry.id, 0) - (0 if entry.enabled else 30)
        found.append((score, -order, entry, fit))
    found.sort(key=lambda item: (item[0], item[1]), reverse=True)
    return [(entry, fit) for _, _, entry, fit in found[:_SHOWN]]


class _Found(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[tuple[Entry, Match]] = []

    def show(self, rows: list[tuple[Entry, Match]]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        entry, fit = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (entry.title, entry.kind, entry.keys) if part)
        if role == _HITS:
            return fit.hits
        if role == _ENTRY:
            return entry
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        entry = self.data(index, _ENTRY)
        if isinstance(entry, Entry) and not entry.enabled:
            return Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled


class _Row(QStyledItemDelegate):
    """Icon, title with the letters that were hit, and on the right the shortcut or the kind."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, _row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry = index.data(_ENTRY)
        if not isinstance(entry, Entry):
            return
        tokens = theme.tokens()
        box: QRect = option.rect.adjusted(6, 1, -6, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.hover))
            painter.drawRoundedRect(box, 6, 6)
        size = tokens.px(18)
        drawn = icons.icon(entry.icon or "command", "muted")
        drawn.paint(painter, QRect(box.left() + tokens.px(10), box.center().y() - size // 2 + 1, size, size))
        side = entry.keys or entry.kind
        font = QApplication.font()
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(side)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(tokens.muted))
        painter.drawText(box.adjusted(0, 0, -12, 0), middle | Qt.AlignmentFlag.AlignRight, side)
        left = box.left() + tokens.px(38)
        space = box.right() - 24 - width - left
        self._title(painter, entry, set(index.data(_HITS) or ()), QRect(left, box.top(), space, box.height()))
        painter.restore()

    @staticmethod
    def _title(painter: QPainter, entry: Entry, hits: set[int], box: QRect) -> None:
        tokens = theme.tokens()
        plain, strong = QFont(painter.font()), QFont(painter.font())
        strong.setWeight(QFont.Weight.DemiBold)
        text = painter.fontMetrics().elidedText(entry.title, Qt.TextElideMode.ElideRight, box.width())
        x = box.left()
        start = 0
        while start < len(text):
            hit = start in hits
            end = start
            while end < len(text) and (end in hits) == hit:
                end += 1
            painter.setFont(strong if hit else plain)
            painter.setPen(QColor(tokens.accent if hit else tokens.text if entry.enabled else tokens.hint))
            part = text[start:end]
            painter.drawText(QRect(x, box.top(), box.width(), box.height()), Qt.AlignmentFlag.AlignVCenter, part)
            x += painter.fontMetrics().horizontalAdvance(part)
            start = end


class Palette(QFrame):
    """Lies over the window while it is open. Enter runs, Esc closes and gives the focus back where it was."""

    def __init__(
        self,
        window: QWidget,
        entries: Callable[[], Sequence[Entry]],
        *,
        recent: Sequence[str] = (),
        used: Callable[[list[str]], None] | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._app = QApplication.instance()
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self._entries_of = entries
        self._entries: Sequence[Entry] = ()
        self._recent = list(recent)
        self._used = used
        self._back: QWidget | None = None
        self.hide()

    def _build(self) -> None:
        self._field = QLineEdit(self)
        self._field.setObjectName("paletteInput")
        self._field.setPlaceholderText("Type a command, a panel, a model or a project")
        self._field.setAccessibleName("Command")
        self._field.textChanged.connect(self._search)
        self._field.installEventFilter(self)
        self._model = _Found(self)
        self._list = QListView(self)
        self._list.setObjectName("paletteList")
        self._list.setAccessibleName("Found")
        self._list.setModel(self._model)
        self._list.setItemDelegate(_Row(self._list))
        self._list.setUniformItemSizes(True)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.clicked.connect(lambda _index: self._run())
        self._list.setMouseTracking(True)
        self._list.entered.connect(self._list.setCurrentIndex)
        self._nothing = QLabel("Nothing is called that. Try fewer letters.", self)
        self._nothing.setObjectName("paletteNothing")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(6)
        layout.addWidget(self._field)
        layout.addWidget(self._nothing)
        layout.addWidget(self._list)

    def open(self) -> None:
        """Show it with an empty field; opened twice it closes again."""
        if self.isVisible():
            self.close_palette()
            return
        if self.layout() is None:  # nothing of it is needed before it is opened for the first time
            self._build()
        self._back = QApplication.focusWidget()
        self._entries = self._entries_of()
        self._field.clear()
        self._search("")
        self._window.installEventFilter(self)
        if self._app is not None:
            self._app.installEventFilter(self)
        self._place()
        self.show()
        self.raise_()
        self._field.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_palette(self) -> None:
        """Hide it and give the focus back."""
        if not self.isVisible():
            return
        if self._app is not None:
            self._app.removeEventFilter(self)
        self._window.removeEventFilter(self)
        self.hide()
        if self._back is not None and self._back.isVisible():
            self._back.setFocus(Qt.FocusReason.PopupFocusReason)
        self._back = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self._field and kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        if watched is self._window and kind == QEvent.Type.Resize:
            self._place()
        elif kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent) and isinstance(watched, QWidget):
            outside = watched is not self and not self.isAncestorOf(watched)
            if self.isVisible() and outside and watched.window() is self.window():
                self.close_palette()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        row, last = self._list.currentIndex().row(), self._model.rowCount() - 1
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.close_palette()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run()
        elif key == Qt.Key.Key_Down:
            self._walk(row, 1)
        elif key == Qt.Key.Key_Up:
            self._walk(max(row, 0), -1)
        elif key == Qt.Key.Key_PageDown:
            self._go(min(last, row + _ROWS - 1))
        elif key == Qt.Key.Key_PageUp:
            self._go(max(0, row - _ROWS + 1))
        elif key not in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            return False
        return True

    def _walk(self, row: int, by: int) -> None:
        """To the next row that can be run now, around the ends."""
        count = self._model.rowCount()
        for _ in range(count):
            row = (row + by) % count
            if self._model.flags(self._model.index(row, 0)) & Qt.ItemFlag.ItemIsEnabled:
                self._go(row)
                return

    def _go(self, row: int) -> None:
        self._list.setCurrentIndex(self._model.index(row, 0))

    def _search(self, text: str) -> None:
        found = rank(text, self._entries, self._recent)
        self._model.show(found)
        self._nothing.setVisible(not found)
        self._list.setVisible(bool(found))
        if found:
            self._go(0)
        self._place()

    def _place(self) -> None:
        window = self._window
        width = min(theme.tokens().px(576), window.width() - 32)
        row = _row_height()
        rows = min(_ROWS, max(1, self._model.rowCount()))
        self._list.setFixedHeight(min(rows * row + 4, max(row, window.height() - 160)))
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((window.width() - width) // 2, 8)

    def _run(self) -> None:
        entry = self._list.currentIndex().data(_ENTRY)
        if not isinstance(entry, Entry) or not entry.enabled:
            return
        self.close_palette()
        self._recent = [entry.id, *(name for name in self._recent if name != entry.id)][:12]
        if self._used is not None:
            self._used(self._recent)
        entry.run()


def _row_height() -> int:
    return QFontMetrics(QApplication.font()).height() + 18
