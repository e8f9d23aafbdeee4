"""The list of models: two lines each, with what matters for a choice in columns beside them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from studio.core.model import Model
from studio.core.values import frozen
from studio.ui.pages.models_words import REFUSED, dtype_words, kind_of, line_of, place_of
from studio.ui.progress import in_bytes
from studio.widgets import icons, theme

Index = QModelIndex | QPersistentModelIndex
MODEL = Qt.ItemDataRole.UserRole
SORT = Qt.ItemDataRole.UserRole + 1
ROW = 48
"""Pixels of a row at 100 %."""


@frozen
class Column:
    """One column: its title and its width at 100 %."""

    title: str
    width: int
    right: bool = False


COLUMNS = (
    Column("Model", 260),
    Column("Size", 84, right=True),
    Column("Precision", 126),
    Column("Licence", 130),
    Column("Place", 120),
)


class ModelTable(QAbstractTableModel):
    """One row for each model, the faulty ones too."""

    def __init__(self, own: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._own = own
        self._models: tuple[Model, ...] = ()

    def models(self) -> tuple[Model, ...]:
        """Those that are listed."""
        return self._models

    def show(self, models: tuple[Model, ...]) -> None:
        """List these. What is chosen and in sight stays where only facts of models are new (a hash)."""
        if models == self._models:
            return
        if [model.id for model in models] == [model.id for model in self._models]:
            self._models = models
            self.dataChanged.emit(self.index(0, 0), self.index(len(models) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self._models = models
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """How many there are."""
        return 0 if parent is not None and parent.isValid() else len(self._models)

    def columnCount(self, parent: Index | None = None) -> int:
        """Always the same."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a cell shows."""
        if not index.isValid():
            return None
        model, column = self._models[index.row()], index.column()
        if role == MODEL:
            return model
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(model, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{model.title}, {line_of(model)}" if column == 0 else self._cell(model, column)
        if role == SORT:
            return model.size if column == 1 else self._cell(model, column).casefold()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole and column == 0:
            return model.problem or None
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return model.problem
        return None

    def _cell(self, model: Model, column: int) -> str:
        if column == 0:
            return model.title
        if column == 1:
            return in_bytes(model.size) if model.size else ""
        if column == 2:
            return dtype_words(model.dtype)
        if column == 3:
            return model.licence or "not stated"
        return place_of(model, self._own)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if COLUMNS[column].right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class ModelFilter(QSortFilterProxyModel):
    """What is left of the models by kind and by words: each word is somewhere in what is known of the model."""

    def __init__(self, table: ModelTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kind = ""
        self._words: tuple[str, ...] = ()
        self.setSourceModel(table)
        self.setSortRole(SORT)

    def choose(self, kind: str, words: str) -> None:
        """Show only one kind ("" for all, REFUSED for what is not used) and what fits the words."""
        self.beginFilterChange()
        self._kind, self._words = kind, tuple(words.casefold().split())
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """True for what is shown."""
        table = self.sourceModel()
        assert isinstance(table, ModelTable)
        model = table.models()[row]
        if self._kind == REFUSED:
            if not model.problem:
                return False
        elif self._kind and (model.problem or kind_of(model).id != self._kind):
            return False
        known = " ".join((model.title, line_of(model), model.family, model.licence, model.origin, str(model.path)))
        return all(word in known.casefold() for word in self._words)


class ModelList(QTreeView):
    """The view: arrows move, Enter uses, Delete removes (the page joins those)."""

    def __init__(self, rows: ModelFilter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Models on this computer")
        self.setModel(rows)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setItemDelegate(_Delegate(self))
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        for section, column in enumerate(COLUMNS):
            header.resizeSection(section, theme.px(column.width))
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(theme.px(60))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a wide screen licences need not be cut; where names would be, the last columns go."""
        super().resizeEvent(event)
        spare = (event.size().width() - theme.px(900)) // 3
        self.header().resizeSection(3, theme.px(COLUMNS[3].width) + min(max(spare, 0), theme.px(150)))
        room = event.size().width() - theme.px(COLUMNS[0].width) * 3 // 4
        for section in range(1, len(COLUMNS)):
            room -= theme.px(COLUMNS[section].width)
            self.setColumnHidden(section, room < 0)

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One band for the whole row; the stylesheet would give each cell a box of its own."""
        tokens = theme.tokens()
        light = tokens.name == "light"  # there, what lies above the window is brighter, not darker
        chosen = self.selectionModel().isRowSelected(index.row(), QModelIndex())
        if chosen:
            band = QRectF(option.rect).adjusted(1, 1, -1, -1)
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(tokens.color("accent"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color("field" if light else "hover"))
            painter.drawRoundedRect(band, theme.px(6), theme.px(6))
            painter.restore()
        cell = QStyleOptionViewItem(option)
        for column in (number for number in range(len(COLUMNS)) if not self.isColumnHidden(number)):
            left, width = self.columnViewportPosition(column), self.columnWidth(column)
            cell.rect = QRect(left, option.rect.top(), width, option.rect.height())
            self.itemDelegate().paint(painter, cell, index.sibling(index.row(), column))


class _Delegate(QStyledItemDelegate):
    """A model's icon, title and line in the first column; words in the others, quieter."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.px(80), theme.px(ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.data(MODEL)
        if not isinstance(model, Model):
            return
        painter.save()
        area = option.rect.adjusted(theme.px(8), 0, -theme.px(8), 0)
        if index.column() == 0:
            self._paint_model(painter, area, model)
        else:
            tokens = theme.tokens()
            painter.setFont(theme.font(tokens.label, tabular=True))
            painter.setPen(tokens.color("hint" if model.problem else "muted"))
            text = QFontMetrics(painter.font()).elidedText(str(index.data()), Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, _alignment(index.column()) | Qt.TextFlag.TextSingleLine, text)
        painter.restore()

    def _paint_model(self, painter: QPainter, area: QRect, model: Model) -> None:
        tokens = theme.tokens()
        side = theme.px(20)
        place = QRect(area.left(), area.center().y() - side // 2, side, side)
        sign = icons.icon("warning-circle", "danger") if model.problem else icons.icon(kind_of(model).icon, "muted")
        sign.paint(painter, place)
        words = area.adjusted(side + theme.px(12), 0, 0, 0)
        title, line = theme.font(tokens.body), theme.font(tokens.small)
        high, low = QFontMetrics(title).height(), QFontMetrics(line).height()
        top = area.center().y() - (high + low) // 2
        for text, font, role, y, height in (
            (model.title, title, "muted" if model.problem else "text", top, high),
            (line_of(model), line, "danger" if model.problem else "muted", top + high, low),
        ):
            painter.setFont(font)
            painter.setPen(tokens.color(role))
            cut = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, words.width())
            painter.drawText(QRect(words.left(), y, words.width(), height), Qt.TextFlag.TextSingleLine, cut)
