"""The list of jobs: painted rows, dragged or moved with Alt and the arrows into another order."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.core.job import Job, JobState
from studio.ui.pages.queue_model import ROW, WAITING, QueueModel, QueueRow, state_text
from studio.ui.pages.wording import seed_text, size_text
from studio.widgets import theme
from studio.widgets.icons import icon

HEIGHT, HEADING, SIDE = 68, 40, 52
Index = QModelIndex | QPersistentModelIndex


class QueueList(QListView):
    """`moved(job id, before id or None)` is said when a waiting job gets another place."""

    moved = Signal(str, object)
    remove_wanted = Signal()
    opened = Signal(str)

    def __init__(self, model: QueueModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = model
        self._drop_row = -1
        self.setModel(model)
        self.setItemDelegate(JobPainter(self))
        self.setAccessibleName("Jobs")
        self.setAccessibleDescription("Alt with Up and Down moves a waiting job; Delete cancels or removes.")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(False)
        self.setMouseTracking(True)
        self.doubleClicked.connect(self._open)

    def chosen(self) -> list[Job]:
        """The selected jobs from top to bottom."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [job for row in rows if (job := self._queue.job(row)) is not None]

    def choose(self, job_id: str) -> None:
        """Select one job and bring it into sight."""
        row = self._queue.row_of(job_id)
        if row >= 0:
            index = self._queue.index(row)
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def shift(self, by: int) -> None:
        """Move the chosen waiting job one place up or down."""
        chosen = [job for job in self.chosen() if job.state in WAITING]
        waiting = self._queue.waiting()
        if len(chosen) != 1:
            return
        place = next(n for n, job in enumerate(waiting) if job.id == chosen[0].id)
        if not 0 <= place + by < len(waiting):
            return
        after = place + by + (1 if by > 0 else 0)
        self.moved.emit(chosen[0].id, waiting[after].id if after < len(waiting) else None)

    def _open(self, index: QModelIndex) -> None:
        job = self._queue.job(index.row())
        if job is not None:
            self.opened.emit(job.id)

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the list from the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _ours(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt with the arrows moves, Delete removes, Enter opens."""
        key, alt = event.key(), event.modifiers() & Qt.KeyboardModifier.AltModifier
        if alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.shift(-1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Delete:
            self.remove_wanted.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    # Dragging

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Only our own jobs."""
        if event.source() is self:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the job would go."""
        if event.source() is not self:
            event.ignore()
            return
        super().dragMoveEvent(event)
        self._drop_row = self._row_at(event.position().toPoint())
        event.accept()
        self.viewport().update()

    def dropEvent(self, event: QDropEvent) -> None:
        """Put the dragged job where it was dropped."""
        row, self._drop_row = self._row_at(event.position().toPoint()), -1
        dragged = [job for job in self.chosen() if job.state in WAITING]
        before = self._queue.before(row)
        # A copy for Qt, or the view would take the row out of a model that is filled by the engine.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.viewport().update()
        if before in {job.id for job in dragged}:
            return
        for job in dragged:
            self.moved.emit(job.id, before)

    def _row_at(self, point: QPoint) -> int:
        index = self.indexAt(point)
        if not index.isValid():
            return self._queue.rowCount()
        below = point.y() > self.visualRect(index).center().y()
        return index.row() + (1 if below else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows, and the line where a dragged job would go."""
        super().paintEvent(event)
        if self._drop_row < 0:
            return
        before = self._queue.before(self._drop_row)
        waiting = self._queue.waiting()
        if not waiting:
            return
        row = self._queue.row_of(before or waiting[-1].id)
        place = self.visualRect(self._queue.index(row))
        y = place.top() if before else place.bottom()
        painter = QPainter(self.viewport())
        painter.fillRect(place.left() + 8, y - 1, place.width() - 16, 2, theme.tokens().color("accent"))
        painter.end()


def _ours(event: QKeyEvent) -> bool:
    alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
    if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
        return alt
    return event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Enter) and not (
        event.modifiers() & Qt.KeyboardModifier.ControlModifier
    )


