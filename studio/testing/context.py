"""A generator's context without an engine: records what the generator says, and stops it where a test wants that."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from studio.core.artifact import Output
from studio.core.canonical import freeze
from studio.core.errors import JobCancelled, JobPaused
from studio.core.model import Model
from studio.core.params import parse
from studio.core.recipe import Recipe
from studio.core.request import Request
from studio.core.steps import Preview, Step, StepState

T = TypeVar("T")
RIBBON_SIDE = 256


class FakeContext:
    """Satisfies `studio.api.GeneratorContext`, and holds a generator to what that promises.

        context = FakeContext(request, Params, scratch=tmp_path, cancel_at=3)
        with pytest.raises(JobCancelled):
            run(request, context)
        assert len(context.steps) == 4 and context.outputs[0].recipe.state == "partial"

    `cancel_at` and `pause_at` are step indices. `looks` is whether anybody wants previews. Afterwards read `steps`,
    `states` (by index), `previews`, `messages` (text and fraction), `outputs` (those handed over by `keep`) and
    `ingredients`.
    """

    def __init__(
        self,
        request: Request,
        params: type,
        *,
        scratch: Path,
        model: Model | None = None,
        added: Sequence[Model] = (),
        inputs: Mapping[str, Path] | None = None,
        settings: Sequence[Any] = (),
        resume: tuple[int, StepState] | None = None,
        cancel_at: int | None = None,
        pause_at: int | None = None,
        looks: bool = True,
        cache: dict[Hashable, Any] | None = None,
    ) -> None:
        self.request = request
        self.params: Any = parse(params, request.params)
        self.model = model
        weights = (item.weight for item in request.added)
        self.added: tuple[tuple[Model, float], ...] = tuple(zip(added, weights, strict=True))
        self.scratch = scratch
        self.resume = resume
        self.log = logging.getLogger("studio.testing.generator")
        self.wants_preview = looks
        self.cache: dict[Hashable, Any] = {} if cache is None else cache
        self.steps: list[Step] = []
        self.states: dict[int, StepState] = {}
        self.previews: list[Preview] = []
        self.messages: list[tuple[str, float | None]] = []
        self.outputs: list[Output] = []
        self.ingredients: dict[str, Any] = {}
        self._inputs = dict(inputs or {})
        self._settings = tuple(settings)
        self._cancel_at, self._pause_at = cancel_at, pause_at
        self._stop: type[JobCancelled] | None = None
        self._thread = threading.get_ident()

    # --- asked to stop ------------------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Ask the generator to stop, from any thread."""
        self._stop = JobCancelled

    @property
    def cancelled(self) -> bool:
        """True once the generator should stop."""
        return self._stop is not None

    def check(self) -> None:
        """Raise JobCancelled or JobPaused where a test asked for it."""
        if self._stop is not None:
            raise self._stop

    # --- what the generator says --------------------------------------------------------------------------------------

    def progress(self, message: str, fraction: float | None = None) -> None:
        """Record a message."""
        self._own_thread()
        assert message, "say what is being done"
        assert fraction is None or 0 <= fraction <= 1, f"a fraction is 0 … 1, not {fraction}"
        self.messages.append((message, fraction))

    def step(
        self,
        index: int,
        total: int,
        *,
        preview: Callable[[], Preview] | None = None,
        state: Callable[[], StepState] | None = None,
        label: str = "",
    ) -> None:
        """Record a step with its preview and state, then stop where a test wants that."""
        shown = preview() if preview is not None and self.wants_preview else None
        self._record(Step(index, total, shown, label), None if state is None else state())
        self.check()

    def step_several(self, steps: Sequence[tuple[Step, StepState | None]]) -> None:
        """Record steps that came at once, up to the one at which a test wants a pause."""
        for step, state in steps:
            self._record(step if self.wants_preview else replace(step, preview=None), state)
            if self._stop is JobPaused:
                break
        self.check()

    def _record(self, step: Step, state: StepState | None) -> None:
        self._own_thread()
        index, total, shown = step.index, step.total, step.preview
        first = 0 if self.resume is None else self.resume[0] + 1
        expected = self.steps[-1].index + 1 if self.steps else first
        assert index == expected, f"step {index} came where step {expected} was due"
        assert total == 0 or index < total, f"step {index} of only {total}"
        if shown is not None:
            side = max(shown.width, shown.height)
            assert side <= RIBBON_SIDE, f"a step's preview is at most {RIBBON_SIDE} pixels a side, not {side}"
            _check_preview(shown)
        if state is not None:
            self.states[index] = state
        self.steps.append(replace(step, has_state=state is not None))
        if index == self._cancel_at:
            self._stop = JobCancelled
        if index == self._pause_at:
            self._stop = JobPaused

    def preview(self, make: Callable[[], Preview]) -> None:
        """Record a better look, where anybody looks."""
        self._own_thread()
        if self.wants_preview:
            shown = make()
            _check_preview(shown)
            self.previews.append(shown)

    def used(self, **ingredients: Any) -> None:
        """Record ingredients; they must be JSON values."""
        self.ingredients.update({name: freeze(value) for name, value in ingredients.items()})

    def recipe(self, *, state: str = "done") -> Recipe:
        """The recipe as the engine would make it."""
        assert state in ("done", "partial"), f"a recipe's state is done or partial, not {state}"
        parents = tuple(item.sha256 for item in self.request.inputs)
        return Recipe(self.request, used=self.ingredients, parents=parents, state=state)

    def keep(self, outputs: Sequence[Output]) -> None:
        """Record outputs handed over before the end."""
        self._own_thread()
        self.outputs.extend(outputs)

    # --- what the generator asks for ----------------------------------------------------------------------------------

    def input(self, name: str) -> Path | None:
        """The file that the test gave for this part."""
        return self._inputs.get(name)

    def cached(
        self, key: Hashable, make: Callable[[], T], *, size: int = 0, drop: Callable[[T], None] | None = None
    ) -> T:
        """`make()` once per key; pass the same `cache` to several contexts to act as one host."""
        if key not in self.cache:
            self.cache[key] = make()
        value: T = self.cache[key]
        return value

    def settings(self, settings: type[T]) -> T:
        """The instance that the test gave, or one with all defaults."""
        return next((value for value in self._settings if isinstance(value, settings)), settings())

    # --- for the test ------------------------------------------------------------------------------------------------

    def branch(self, index: int, request: Request | None = None) -> FakeContext:
        """A context that resumes from a step this one has recorded, perhaps with another request."""
        return FakeContext(
            request or self.request,
            type(self.params),
            scratch=self.scratch,
            model=self.model,
            added=[model for model, _ in self.added],
            inputs=self._inputs,
            settings=self._settings,
            resume=(index, self.states[index]),
            looks=self.wants_preview,
            cache=self.cache,
        )

    def _own_thread(self) -> None:
        assert threading.get_ident() == self._thread, "the context is for the thread that run() was called in"


def _check_preview(shown: Preview) -> None:
    if shown.media == "image/x-rgb8":
        assert len(shown.data) == shown.width * shown.height * 3, (
            f"{len(shown.data)} bytes are no picture of {shown.width} by {shown.height} in 8-bit RGB"
        )
