"""What the takes of a score and those of a sound have in common: the jobs behind them, and which one is looked at."""

from __future__ import annotations

from typing import Generic, Literal, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from studio.api import (
    Artifact,
    Cancelled,
    Changed,
    Event,
    Failed,
    Finished,
    Job,
    PanelHost,
    Paused,
    Preview,
    Previewed,
    Request,
    Started,
    Step,
    Stepped,
)


class Made(Protocol):
    """One run of a model."""

    job: str
    request: Request
    state: Literal["waiting", "running", "done"]


T = TypeVar("T", bound=Made)


class TakeJobs(QObject, Generic[T]):
    """`turned` says that another take, or more of it, is to be seen; `settled` brings one that was kept."""

    turned = Signal()
    busy = Signal(bool)
    failed = Signal(object)
    settled = Signal(object)

    def __init__(self, host: PanelHost, parent: QObject) -> None:
        super().__init__(parent)
        self._host = host
        self.takes: list[T] = []
        self.place = 0
        self._was_busy = False

    def adopt_all(self) -> None:
        """Follow the jobs of an earlier sitting."""
        for job in self._host.jobs():
            self._adopt(job)

    # What there is

    def current(self) -> T | None:
        """The take one looks at."""
        return self.takes[self.place] if 0 <= self.place < len(self.takes) else None

    def running(self) -> list[T]:
        """Those that are on their way."""
        return [take for take in self.takes if take.state != "done"]

    def request_of(self, steps: str) -> Request | None:
        """The request whose steps go by that name."""
        return next((take.request for take in self.takes if take.job == steps), None)

    def _made_by(self, job: str, result: str) -> Artifact | None:
        """What a job of an earlier sitting has made: `result`, or what the queue knows, where the program died before
        that was written down.
        """
        ended = self._host.job(job) if not result else None
        made = result or (ended.artifacts[-1] if ended is not None and ended.artifacts else "")
        return self._host.artifact(made) if made else None

    # What is done

    def drop(self) -> None:
        """None of them: the document is what it was."""
        self.cancel()
        if self.takes:
            self._host.changed()
        self.takes, self.place = [], 0
        self._say()

    def cancel(self) -> None:
        """Stop what runs; what it has made so far is a take."""
        for take in self.running():
            self._host.cancel(take.job)

    # What is heard of the jobs

    def on_event(self, event: Event) -> None:
        """What a job says; jobs of others are passed over."""
        if isinstance(event, Changed):
            if event.job is None:
                self._forget(event.job_id)
            elif event.job.origin == self._host.panel_id and not event.job.state.ended:
                self._adopt(event.job)
            return
        take = next((t for t in self.takes if t.job == event.job_id), None)
        if take is None:
            return
        match event:
            case Started():
                take.state = "running"
                self._say()
            case Stepped(step=step):
                self._stepped(take, step)
            case Previewed(preview=preview):
                self._looked(take, preview)
            case Finished(artifacts=artifacts) | Cancelled(artifacts=artifacts):
                take.state = "done"
                self._ended(take, artifacts)
            case Failed(problem=problem):
                self._forget(take.job)
                self.failed.emit(problem)
            case Paused():
                take.state = "waiting"
                self._say()

    def _stepped(self, take: T, step: Step) -> None:
        self._looked(take, step.preview)

    def _looked(self, take: T, preview: Preview | None) -> None:
        """There is more to see of a take."""
        raise NotImplementedError

    def _ended(self, take: T, artifacts: tuple[Artifact, ...]) -> None:
        """A take is as far as it comes."""
        raise NotImplementedError

    def _taken_up(self, job: Job) -> T:
        """The take of a job of an earlier sitting, or of one that was tried again on the Queue page."""
        raise NotImplementedError

    def _show(self) -> None:
        """Lay the take one looks at over the document."""
        raise NotImplementedError

    def _adopt(self, job: Job) -> None:
        if all(take.job != job.id for take in self.takes):
            self.takes.append(self._taken_up(job))
            self.place = len(self.takes) - 1
            self._say()

    def _forget(self, job: str) -> None:
        self.takes = [take for take in self.takes if take.job != job]
        self.place = max(0, min(self.place, len(self.takes) - 1))
        self._say()

    def _say(self) -> None:
        self._show()
        self.turned.emit()
        busy = bool(self.running())
        if busy != self._was_busy:
            self._was_busy = busy
            self.busy.emit(busy)
