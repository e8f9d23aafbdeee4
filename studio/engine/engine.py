"""The engine as the window and the command line see it: submit requests, steer jobs, ask for the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from studio.core.artifact import Artifact
from studio.core.device import DeviceStatus
from studio.core.errors import StudioError
from studio.core.events import Cancelled, Changed, Failed, Finished, Paused, Unsaved
from studio.core.ids import new_id
from studio.core.job import Job, JobState
from studio.core.request import Request, ResumePoint
from studio.engine import checks
from studio.engine.background import Background
from studio.engine.dispatch import Dispatcher
from studio.engine.faults import disk_problem
from studio.engine.keeping import Keeping
from studio.engine.mailbox import Mailbox
from studio.engine.plugins import PluginHost
from studio.engine.ports import ArtifactPort, JobJournal, ModelPort, SettingsSource, StepPort, WorkerFactory
from studio.engine.queue import JobQueue
from studio.engine.run import Orders, here

_WAITING = (JobState.QUEUED, JobState.PAUSED)


class Engine:
    """Runs jobs, one after the other on one worker. Safe from any thread; no call waits for a job.

    `jobs()` shows every change at once; a thread of the engine's own brings it to the disk, and only then the mailbox
    tells of it: a job that was told as queued outlives a kill, and only such a job is started. What the disk refuses is
    told as Failed for a new job and as Unsaved for any other change.

    Of one job the mailbox gets, in this order: Changed(queued), Changed(running), Started, its Stepped, and then
    Changed with the last state followed by one of Finished (once the artifacts are in the store), Failed, Cancelled or
    Paused.
    """

    def __init__(
        self,
        *,
        plugins: PluginHost,
        mailbox: Mailbox,
        journal: JobJournal,
        artifacts: ArtifactPort,
        steps: StepPort,
        models: ModelPort,
        settings: SettingsSource,
        worker: WorkerFactory,
        others: Collection[str] = (),
    ) -> None:
        """`others` are jobs of another queue over the same project, whose steps must stay."""
        self._plugins = plugins
        self._mailbox = mailbox
        self._artifacts = artifacts
        self._steps = steps
        self._models = models
        self._writer = Background("studio-queue")
        self._queue = JobQueue(
            journal,
            self._changed,
            failed=lambda job_id, problem: mailbox.put(Failed(job_id, problem)),
            unsaved=lambda job_id, problem: mailbox.put(Unsaved(job_id, problem)),
            do=self._write,
        )
        self._keeping = Keeping(steps, artifacts, settings, self._queue, frozenset(others))
        self._dispatcher = Dispatcher(
            queue=self._queue,
            plugins=plugins,
            mailbox=mailbox,
            orders=Orders(artifacts, steps, models, settings, self._keeping),
            worker=worker,
        )

    # --- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Load the queue and go on with it. What ran when the program died is done if its results are all there, else
        it waits in front and goes on at its last kept step. Raises StudioError where the queue cannot be read.
        """
        try:
            self._queue.load(self._after_a_crash)
        except OSError as error:
            raise disk_problem(error).as_error() from error
        self._dispatcher.start()

    def _after_a_crash(self, job: Job) -> Job:
        # The ids of all its results are noted before the first of them is kept.
        kept = {artifact.id for artifact in self._artifacts.of_job(job.id)}
        if job.artifacts and kept.issuperset(job.artifacts):
            return job.to(JobState.DONE, ended=time.time())
        return job.to(JobState.QUEUED, artifacts=())

    def _changed(self, job_id: str, job: Job | None) -> None:
        self._mailbox.put(Changed(job_id, job))
        if job is None:
            self._dispatcher.forget(job_id)

    def _write(self, work: Callable[[], None]) -> None:
        def then_look() -> None:
            work()
            self._dispatcher.wake()  # a job that waited for the disk may begin

        self._writer.do(then_look)

    def close(self, timeout: float = 5.0) -> None:
        """End the worker and all threads, once what was asked for is on disk. A job that runs is taken up again at the
        next start.
        """
        self._dispatcher.close(timeout)
        self._writer.close(timeout)

    # --- jobs ---------------------------------------------------------------------------------------------------------

    def submit(
        self,
        request: Request,
        *,
        title: str = "",
        origin: str = "",
        document: str = "",
        again: bool = False,
        until: float = 0.0,
        sheet: str = "",
    ) -> Job:
        """Queue a request; the job is safely on disk when the mailbox tells Changed(queued). An identical finished
        request is answered as a job that is done, unless `again`. With `until` (0 … 1) the job pauses itself when that
        share of its steps is done. Raises StudioError where the request cannot work.
        """
        request = self._checked(request)
        now = time.time()
        job = Job(new_id(), request, title, origin, document, created=now, until=until, sheet=sheet)
        found = () if again else self._finished(request)
        if found:
            job = job.to(JobState.DONE, started=now, ended=now, artifacts=tuple(artifact.id for artifact in found))
        self._queue.add(job, then=lambda: self._mailbox.put(Finished(job.id, found)) if found else None)
        return job

    def _checked(self, request: Request) -> Request:
        request = checks.checked(request, plugins=self._plugins, artifacts=self._artifacts, models=self._models)
        return checks.resumable(request, self._steps)

    def contact_sheet(
        self,
        request: Request,
        seeds: Sequence[int],
        *,
        until: float = 0.25,
        title: str = "",
        origin: str = "",
        document: str = "",
    ) -> tuple[Job, ...]:
        """The same request with many seeds, each to a share of its steps: then `choose` those that look promising.
        Raises StudioError before any is queued where the request cannot work.
        """
        self._checked(request)
        about = {"title": title, "origin": origin, "document": document, "until": until, "sheet": new_id()}
        return tuple(self.submit(replace(request, seed=seed), **about) for seed in seeds)  # type: ignore[arg-type]

    def sheets(self) -> tuple[tuple[Job, ...], ...]:
        """The contact sheets from which nobody has chosen yet, also those of an earlier sitting, the oldest first: the
        jobs of each in their order, as far as they are still in the queue.
        """
        found: dict[str, list[Job]] = {}
        for job in sorted(self._queue.jobs(), key=lambda job: job.created):
            if job.sheet:
                found.setdefault(job.sheet, []).append(job)
        return tuple(tuple(jobs) for jobs in found.values() if any(job.until and not job.state.ended for job in jobs))

    def choose(self, sheet: str, chosen: Collection[str]) -> None:
        """Finish the chosen jobs of a contact sheet (`Job.sheet`), wherever they are by now, and cancel the others."""
        jobs = [job for job in self._queue.jobs() if job.sheet == sheet and not job.state.ended]
        for job in sorted(jobs, key=lambda job: job.created):
            if job.id in chosen:
                self.resume(job.id)
            elif job.until:
                self.cancel(job.id)

    def edit(self, job_id: str, request: Request) -> Job:
        """Do what is left of a waiting or paused job with another request, and go on.

        Where steps are done already the result has two requests behind it. So it becomes a branch: a new job that goes
        on from the last kept step takes the old one's place, and the old one is cancelled. Otherwise it is the same job
        with another request. Raises StudioError for one that runs or has ended, or where the request cannot work.
        """
        job = self._queue.get(job_id)
        if job is None:
            raise StudioError("This job is no longer in the queue.", "Generate again.")
        if job.state is JobState.RUNNING:
            raise StudioError("This job is running.", "Pause it first, then change the rest of it.")
        if job.state.ended:
            raise StudioError("This job has ended.", "Branch from one of its steps instead.")
        last = self._steps.last(job_id) if job.started else None
        start = job.request.resume if last is None else ResumePoint(job_id, last)
        request = self._checked(replace(request, resume=start))
        if request == self._checked(replace(job.request, resume=start)):
            self.resume(job_id)
            return self._queue.get(job_id) or job
        if last is None:
            edited = self._queue.edit(job_id, request=request, started=0.0)
            self._queue.change(job_id, JobState.QUEUED, only=(JobState.PAUSED,), until=0.0)
            return self._queue.get(job_id) or edited or job
        branch = Job(new_id(), request, job.title, job.origin, job.document, created=time.time())
        self._queue.add(branch)
        self._queue.move(branch.id, job_id)
        self.cancel(job_id)
        return branch

    def verify(self, artifact_id: str) -> Job:
        """Make an artifact again from its recipe and compare: the job's event Verified says how alike they are. Nothing
        is kept. Raises StudioError where it cannot be made again here.
        """
        artifact = self._artifacts.get(artifact_id)
        recipe = None if artifact is None else artifact.recipe
        if artifact is None or recipe is None:
            raise StudioError("Nothing tells how this was made.", "Only results that carry a recipe can be verified.")
        if recipe.state != "done":
            raise StudioError("This is the partial result of a cancelled job.", "Only finished ones can be verified.")
        if not recipe.whole:
            raise StudioError(
                "This went on from a step of another result, and its recipe does not tell how that was made.",
                "Open the project in which it was made.",
            )
        for passage in recipe.lineage:
            checks.checked(
                here(passage.request, self._models),
                plugins=self._plugins,
                artifacts=self._artifacts,
                models=self._models,
            )
        request = checks.checked(
            here(recipe.request, self._models), plugins=self._plugins, artifacts=self._artifacts, models=self._models
        )
        title = f"Verify {artifact.title or artifact.path.name}"
        job = Job(new_id(), request, title, "verify", created=time.time(), verify=artifact.id)
        self._queue.add(job)
        return job

    def _finished(self, request: Request) -> tuple[Artifact, ...]:
        """What an identical request made, if all of it is still there."""
        found = self._artifacts.find(request.digest())
        if not found:
            return ()
        newest = max(found, key=lambda artifact: artifact.created).job
        results = tuple(artifact for artifact in found if artifact.job == newest)
        known = self._queue.get(newest)
        if known is not None and set(known.artifacts) != {artifact.id for artifact in results}:
            return ()
        return results

    def jobs(self) -> tuple[Job, ...]:
        """Waiting jobs in their order, then the running one, then ended ones, the last to end last."""
        return self._queue.jobs()

    def job(self, job_id: str) -> Job | None:
        """A job by its id, or None."""
        return self._queue.get(job_id)

    def cancel(self, job_id: str) -> None:
        """Stop a job; a running one leaves its partial result, and is ended with its host where it does not answer."""
        then = lambda: self._mailbox.put(Cancelled(job_id))  # noqa: E731
        if self._queue.change(job_id, JobState.CANCELLED, only=_WAITING, then=then, ended=time.time()) is None:
            self._dispatcher.cancel(job_id)

    def pause(self, job_id: str) -> None:
        """Let a waiting job wait until it is resumed, and a running one stop at its next step."""
        then = lambda: self._mailbox.put(Paused(job_id))  # noqa: E731
        if self._queue.change(job_id, JobState.PAUSED, only=(JobState.QUEUED,), then=then) is None:
            self._dispatcher.pause(job_id)

    def resume(self, job_id: str) -> None:
        """Go on with a paused job, at its last kept step where the generator kept its state there. One that has not
        come to the share of its steps at which it would pause itself goes on over it.
        """
        if self._queue.change(job_id, JobState.QUEUED, only=(JobState.PAUSED,), until=0.0) is not None:
            return
        job = self._queue.get(job_id)
        if job is not None and job.until and not job.state.ended:
            self._queue.edit(job_id, until=0.0)
            self._dispatcher.go_on(job_id)

    def retry(self, job_id: str) -> Job:
        """Run a failed or cancelled job again from the start; a done one as a new job. Raises StudioError."""
        job = self._queue.get(job_id)
        if job is None:
            raise StudioError("This job is no longer in the queue.", "Generate again.")
        if job.verify:
            return self.verify(job.verify)
        if job.state is JobState.DONE:
            return self.submit(job.request, title=job.title, origin=job.origin, document=job.document, again=True)
        self._checked(job.request)
        again = self._queue.change(
            job_id,
            JobState.QUEUED,
            only=(JobState.FAILED, JobState.CANCELLED),
            started=0.0,
            ended=0.0,
            problem=None,
            artifacts=(),
        )
        return again or job

    def remove(self, job_id: str) -> None:
        """Take a job out of the queue; its results stay. Raises StudioError for a running one."""
        self._queue.remove(job_id)

    def clear_ended(self) -> None:
        """Take all ended jobs out of the queue; their results stay."""
        self._queue.clear_ended()

    def move(self, job_id: str, before: str | None) -> None:
        """Put a waiting job before another one, or last for None."""
        self._queue.move(job_id, before)
        self._dispatcher.wake()

    def hold(self, on: bool) -> None:
        """Start no further jobs, or go on. The running job is not touched."""
        self._queue.hold(on)
        self._dispatcher.wake()

    @property
    def held(self) -> bool:
        """True where no further job is started."""
        return self._queue.held

    def look(self, job_id: str, on: bool) -> None:
        """Say whether anybody looks at this job's previews; true until told otherwise."""
        self._dispatcher.look(job_id, on)

    def looking_at(self, *steps: str) -> None:
        """The rows of steps that are on a screen, all of them: neither they nor what they went on from are let go."""
        self._keeping.looking = frozenset(name for name in steps if name)

    # --- the worker ---------------------------------------------------------------------------------------------------

    def warm(self, generator_id: str, model_id: str = "") -> None:
        """Have the worker load what this generator (with this model) will probably need, while nothing runs."""
        self._dispatcher.warm(generator_id, model_id)

    @property
    def device(self) -> DeviceStatus:
        """The worker's device and its memory, as last heard."""
        return self._dispatcher.device
