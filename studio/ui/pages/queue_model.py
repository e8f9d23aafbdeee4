"""The queue as a list model: what runs, what waits in its order, what has ended, each with its newest preview."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QImage

from studio.core.events import Cancelled, Changed, Event, Finished, Previewed, Progressed, Started, Stepped
from studio.core.job import Job, JobState
from studio.core.values import frozen
from studio.engine import Engine
from studio.store import Library
from studio.ui.pages.library_model import thumbnail_image
from studio.ui.progress import JobProgress
from studio.widgets.feeder import Feeder
from studio.widgets.pictures import preview_image

ROW = Qt.ItemDataRole.UserRole + 1
THUMBNAILS = 300
WAITING = (JobState.QUEUED, JobState.PAUSED)
WORDS = {
    JobState.QUEUED: "Waiting",
    JobState.RUNNING: "Running",
    JobState.PAUSED: "Paused",
    JobState.DONE: "Done",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}
Index = QModelIndex | QPersistentModelIndex


@frozen
class QueueRow:
    """A heading ("Waiting, 3") where `job` is None, otherwise a job. `place` counts waiting jobs from 1."""

    job: Job | None = None
    heading: str = ""
    place: int = 0
    said: str = ""
    fraction: float | None = None
    image: QImage | None = None


class QueueModel(QAbstractListModel):
    """Follows the engine's events. `counted` is said when the number of jobs of a kind may be another."""

    counted = Signal()

    def __init__(self, engine: Engine, library: Library, feeder: Feeder) -> None:
        super().__init__()
        self._engine = engine
        self._library = library
        self._feeder = feeder
        self._rows: list[QueueRow] = []
        self._looks: OrderedDict[str, QImage | None] = OrderedDict()
        self._progress: dict[str, JobProgress] = {}
        self._said: dict[str, tuple[str, float | None]] = {}
        feeder.ready.connect(self._arrived)

    def reload(self) -> None:
        """Ask the engine again."""
        jobs = self._engine.jobs()
        running = [job for job in jobs if job.state == JobState.RUNNING]
        waiting = [job for job in jobs if job.state in WAITING]
        ended = sorted((job for job in jobs if job.state.ended), key=lambda job: job.ended, reverse=True)
        rows: list[QueueRow] = []
        for title, group in (("Running", running), ("Waiting", waiting), ("Finished", ended)):
            if group:
                rows.append(QueueRow(heading=f"{title}  {len(group):,}" if title != "Running" else title))
                rows += [self._row(job, place) for place, job in enumerate(group, 1)]
        if [row.job and row.job.id for row in rows] == [row.job and row.job.id for row in self._rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
        else:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
        alive = {job.id for job in running}
        self._progress = {name: one for name, one in self._progress.items() if name in alive}
        self._said = {name: one for name, one in self._said.items() if name in alive}
        self.counted.emit()

    def _row(self, job: Job, place: int) -> QueueRow:
        said, fraction = self._said.get(job.id, ("", None)) if job.state == JobState.RUNNING else ("", None)
        return QueueRow(job, "", place if job.state in WAITING else 0, said, fraction, self._looks.get(job.id))

    def follow(self, event: Event) -> bool:
        """Take in what a job says; True where the list itself is another now and `reload` is due."""
        if isinstance(event, Changed):
            return True
        if isinstance(event, Started):
            self._progress[event.job_id] = JobProgress()
        progress = self._progress.setdefault(event.job_id, JobProgress())
        report = progress.follow(event)
        if report is not None:
            self._said[event.job_id] = (report.text, report.fraction)
        if isinstance(event, Stepped) and event.step.preview is not None:
            self._look(event.job_id, preview_image(event.step.preview))
        elif isinstance(event, Previewed):
            self._look(event.job_id, preview_image(event.preview))
        elif isinstance(event, (Finished, Cancelled)) and event.artifacts:
            self._looks.pop(event.job_id, None)  # the result itself is better than its last preview
            return True
        if isinstance(event, (Started, Stepped, Progressed, Previewed)):
            self._redraw(event.job_id)
        return False

    def _look(self, job_id: str, image: QImage | None) -> None:
        self._looks[job_id] = image
        self._looks.move_to_end(job_id)
        while len(self._looks) > THUMBNAILS:
            self._looks.popitem(last=False)

    def _redraw(self, job_id: str) -> None:
        row = self.row_of(job_id)
        job = self.job(row)
        if job is not None:
            self._rows[row] = self._row(job, self._rows[row].place)
            self.dataChanged.emit(self.index(row), self.index(row))

    def row_of(self, job_id: str) -> int:
        """The row of a job, or -1."""
        return next((n for n, row in enumerate(self._rows) if row.job is not None and row.job.id == job_id), -1)

    def job(self, row: int) -> Job | None:
        """The job in a row; None for headings and beyond."""
        return self._rows[row].job if 0 <= row < len(self._rows) else None

    def jobs(self) -> Sequence[Job]:
        """All jobs from top to bottom."""
        return [row.job for row in self._rows if row.job is not None]

    def waiting(self) -> list[Job]:
        """The waiting jobs in their order."""
        return [job for job in self.jobs() if job.state in WAITING]

    def before(self, row: int) -> str | None:
        """Which waiting job a drop above `row` stands before; None for the end."""
        waiting = self.waiting()
        first = self.row_of(waiting[0].id) if waiting else 0
        place = max(0, row - first)
        return waiting[place].id if place < len(waiting) else None

    # What Qt asks for

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """Headings and jobs."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row, or its words for screen readers."""
        if not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW:
            if row.job is not None and row.image is None and row.job.artifacts:
                self._ask(row.job)
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if row.job is None:
                return row.heading
            return f"{row.job.title or 'Job'}, {row.said or state_text(row)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings are only read; waiting jobs can be dragged."""
        job = self.job(index.row())
        if job is None:
            return Qt.ItemFlag.ItemIsDropEnabled if index.isValid() is False else Qt.ItemFlag.NoItemFlags
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDropEnabled
        return base | Qt.ItemFlag.ItemIsDragEnabled if job.state in WAITING else base

    def supportedDropActions(self) -> Qt.DropAction:
        """Jobs are moved."""
        return Qt.DropAction.MoveAction

    def _ask(self, job: Job) -> None:
        if job.id in self._looks:
            return
        library, artifact = self._library, job.artifacts[-1]
        self._feeder.ask(("job", job.id), lambda: thumbnail_image(library, artifact))

    def _arrived(self, key: tuple[str, str], image: QImage | None) -> None:
        if key[0] == "job":
            self._look(key[1], image)
            self._redraw(key[1])


def state_text(row: QueueRow) -> str:
    """What a job is doing, in a few words."""
    job = row.job
    if job is None:
        return ""
    if job.state == JobState.FAILED and job.problem is not None:
        return job.problem.message
    if job.state == JobState.QUEUED:
        return "Next" if row.place == 1 else f"Waiting, {row.place} in line"
    if job.state == JobState.DONE and job.ended > job.started > 0:
        seconds = job.ended - job.started
        return f"Done in {seconds:.1f} s" if seconds < 60 else f"Done in {seconds / 60:.0f} min"
    if job.state == JobState.CANCELLED and job.artifacts:
        return "Cancelled, what was made is kept"
    return WORDS[job.state]
