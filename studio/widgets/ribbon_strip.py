"""The row of steps on the ribbon: a list view, so that every step is an item for assistive technology too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from studio.core.steps import Step
from studio.widgets import theme
from studio.widgets.ribbon_lane import Lane
from studio.widgets.ribbon_model import Index, Look, StepsModel
from studio.widgets.ribbon_paint import StepPainter

GAP = 6
SMALLEST, SCROLLED, LARGEST = 28, 44, 96
CHIP, CARD = 34, 48
"""The height of words and of bars."""
CARD_ASPECT = 1.8


class Strip(QListView):
    """The list of steps. Nothing chosen means: follow the newest one (live) or the result (afterwards).

    `picked` carries the chosen row, -1 for a return to the result.

    Where the cells lie is known to a Lane of our own: QListView asks every item for its size whenever one more comes
    (107 ms for 2,000 different ones), and a text comes in thousands.
    """

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = StepsModel(self)
        self.gap = theme.px(GAP)
        self._lane = Lane()
        self._painter = StepPainter(self)
        self._metrics = QFontMetrics(theme.font(theme.tokens().label, tabular=True))
        self._edge = SMALLEST
        self._shown = self._hovered = -1
        self.setModel(self.steps)
        self.setAccessibleName("Ribbon")
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
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
        self._shown = self._hovered = -1
        self.steps.begin(total, title)
        self._fit()

    def put(self, step: Step) -> None:
        """One more step; the view follows unless something is chosen, or somebody scrolled away."""
        kind, rows = self._kind(), self.steps.rowCount()
        at_end = self._newest_in_sight()
        row = self.steps.put(step)
        if row < 0:
            return
        if kind != self._kind() or row == 0 or row < self._lane.came() or (not kind[0] and rows <= row):
            self._fit()
        else:
            self._grow()
        if self.chosen() < 0:
            self._mark(row)
            if at_end:
                self.scrollTo(self.steps.index(row))

    def put_all(self, steps: Sequence[Step]) -> None:
        """The steps of a finished run at once."""
        for step in steps:
            self.steps.put(step)
        self._fit()
        self._mark(self.steps.last())
        self.scrollTo(self.steps.index(self.steps.last()))

    def set_branched(self, row: int) -> None:
        """Set the steps up to `row` apart: they belong to the generation this one branched from; -1 for none."""
        self.steps.branched = row
        self.viewport().update()

    def set_forks(self, forks: Mapping[int, int]) -> None:
        """Mark where other generations left: how many, by the last step they have in common with this one."""
        self.steps.forks = dict(forks)
        self.viewport().update()

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
        self._redraw(before, row)

    def _redraw(self, *rows: int) -> None:
        for row in set(rows):
            if row >= 0:
                self.viewport().update(self._around(row))

    # where everything is

    def _kind(self) -> tuple[bool, bool]:
        return self.steps.has_words(), self.steps.has_rolls()

    def _newest_in_sight(self) -> bool:
        last = self.steps.last()
        return last < 0 or self.visualRect(self.steps.index(last)).left() < self.viewport().width()

    def _cell(self, row: int) -> int:
        """The width of a row that came, with the gap before it."""
        if self.steps.look(row) is not Look.WORD:
            return self._usual()
        left, right = self.sides(row)
        wide = left + self._metrics.horizontalAdvance(self.steps.word(row)) + right
        return wide if self.steps.joined(row) else max(wide, theme.px(20)) + self.gap

    def sides(self, row: int) -> tuple[int, int]:
        """The room before and behind the words of a chip: hardly any where a word goes on in the next one."""
        steps = self.steps
        return (
            theme.px(1) if steps.joined(row) else theme.px(8),
            theme.px(1) if steps.joined(row + 1) else theme.px(8),
        )

    def _usual(self) -> int:
        words, rolls = self._kind()
        aspect = CARD_ASPECT if rolls else 1.0 if words else self.steps.aspect()
        return round(self._edge * aspect) + self.gap

    def area(self, row: int) -> QRect:
        """Where a step is drawn, in the viewport."""
        start, width = self._lane.span(row)
        before = 0 if self.steps.joined(row) else self.gap
        return QRect(start - self.horizontalOffset() + before, self.gap // 2, max(width - before, 0), self._edge)

    def _around(self, row: int) -> QRect:
        """All that drawing a step may touch: its outline, and a mark behind it."""
        return self.area(row).adjusted(-self.gap, -self.gap, 2 * self.gap, self.gap)

    def visualRect(self, index: Index) -> QRect:
        """The cell of a step, the gap before it included."""
        if not index.isValid():
            return QRect()
        start, width = self._lane.span(index.row())
        return QRect(start - self.horizontalOffset(), 0, width, self._edge + self.gap)

    def indexAt(self, point: QPoint) -> QModelIndex:
        """The step at a place in the viewport."""
        row = self._lane.at(point.x() + self.horizontalOffset(), self.steps.rowCount())
        return self.steps.index(row) if row >= 0 and 0 <= point.y() < self.viewport().height() else QModelIndex()

    def horizontalOffset(self) -> int:
        """How far the row is scrolled."""
        return self.horizontalScrollBar().value()

    def scrollTo(
        self, index: Index, _hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring a step into sight, with a little of what is beside it."""
        if not index.isValid():
            return
        start, width = self._lane.span(index.row())
        bar, room = self.horizontalScrollBar(), self.viewport().width()
        beside = min(self._edge, room // 4)
        if start < bar.value():
            bar.setValue(start - beside)
        elif start + width + self.gap > bar.value() + room:
            # A step further than the newest would leave nothing to see.
            bar.setValue(start + width + self.gap - room + (beside if index.row() < self.steps.last() else 0))

    def visualRegionForSelection(self, selection: object) -> QRegion:
        """Nothing more: the outline around the chosen step is redrawn by `_mark`."""
        return QRegion()

    def isIndexHidden(self, index: Index) -> bool:
        """No step is hidden."""
        return False

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """`put` draws what it changed; QListView would draw everything a second time."""
        if QAccessible.isActive():
            super().dataChanged(first, last, list(roles))

    def doItemsLayout(self) -> None:
        """Where things lie is up to the lane; only the scroll bar has to know how much there is."""
        self.updateGeometries()
        self.viewport().update()

    def updateGeometries(self) -> None:
        """Give the scroll bar its range."""
        bar, room = self.horizontalScrollBar(), self.viewport().width()
        bar.setRange(0, max(self._lane.length(self.steps.rowCount()) + self.gap - room, 0))
        bar.setPageStep(room)
        bar.setSingleStep(max(self._edge, 1))

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """The row moved below its window."""
        self.viewport().update()

    def _grow(self) -> None:
        """Lay out what came since, and nothing else."""
        if self.steps.joined(self._lane.came()):
            self._lane.drop()  # the word before goes on: less room behind it
        for row in range(self._lane.came(), self.steps.last() + 1):
            self._lane.append(self._cell(row))
        self.updateGeometries()
        self.viewport().update()

    def _fit(self) -> None:
        """Steps as large as the room allows, all of them in sight where that leaves them large enough to see."""
        current = theme.tokens()
        self.gap = current.px(GAP)
        self._metrics = QFontMetrics(theme.font(current.label, tabular=True))
        room = self.height() - self.gap - current.px(10)
        most = min(room, current.px(LARGEST))
        words, rolls = self._kind()
        if words or rolls:
            edge = min(most, current.px(CHIP if words else CARD))
        else:
            count = max(self.steps.rowCount(), 1)
            each = (self.width() - 2 - self.gap) / count - self.gap
            wanted = int(each / self.steps.aspect())
            # What has to scroll anyway may as well be large enough to see.
            edge = min(most, wanted if wanted >= current.px(SMALLEST) else current.px(SCROLLED))
        self._edge = max(edge, 12)
        self._lane.fill(map(self._cell, range(self.steps.last() + 1)), 0 if words else self._usual())
        self.updateGeometries()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another room, other sizes."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Another text size, other sizes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_painter"):
            self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what is in sight and has to be drawn."""
        # Of a text, what is coming has no place yet: thousands of empty cells would be looked at in vain.
        rows = self.steps.rowCount() if self._lane.coming else self._lane.came()
        if not rows:
            return
        region, left = event.region(), self.horizontalOffset()
        first = max(self._lane.at(max(event.rect().left() + left - 3 * self.gap, 0), rows), 0)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        seen = []
        for row in range(first, rows):
            around = self._around(row)
            if around.left() > event.rect().right():
                break
            if region.intersects(around):
                seen.append(row)
                self._painter.paint(painter, row)
        for row in seen:  # over their neighbours
            self._painter.mark(painter, row, hovered=row == self._hovered)
        painter.end()

    # hands

    def _row_under(self, x: int) -> int:
        """The row at a place, the first before it all; -1 to the right of the newest."""
        last = self.steps.last()
        row = self._lane.at(max(x + self.horizontalOffset(), 0), self.steps.rowCount())
        return row if row <= last else -1

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
        else:
            self._hover(self._row_under(event.position().toPoint().x()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the mouse any more."""
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        before, self._hovered = self._hovered, row
        if before != row:
            self._redraw(before, row)

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
