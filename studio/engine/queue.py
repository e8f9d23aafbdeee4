"""The job queue: order and states, seen at once, written in that order, then told. It has no threads of its own."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

from studio.core.errors import Problem, StudioError
from studio.core.job import Job, JobState
from studio.engine.faults import disk_problem
from studio.engine.ports import JobJournal

ENDED_KEPT = 200
"""Older ended jobs leave the queue by themselves; their results stay in the library."""

_WAITING = (JobState.QUEUED, JobState.PAUSED)


def _nothing(*_: object) -> None:
    pass


@dataclass(slots=True, eq=False)
class _Write:
    """A change on its way to the disk. A `first` one brings the job into the journal or to the worker: where the disk
    refuses it, the job has failed. Where somebody is `sure` to wait, it is his to tell of a refusal.
    """

    job_id: str
    write: Callable[[], None]
    tell: Callable[[], None] = _nothing
    first: bool = False
    sure: bool = False
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Until it is on disk. Raises what the disk said."""
        self.done.wait()
        if self.error is not None:
            raise self.error


class JobQueue:
    """Thread-safe. A change is seen in `jobs()` at once; `do` has it written, one after the other; then `changed(id,
    job)` tells of it. No call waits for the disk but those that are `sure`: so the window's thread never does.

    Only what is on disk is taken. Where the disk refuses a new job, it has failed: `failed(id, problem)`. Any other
    change holds until the next start although it is not written: `unsaved(id, problem)`.
    """

    def __init__(
        self,
        journal: JobJournal,
        changed: Callable[[str, Job | None], None],
        *,
        failed: Callable[[str, Problem], None] = _nothing,
        unsaved: Callable[[str, Problem], None] = _nothing,
        do: Callable[[Callable[[], None]], None] = lambda work: work(),
    ) -> None:
        self._journal = journal
        self._changed = changed
        self._failed = failed
        self._unsaved = unsaved
        self._do = do
        self._lock = threading.RLock()  # held for moments only, never while the disk is written
        self._jobs: dict[str, Job] = {}
        self._order: list[str] = []
        self._held = False
        self._underway: Counter[str] = Counter()

    def load(self, was_running: Callable[[Job], Job]) -> None:
        """Read the journal. What ran when the program died goes through `was_running(job)`, which tells what becomes of
        it: the job as DONE, or as QUEUED, and then it waits in front of all others. Waits for the disk.
        """
        self.flush()
        jobs, held = self._journal.load()
        interrupted = [job.id for job in jobs if job.state is JobState.RUNNING]
        after = {job.id: was_running(job) if job.state is JobState.RUNNING else job for job in jobs}
        waiting = [job.id for job in after.values() if not job.state.ended]
        front = [job_id for job_id in waiting if job_id in interrupted]
        order = (*front, *(job_id for job_id in waiting if job_id not in interrupted))
        with self._lock:
            self._jobs, self._held, self._order = after, held, list(order)
            for job in after.values():
                self._changed(job.id, job)  # a kill before they are written leads here once more
            for job_id in interrupted:
                self._put(_Write(job_id, lambda job_id=job_id: self._journal.save(after[job_id])))  # type: ignore[misc]
            if front:
                self._put(_Write("", lambda: self._journal.reorder(order)))

    def flush(self) -> None:
        """Wait until everything that was asked for so far is on disk, or refused."""
        with self._lock:
            mark = self._put(_Write("", _nothing))
        mark.done.wait()

    # --- looking ------------------------------------------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """True where no further job is started."""
        with self._lock:
            return self._held

    def get(self, job_id: str) -> Job | None:
        """A job by its id."""
        with self._lock:
            return self._jobs.get(job_id)

    def jobs(self) -> tuple[Job, ...]:
        """Waiting jobs in their order, then running ones, then ended ones, the last to end last."""
        with self._lock:
            waiting = [self._jobs[job_id] for job_id in self._order]
            others = [job for job in self._jobs.values() if job.state not in _WAITING]
        running = [job for job in others if job.state is JobState.RUNNING]
        ended = sorted((job for job in others if job.state.ended), key=lambda job: job.ended)
        return (*waiting, *running, *ended)

    # --- changing -----------------------------------------------------------------------------------------------------

    def add(self, job: Job, *, then: Callable[[], None] = _nothing) -> None:
        """A new job: at the end of those that wait, or among the ended where it is done already. `then()` is called
        once that has been told.
        """
        with self._lock:
            self._keep(job, first=not job.state.ended, then=then)
            self._drop_oldest()

    def take(self, *, started: float) -> Job | None:
        """The next job, as it was, now running since `started`. None where nothing waits, the queue is held, the next
        one is still on its way to the disk, or the disk does not take it; then it has failed, and the queue is held: a
        full disk would fail one job after the other. Waits for the disk.
        """
        with self._lock:
            waiting = (self._jobs[job_id] for job_id in self._order)
            job = next((job for job in waiting if job.state is JobState.QUEUED), None)
            if self._held or job is None or self._underway[job.id]:
                return None
            write = self._keep(job.to(JobState.RUNNING, started=started), first=True)
        write.done.wait()
        return job if write.error is None else None

    def change(
        self,
        job_id: str,
        state: JobState,
        *,
        only: Collection[JobState] = (),
        then: Callable[[], None] = _nothing,
        sure: bool = False,
        **changes: Any,
    ) -> Job | None:
        """Bring a job into another state; None where it is not there or not in one of the states in `only`.

        A job that comes back to the waiting ones joins at the end, or in front where it was running. `then()` is called
        once the change has been told. A `sure` call waits for the disk and raises what it says; the change holds then,
        and has been told, until the next start.
        """
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or (only and job.state not in only):
                return None
            after = job.to(state, **changes)
            write = self._keep(after, front=job.state is JobState.RUNNING, then=then, sure=sure)
            self._drop_oldest()
        if sure:
            write.wait()
        return after

    def edit(self, job_id: str, *, sure: bool = False, **changes: Any) -> Job | None:
        """Change fields of a job but not its state; `sure` as in `change`."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            after = replace(job, **changes)
            write = self._keep(after, sure=sure)
        if sure:
            write.wait()
        return after

    def move(self, job_id: str, before: str | None) -> None:
        """Put a waiting job before another one, or at the end for None."""
        with self._lock:
            order = [waiting for waiting in self._order if waiting != job_id]
            if len(order) == len(self._order) or before == job_id:
                return
            order.insert(order.index(before) if before in order else len(order), job_id)
            self._order = order
            job, new = self._jobs[job_id], tuple(order)
            self._put(_Write(job_id, lambda: self._journal.reorder(new), lambda: self._changed(job_id, job)))

    def hold(self, on: bool) -> None:
        """Start no further jobs, or go on."""
        with self._lock:
            self._held = on
            self._put(_Write("", lambda: self._journal.set_held(on)))

    def hold_for_now(self) -> None:
        """Start no further jobs until told otherwise or started anew; nothing is written."""
        with self._lock:
            self._held = True

    def remove(self, job_id: str) -> None:
        """Take a job out of the queue. Raises StudioError for a running one."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return
            if job.state is JobState.RUNNING:
                raise StudioError("This job is running.", "Cancel it first.")
            del self._jobs[job_id]
            self._order = [waiting for waiting in self._order if waiting != job_id]
            self._put(_Write(job_id, lambda: self._journal.remove(job_id), lambda: self._changed(job_id, None)))

    def clear_ended(self) -> None:
        """Take all ended jobs out of the queue."""
        with self._lock:
            for job in self.jobs():
                if job.state.ended:
                    self.remove(job.id)

    # --- inside: each under the lock ----------------------------------------------------------------------------------

    def _keep(
        self,
        job: Job,
        *,
        front: bool = False,
        first: bool = False,
        then: Callable[[], None] = _nothing,
        sure: bool = False,
    ) -> _Write:
        comes_back = job.state in _WAITING and job.id in self._jobs and job.id not in self._order
        self._see(job, front=front)
        order = tuple(self._order) if comes_back else ()  # the journal knows its old place

        def write() -> None:
            self._journal.save(job)
            if order:
                self._journal.reorder(order)

        def tell() -> None:
            self._changed(job.id, job)
            then()

        return self._put(_Write(job.id, write, tell, first, sure))

    def _see(self, job: Job, *, front: bool = False) -> None:
        self._jobs[job.id] = job
        if job.state not in _WAITING:
            self._order = [waiting for waiting in self._order if waiting != job.id]
        elif job.id not in self._order:
            self._order.insert(0 if front else len(self._order), job.id)

    def _drop_oldest(self) -> None:
        ended = [job for job in self.jobs() if job.state.ended]
        for job in ended[:-ENDED_KEPT]:
            self.remove(job.id)

    def _put(self, write: _Write) -> _Write:
        """Under the lock, so that the disk gets all changes in the order in which they were seen."""
        self._underway[write.job_id] += 1
        self._do(lambda: self._carry_out(write))
        return write

    # --- writing: wherever `do` has it done ---------------------------------------------------------------------------

    def _carry_out(self, write: _Write) -> None:
        try:
            write.write()
        except Exception as error:  # noqa: BLE001 - whatever it is, what waits behind it must be written
            write.error = error
        with self._lock:
            self._underway[write.job_id] -= 1
            if not self._underway[write.job_id]:
                del self._underway[write.job_id]
        if write.error is None:
            write.tell()
        else:
            self._refused(write, disk_problem(write.error))
        write.done.set()

    def _refused(self, write: _Write, problem: Problem) -> None:
        with self._lock:
            job = self._jobs.get(write.job_id)
            failed = write.first and job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)
            if failed and job is not None:
                self._held = self._held or job.state is JobState.RUNNING
                job = job.to(JobState.FAILED, problem=problem, ended=time.time())
                self._see(job)
        if failed:
            self._changed(write.job_id, job)
            self._failed(write.job_id, problem)
            return
        write.tell()
        if not write.sure:
            self._unsaved(write.job_id, problem)
