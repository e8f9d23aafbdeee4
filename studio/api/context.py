"""What running code is given: a narrow context for generators, a narrow host for panels. Never the services."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from studio.core.artifact import Artifact, Output
from studio.core.canonical import FrozenDict
from studio.core.device import DeviceStatus
from studio.core.errors import StudioError
from studio.core.job import Job
from studio.core.model import Model
from studio.core.recipe import Recipe
from studio.core.request import Request
from studio.core.steps import Preview, Step, StepState
from studio.core.values import frozen

T = TypeVar("T")


@frozen
class Imported:
    """What an importer read from a file. `recipe` is None where the file says nothing we understand.

    `notes` are sentences for the artist about what could not be brought back ("The model X is not on this machine").
    `foreign` is true where the recipe was put together from another program's settings.
    """

    media: str
    recipe: Recipe | None = None
    notes: tuple[str, ...] = ()
    foreign: bool = False
    facts: Mapping[str, Any] = field(default_factory=FrozenDict)


class GeneratorContext(Protocol):
    """Everything a generator may touch while it runs a job. All calls are for the thread that `run` was called in,
    except `cancelled`, which may be read from anywhere at any time (a forward hook, a callback).
    """

    @property
    def params(self) -> Any:
        """The request's params, checked, as an instance of the GeneratorSpec's params dataclass."""

    @property
    def model(self) -> Model | None:
        """The model the request names, checked and on this disk; None where the generator needs none."""

    @property
    def added(self) -> Sequence[tuple[Model, float]]:
        """What the request lays over the model, and how strongly, in that order; checked and on this disk."""

    @property
    def scratch(self) -> Path:
        """An empty folder of this job's own, removed when the job ends."""

    @property
    def log(self) -> logging.Logger:
        """A log that ends up in Studio's own, with the plugin's name."""

    @property
    def resume(self) -> tuple[int, StepState] | None:
        """The kept step the request resumes from (its index and state), or None to start at the beginning."""

    @property
    def cancelled(self) -> bool:
        """True once somebody asked to cancel or pause. Cheap: one flag."""

    @property
    def wants_preview(self) -> bool:
        """False while nobody looks or the window is still busy with the last preview: do not make one then."""

    def check(self) -> None:
        """Raise JobCancelled (or JobPaused) if somebody asked for it; otherwise do nothing."""

    def progress(self, message: str, fraction: float | None = None) -> None:
        """Say what is being done ("Loading Starter pictures"), with a fraction 0 … 1 where it is known."""

    def step(
        self,
        index: int,
        total: int,
        *,
        preview: Callable[[], Preview] | None = None,
        state: Callable[[], StepState] | None = None,
        label: str = "",
    ) -> None:
        """A step is done: keep it, show it on the ribbon, then `check()`.

        `index` counts from 0; `total` is 0 where unknown. `preview` and `state` are only called if wanted. A preview
        given here is small (at most 256 pixels a side): it stays on the ribbon. A step without state can be looked
        at, not branched from.
        """

    def step_several(self, steps: Sequence[tuple[Step, StepState | None]]) -> None:
        """The same for steps that come at once, in their order: quicker where there are hundreds in a second. Where
        the job is to pause or go over at one of them, those behind it are left out.
        """

    def preview(self, make: Callable[[], Preview]) -> None:
        """Offer a better look between steps; `make` is only called while somebody looks."""

    def input(self, name: str) -> Path | None:
        """The file of an input of the request by its part ("image", "mask"), or None."""

    def cached(
        self, key: Hashable, make: Callable[[], T], *, size: int = 0, drop: Callable[[T], None] | None = None
    ) -> T:
        """The value of `make()`, kept between jobs under `key` as long as memory allows (pipelines, embeddings).

        `size` is about how many bytes it takes; `drop` frees it. Keys are private to the plugin.
        """

    def settings(self, settings: type[T]) -> T:
        """The values of one of the plugin's own settings dataclasses."""

    def used(self, **ingredients: Any) -> None:
        """Record JSON values for the recipe: library versions, device, dtype, thread count."""

    def recipe(self, *, state: str = "done") -> Recipe:
        """The recipe of this run so far, to be written into the output file. `state` is "done" or "partial"."""

    def keep(self, outputs: Sequence[Output]) -> None:
        """Hand over results before the end; what is handed over is kept even if the job is cancelled afterwards.

        Call it from an `except JobCancelled` block to leave the partial result, then raise on.
        """


