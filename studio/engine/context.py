"""What a generator gets: progress, steps, previews, inputs, its model, memory between jobs; never the services."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import studio
from studio.api import GeneratorContext
from studio.core.artifact import Output
from studio.core.canonical import freeze
from studio.core.errors import JobCancelled, JobPaused
from studio.core.model import Model
from studio.core.params import salvage
from studio.core.recipe import Passage, Recipe
from studio.core.request import Request
from studio.core.specs import Manifest
from studio.core.steps import Preview, Step, StepState
from studio.core.values import frozen
from studio.engine import wire
from studio.engine.frames import Frame
from studio.engine.pool import ModelPool
from studio.engine.ports import StepSink
from studio.engine.step_thread import StepThread

T = TypeVar("T")
_KEEP_PATIENCE = 30.0  # seconds; a disk that takes longer than that must not stop the job


@dataclass(slots=True)
class Flags:
    """What the window may change while a job runs; set by one thread, read by another, each a single assignment."""

    cancel: bool = False
    pause: bool = False
    until: float = 0.0
    """The share of the steps at which the job pauses by itself; 0 for never."""
    look: bool = True
    credit: int = 1
    """How many previews the window will take now: one, until it has taken the last."""
    gone: bool = False
    """Nobody is there any more to take what the job makes."""
    kept: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Counts the early outputs that the window has in its store."""


@frozen
class Order:
    """A job as a worker gets it. `request` is what the generator sees. Where a paused job goes on, its `resume` is the
    job's own last kept step; `asked` is the request as the artist made it, and stands in the recipe with
    its `lineage`. The job pauses itself at the share `until` of its steps, which may take `room` bytes. `before` are
    the orders that lead to the step it resumes from, each to be run to its `stop_at`, where no kept step is used.
    """

    job: str
    request: Request
    asked: Request
    model: Model | None = None
    added: tuple[Model, ...] = ()
    inputs: Mapping[str, Path] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    steps: Path | None = None
    resume: tuple[int, StepState] | None = None
    look: bool = True
    lineage: tuple[Passage, ...] = ()
    until: float = 0.0
    room: int | None = None
    before: tuple[Order, ...] = ()
    stop_at: int | None = None

    def frame(self, kind: str) -> Frame:
        """The order as a frame."""
        state, blobs = (None, ()) if self.resume is None else wire.state_out(self.resume[1])
        return Frame(kind, {**self._data(), "resume": None if self.resume is None else [self.resume[0], state]}, blobs)

    def _data(self) -> dict[str, Any]:
        return {
            "job": self.job,
            "request": self.request.to_json(),
            "asked": self.asked.to_json(),
            "model": wire.model_out(self.model),
            "added": [wire.model_out(model) for model in self.added],
            "inputs": {name: str(path) for name, path in self.inputs.items()},
            "settings": {name: dict(values) for name, values in self.settings.items()},
            "steps": None if self.steps is None else str(self.steps),
            "resume": None,
            "look": self.look,
            "lineage": [[passage.steps, passage.request.to_json()] for passage in self.lineage],
            "until": self.until,
            "room": self.room,
            "before": [order._data() for order in self.before],
            "stop_at": self.stop_at,
        }

    @classmethod
    def of(cls, frame: Frame) -> Order:
        """The opposite of `frame`."""
        resume = frame.data["resume"]
        order = cls._from(frame.data)
        if resume is None:
            return order
        return replace(order, resume=(int(resume[0]), wire.state_in(resume[1], frame.blobs)))

    @classmethod
    def _from(cls, data: Mapping[str, Any]) -> Order:
        return cls(
            job=str(data["job"]),
            request=Request.from_json(data["request"]),
            asked=Request.from_json(data["asked"]),
            model=wire.model_in(data["model"]),
            added=tuple(found for item in data["added"] if (found := wire.model_in(item)) is not None),
            inputs={name: Path(path) for name, path in data["inputs"].items()},
            settings=data["settings"],
            steps=None if data["steps"] is None else Path(data["steps"]),
            look=bool(data["look"]),
            lineage=tuple(Passage(str(steps), Request.from_json(request)) for steps, request in data["lineage"]),
            until=float(data["until"]),
            room=data["room"],
            before=tuple(cls._from(earlier) for earlier in data["before"]),
            stop_at=data["stop_at"],
        )


