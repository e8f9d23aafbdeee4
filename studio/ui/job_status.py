"""Puts into the status bar what the running job does, and onto the rail how many wait."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.events import Cancelled, Changed, Event, Failed, Finished, Paused
from studio.core.job import Job, JobState
from studio.engine import Engine
from studio.ui.progress import JobProgress, Report
from studio.ui.status_bar import StatusBar


class JobStatus(QObject):
    """Follows the running job, whoever asked for it. Emits `counted(waiting jobs, busy)` when `counts` changes."""

    counted = Signal(int, bool)

    def __init__(self, bar: StatusBar, word: Callable[[str], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar = bar
        self._word = word
        self._engine: Engine | None = None
        self._running = ""
        self._progress: dict[str, JobProgress] = {}
        self.counts = (0, False)
        # The device is no event: look for it until the worker has said it, and for its memory while a job runs.
        self._watch = QTimer(self)
        self._watch.setInterval(1000)
        self._watch.timeout.connect(self.count)
        self._paused = ""
        self._newest: Report | None = None
        bar.cancel_wanted.connect(self._cancel_either)

    def use(self, engine: Engine) -> None:
        """Follow the jobs of another project."""
        self._engine = engine
        self._running = next((job.id for job in engine.jobs() if job.state is JobState.RUNNING), "")
        self._progress.clear()
        self._newest = None
        self._bar.set_report(Report("Ready"))
        self.find_paused()

    def find_paused(self) -> None:
        """The queue is loaded: offer to go on with what was paused in an earlier sitting."""
        jobs = self._engine.jobs() if self._engine is not None else ()
        self._paused = next((job.id for job in reversed(jobs) if self._stopped(job)), "")
        if self._paused and not self._running:
            self._bar.set_report(Report("Paused", paused=True))

    @staticmethod
    def _stopped(job: Job) -> bool:
        """True for one that the artist paused; those of a contact sheet pause by themselves."""
        return job.state is JobState.PAUSED and not job.until

    def close(self) -> None:
        """Follow nothing any more."""
        self._engine = None
        self._watch.stop()
        self._bar.rest()

    @property
    def running(self) -> str:
        """The id of the job that runs, or ""."""
        return self._running

    @property
    def paused(self) -> str:
        """The id of the job that was paused last and still is, or ""."""
        return self._paused

    def pausing(self) -> None:
        """The running job was asked to pause."""
        self._bar.set_report(Report("Pausing after this step …", None, busy=True))

    def _cancel_either(self) -> None:
        if not self.next and self._paused and self._engine is not None:
            self._engine.cancel(self._paused)
        else:
            self.cancel()

    @property
    def next(self) -> str:
        """The id of the job that runs, or else of the one that is about to, or ""."""
        if self._running or self._engine is None or self._engine.held:
            return self._running
        return next((job.id for job in self._engine.jobs() if job.state is JobState.QUEUED), "")

    def cancel(self) -> None:
        """Stop the running job, or the one that is about to run; what it made so far is kept."""
        job = self.next
        if self._engine is not None and job:
            self._engine.cancel(job)
            if job == self._running:
                self._bar.set_report(Report("Cancelling …", None, busy=True))

    def tell(self, event: Event) -> None:
        """Take one event."""
        ended = isinstance(event, (Finished, Failed, Cancelled, Paused))
        if isinstance(event, Changed):
            self._note_pause(event)
            # The job is taken; the worker may still have to start, which takes seconds the first time.
            if event.job is not None and event.job.state is JobState.RUNNING and event.job_id != self._running:
                self._running = event.job_id
                self._progress[event.job_id] = JobProgress(self._word(event.job_id))
                self._bar.set_report(Report("Getting ready …", None, busy=True))
            return
        progress = self._progress.get(event.job_id)
        if progress is None and ended and not self._running:
            progress = JobProgress()  # answered from the library, or cancelled while it waited
        if progress is None:
            return
        report = progress.follow(event)
        if isinstance(event, Paused) and event.job_id != self._paused:
            report = Report("Ready")  # one of a contact sheet: it waits to be chosen
        if ended:
            self._progress.pop(event.job_id, None)
            if event.job_id == self._running:
                self._running = ""
        if ended:
            self._newest = None
            if report is not None:
                self._bar.set_report(report)
        elif report is not None:
            self._newest = report  # a hundred tokens a second are one picture of the bar each batch

    def _note_pause(self, event: Changed) -> None:
        if event.job is not None and self._stopped(event.job):
            self._paused = event.job_id
        elif event.job_id == self._paused:
            self._paused = ""
            if not self._running:
                self._bar.set_report(Report("Ready"))

    def count(self) -> None:
        """Count the queue and ask for the device; once for each batch of events."""
        if self._newest is not None:
            self._bar.set_report(self._newest)
            self._newest = None
        if self._engine is None:
            return
        waiting = sum(job.state is JobState.QUEUED for job in self._engine.jobs())
        device = self._engine.device
        self._bar.set_device(device.name or "Getting ready", device.used, device.total)
        if bool(self._running) or not device.name:
            self._watch.start()
        else:
            self._watch.stop()
        self._bar.set_waiting(waiting)
        if not self._running:
            self._tell_waiting(waiting)
        if (waiting, bool(self._running)) != self.counts:
            self.counts = (waiting, bool(self._running))
            self.counted.emit(*self.counts)

    def _tell_waiting(self, waiting: int) -> None:
        """Nothing runs: say why, where something waits."""
        assert self._engine is not None
        if waiting and not self._engine.held:
            self._bar.set_report(Report("Getting ready …", None, busy=True))
        elif waiting:
            self._bar.set_report(Report("The queue is on hold"))
        elif self._bar.busy:
            self._bar.set_report(Report("Paused", paused=True) if self._paused else Report("Ready"))