class PanelHost(Protocol):
    """What the window gives a panel. Every call is for the window's thread and returns at once."""

    @property
    def panel_id(self) -> str:
        """ "<plugin id>.<panel name>": the origin of the panel's jobs."""

    def submit(self, request: Request, *, title: str = "", again: bool = False) -> str:
        """Queue a request; the id of its job. An identical finished request is answered from the library unless
        `again` is true. Raises StudioError where the request is not valid.
        """

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop; its partial result is kept."""

    def jobs(self) -> Sequence[Job]:
        """The panel's jobs that have not ended, in the order in which they will run."""

    def job(self, job_id: str) -> Job | None:
        """One of the panel's jobs, also one that has ended, as long as the queue remembers it."""

    def models(self, generator: str) -> Sequence[Model]:
        """The usable models for one of the plugin's generators (name without the plugin's id), bundled ones first."""

    def added_models(self, generator: str) -> Sequence[Model]:
        """What can be laid over a model of one of the plugin's generators (LoRAs, embeddings), by title."""

    def device(self) -> DeviceStatus:
        """What jobs run on and how much of its memory is free, as last heard."""

    def artifact(self, artifact_id: str) -> Artifact | None:
        """An artifact by its id, or None where it is gone."""

    def bring_in(self, source: Path | bytes, *, media: str = "", title: str = "") -> Artifact:
        """Keep foreign bytes or a file as an artifact, to be used as an input. Raises StudioError.

        The one call that does not return at once: it reads, hashes and writes. For what is small (up to some MB) and
        needed now; use `take_in` for whatever an artist may drop.
        """

    def take_in(
        self,
        source: Path | bytes | Callable[[], bytes],
        then: Callable[[Artifact], None],
        *,
        failed: Callable[[StudioError], None] | None = None,
        media: str = "",
        title: str = "",
    ) -> None:
        """`bring_in` off the window's thread, one after the other: `then(artifact)` is called in the window's thread
        once it is kept, or else `failed(error)`, which is `report` unless given. Neither is once the panel is closed.
        A `source` that is a call makes the bytes, off the window's thread too (packing a large picture takes a second).
        """

    def settings(self, settings: type[T]) -> T:
        """The values of one of the plugin's own settings dataclasses."""

    def remember(self, key: str, value: Any) -> None:
        """Keep a small JSON value for the panel across sessions (prompt history, presets)."""

    def recall(self, key: str, default: Any = None) -> Any:
        """What `remember` kept."""

    def changed(self) -> None:
        """Say that `Panel.state()` would return something else now; the window saves it soon, safely."""

    def add_undo(self, text: str, *, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        """Add an entry to the window's undo stack for a change that was already made; `text` as in "Undo <text>"."""

    def add_command(
        self, name: str, title: str, run: Callable[[], None], *, shortcut: str = "", icon: str = ""
    ) -> None:
        """Add a command to the palette (and a shortcut while the panel is in front)."""

    def show_steps(self, steps: str) -> None:
        """Put the kept steps of a job (Artifact.steps or a job id) on the ribbon; "" empties it."""

    def export(self, artifact_id: str) -> None:
        """Open the export dialog for an artifact."""

    def takers(self, artifact_id: str) -> Sequence[tuple[str, str]]:
        """(id, title) of the other panels that take an artifact: what "Send to" offers."""

    def send(self, artifact_id: str, panel_id: str) -> None:
        """Give an artifact to another panel and bring that to front."""

    def send_words(self, text: str, media: str = "image/*") -> bool:
        """Give words to the panel that makes this kind of media, as what it should make (`Panel.take_words`), and bring
        it to front. False where no other panel takes them.
        """

    def report(self, error: StudioError) -> None:
        """Show an error card where the artist is looking."""

    def say(self, text: str) -> None:
        """A short line in the status bar."""


__all__ = ["GeneratorContext", "Imported", "PanelHost", "Step"]
