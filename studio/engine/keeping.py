"""Which kept steps stay: a budget, and nothing of a job that is still needed or that somebody looks at."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

from studio.core.errors import StudioError
from studio.engine import storage
from studio.engine.ports import ArtifactPort, SettingsSource, StepPort
from studio.engine.queue import JobQueue

_LOG = logging.getLogger("studio.steps")


@dataclass(slots=True)
class Keeping:
    """May wait for the disk. `others` are jobs of another queue over the same project; `looking` is what is on a
    screen right now, set as a whole by one thread and read by another.
    """

    steps: StepPort
    artifacts: ArtifactPort
    settings: SettingsSource
    queue: JobQueue
    others: frozenset[str] = frozenset()
    looking: frozenset[str] = frozenset()

    def begin(self) -> None:
        """At the start: remove what no job, no result and no branch needs, then what is over the budget."""
        try:
            known = {job.id for job in self.queue.jobs()} | self.others
            self.steps.sweep(lambda job_id: job_id in known or bool(self.artifacts.of_job(job_id)))
        except (OSError, StudioError):
            _LOG.info("steps that nobody needs could not be removed", exc_info=True)
        self.make_room()

    def make_room(self) -> None:
        """Remove the oldest steps that are over the budget."""
        try:
            gone = self.steps.make_room(self.budget(), self.reserved())
        except (OSError, StudioError):
            _LOG.info("steps could not be removed", exc_info=True)
        else:
            if gone:
                _LOG.info("the steps of %d generations made room for newer ones", len(gone))

    def left(self, job_id: str) -> None:
        """A job has left the queue: without a result, its steps go too."""
        try:
            if not self.artifacts.of_job(job_id):
                self.steps.leave(job_id)
        except (OSError, StudioError):
            _LOG.info("the steps of %s could not be removed", job_id, exc_info=True)

    def room(self, job_id: str) -> int:
        """Bytes that the steps of a job may take."""
        return self.steps.room(job_id, self.budget(), self.reserved())

    def budget(self) -> int:
        """Bytes that all steps may take."""
        return storage.budget(self.settings("studio"))

    def reserved(self) -> Collection[str]:
        """The jobs whose steps must stay: those that have not ended, what they go on from, what somebody looks at."""
        waiting = [job for job in self.queue.jobs() if not job.state.ended]
        parents = {job.request.resume.steps for job in waiting if job.request.resume is not None}
        return {job.id for job in waiting} | parents | self.looking | self.others
