"""The outline at the left: chapters and scenes with their words, to jump to, add, rename, move, split and merge."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.widgets import theme
from studio.widgets.controls import IconButton
from studio.widgets.icons import icon
from studio.widgets.text import Label

from .document_outline import Section
from .panel_targets import Count, Tally

SECTION = Qt.ItemDataRole.UserRole
WIDTH = 208


class _Rows(QStyledItemDelegate):
    """A title, its words at the right, a thin bar where it has a target."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """One line."""
        return QSize(theme.px(120), theme.px(30))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw a section."""
        section, target = index.data(SECTION), index.data(SECTION + 1) or 0
        current = theme.tokens()
        area = QRectF(option.rect).adjusted(0, 1, 0, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current.color("hover" if chosen else "field"))
            painter.drawRoundedRect(area, current.px(6), current.px(6))
        if chosen and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(current.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), current.px(6), current.px(6))
        scene = isinstance(section, Section) and section.level >= 2
        inside = area.adjusted(current.px(8 + (12 if scene else 0)), 0, -current.px(8), 0)
        count = index.data(SECTION + 2) or ""
        painter.setFont(theme.font(current.small, tabular=True))
        wide = painter.fontMetrics().horizontalAdvance(count)
        painter.setPen(current.color("muted"))
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, count)
        painter.setFont(theme.font(current.label if scene else current.body))
        painter.setPen(current.color("muted" if scene and not chosen else "text"))
        title = painter.fontMetrics().elidedText(
            str(index.data() or ""), Qt.TextElideMode.ElideRight, round(inside.width() - wide - current.px(8))
        )
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        if target:
            done = min((index.data(SECTION + 3) or 0) / target, 1.0)
            line = QRectF(inside.left(), area.bottom() - current.px(3), inside.width(), current.px(2))
            painter.fillRect(line, current.color("track"))
            painter.fillRect(
                QRectF(line.left(), line.top(), line.width() * done, line.height()), current.color("accent")
            )
        painter.restore()


