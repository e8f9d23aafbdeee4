"""The branches of one generation as a compact list: where each left, what was changed in it, which one is on show."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from studio.core.branches import Branch, Tree
from studio.widgets import theme
from studio.widgets.icons import icon

Index = QModelIndex | QPersistentModelIndex
ROW, LINE, WIDTH = 24, 64, 264
LONGEST_NAME = 80
SHORT = 40
_KEY = Qt.Key
MINE = (_KEY.Key_C, _KEY.Key_P, _KEY.Key_Delete, _KEY.Key_Backspace, _KEY.Key_F2, _KEY.Key_Up, _KEY.Key_Down)


class BranchModel(QAbstractListModel):
    """One row a branch, as the tree orders them. `total` is how many steps the longest of them has."""

    renamed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.tree = Tree()
        self.total = 0
        self.current = ""

    def show(self, tree: Tree, current: str, total: int) -> None:
        """Put another tree in, or the same one with something changed."""
        last = max((branch.at + 2 for branch in tree.branches), default=0)
        same = [branch.id for branch in tree.branches] == [branch.id for branch in self.tree.branches]
        if not same:
            self.beginResetModel()
        self.tree, self.current, self.total = tree, current, max(total, last, 1)
        if same:
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))
        else:
            self.endResetModel()

    def branch(self, row: int) -> Branch | None:
        """The branch in a row."""
        return self.tree.branches[row] if 0 <= row < len(self.tree.branches) else None

    def row(self, branch_id: str) -> int:
        """The row of a branch, or -1."""
        return next((row for row, branch in enumerate(self.tree.branches) if branch.id == branch_id), -1)

    def label(self, row: int) -> str:
        """What stands in a row."""
        branch = self.tree.branches[row]
        if not branch.parent:
            return branch.name or "Original"
        if branch.name or not branch.changed:
            return branch.label
        # Of a long text there is room for what it is now only, behind what is short.
        words = [c.text if len(c.text) <= SHORT or not c.after else f"“{c.after}”" for c in branch.changed]
        return ", ".join(sorted(words, key=len))

    def say(self, row: int) -> str:
        """What a screen reader says of a row."""
        branch = self.tree.branches[row]
        count = f"{row + 1} of {self.rowCount()}"
        words = [f"branch {count}", f"from step {branch.at + 1}"] if branch.parent else [f"original, {count}"]
        if branch.parent or branch.name:
            words.append(self.label(row))
        if branch.pinned:
            words.append("pinned")
        if branch.state == "partial":
            words.append("partial")
        if not branch.kept:
            words.append("its steps are no longer kept")
        if branch.id == self.current:
            words.append("on show")
        return ", ".join(words)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """One row for each branch."""
        return 0 if parent.isValid() else len(self.tree.branches)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Every branch can be chosen and named."""
        flags = Qt.ItemFlag
        return flags.ItemIsEnabled | flags.ItemIsSelectable | flags.ItemIsEditable | flags.ItemNeverHasChildren

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for people; the delegate asks for the rest by name."""
        branch = self.branch(index.row())
        if branch is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.label(index.row())
        if role == Qt.ItemDataRole.EditRole:
            return branch.name
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            said = self.say(index.row())
            return said[:1].upper() + said[1:] if role == Qt.ItemDataRole.ToolTipRole else said
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Name a branch; an empty name takes it away."""
        branch = self.branch(index.row())
        name = " ".join(str(value).split())[:LONGEST_NAME]
        if branch is None or role != Qt.ItemDataRole.EditRole or name == branch.name:
            return False
        self.renamed.emit(branch.id, name)
        return True