class JobPainter(QStyledItemDelegate):
    """Paints headings and jobs."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Headings are lower than jobs."""
        row = index.data(ROW)
        tokens = theme.tokens()
        return QSize(200, tokens.px(HEADING if isinstance(row, QueueRow) and row.job is None else HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        row = index.data(ROW)
        if not isinstance(row, QueueRow):
            return
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        tokens = theme.tokens()
        if row.job is None:
            painter.setPen(tokens.color("muted"))
            painter.setFont(theme.font(tokens.label))
            place = option.rect.adjusted(12, 0, -8, -6)
            painter.drawText(place, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, row.heading)
        else:
            self._ground(painter, option)
            self._job(painter, option.rect.adjusted(12, 4, -16, -4), row, row.job)
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        tokens = theme.tokens()
        path = QPainterPath()
        path.addRoundedRect(QRectF(option.rect).adjusted(4, 2, -4, -2), 8, 8)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillPath(path, tokens.color("hover"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillPath(path, tokens.color("field"))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(tokens.color("accent"), 2))
            painter.drawPath(path)

    def _job(self, painter: QPainter, place: QRect, row: QueueRow, job: Job) -> None:
        tokens = theme.tokens()
        side = tokens.px(SIDE)
        thumb = QRect(place.left(), place.center().y() - side // 2, side, side)
        _thumbnail(painter, thumb, row)
        words = place.adjusted(side + 14, 4, 0, -4)
        right = min(260, words.width() // 3)
        said = QRect(words.right() - right, words.top(), right, words.height())
        words.setRight(said.left() - 16)
        big, little = theme.font(tokens.body), theme.font(tokens.label)
        upper = QRect(words.left(), words.top(), words.width(), words.height() // 2)
        lower = QRect(words.left(), upper.bottom() + 1, words.width(), words.height() - upper.height())
        painter.setFont(big)
        painter.setPen(tokens.color("text"))
        _line(painter, upper, job.title or "Picture", QFontMetrics(big), Qt.AlignmentFlag.AlignBottom)
        painter.setFont(little)
        painter.setPen(tokens.color("muted"))
        _line(painter, lower, _about(job), QFontMetrics(little), Qt.AlignmentFlag.AlignTop)
        self._state(painter, said, row, job)

    def _state(self, painter: QPainter, place: QRect, row: QueueRow, job: Job) -> None:
        tokens = theme.tokens()
        font = theme.font(tokens.label, tabular=True)
        painter.setFont(font)
        failed = job.state == JobState.FAILED
        painter.setPen(tokens.color("danger" if failed else "text" if job.state == JobState.RUNNING else "muted"))
        text = (row.said or "Starting") if job.state == JobState.RUNNING else state_text(row)
        line = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        if job.state != JobState.RUNNING:
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, line)
            return
        upper = place.adjusted(0, 0, 0, -place.height() // 2)
        painter.drawText(upper, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight, line)
        track = QRectF(place.left(), place.center().y() + 8, place.width(), 4)
        _bar(painter, track, row.fraction)


def _about(job: Job) -> str:
    model = job.request.model
    parts = [
        (model.name or model.id)[:60] if model is not None else "",
        size_text({}, job.request.params),
        f"{job.request.params['steps']} steps" if isinstance(job.request.params.get("steps"), int) else "",
        f"seed {seed_text(job.request.seed)}",
    ]
    return "  ·  ".join(part for part in parts if part)


def _line(painter: QPainter, place: QRect, text: str, metrics: QFontMetrics, vertical: Qt.AlignmentFlag) -> None:
    short = metrics.elidedText(text[:400].replace("\n", " "), Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, vertical | Qt.AlignmentFlag.AlignLeft, short)


def _bar(painter: QPainter, track: QRectF, fraction: float | None) -> None:
    tokens = theme.tokens()
    path = QPainterPath()
    path.addRoundedRect(track, 2, 2)
    painter.fillPath(path, tokens.color("track"))
    if fraction:
        done = QRectF(track)
        done.setWidth(max(4.0, track.width() * min(1.0, fraction)))
        path = QPainterPath()
        path.addRoundedRect(done, 2, 2)
        painter.fillPath(path, tokens.color("accent"))


def _thumbnail(painter: QPainter, place: QRect, row: QueueRow) -> None:
    path = QPainterPath()
    path.addRoundedRect(QRectF(place), 6, 6)
    painter.fillPath(path, theme.tokens().color("field"))
    if isinstance(row.image, QImage):
        size = row.image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        target = QRect(QPoint(), size)
        target.moveCenter(place.center())
        painter.save()
        painter.setClipPath(path)
        painter.drawImage(target, row.image)
        painter.restore()
        return
    signs = {
        JobState.FAILED: ("warning", "danger"),
        JobState.PAUSED: ("pause", "muted"),
        JobState.CANCELLED: ("prohibit", "muted"),
        JobState.DONE: ("check", "muted"),
    }
    name, role = signs.get(row.job.state, ("hourglass-medium", "muted")) if row.job else ("hourglass-medium", "muted")
    spot = QRect(0, 0, 20, 20)
    spot.moveCenter(place.center())
    icon(name, role).paint(painter, spot)
