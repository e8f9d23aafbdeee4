"""The row of thumbnails on the ribbon: a list view, so that every step is an item for assistive technology too."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from studio.core.steps import Step
from studio.widgets import theme
from studio.widgets.ribbon_model import Index, Look, StepsModel

GAP = 6
SMALLEST, LARGEST = 28, 96
INHERITED = 0.45
"""How strongly the steps from before a branch are drawn."""
FITTED = 150
"""So many chips are as wide as their word, more are all alike: laying out 2,000 different ones took 107 ms."""


class StepDelegate(QStyledItemDelegate):
    """Draws a step: a picture, a word chip, a number, or the place of one that is coming."""

    def __init__(self, strip: Strip) -> None:
        super().__init__(strip)
        self._strip = strip

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One size for all pictures, the width of its word for a chip."""
        return self._strip.cell(index.row())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one step inside its gap."""
        strip, row = self._strip, index.row()
        model = strip.steps
        current = theme.tokens()
        area = strip.inside(option.rect)
        look = model.look(row)
        radius = current.px(4)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row <= model.branched and row != strip.shown():
            painter.setOpacity(INHERITED)
        if look is Look.PICTURE:
            path = QPainterPath()
            path.addRoundedRect(QRectF(area), radius, radius)
            painter.setClipPath(path)
            painter.drawPixmap(area.topLeft(), model.pixmap(row, area.size(), strip.devicePixelRatioF()))
            painter.setClipping(False)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current.color("surface" if look is Look.COMING else "field"))
            painter.drawRoundedRect(QRectF(area), radius, radius)
            painter.setPen(current.color("text" if row == strip.shown() else "muted"))
            painter.setFont(theme.font(current.label, tabular=True))
            if look is not Look.COMING:
                words = model.word(row) if look is Look.WORD else str(row + 1)
                words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, area.width() - 4)
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, words)
        painter.setOpacity(1.0)
        if row == model.branched:
            self._mark(painter, area, strip.gap)
        self._outline(painter, area, row, bool(option.state & QStyle.StateFlag.State_MouseOver), radius)
        painter.restore()

    def _mark(self, painter: QPainter, area: QRect, gap: int) -> None:
        """Where the branch leaves: a line in the gap behind its last common step, with a knot on it."""
        current = theme.tokens()
        x = area.right() + 1 + gap / 2 - 0.5
        painter.setPen(QPen(current.color("accent"), 2))
        painter.drawLine(QPointF(x, area.top() - 1), QPointF(x, area.bottom() + 1))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current.color("accent"))
        painter.drawEllipse(QPointF(x, area.top() + 1), 3.0, 3.0)

    def _outline(self, painter: QPainter, area: QRect, row: int, hovered: bool, radius: int) -> None:
        strip = self._strip
        current = theme.tokens()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if row == strip.shown():
            painter.setPen(QPen(current.color("accent"), 2))
            painter.drawRoundedRect(QRectF(area).adjusted(-1, -1, 1, 1), radius + 1, radius + 1)
            if strip.hasFocus():
                painter.setPen(QPen(current.color("text"), 1))
                painter.drawRoundedRect(QRectF(area).adjusted(1.5, 1.5, -1.5, -1.5), radius - 1, radius - 1)
        elif hovered and strip.steps.step(row) is not None:
            painter.setPen(QPen(current.color("muted"), 1))
            painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


class Strip(QListView):
    """The list of steps. Nothing chosen means: follow the newest one (live) or the result (afterwards).

    `picked` carries the chosen row, -1 for a return to the result.
    """

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = StepsModel(self)
        self.gap = theme.px(GAP)
        self._edge = SMALLEST
        self._shown = -1
        self.setModel(self.steps)
        self.setItemDelegate(StepDelegate(self))
        self.setAccessibleName("Ribbon")
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setResizeMode(QListView.ResizeMode.Fixed)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setDragEnabled(False)
        self.setMouseTracking(True)
        self.setMinimumHeight(theme.px(SMALLEST) + 2 * self.gap + theme.px(10))
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.selectionModel().selectionChanged.connect(self._selection_changed)

    # what is in it

    def begin(self, total: int, title: str) -> None:
        """Empty, with placeholders for `total` steps."""
        self._shown = -1
        self.steps.begin(total, title)
        self.setUniformItemSizes(True)
        self._fit()

    def put(self, step: Step) -> None:
        """One more step; the view follows unless something is chosen."""
        worded, rows = self.steps.has_words(), self.steps.rowCount()
        row = self.steps.put(step)
        if row < 0:
            return
        self.setUniformItemSizes(self._alike())
        if self.steps.has_words() != worded or rows != self.steps.rowCount() or row == 0:
            self._fit()
        if self.chosen() < 0:
            self._mark(row)
            self.scrollTo(self.steps.index(row), QAbstractItemView.ScrollHint.EnsureVisible)

    def set_branched(self, row: int) -> None:
        """Set the steps up to `row` apart: they belong to the generation this one branched from; -1 for none."""
        self.steps.branched = row
        self.viewport().update()

    def put_all(self, steps: Sequence[Step]) -> None:
        """The steps of a finished run at once."""
        for step in steps:
            self.steps.put(step)
        self.setUniformItemSizes(self._alike())
        self._fit()
        self._mark(self.steps.last())

    def chosen(self) -> int:
        """The row somebody chose, or -1."""
        return self.currentIndex().row()

    def shown(self) -> int:
        """The row with the outline: the chosen one, else the newest."""
        return self._shown

    def choose(self, row: int) -> None:
        """Choose a row that has come, or -1 to return to the result."""
        if row < 0:
            self.clearSelection()
            self.selectionModel().clearCurrentIndex()
        elif self.steps.step(row) is not None:
            self.setCurrentIndex(self.steps.index(row))

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = current.row()
        self._mark(row if row >= 0 else self.steps.last())
        self.picked.emit(row)

    def _selection_changed(self) -> None:
        # Assistive technology selects without moving the current item.
        selected = self.selectedIndexes()
        if selected and selected[0].row() != self.chosen():
            self.choose(selected[0].row())

    def _mark(self, row: int) -> None:
        before, self._shown = self._shown, row
        for each in {before, row}:
            if each >= 0:
                self.update(self.steps.index(each))

    # sizes

    def _alike(self) -> bool:
        return not self.steps.has_words() or self.steps.rowCount() > FITTED

    def cell(self, row: int) -> QSize:
        """The size of a row with its gap."""
        height = self._edge + self.gap
        look = self.steps.look(row)
        if self.steps.has_words():
            if self._alike():
                return QSize(theme.px(76) + self.gap, height)
            if look is Look.COMING:
                return QSize(self.gap, height)
            width = self.fontMetrics().horizontalAdvance(self.steps.word(row) or str(row + 1))
            return QSize(width + theme.px(20) + self.gap, height)
        return QSize(round(self._edge * self.steps.aspect()) + self.gap, height)

    def inside(self, cell: QRect) -> QRect:
        """Where in its cell a step is drawn: the view stretches cells to its own height."""
        half = self.gap // 2
        return QRect(cell.left() + half, cell.top() + half, cell.width() - 2 * half, self._edge)

    def _fit(self) -> None:
        """Thumbnails as large as the room allows, all of them in sight where that leaves them large enough to see."""
        current = theme.tokens()
        self.gap = current.px(GAP)
        room = self.height() - self.gap - current.px(10)
        most = min(room, current.px(LARGEST))
        if self.steps.has_words():
            edge = min(most, current.px(34))
        else:
            count = max(self.steps.rowCount(), 1)
            each = (self.width() - 2) / count - self.gap
            edge = min(most, max(int(each / self.steps.aspect()), current.px(SMALLEST)))
        edge = max(edge, 12)
        if edge != self._edge:
            self._edge = edge
            self.steps.forget_pixmaps()
        self.scheduleDelayedItemsLayout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another room, other sizes."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Another text size, other sizes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fit()

    # hands

    def _row_under(self, x: int) -> int:
        """The row at a place, the nearest one beyond the ends; -1 to the right of the newest."""
        last = self.steps.last()
        if last < 0:
            return -1
        index = self.indexAt(QPoint(x, self.viewport().height() // 2))
        if index.isValid():
            return index.row() if index.row() <= last else -1
        return 0 if x < self.visualRect(self.steps.index(0)).left() else self._near(x, last)

    def _near(self, x: int, last: int) -> int:
        right = self.visualRect(self.steps.index(last)).right()
        if x > right:
            return -1
        # Over the scroll bar's line or between two cells: whichever is closer.
        return min(range(last + 1), key=lambda row: abs(self.visualRect(self.steps.index(row)).center().x() - x))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to scrub."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.choose(self._row_under(event.position().toPoint().x()))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            row = self._row_under(event.position().toPoint().x())
            if row != self.chosen():
                self.choose(row)
            event.accept()
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stay where the mouse let go."""
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Any wheel scrolls along the row, where there is more of it than fits."""
        bar = self.horizontalScrollBar()
        delta = event.angleDelta()
        if bar.maximum() > 0:
            bar.setValue(bar.value() - (delta.y() or delta.x()))
            event.accept()
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        """Escape first lets go of the chosen step; only then may the window cancel the job with it."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() == QEvent.Type.ShortcutOverride and self.chosen() >= 0:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left, Right, Home, End; Escape or a step beyond the newest goes back to the result."""
        last, now = self.steps.last(), self.chosen()
        key = event.key()
        if key == Qt.Key.Key_Escape and now >= 0:
            self.choose(-1)
        elif last < 0 or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = -1 if key == Qt.Key.Key_Left else 1
            start = last + 1 if now < 0 else now
            self._go(start + step, step, last)
        elif key == Qt.Key.Key_Home:
            self._go(0, 1, last)
        elif key == Qt.Key.Key_End:
            self.choose(last)
        else:
            event.ignore()

    def _go(self, row: int, step: int, last: int) -> None:
        """To `row`, or on in the same direction past steps that have not come."""
        while 0 <= row <= last and self.steps.step(row) is None:
            row += step
        if 0 <= row <= last:
            self.choose(row)
        elif row > last:
            self.choose(-1)
