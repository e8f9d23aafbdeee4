"""One job on its way through a worker: what was said, what is kept, and how the order for it is made."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.core.artifact import Artifact, Output
from studio.core.errors import Problem, StudioError
from studio.core.job import Job
from studio.core.model import Model
from studio.core.recipe import Passage
from studio.core.request import ModelRef, Request, ResumePoint
from studio.core.steps import StepState
from studio.core.values import frozen
from studio.core.verdict import Verdict
from studio.engine.context import Order
from studio.engine.keeping import Keeping
from studio.engine.ports import ArtifactPort, ModelPort, SettingsSource, StepPort

WARM = "warm"
"""What stands in the place of a job's id while nothing runs and the worker is warmed."""


@dataclass(slots=True)
class End:
    """How a run ended. `state` is done, failed, cancelled, paused, or queued where it has to be run again through no
    fault of its own. `bug` is true where the plugin is to blame.
    """

    state: str
    problem: Problem | None = None
    bug: bool = False


@dataclass(slots=True)
class Run:
    """A job in the worker. Belongs to the engine's thread, but for `artifacts`, `final` and `trouble`, which the
    background thread fills. After a cancel the worker is killed at `deadline` where the job stays silent, and at
    `patience` in any case.
    """

    job: Job
    plugin: str
    name: str
    began: float
    order: Order | None = None
    sent: bool = False
    cancel: bool = False
    pause: bool = False
    deadline: float | None = None
    patience: float = 0.0
    has_steps: bool = False
    end: End | None = None
    verdict: Verdict | None = None
    final: list[Output] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    trouble: Problem | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of what has been kept, each once."""
        return tuple(artifact.id for artifact in self.results)

    @property
    def results(self) -> tuple[Artifact, ...]:
        """What has been kept, each once: two equal files are one artifact."""
        return tuple({artifact.id: artifact for artifact in self.artifacts}.values())

    @property
    def expected(self) -> tuple[str, ...]:
        """The ids of all that the job made, also of what is not kept yet: an artifact's id is its file's hash."""
        coming = (hashlib.sha256(output.data).hexdigest() for output in self.final)
        return tuple(dict.fromkeys((*self.ids, *coming)))


def blame(run: Run, reason: str, code: int | None, *, was_ready: bool, stuck: bool) -> End:
    """How a run ends whose worker ended."""
    if run.cancel:
        return End("cancelled")
    if stuck:
        return End("queued")  # it only waited behind the one that hung
    if not was_ready:
        hint = "The queue is on hold. Start Studio again; if that does not help, report the details."
        return End("failed", Problem("The generation host does not start.", hint, reason))
    problem = Problem(
        f"The generation host stopped while the {run.name} plugin worked.",
        "Nothing else is lost. Try again, if need be with a smaller size or another model.",
        reason,
    )
    # -9 and -15: ended from outside, for instance by a system that is out of memory.
    return End("failed", problem, bug=code not in (None, -9, -15))


@frozen
class Orders:
    """Makes the order for a job from what is in the project. May wait for the disk."""

    artifacts: ArtifactPort
    steps: StepPort
    models: ModelPort
    settings: SettingsSource
    keeping: Keeping

    def make(self, job: Job, *, say: Callable[[str], None]) -> Order:
        """The order. Raises StudioError where something it needs is gone."""
        order = self._plain(job.id, job.request, say)
        asked = order.asked
        if job.verify:
            return self._again(order, job, say)
        resume, request = self._resume(job, asked)
        with contextlib.suppress(StudioError):  # a disk that is full costs the steps, not the result
            self.steps.begin(replace(job, request=asked))
        return replace(
            order,
            request=request,
            steps=self.steps.path(job.id),
            resume=resume,
            lineage=self._lineage(asked.resume),
            until=job.until,
            room=self.keeping.room(job.id),
        )

    def _plain(self, job_id: str, request: Request, say: Callable[[str], None]) -> Order:
        model, request = self._model(request, say)
        added = tuple(self._found(item.model, say) for item in request.added)
        request = replace(
            request,
            added=tuple(
                replace(item, model=replace(item.model, sha256=item.model.sha256 or found.sha256))
                for item, found in zip(request.added, added, strict=True)
            ),
        )
        return Order(
            job=job_id,
            request=request,
            asked=request,
            model=model,
            added=added,
            inputs={item.name: self._input(item.name, item.sha256) for item in request.inputs},
            settings=self.settings(request.generator.partition(".")[0]),
        )

    def _again(self, order: Order, job: Job, say: Callable[[str], None]) -> Order:
        """The order to make an artifact again from nothing but its recipe: no kept step is used."""
        artifact = self.artifacts.get(job.verify)
        if artifact is None or artifact.recipe is None:
            raise StudioError("The result that was to be verified is gone.", "Look into your trash.")
        before: list[Order] = []
        passages = artifact.recipe.lineage
        points = [*(passage.request.resume for passage in passages), order.request.resume][1:]
        for passage, point in zip(passages, points, strict=True):
            if point is not None:
                earlier = self._plain(job.id, here(passage.request, self.models), say)
                before.append(replace(earlier, stop_at=point.index))
        return replace(order, before=tuple(before), lineage=passages)

    def _lineage(self, point: ResumePoint | None) -> tuple[Passage, ...]:
        """The requests behind a step, from the notes beside the steps and from the recipes of results."""
        passages = self.steps.lineage(point)
        missing = point.steps if point is not None and not passages else ""
        if passages and passages[0].request.resume is not None:
            missing = passages[0].request.resume.steps
        for artifact in self.artifacts.of_job(missing) if missing else ():
            if artifact.recipe is not None:
                return (*artifact.recipe.lineage, Passage(missing, artifact.recipe.request), *passages)
        return passages

    def to_warm(self, generator: str, model_id: str, *, fitting: tuple[str, ...]) -> Order:
        """The order to load what `generator` needs; without a model's id the first one of a `fitting` family."""
        if model_id:
            model = self.models.get(model_id)
        else:
            model = next((model for model in self.models.models() if model.fits(fitting)), None)
        request = Request(generator, model=None if model is None else model.ref())
        settings = self.settings(generator.partition(".")[0])
        return Order(job=WARM, request=request, asked=request, model=model, settings=settings)

    def kept_before(self, job: Job) -> list[Artifact]:
        """What a job that goes on at a step of its own had handed over before."""
        kept = [artifact for artifact in self.artifacts.of_job(job.id) if not artifact.partial]
        return sorted(kept, key=lambda artifact: artifact.created)

    def _model(self, request: Request, say: Callable[[str], None]) -> tuple[Model | None, Request]:
        ref = request.model
        if ref is None:
            return None, request
        model = self._found(ref, say)
        if not ref.sha256:
            request = replace(request, model=replace(ref, sha256=model.sha256))
        return model, request

    def _found(self, ref: ModelRef, say: Callable[[str], None]) -> Model:
        """A model with its hash. Raises StudioError where it is gone."""
        model = self.models.get(ref.id)
        if model is None:
            # At the start jobs of an earlier sitting run before the artist's folder has been looked through.
            self.models.scan()
            model = self.models.get(ref.id)
        if model is None:
            raise StudioError(
                f"The model {ref.name or ref.id!r} is no longer on this machine.", "Put it back, or choose another one."
            )
        if not model.sha256:
            say(f"Reading {model.title} for the first time")
            model = replace(model, sha256=self.models.sha256(model.id))
        return model

    def _resume(self, job: Job, asked: Request) -> tuple[tuple[int, StepState] | None, Request]:
        """From the job's own last kept step where it ran before, else from the step it was asked to branch from."""
        if job.started:
            try:
                last = self.steps.last(job.id)
                if last is not None:
                    return (last, self.steps.state(job.id, last)), replace(asked, resume=ResumePoint(job.id, last))
            except StudioError:
                pass  # then it starts anew
        self.steps.forget(job.id)
        if asked.resume is None:
            return None, asked
        state = self.steps.state(asked.resume.steps, asked.resume.index)
        return (asked.resume.index, state), asked

    def _input(self, name: str, sha256: str) -> Path:
        path = self.artifacts.path_of(sha256)
        if path is None:
            raise StudioError(f"The file for the {name} is no longer in the project.", "Add it again.")
        return path


def here(request: Request, models: ModelPort) -> Request:
    """A request of a recipe with its models as they are on this machine: the same weights under whatever id, else what
    has their id now. Raises StudioError where there is neither.
    """
    added = []
    for item in request.added:
        found = _here(item.model, models)
        # A prompt may name it as it was called then.
        added.append(replace(item, model=replace(found, name=item.model.name or found.name)))
    model = None if request.model is None else _here(request.model, models)
    return replace(request, model=model, added=tuple(added))


def _here(ref: ModelRef, models: ModelPort) -> ModelRef:
    same = next((model for model in models.models() if ref.sha256 and model.sha256 == ref.sha256), None)
    found = same or models.get(ref.id)
    if found is None:
        raise StudioError(
            f"The model {(ref.name or ref.id)[:80]!r} is not on this machine.",
            "Put it into the models folder and look for models again.",
        )
    return ModelRef(found.id, found.title, found.sha256)
