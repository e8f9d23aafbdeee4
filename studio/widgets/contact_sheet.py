"""A contact sheet: the same request with many seeds, each as far as its share, to choose the ones worth finishing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.core.values import frozen
from studio.widgets import theme
from studio.widgets.controls import Button, IconButton
from studio.widgets.icons import icon
from studio.widgets.text import Label

Index = QModelIndex | QPersistentModelIndex
COUNTS = (4, 6, 9, 12, 16)
USUAL = 9
BESIDE = 24
ABOUT = "The same prompt and settings, each time with another seed. All of them are begun; you finish those you like."
SHARES = (25, 50)
STATES = {
    "blank": "to be made",
    "waiting": "waiting",
    "running": "being made",
    "ready": "ready to be chosen",
    "done": "finished",
    "failed": "failed",
}


@frozen
class Cell:
    """One picture of the sheet. `key` is its job, `state` one of STATES."""

    key: str
    seed: int
    state: str = "waiting"
    image: QImage | None = None
    marked: bool = False


class SheetModel(QAbstractListModel):
    """The cells in the order of their seeds."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[Cell] = []

    def fill(self, cells: list[Cell]) -> None:
        """Begin a sheet."""
        self.beginResetModel()
        self.cells = cells
        self.endResetModel()

    def row(self, key: str) -> int:
        """The row of a job, or -1."""
        return next((row for row, cell in enumerate(self.cells) if cell.key == key), -1)

    def change(self, key: str, **changes: Any) -> None:
        """Change a cell where it is."""
        row = self.row(key)
        if row >= 0:
            self.cells[row] = replace(self.cells[row], **changes)
            self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """One row a seed."""
        return 0 if parent.isValid() else len(self.cells)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for people."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            if not 0 <= index.row() < len(self.cells):
                return None
            cell = self.cells[index.row()]
            marked = ", chosen" if cell.marked else ""
            if cell.state == "blank":
                return f"{index.row() + 1} of {len(self.cells)}, {STATES[cell.state]}"
            return f"{index.row() + 1} of {len(self.cells)}, seed {cell.seed}, {STATES[cell.state]}{marked}"
        return None


class CellPainter(QStyledItemDelegate):
    """Draws a cell: what there is of the picture, and whether it was chosen."""

    def __init__(self, view: SheetView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """A square that fits the room."""
        return QSize(self._view.edge, self._view.edge)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        cell = self._view.sheet.cells[index.row()]
        current = theme.tokens()
        place = QRectF(option.rect).adjusted(6, 6, -6, -6)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        path = QPainterPath()
        path.addRoundedRect(place, 6, 6)
        painter.fillPath(path, current.color("surface" if cell.state == "blank" else "field"))
        if cell.image is not None:
            size = cell.image.size().scaled(place.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, size.width(), size.height())
            target.moveCenter(place.center().toPoint())
            painter.setClipPath(path)
            painter.drawImage(target, cell.image)
            painter.setClipping(False)
        elif cell.state != "blank":
            painter.setPen(current.color("muted"))
            painter.setFont(theme.font(current.label))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, STATES[cell.state].capitalize())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = self._view.hasFocus() and index.row() == self._view.currentIndex().row()
        if cell.marked:
            painter.setPen(QPen(current.color("accent"), 3))
            painter.drawRoundedRect(place.adjusted(-2, -2, 2, 2), 8, 8)
            self._tick(painter, place)
        elif cell.state != "blank" and (focused or option.state & QStyle.StateFlag.State_MouseOver):
            painter.setPen(QPen(current.color("text" if focused else "muted"), 1))
            painter.drawRoundedRect(place.adjusted(-2, -2, 2, 2), 8, 8)
        painter.restore()

    def _tick(self, painter: QPainter, place: QRectF) -> None:
        current = theme.tokens()
        side = theme.px(24)
        spot = QRect(round(place.right()) - side - 6, round(place.top()) + 6, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current.color("accent"))
        painter.drawEllipse(spot)
        icon("check", "on_accent").paint(painter, spot.adjusted(4, 4, -4, -4))


