"""The job queue: order and states, on disk before anybody sees them. No threads and no clock of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from studio.core.errors import StudioError
from studio.core.job import Job, JobState
from studio.engine.ports import JobJournal

ENDED_KEPT = 200
"""Older ended jobs leave the queue by themselves; their results stay in the library."""

_WAITING = (JobState.QUEUED, JobState.PAUSED)


class JobQueue:
    """Thread-safe. Every change is written to the journal, then seen in `jobs()`, then told to `changed(id, job)`, in
    this order; where the journal raises, nothing has changed. Reading never waits for the disk.
    """

    def __init__(self, journal: JobJournal, changed: Callable[[str, Job | None], None]) -> None:
        self._journal = journal
        self._changed = changed
        self._changing = threading.RLock()  # held while the disk is written, so that changes keep one order
        self._seeing = threading.Lock()  # held for moments only
        self._jobs: dict[str, Job] = {}
        self._order: list[str] = []
        self._held = False

    def load(self, was_running: Callable[[Job], Job]) -> None:
        """Read the journal. What ran when the program died goes through `was_running(job)`, which tells what becomes of
        it: the job as DONE, or as QUEUED, and then it waits in front of all others.
        """
        with self._changing:
            jobs, held = self._journal.load()
            interrupted = [job.id for job in jobs if job.state is JobState.RUNNING]
            after = {job.id: was_running(job) if job.state is JobState.RUNNING else job for job in jobs}
            waiting = [job.id for job in after.values() if not job.state.ended]
            front = [job_id for job_id in waiting if job_id in interrupted]
            with self._seeing:
                self._jobs, self._held = after, held
                self._order = [*front, *(job_id for job_id in waiting if job_id not in interrupted)]
            for job_id in interrupted:
                self._journal.save(after[job_id])
            if front:
                self._journal.reorder(tuple(self._order))
            for job in after.values():
                self._changed(job.id, job)

    # --- looking ------------------------------------------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """True where no further job is started."""
        with self._seeing:
            return self._held

    def get(self, job_id: str) -> Job | None:
        """A job by its id."""
        with self._seeing:
            return self._jobs.get(job_id)

    def jobs(self) -> tuple[Job, ...]:
        """Waiting jobs in their order, then running ones, then ended ones, the last to end last."""
        with self._seeing:
            waiting = [self._jobs[job_id] for job_id in self._order]
            others = [job for job in self._jobs.values() if job.state not in _WAITING]
        running = [job for job in others if job.state is JobState.RUNNING]
        ended = sorted((job for job in others if job.state.ended), key=lambda job: job.ended)
        return (*waiting, *running, *ended)

    # --- changing -----------------------------------------------------------------------------------------------------

    def add(self, job: Job) -> None:
        """A new job: at the end of those that wait, or among the ended where it is done already."""
        with self._changing:
            self._keep(job)
            self._drop_oldest()

    def take(self, *, started: float) -> Job | None:
        """The next job, as it was, now running since `started`; None where nothing waits or the queue is held."""
        with self._changing:
            if self.held:
                return None
            job = next((job for job in self.jobs() if job.state is JobState.QUEUED), None)
            if job is not None:
                self._keep(job.to(JobState.RUNNING, started=started))
            return job

    def change(self, job_id: str, state: JobState, *, only: Collection[JobState] = (), **changes: Any) -> Job | None:
        """Bring a job into another state; None where it is not there or not in one of the states in `only`.

        A job that comes back to the waiting ones joins at the end, or in front where it was running.
        """
        with self._changing:
            job = self.get(job_id)
            if job is None or (only and job.state not in only):
                return None
            after = job.to(state, **changes)
            self._keep(after, front=job.state is JobState.RUNNING)
            self._drop_oldest()
            return after

    def edit(self, job_id: str, **changes: Any) -> Job | None:
        """Change fields of a job but not its state."""
        with self._changing:
            job = self.get(job_id)
            if job is None:
                return None
            after = replace(job, **changes)
            self._keep(after)
            return after

    def force(self, job: Job) -> None:
        """Show a job as it is although the disk does not take it. The journal will know better after the next start."""
        with self._changing:
            self._see(job, front=False)
            self._changed(job.id, job)

    def move(self, job_id: str, before: str | None) -> None:
        """Put a waiting job before another one, or at the end for None."""
        with self._changing:
            with self._seeing:
                order = [waiting for waiting in self._order if waiting != job_id]
                if len(order) == len(self._order) or before == job_id:
                    return
            order.insert(order.index(before) if before in order else len(order), job_id)
            self._journal.reorder(tuple(order))
            with self._seeing:
                self._order = order
            self._changed(job_id, self.get(job_id))

    def hold(self, on: bool) -> None:
        """Start no further jobs, or go on."""
        with self._changing:
            self._journal.set_held(on)
            with self._seeing:
                self._held = on

    def hold_for_now(self) -> None:
        """Start no further jobs until told otherwise or started anew; nothing is written."""
        with self._seeing:
            self._held = True

    def remove(self, job_id: str) -> None:
        """Take a job out of the queue. Raises StudioError for a running one."""
        with self._changing:
            job = self.get(job_id)
            if job is None:
                return
            if job.state is JobState.RUNNING:
                raise StudioError("This job is running.", "Cancel it first.")
            self._journal.remove(job_id)
            with self._seeing:
                del self._jobs[job_id]
                self._order = [waiting for waiting in self._order if waiting != job_id]
            self._changed(job_id, None)

    def clear_ended(self) -> None:
        """Take all ended jobs out of the queue."""
        with self._changing:
            for job in self.jobs():
                if job.state.ended:
                    self.remove(job.id)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _keep(self, job: Job, *, front: bool = False) -> None:
        self._journal.save(job)
        with self._seeing:
            comes_back = job.state in _WAITING and job.id in self._jobs and job.id not in self._order
            order = (job.id, *self._order) if front else (*self._order, job.id)
        if comes_back:  # the journal knows its old place
            self._journal.reorder(order)
        self._see(job, front=front)
        self._changed(job.id, job)

    def _see(self, job: Job, *, front: bool) -> None:
        with self._seeing:
            self._jobs[job.id] = job
            if job.state not in _WAITING:
                self._order = [waiting for waiting in self._order if waiting != job.id]
            elif job.id not in self._order:
                self._order.insert(0 if front else len(self._order), job.id)

    def _drop_oldest(self) -> None:
        ended = [job for job in self.jobs() if job.state.ended]
        for job in ended[:-ENDED_KEPT]:
            self.remove(job.id)