class OutlineList(QListWidget):
    """`moved(from, to)` is a section dragged before row `to`, `shifted(row, up)` one moved with a key, `left` the wish
    to go back to the page.
    """

    moved = Signal(int, int)
    shifted = Signal(int, bool)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Outline")
        self.setAccessibleDescription("Enter goes there, F2 renames, Alt with an arrow moves. Sections can be dragged.")
        self.setItemDelegate(_Rows(self))
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setMouseTracking(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt with an arrow moves the chosen section, as dragging does."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.shifted.emit(self.currentRow(), key == Qt.Key.Key_Up)
            return
        if key == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """These keys are the list's own while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            arrow = event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
            if event.key() == Qt.Key.Key_Escape or (arrow and event.modifiers() & Qt.KeyboardModifier.AltModifier):
                event.accept()
                return True
        return super().event(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """The text is moved, not the row: the outline follows it."""
        source = self.currentRow()
        spot = event.position().toPoint()
        target = self.indexAt(spot).row()
        if target < 0:
            target = self.count()
        elif spot.y() > self.visualItemRect(self.item(target)).center().y():
            target += 1
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if source >= 0 and target not in (source, source + 1):
            self.moved.emit(source, target)


class Outline(QFrame):
    """`jumped(row)` is a click on a section; the others name what is wanted with which row."""

    jumped = Signal(int)
    moved = Signal(int, int)
    chapter_wanted = Signal()
    scene_wanted = Signal()
    renamed = Signal(int, str)
    merged = Signal(int)
    split_wanted = Signal()
    removed = Signal(int)
    target_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._sections: list[Section] = []
        self._chosen = -1
        self.list = OutlineList()
        self.tally = Tally()
        add = IconButton("plus", "Add a chapter", help="Add a chapter or a scene", kind="tiny", size=16)
        menu = QMenu(add)
        menu.addAction(icon("book-open"), "New chapter", self.chapter_wanted.emit)
        menu.addAction(icon("minus"), "New scene", self.scene_wanted.emit)
        menu.addAction(icon("scissors"), "Split here", self.split_wanted.emit)
        add.setMenu(menu)
        add.setPopupMode(add.ToolButtonPopupMode.InstantPopup)
        top = QHBoxLayout()
        top.setContentsMargins(theme.px(8), 0, theme.px(4), 0)
        top.addWidget(Label("Outline", "label"))
        top.addStretch(1)
        top.addWidget(add)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.S), theme.px(theme.M), theme.px(theme.S), theme.px(theme.M))
        column.setSpacing(theme.px(theme.S))
        column.addLayout(top)
        column.addWidget(self.list, 1)
        column.addWidget(self.tally)
        self.list.itemClicked.connect(lambda item: self.jumped.emit(self.list.row(item)))
        self.list.itemActivated.connect(lambda item: self.jumped.emit(self.list.row(item)))
        self.list.itemChanged.connect(self._changed)
        self.list.currentRowChanged.connect(self._choose)
        self.list.moved.connect(self.moved)
        self.list.shifted.connect(self.shift)
        self.list.customContextMenuRequested.connect(self._menu)
        self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(theme.px(WIDTH))

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fit()

    def sections(self) -> list[Section]:
        """What is shown."""
        return list(self._sections)

    def show_sections(
        self, sections: Sequence[Section], targets: Sequence[int], whole: Sequence[int], count: Count
    ) -> None:
        """Show these; `whole` are the words of each with the scenes inside it, `targets` 0 where there is none."""
        self.tally.show_count(count)
        row = self.list.currentRow()
        with QSignalBlocker(self.list):
            while self.list.count() > len(sections):
                self.list.takeItem(self.list.count() - 1)
            while self.list.count() < len(sections):
                item = QListWidgetItem()
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                self.list.addItem(item)
            for number, section in enumerate(sections):
                item = self.list.item(number)
                target = targets[number]
                words = f"{whole[number]:,}" if not target else f"{whole[number]:,} / {target:,}"
                item.setText(section.name)
                item.setData(SECTION, section)
                item.setData(SECTION + 1, target)
                item.setData(SECTION + 2, words)
                item.setData(SECTION + 3, whole[number])
                kind = "Scene" if section.level >= 2 else "Chapter"
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{kind} {section.name}, {words} words")
            self.list.setCurrentRow(row if row < len(sections) else -1)
        self._sections = list(sections)
        self.list.viewport().update()

    def _choose(self, row: int) -> None:
        self._chosen = row

    def set_current(self, row: int) -> None:
        """Show where the caret is; a row that was gone to by keys stays while they are in the list."""
        inside = self.list.hasFocus() or self.list.isAncestorOf(QApplication.focusWidget() or self)
        if inside and self._chosen == self.list.currentRow() >= 0:
            return
        if row != self.list.currentRow():
            with QSignalBlocker(self.list):
                self.list.setCurrentRow(row)

    def rename(self, row: int) -> None:
        """Edit a title in its row."""
        item = self.list.item(row)
        if item is not None:
            self.list.setCurrentItem(item)
            self.list.editItem(item)

    def shift(self, row: int, up: bool) -> None:
        """Move a section one place up or down among its like."""
        target = neighbour(self._sections, row, up=up)
        if target >= 0:
            self._chosen = -1  # it goes with what is moved
            self.moved.emit(row, target)

    def _changed(self, item: QListWidgetItem) -> None:
        row = self.list.row(item)
        if 0 <= row < len(self._sections) and item.text() != self._sections[row].name:
            self.renamed.emit(row, " ".join(item.text().split()))

    def _menu(self, spot: QPoint) -> None:
        row = self.list.indexAt(spot).row()
        menu = QMenu(self)
        menu.addAction(icon("book-open"), "New chapter", self.chapter_wanted.emit)
        menu.addAction(icon("minus"), "New scene", self.scene_wanted.emit)
        if row >= 0:
            menu.addSeparator()
            menu.addAction(icon("pencil-simple"), "Rename", lambda: self.rename(row))
            menu.addAction(icon("target"), "Word target…", lambda: self.target_wanted.emit(row))
            if neighbour(self._sections, row, up=True) >= 0:
                menu.addAction(icon("arrow-up"), "Move up\tAlt+Up", lambda: self.shift(row, True))
            if row > 0:
                menu.addAction(
                    icon("arrows-in-line-vertical"), "Merge with the one before", lambda: self.merged.emit(row)
                )
            if neighbour(self._sections, row, up=False) >= 0:
                menu.addAction(icon("arrow-down"), "Move down\tAlt+Down", lambda: self.shift(row, False))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.viewport().mapToGlobal(spot))


def neighbour(sections: Sequence[Section], row: int, *, up: bool) -> int:
    """Before which row a section goes that moves one place; -1 where it can go no further. A chapter passes chapters
    with all that is in them.
    """
    if not 0 <= row < len(sections):
        return -1

    def behind(start: int) -> int:
        """The row behind a section with what is inside it."""
        chapter, end = sections[start].level <= 1, start + 1
        while chapter and end < len(sections) and sections[end].level >= 2:
            end += 1
        return end

    chapter = sections[row].level <= 1
    if up:
        rows = [n for n in range(row) if not chapter or sections[n].level <= 1]
        return rows[-1] if rows else -1
    after = behind(row)
    if after >= len(sections):
        return -1
    return behind(after) if chapter else after + 1
