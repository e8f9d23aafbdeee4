"""The end of a run: results into the store first, then the queue on disk, then the events."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from studio.core.artifact import Output
from studio.core.errors import Problem, StudioError
from studio.core.events import Cancelled, Failed, Finished, Paused, Verified
from studio.core.job import JobState
from studio.engine.faults import disk_problem
from studio.engine.mailbox import Mailbox
from studio.engine.plugins import PluginHost
from studio.engine.ports import ArtifactPort
from studio.engine.queue import JobQueue
from studio.engine.run import End, Run
from studio.engine.verify import verdict

_LOG = logging.getLogger("studio.engine")
_RESCUED_BYTES = 2**30


@dataclass(slots=True)
class Finisher:
    """Keeps what runs have made and tells how they ended."""

    queue: JobQueue
    plugins: PluginHost
    mailbox: Mailbox
    artifacts: ArtifactPort
    rescued: dict[str, Run] = field(default_factory=dict)
    """Runs whose results the disk did not take; they are tried again when their job is."""

    # --- on the background thread -------------------------------------------------------------------------------------

    def keep_early(self, run: Run, output: Output) -> None:
        """Keep what a generator handed over before its end."""
        if run.job.verify:
            run.final.append(output)
            return
        if not self._keep(run, output):
            run.final.append(output)  # once more at the end

    def conclude(self, run: Run) -> None:
        """Keep the rest, noting beforehand what there will be: after a kill the next start knows if it is all there."""
        if run.job.verify:
            self._compare(run)
        elif run.final:
            try:
                self.queue.edit(run.job.id, sure=True, artifacts=run.expected)
            except (StudioError, OSError):
                _LOG.info("the queue cannot be saved", exc_info=True)
            run.trouble = None
            run.final = [output for output in run.final if not self._keep(run, output)]

    def _compare(self, run: Run) -> None:
        """What came of making an artifact again; nothing of it is kept."""
        made, run.final = run.final, []
        artifact = self.artifacts.get(run.job.verify)
        try:
            if artifact is not None and artifact.recipe is not None and made:
                run.verdict = verdict(artifact.recipe, artifact.media, artifact.path.read_bytes(), made)
        except OSError as error:
            run.trouble = disk_problem(error, what="The result")

    def _keep(self, run: Run, output: Output) -> bool:
        try:
            steps = run.job.id if run.has_steps else ""
            run.artifacts.append(self.artifacts.keep(output, job=run.job.id, title=run.job.title, steps=steps))
        except Exception as error:  # noqa: BLE001 - whatever happens, the result must not be dropped
            _LOG.info("a result cannot be kept", exc_info=True)
            run.trouble = disk_problem(error, what="The result")
            return False
        return True

    # --- on the engine's thread ---------------------------------------------------------------------------------------

    def settle(self, run: Run, end: End) -> None:
        """Bring the job into its last state and tell of it."""
        if run.trouble is not None:
            end = End("failed", run.trouble)
            self._rescue(run)
        job_id, ids = run.job.id, run.ids
        now = time.time()
        if end.state == "queued":
            self._change(job_id, JobState.QUEUED, started=run.job.started, artifacts=())
        elif end.state == "paused" and run.job.until and not run.pause and self._goes_on(job_id):
            self._change(job_id, JobState.QUEUED, artifacts=ids)
        elif end.state == "paused":
            self._change(job_id, JobState.PAUSED, artifacts=ids)
            self.mailbox.put(Paused(job_id))
        elif end.state == "cancelled":
            self._change(job_id, JobState.CANCELLED, ended=now, artifacts=ids)
            self.mailbox.put(Cancelled(job_id, run.results))
        elif end.state == "done":
            self._change(job_id, JobState.DONE, ended=now, artifacts=ids)
            if run.verdict is not None:
                self.mailbox.put(Verified(job_id, run.verdict))
            self.mailbox.put(Finished(job_id, run.results, time.monotonic() - run.began))
            self.plugins.clear(run.plugin, "generate")
        else:
            problem = end.problem or Problem(f"The {run.name} plugin failed.", "Try again.")
            self._change(job_id, JobState.FAILED, ended=now, artifacts=ids, problem=problem)
            self.mailbox.put(Failed(job_id, problem))
            if end.bug:
                self.plugins.set_aside(run.plugin, "generate", problem.as_error())

    def _goes_on(self, job_id: str) -> bool:
        """True where the artist chose it from its sheet in the moment in which it paused."""
        job = self.queue.get(job_id)
        return job is not None and not job.until

    def _change(self, job_id: str, state: JobState, **changes: Any) -> None:
        try:
            self.queue.change(job_id, state, only=(JobState.RUNNING,), sure=True, **changes)
        except (StudioError, OSError):
            # The results are in the store; the next start finds them there, or runs the job again.
            _LOG.info("the queue cannot be saved", exc_info=True)
            self.queue.hold_for_now()

    def _rescue(self, run: Run) -> None:
        self.rescued[run.job.id] = run
        while len(self.rescued) > 1 and sum(_size(kept) for kept in self.rescued.values()) > _RESCUED_BYTES:
            self.rescued.pop(next(iter(self.rescued)))


def _size(run: Run) -> int:
    return sum(len(output.data) for output in run.final)