class JobContext:
    """The GeneratorContext of one job. `send` brings frames to the window; `stepped` is called after every step."""

    def __init__(
        self,
        order: Order,
        params: Any,
        plugin: Manifest,
        *,
        flags: Flags,
        send: Callable[[Frame], None],
        sink: StepSink | None,
        pool: ModelPool,
        scratch: Path,
        stepped: Callable[[], None] = lambda: None,
    ) -> None:
        self._order = order
        self._params = params
        self._plugin = plugin
        self._flags = flags
        self._send = send
        self._steps = None if sink is None else StepThread(sink, self._say_steps, self._steps_refused)
        self._pool = pool
        self._scratch = scratch
        self._stepped = stepped
        self._has_state = order.resume is not None
        self._used: dict[str, Any] = self._first_used()
        self.kept = 0
        self.reached: tuple[int, StepState] | None = None
        """The step an earlier part of a lineage was run to."""

    def _first_used(self) -> dict[str, Any]:
        import platform  # not on the way to the window

        order, model = self._order, self._order.model
        used: dict[str, Any] = {
            "studio": studio.__version__,
            "plugin": {"id": self._plugin.id, "version": self._plugin.version},
            "generator": order.request.generator,
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()}",
        }
        if model is not None:
            used["model"] = {
                "id": model.id,
                "name": model.title,
                "family": model.family,
                "sha256": model.sha256,
                "licence": model.licence,
            }
        if order.added:
            used["loras"] = [
                {
                    "id": added.id,
                    "name": added.title,
                    "family": added.family,
                    "sha256": added.sha256,
                    "licence": added.licence,
                    "weight": item.weight,
                }
                for added, item in zip(order.added, order.request.added, strict=True)
            ]
        if order.request != order.asked and order.request.resume is not None:
            used["continued_after_step"] = order.request.resume.index
        return used

    # --- what the job is ----------------------------------------------------------------------------------------------

    @property
    def params(self) -> Any:
        return self._params

    @property
    def model(self) -> Model | None:
        return self._order.model

    @property
    def added(self) -> Sequence[tuple[Model, float]]:
        weights = (item.weight for item in self._order.request.added)
        return tuple(zip(self._order.added, weights, strict=True))

    @property
    def scratch(self) -> Path:
        self._scratch.mkdir(parents=True, exist_ok=True)
        return self._scratch

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"studio.plugin.{self._plugin.id}")

    @property
    def resume(self) -> tuple[int, StepState] | None:
        return self._order.resume

    def input(self, name: str) -> Path | None:
        return self._order.inputs.get(name)

    def settings(self, settings: type[T]) -> T:
        return salvage(settings, self._order.settings.get(settings.__name__, {}))[0]

    def cached(
        self, key: Hashable, make: Callable[[], T], *, size: int = 0, drop: Callable[[T], None] | None = None
    ) -> T:
        return self._pool.cached((self._plugin.id, key), make, size=size, drop=drop)

    # --- stopping -----------------------------------------------------------------------------------------------------

    @property
    def cancelled(self) -> bool:
        # Pausing waits for a step one can go on from: stopping earlier would throw the work away.
        return self._flags.cancel or (self._flags.pause and self._has_state)

    def check(self) -> None:
        if self.cancelled:
            self._stop()

    def _stop(self) -> None:
        self._send(Frame("heard", {"job": self._order.job}))
        raise JobCancelled if self._flags.cancel else JobPaused

    # --- saying -------------------------------------------------------------------------------------------------------

    def progress(self, message: str, fraction: float | None = None) -> None:
        share = None if fraction is None else min(max(float(fraction), 0.0), 1.0)
        self._send(Frame("progress", {"job": self._order.job, "message": str(message), "fraction": share}))

    def step(
        self,
        index: int,
        total: int,
        *,
        preview: Callable[[], Preview] | None = None,
        state: Callable[[], StepState] | None = None,
        label: str = "",
    ) -> None:
        look = None if preview is None else _of(Preview, preview(), "a step's preview")
        value = state() if state is not None and (self._keeps or index == self._order.stop_at) else None
        self.step_several([(Step(int(index), int(total), look, str(label), value is not None), value)])

    def step_several(self, steps: Sequence[tuple[Step, StepState | None]]) -> None:
        told = list[tuple[Step, StepState | None]]()
        for step, state in steps:
            told.append(self._as_kept(_of(Step, step, "a step"), state))
            if self._goes_over(*told[-1]) or self._flags.pause:
                break
        if not told:
            return
        if self._steps is not None:
            self._steps.keep(told)
        else:
            self._say_steps([step for step, _ in told])
        self._stepped()
        step, state = told[-1]
        if state is not None and self._goes_over(step, state) and not self._flags.cancel:
            self.reached = (step.index, state)
            raise JobPaused
        if self._flags.cancel or self._flags.pause:
            self._stop()

    @property
    def _keeps(self) -> bool:
        return self._steps is not None and not self._steps.broken

    def _as_kept(self, step: Step, state: StepState | None) -> tuple[Step, StepState | None]:
        """A step with the state that is needed of it; where the artist wants no more than it, the job is to pause."""
        if not self._keeps and step.index != self._order.stop_at:
            state = None
        kept = state is not None and self._keeps
        if step.has_state != kept:
            step = Step(step.index, step.total, step.preview, step.label, kept)
        if kept:
            _of(StepState, state, "a step's state")
            self._has_state = True
            done, until = step.index + 1, self._flags.until
            if until and until * step.total <= done < step.total:
                self._flags.pause = True
        return step, state

    def _goes_over(self, step: Step, state: StepState | None) -> bool:
        """Whether the next part of a lineage goes on from this step."""
        return step.index == self._order.stop_at and state is not None

    def _say_steps(self, steps: Sequence[Step]) -> None:
        data, blobs = wire.steps_out(steps)
        self._send(Frame("steps", {"job": self._order.job, **data}, blobs))

    def _steps_refused(self, error: Exception) -> None:
        self.progress(f"Steps are no longer kept. {error}")

    def finish_steps(self) -> None:
        """No more steps come: return when all of them are written and told of."""
        if self._steps is not None:
            self._steps.close()

    @property
    def wants_preview(self) -> bool:
        return self._flags.look and self._flags.credit > 0

    def preview(self, make: Callable[[], Preview]) -> None:
        if not self.wants_preview:
            return
        data, blobs = wire.preview_out(_of(Preview, make(), "a preview"))
        self._flags.credit = 0
        self._send(Frame("preview", {"job": self._order.job, "preview": data}, blobs))

    # --- results ------------------------------------------------------------------------------------------------------

    def used(self, **ingredients: Any) -> None:
        self._used.update(freeze(ingredients))

    def recipe(self, *, state: str = "done") -> Recipe:
        parents = tuple(dict.fromkeys(item.sha256 for item in self._order.asked.inputs))
        return Recipe(self._order.asked, self._used, parents, state, lineage=self._order.lineage)

    def keep(self, outputs: Sequence[Output]) -> None:
        for _ in range(self.hand_over(outputs, final=False)):
            self._await_kept()

    def _await_kept(self) -> None:
        """Wait until an early output is on disk: no later step may be kept before it, or a job that goes on at that
        step after a crash would never make the output again.
        """
        deadline = time.monotonic() + _KEEP_PATIENCE
        while time.monotonic() < deadline:
            if self._flags.kept.acquire(timeout=0.5):
                return
            if self._flags.gone:
                raise JobCancelled

    def hand_over(self, outputs: Sequence[Output], *, final: bool) -> int:
        """Send outputs, and return how many; `final` ones are what the generator returned: no more come."""
        if self._order.stop_at is not None:
            return 0  # only its step is wanted
        before = self.kept
        for output in checked(outputs):
            if self._flags.pause and not self._flags.cancel and output.recipe.state == "partial":
                continue  # a paused job goes on: what it has so far is no result
            data, blobs = wire.output_out(output)
            self._send(Frame("output", {"job": self._order.job, "output": data, "final": final}, blobs))
            self.kept += 1
        return self.kept - before


def checked(outputs: Any) -> tuple[Output, ...]:
    """`outputs` as a tuple of Output. Raises TypeError for anything else."""
    if not isinstance(outputs, (list, tuple)):
        raise TypeError(f"a generator must return a list of Output, not {type(outputs).__name__}")
    return tuple(_of(Output, output, "each output") for output in outputs)


def _of(kind: type[T], value: Any, what: str) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be a {kind.__name__}, not {type(value).__name__}")
    return value


if TYPE_CHECKING:
    _PROMISE: type[GeneratorContext] = JobContext
