"""One job on its way through a worker: what was said, what is kept, and how the order for it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.core.artifact import Artifact, Output
from studio.core.errors import Problem, StudioError
from studio.core.job import Job
from studio.core.model import Model
from studio.core.request import Request, ResumePoint
from studio.core.steps import StepState
from studio.engine.context import Order
from studio.engine.ports import ArtifactPort, ModelPort, SettingsSource, StepPort


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


@dataclass(frozen=True, slots=True)
class Orders:
    """Makes the order for a job from what is in the project. May wait for the disk."""

    artifacts: ArtifactPort
    steps: StepPort
    models: ModelPort
    settings: SettingsSource

    def make(self, job: Job, *, say: Callable[[str], None]) -> Order:
        """The order. Raises StudioError where something it needs is gone."""
        model, asked = self._model(job.request, say)
        resume, request = self._resume(job, asked)
        return Order(
            job=job.id,
            request=request,
            asked=asked,
            model=model,
            inputs={item.name: self._input(item.name, item.sha256) for item in request.inputs},
            settings=self.settings(request.generator.partition(".")[0]),
            steps=self.steps.path(job.id),
            resume=resume,
        )

    def to_warm(self, generator: str, model_id: str, *, fitting: tuple[str, ...]) -> Order:
        """The order to load what `generator` needs; without a model's id the first one of a `fitting` family."""
        if model_id:
            model = self.models.get(model_id)
        else:
            model = next((model for model in self.models.models() if model.fits(fitting)), None)
        request = Request(generator, model=None if model is None else model.ref())
        settings = self.settings(generator.partition(".")[0])
        return Order(job="warm", request=request, asked=request, model=model, settings=settings)

    def kept_before(self, job: Job) -> list[Artifact]:
        """What a job that goes on at a step of its own had handed over before."""
        kept = [artifact for artifact in self.artifacts.of_job(job.id) if not artifact.partial]
        return sorted(kept, key=lambda artifact: artifact.created)

    def _model(self, request: Request, say: Callable[[str], None]) -> tuple[Model | None, Request]:
        ref = request.model
        model = None if ref is None else self.models.get(ref.id)
        if ref is None:
            return None, request
        if model is None:
            raise StudioError(
                f"The model {ref.name or ref.id!r} is no longer on this machine.", "Put it back, or choose another one."
            )
        if not model.sha256:
            say(f"Reading {model.title} for the first time")
            model = replace(model, sha256=self.models.sha256(model.id))
        if not ref.sha256:
            request = replace(request, model=replace(ref, sha256=model.sha256))
        return model, request

    def _resume(self, job: Job, asked: Request) -> tuple[tuple[int, StepState] | None, Request]:
        """From the job's own last kept step where it ran before, else from the step it was asked to branch from."""
        if job.started:
            try:
                own = [step.index for step in self.steps.read(job.id) if step.has_state]
                if own:
                    state = self.steps.state(job.id, own[-1])
                    return (own[-1], state), replace(asked, resume=ResumePoint(job.id, own[-1]))
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
