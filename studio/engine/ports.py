"""What the engine needs from others, as protocols: the store's classes on disk, and workers that run jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from studio.core.artifact import Artifact, Output
from studio.core.job import Job
from studio.core.model import Model
from studio.core.recipe import Passage
from studio.core.request import ResumePoint
from studio.core.steps import Step, StepState
from studio.engine.frames import Frame


class JobJournal(Protocol):
    """The queue on disk. Every call has reached the disk when it returns, or raises."""

    def load(self) -> tuple[tuple[Job, ...], bool]:
        """All jobs, those that have not ended in their order, and whether the queue is held."""

    def save(self, job: Job, /) -> None:
        """Add a job at the end, or replace the one with the same id where it is."""

    def remove(self, job_id: str, /) -> None:
        """Forget a job; nothing happens where it is not there."""

    def reorder(self, job_ids: Sequence[str], /) -> None:
        """Set the order of the jobs that have not ended."""

    def set_held(self, on: bool, /) -> None:
        """Keep whether the queue is held."""


class ArtifactPort(Protocol):
    """Kept results. Raises StudioError where the disk does not take them."""

    def keep(self, output: Output, /, *, job: str = "", title: str = "", steps: str = "") -> Artifact:
        """Keep one output; it is safely on disk when this returns."""

    def get(self, artifact_id: str, /) -> Artifact | None:
        """An artifact by its id."""

    def path_of(self, sha256: str, /) -> Path | None:
        """The file with this content, or None."""

    def find(self, request_digest: str, /) -> tuple[Artifact, ...]:
        """Finished results of an identical request whose files are there."""

    def of_job(self, job_id: str, /) -> tuple[Artifact, ...]:
        """What a job has left so far."""


class StepPort(Protocol):
    """Kept steps."""

    def path(self, job_id: str, /) -> Path:
        """The file in which the steps of a job are kept."""

    def begin(self, job: Job, /) -> None:
        """Note what the steps of a job belong to."""

    def read(self, job_id: str, /) -> tuple[Step, ...]:
        """The kept steps that led to a job's result, those of its parents too."""

    def state(self, job_id: str, index: int, /) -> StepState:
        """The state of a kept step. Raises StudioError where there is none."""

    def owner(self, job_id: str, index: int, /) -> ResumePoint | None:
        """Which job keeps the state of a step of this row; None where nobody does."""

    def last(self, job_id: str, /) -> int | None:
        """The last step of its own that a job can go on from."""

    def lineage(self, point: ResumePoint | None, /) -> tuple[Passage, ...]:
        """The requests that made the steps up to `point`, the first one first, as far as they are known."""

    def forget(self, job_id: str, /) -> None:
        """Remove the kept steps of a job."""

    def leave(self, job_id: str, /) -> None:
        """Remove the kept steps of a job that left nothing behind, unless somebody holds them dear."""

    def sweep(self, wanted: Callable[[str], bool], /) -> tuple[str, ...]:
        """Remove the steps of all jobs that are neither `wanted` nor dear to somebody."""

    def make_room(self, budget: int, reserved: Collection[str], /) -> tuple[str, ...]:
        """Remove steps, the oldest first, until all take at most `budget` bytes."""

    def room(self, job_id: str, budget: int, reserved: Collection[str], /) -> int:
        """How many bytes the steps of a job may take."""


class ModelPort(Protocol):
    """Models on disk."""

    def models(self) -> tuple[Model, ...]:
        """All that were found."""

    def get(self, model_id: str, /) -> Model | None:
        """A model by its id."""

    def scan(self) -> tuple[Model, ...]:
        """Look at the disk again; all that are there."""

    def sha256(self, model_id: str, /) -> str:
        """The hash of a model's weights; may read gigabytes at the first call."""


class StepSink(Protocol):
    """Where the worker writes the steps of the running job."""

    def write(self, step: Step, state: StepState | None, /) -> None:
        """Keep a step; it outlives the process when this returns."""

    def write_all(self, items: Sequence[tuple[Step, StepState | None]], /) -> Iterator[int]:
        """Keep several in their order; says now and then how many of them are kept so far, at the end all."""

    def close(self) -> None:
        """No more steps come."""


class Worker(Protocol):
    """Something that runs one job after another, reached by frames only, so that it can live anywhere.

    No call blocks. `deliver(frame)` and `ended(reason, code)` are called from threads of the worker's own; after
    `ended` nothing more comes. `reason` is for the details of a problem, `code` an exit code where there is one.
    """

    grace: float
    """Seconds a cancelled job may stay silent before its worker is killed."""

    def start(self, deliver: Callable[[Frame], None], ended: Callable[[str, int | None], None]) -> None:
        """Begin to start."""

    def send(self, frame: Frame) -> None:
        """Send a frame, now or once it has started."""

    def kill(self) -> None:
        """End it at once; `ended` follows."""

    def close(self, timeout: float) -> None:
        """End it, politely at first; `timeout` is in seconds. The one call that may wait."""


WorkerFactory = Callable[[], Worker]
SettingsSource = Callable[[str], Mapping[str, Mapping[str, Any]]]