class BranchPainter(QStyledItemDelegate):
    """Draws a branch: its steps as a line, faint where they are another branch's, and what it is called."""

    def __init__(self, view: BranchList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One line of text."""
        return QSize(theme.tokens().px(120), theme.tokens().px(ROW))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A field for the name."""
        field = QLineEdit(parent)
        field.setAccessibleName("Name of the branch")
        field.setMaxLength(LONGEST_NAME)
        field.setPlaceholderText(self._view.branches.label(index.row()))
        field.setFrame(False)
        return field

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """The name there is; what is being typed stays when the tree is drawn again meanwhile."""
        if isinstance(editor, QLineEdit) and not editor.isModified():
            super().setEditorData(editor, index)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Where the words are."""
        editor.setGeometry(self._words(option.rect))

    def _words(self, row: QRect) -> QRect:
        return row.adjusted(theme.px(LINE) + theme.px(theme.L), 0, -theme.px(theme.XS), 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One row."""
        model = self._view.branches
        branch = model.branch(index.row())
        if branch is None:
            return
        current, on_show = theme.tokens(), branch.id == model.current
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if on_show or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current.color("field" if on_show else "surface"))
            painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), 4, 4)
        self._line(painter, option.rect, branch, on_show=on_show)
        words = self._words(option.rect)
        if branch.pinned:
            spot = QRect(words.right() - theme.px(14), words.center().y() - theme.px(6), theme.px(13), theme.px(13))
            icon("push-pin", "muted").paint(painter, spot)
            words.setRight(spot.left() - theme.px(theme.XS))
        painter.setFont(theme.font(current.label, tabular=True))
        painter.setPen(current.color("text" if on_show else "muted"))
        text = painter.fontMetrics().elidedText(model.label(index.row()), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
        if self._view.hasFocus() and index.row() == self._view.currentIndex().row():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(current.color("accent"), 1))
            painter.drawRoundedRect(option.rect.adjusted(0, 1, -1, -2), 4, 4)
        painter.restore()

    def _line(self, painter: QPainter, row: QRect, branch: Branch, *, on_show: bool) -> None:
        current, total = theme.tokens(), self._view.branches.total
        left, width, y = row.left() + theme.px(theme.S), theme.px(LINE), row.center().y() + 0.5
        leaves = left + width * (branch.at + 1) / total
        if branch.parent:
            painter.setPen(QPen(current.color("track"), 1))
            painter.drawLine(QPointF(left, y), QPointF(leaves, y))
        color = current.color("accent" if on_show else "muted")
        painter.setPen(QPen(color, 2, Qt.PenStyle.SolidLine if branch.kept else Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(leaves, y), QPointF(left + width, y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(leaves, y), 3.0, 3.0)


class BranchList(QListView):
    """Up and Down go through the branches, F2 names one, P pins it, Delete prunes it, C compares with the one it left.

    `chosen`, `pin_wanted`, `prune_wanted` and `compare_wanted` carry a branch's id, `named` also the new name. It is
    hidden while there is only one.
    """

    chosen = Signal(str)
    named = Signal(str, str)
    pin_wanted = Signal(str, bool)
    prune_wanted = Signal(str)
    compare_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.branches = BranchModel()
        self.branches.setParent(self)
        self.setModel(self.branches)
        self.setItemDelegate(BranchPainter(self))
        self.setAccessibleName("Branches")
        self.setAccessibleDescription(
            "Up and Down go through the branches. F2 names one, P pins it, Delete prunes it, C compares it."
        )
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.EditKeyPressed | triggers.DoubleClicked)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.hide()
        self._fit()
        self._quiet = False
        self.selectionModel().currentChanged.connect(self._moved)
        self.branches.renamed.connect(self.named)

    def show_tree(self, tree: Tree, current: str, total: int = 0) -> None:
        """Show a tree with one of its branches on show, aligned by `total` steps. Nothing is said of it."""
        self._quiet = True
        self.branches.show(tree, current, total)
        row = self.branches.row(current)
        self.setCurrentIndex(self.branches.index(row) if row >= 0 else QModelIndex())
        self._quiet = False
        self.setVisible(len(tree.branches) > 1)
        self.viewport().update()

    def under_keys(self) -> Branch | None:
        """The branch that keys act on."""
        return self.branches.branch(self.currentIndex().row())

    def _moved(self, new: QModelIndex, _old: QModelIndex) -> None:
        branch = self.branches.branch(new.row())
        if branch is not None and not self._quiet and branch.id != self.branches.current:
            self.branches.current = branch.id  # its row may still have to be read; the keys are ahead of it
            self.viewport().update()
            self.chosen.emit(branch.id)

    def event(self, event: QEvent) -> bool:
        """Letters are for the list while it has the focus, not for tools of the canvas."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return super().event(event)
        if _plain(event) and event.key() in MINE:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What the keys do."""
        branch = self.under_keys()
        if branch is None or not _plain(event):
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_P:
            self.pin_wanted.emit(branch.id, not branch.pinned)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.prune_wanted.emit(branch.id)
        elif event.key() == Qt.Key.Key_C:
            self.compare_wanted.emit(branch.id)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The same by mouse."""
        index = self.indexAt(event.pos())
        branch = self.branches.branch(index.row()) or self.under_keys()
        if branch is None:
            return
        row = self.branches.index(self.branches.row(branch.id))
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("pencil-simple"), "Name…\tF2", lambda: self.edit(row))
        menu.addAction(
            icon("push-pin"),
            "Let go of its steps when room is needed\tP" if branch.pinned else "Always keep its steps\tP",
            lambda: self.pin_wanted.emit(branch.id, not branch.pinned),
        )
        if branch.parent:
            menu.addAction(icon("square-half"), "Compare\tC", lambda: self.compare_wanted.emit(branch.id))
            menu.addAction(icon("scissors"), "Prune…\tDel", lambda: self.prune_wanted.emit(branch.id))
        menu.popup(event.globalPos())

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "branches"):
            self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(theme.tokens().px(WIDTH))
        self.scheduleDelayedItemsLayout()


def _plain(event: QKeyEvent) -> bool:
    return event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