class SheetView(QListView):
    """The grid. A click or Space chooses a cell or not, Enter finishes what is chosen."""

    marked = Signal()
    finish_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = SheetModel()
        self.sheet.setParent(self)
        self.edge = 160
        self.setModel(self.sheet)
        self.setItemDelegate(CellPainter(self))
        self.setAccessibleName("Contact sheet")
        self.setAccessibleDescription("A click or Space chooses a picture, Enter finishes the chosen ones.")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)

    def mark(self, row: int) -> None:
        """Choose a cell, or no longer."""
        if 0 <= row < len(self.sheet.cells):
            cell = self.sheet.cells[row]
            if cell.state not in ("blank", "failed", "done"):
                self.sheet.change(cell.key, marked=not cell.marked)
                self.marked.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click chooses."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid():
            self.mark(index.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space chooses, Enter finishes; with nothing chosen it finishes the one under the keys."""
        row = self.currentIndex().row()
        if event.key() == Qt.Key.Key_Space:
            self.mark(row)
        elif (
            event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0 and self.sheet.cells[row].state != "blank"
        ):
            if not any(cell.marked for cell in self.sheet.cells):
                self.mark(row)
            self.finish_wanted.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All cells are in sight."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Cells as large as fit."""
        count = max(len(self.sheet.cells), 1)
        room = self.viewport().size()
        best = 0
        for columns in range(1, count + 1):
            rows = math.ceil(count / columns)
            # The view keeps room for a scroll bar when it breaks the rows.
            best = max(best, min((room.width() - BESIDE) // columns, room.height() // rows))
        self.edge = max(best, theme.px(64))
        self.setGridSize(QSize(self.edge, self.edge))


class ContactSheet(QWidget):
    """First how many, then the grid. `begin_wanted(count, share)`, `finish_wanted(keys)` and `closed` ask for it."""

    begin_wanted = Signal(int, float)
    finish_wanted = Signal(list)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.view = SheetView()
        self._words = Label("How many seeds shall be tried?", "label")
        self._counts = QButtonGroup(self)
        self._chips = [self._chip(count) for count in COUNTS]
        self._shares = QButtonGroup(self)
        self._far = Label("How far?", "label")
        self._share_chips = [self._share_chip(share) for share in SHARES]
        self.begin = Button("Begin", "primary", help="Make each of them as far as that share of its steps")
        self.finish = Button("Finish the chosen", "primary", help="Finish the chosen ones; the others stop  Enter")
        self.leave = IconButton("x", "Close the contact sheet", help="Close the contact sheet; all of it stops  Esc")
        top = QHBoxLayout()
        top.setSpacing(theme.S)
        top.addWidget(self._words)
        for chip in self._chips:
            top.addWidget(chip)
        top.addSpacing(theme.L)
        for part in (self._far, *self._share_chips):
            top.addWidget(part)
        top.addSpacing(theme.L)
        top.addWidget(self.begin)
        top.addStretch(1)
        top.addWidget(self.finish)
        top.addWidget(self.leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.M)
        column.addLayout(top)
        self._about = Label(ABOUT, "muted", wrap=True)
        column.addWidget(self._about)
        column.addWidget(self.view, 1)
        self.finish.hide()
        self._counts.idToggled.connect(lambda _count, on: self._lay_blanks() if on else None)
        self._lay_blanks()
        self.begin.clicked.connect(lambda: self.begin_wanted.emit(self.count(), self.share()))
        self.finish.clicked.connect(self._finish)
        self.view.finish_wanted.connect(self._finish)
        self.view.marked.connect(self._describe)
        self.leave.clicked.connect(self.closed)
        self.setFocusProxy(self.begin)

    def _chip(self, count: int) -> Button:
        chip = Button(str(count), "quiet", name=f"{count} seeds")
        chip.setCheckable(True)
        chip.setChecked(count == USUAL)
        self._counts.addButton(chip, count)
        return chip

    def _share_chip(self, share: int) -> Button:
        chip = Button(f"{share} %", "quiet", name=f"{share} % of the steps")
        chip.setCheckable(True)
        chip.setChecked(share == SHARES[0])
        self._shares.addButton(chip, share)
        return chip

    def _lay_blanks(self) -> None:
        """Show how many there would be."""
        self.view.sheet.fill([Cell(str(number), 0, "blank") for number in range(self.count())])
        self.view.fit()

    def share(self) -> float:
        """How far each is made at first, 0 … 1."""
        return self._shares.checkedId() / 100

    def count(self) -> int:
        """How many seeds were asked for."""
        return self._counts.checkedId()

    def fill(self, cells: list[Cell]) -> None:
        """The jobs are on their way: show the grid."""
        self.view.sheet.fill(cells)
        for part in (*self._chips, self._far, *self._share_chips, self.begin):
            part.hide()
        self._about.hide()
        self.finish.show()
        self.setFocusProxy(self.view)
        self.view.fit()
        self.view.setCurrentIndex(self.view.sheet.index(0))
        self.view.setFocus()
        self._describe()

    def image(self, key: str) -> QImage | None:
        """What a cell shows."""
        row = self.view.sheet.row(key)
        return self.view.sheet.cells[row].image if row >= 0 else None

    def change(self, key: str, **changes: Any) -> None:
        """Something became of a cell."""
        self.view.sheet.change(key, **changes)
        self._describe()

    def _describe(self) -> None:
        cells = self.view.sheet.cells
        chosen = sum(cell.marked for cell in cells)
        made = sum(cell.state in ("ready", "done", "failed") for cell in cells)
        ready = "All are ready" if made == len(cells) else f"{made} of {len(cells)} are ready"
        self._words.setText(f"{ready}. Choose those worth finishing.")
        self.finish.setEnabled(bool(chosen))
        self.finish.setText(f"Finish the {chosen} chosen" if chosen > 1 else "Finish the chosen")

    def _finish(self) -> None:
        keys = [cell.key for cell in self.view.sheet.cells if cell.marked]
        if keys:
            self.finish_wanted.emit(keys)

    def event(self, event: QEvent) -> bool:
        """Escape closes the sheet before the window cancels a job with it."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return super().event(event)
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves, Enter begins."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.begin.isVisible():
            self.begin_wanted.emit(self.count(), self.share())
        else:
            super().keyPressEvent(event)
