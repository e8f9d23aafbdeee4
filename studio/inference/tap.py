"""The tap: what a scheduler does at every step, seen from outside the pipeline that drives it.

It works for every pipeline: the scheduler object's *class* is swapped for a subclass that overrides `step`. An
attribute of the instance would not do: 16 files of diffusers deepcopy the scheduler and then fail.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch

from studio.api import StepState, StudioError, Tensor

from . import crossing
from .estimate import clean_estimate
from .tensors import from_blob, to_blob


@dataclass(frozen=True, slots=True)
class Tapped:
    """One call of `step`. `calls` counts from 1; `timestep` is the model's own time. `latents` are the noisy result in
    fp32, `clean` the picture the model expects at the end (x0) in the same space, or None where nobody can tell.
    """

    calls: int
    timestep: float
    latents: torch.Tensor
    clean: torch.Tensor | None


Steer = Callable[[Any, torch.Tensor, torch.Tensor, Any], torch.Tensor]
Enter = Callable[[Any, torch.Tensor, int, float], torch.Tensor]


class SchedulerTap:
    """A context manager around one run of a pipeline.

    Between steps the pipeline gets the latents in its own 16 bits; the tap keeps the exact ones and puts them back in
    at the next step, so that rounding does not add up over the run.
    """

    def __init__(self, scheduler: Any, on_step: Callable[[Tapped], None]) -> None:
        self._scheduler = scheduler
        self._class = type(scheduler)
        self._on_step = on_step
        self._signature = inspect.signature(self._class.step)
        self._rounded: torch.Tensor | None = None
        self._exact: torch.Tensor | None = None
        self._untouched: dict[str, Any] | None = None
        self._resume: tuple[int, StepState | Enter] | None = None
        self._resumed: Callable[[], None] = lambda: None
        self.steer: Steer | None = None
        """Changes what the model answered before the scheduler hears it: (scheduler, sample, output, timestep)."""
        self.calls = self._skipped = 0
        self._time = 0.0
        self.first: float | None = None
        self._crosses = False
        self._crossed: list[Any] | None = None
        self.schedule = ""
        """A short hash of the noise levels that the run walks through."""

    def __enter__(self) -> SchedulerTap:
        base = self._class

        @functools.wraps(base.step)  # pipelines look into the signature of `step`
        def step(scheduler: Any, *args: Any, **kwargs: Any) -> Any:
            return self._step(scheduler, args, kwargs)

        body = {"step": step, "__module__": base.__module__, "__doc__": base.__doc__}
        self._scheduler.__class__ = type(base.__name__, (base,), body)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scheduler.__class__ = self._class
        self._rounded = self._exact = self._untouched = None

    def skip_to(self, calls: int, state: StepState | Enter, resumed: Callable[[], None]) -> None:
        """Take the first `calls` calls as done and put `state` in place at the last of them, then call `resumed`. In
        place of a kept step there may be a function of (scheduler, sample, calls, first timestep) that makes latents.
        """
        self._resume = (calls, state)
        self._resumed = resumed

    @property
    def skipping(self) -> bool:
        """True while the steps before the one to resume from go by."""
        return self._resume is not None

    def exact(self, latents: torch.Tensor) -> torch.Tensor:
        """`latents` as the tap knows them in fp32, if they are what the last step answered."""
        if latents is self._rounded and self._exact is not None:
            return self._exact
        return latents

    def _step(self, scheduler: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        bound = self._signature.bind(scheduler, *args, **kwargs)
        given = bound.arguments
        if self._untouched is None:
            self._untouched = _copy_of(vars(scheduler))
        self.calls += 1
        sample, output = given.get("sample"), given.get("model_output")
        if not isinstance(sample, torch.Tensor) or not isinstance(output, torch.Tensor):
            return self._class.step(*bound.args, **bound.kwargs)
        wants_dict = bool(given.get("return_dict", True))
        time = _number(given.get("timestep"), self.calls)
        self._time = time
        if self.first is None:
            self.first = time
            self.schedule = noise_levels(scheduler, time)
        if self._resume is not None:
            if self.calls == 1:
                self._look_ahead(scheduler, time)
            return self._skip(scheduler, sample, torch.promote_types(sample.dtype, output.dtype), wants_dict)
        exact, dtype = self.exact(sample), torch.promote_types(sample.dtype, output.dtype)
        if sample.is_floating_point() and sample.dtype.itemsize < 4:
            exact, output = exact.float(), output.float()
        if self.steer is not None:
            output = self.steer(scheduler, exact, output, given.get("timestep"))
        given["sample"], given["model_output"] = exact, output
        if "return_dict" in self._signature.parameters:
            given["return_dict"] = True
        answer = self._class.step(*bound.args, **bound.kwargs)
        latents = answer.prev_sample if hasattr(answer, "prev_sample") else answer[0]
        clean = clean_estimate(scheduler, answer, sample=exact, output=output, timestep=given.get("timestep"))
        rounded = self._remember(latents, dtype)
        self._on_step(Tapped(self.calls, time, latents, clean))
        return _as_asked(answer, rounded, wants_dict)

    def _remember(self, latents: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        # One layout for all: a convolution rounds otherwise where the channels come last, as an autoencoder's may.
        latents = latents.contiguous()
        self._exact, self._rounded = latents, latents.to(dtype)
        return self._rounded

    def _look_ahead(self, scheduler: Any, first: float) -> None:
        """With another row of noise levels than the one that the step was made in, the step lies elsewhere in it."""
        assert self._resume is not None
        _, state = self._resume
        if not isinstance(state, StepState) or self._is_row_of(state, scheduler):
            return
        crossed = state.values.get("crossed")
        if crossed is not None:  # it was made in a row that had been changed for it: perhaps it can be changed again
            before = crossing.row(scheduler)
            self._cross(scheduler, crossed[0], crossed[1], first)
            if self._is_row_of(state, scheduler):
                return
            for name, value in before.items():
                getattr(scheduler, name).copy_(value)
        calls = self._cross(scheduler, state.values.get("level"), state.values.get("scaling"), first)
        self._crosses, self._resume = True, (calls, state)

    def _cross(self, scheduler: Any, level: Any, kind: Any, first: float) -> int:
        calls = crossing.enter(scheduler, level, kind, first)
        self.schedule, self._crossed = noise_levels(scheduler, first), [level, kind]
        return calls

    def _is_row_of(self, state: StepState, scheduler: Any) -> bool:
        same = str(state.values.get("scheduler")) == type(scheduler).__name__
        return same and bool(state.values.get("schedule", self.schedule) == self.schedule)

    @property
    def skipped(self) -> tuple[int, bool]:
        """How many calls went by before the one to go on with, and whether they were of another row."""
        return self._skipped, self._crosses

    def _skip(self, scheduler: Any, sample: torch.Tensor, dtype: torch.dtype, wants_dict: bool) -> Any:
        assert self._resume is not None
        calls, state = self._resume
        latents = sample.to(dtype)
        if self.calls >= calls:
            exact = self._arrived(scheduler, state, sample, calls)
            latents = self._remember(exact, dtype)
            self._resume, self._skipped = None, self.calls
            self._resumed()
        from diffusers.schedulers.scheduling_lcm import LCMSchedulerOutput

        # Some pipelines take a second answer too, the clean picture; at the last step it is the same.
        return _as_asked(LCMSchedulerOutput(prev_sample=latents, denoised=latents), latents, wants_dict)

    def _arrived(self, scheduler: Any, state: StepState | Enter, sample: torch.Tensor, calls: int) -> torch.Tensor:
        if not isinstance(state, StepState):
            return state(scheduler, sample, calls, self.first or 0.0)
        kept = state.tensors.get("latents")
        if kept is None or kept.shape != tuple(sample.shape):
            raise StudioError(
                "This step cannot be continued with these settings.",
                "Keep the model and the size that the step was made with.",
            )
        exact = from_blob(kept, sample.device)
        if self._crosses:
            return crossing.arrive(scheduler, state, exact, self.first or 0.0, calls)
        restore_scheduler(scheduler, state, sample.device)
        return exact

    def state(self, latents: torch.Tensor) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """What is needed to go on from `latents`: named tensors and a JSON part, with the scheduler's history."""
        tensors = {"latents": to_blob(self.exact(latents))}
        attributes: dict[str, Any] = {}
        for name, value in vars(self._scheduler).items():
            if name.startswith("_internal") or not _changed(self._untouched or {}, name, value):
                continue
            plain = _flatten(f"scheduler.{name}", value, tensors)
            if plain is not None:
                attributes[name] = plain
        values = {"calls": self.calls, "scheduler": self._class.__name__, "schedule": self.schedule}
        level = crossing.level_left(self._scheduler, self._time)
        if level is not None:
            values |= {"level": level, "scaling": crossing.scaling(self._scheduler)}
        if self._crossed is not None:
            values["crossed"] = self._crossed
        return tensors, {**values, "attributes": attributes}


def noise_levels(scheduler: Any, first: float) -> str:
    """A short hash of the noise levels a run walks through from its `first` time on: the same for the same scheduler,
    options, steps and strength.
    """
    levels = hashlib.sha256(repr(first).encode())
    # On the processor first: Apple graphics know no numbers of 64 bits, and `to("cpu", float64)` makes them there.
    for name in ("timesteps", "sigmas"):
        values = getattr(scheduler, name, None)
        if isinstance(values, torch.Tensor):
            levels.update(name.encode() + values.detach().cpu().double().numpy().tobytes())
    return levels.hexdigest()[:16]


def restore_scheduler(scheduler: Any, state: StepState, device: torch.device) -> None:
    """Put a kept history back into a scheduler of the same kind and row of noise levels. Raises StudioError."""
    attributes: Mapping[str, Any] = state.values.get("attributes", {})
    for name, plain in attributes.items():
        if name.isidentifier() and not name.startswith("_internal") and not hasattr(type(scheduler), name):
            setattr(scheduler, name, _unflatten(plain, state.tensors, device))


def _number(timestep: Any, otherwise: float) -> float:
    if isinstance(timestep, torch.Tensor):
        return float(timestep.reshape(-1)[0])
    return float(timestep) if isinstance(timestep, (int, float)) else float(otherwise)


def _copy_of(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, list) else value for name, value in attributes.items()}


def _changed(before: dict[str, Any], name: str, value: Any) -> bool:
    if name not in before:
        return True
    old = before[name]
    if isinstance(value, list):
        return (
            not isinstance(old, list)
            or len(old) != len(value)
            or any(a is not b for a, b in zip(old, value, strict=True))
        )
    return old is not value


def _flatten(name: str, value: Any, tensors: dict[str, Tensor]) -> Any:
    """`value` as JSON with its tensors put aside; None where it is of no kind that a step needs."""
    if isinstance(value, torch.Tensor):
        tensors[name] = to_blob(value)
        return {"tensor": name, "device": value.device.type}
    if value is None or isinstance(value, (bool, int, float, str)):
        return {"value": value}
    if isinstance(value, (list, tuple)):
        parts = [_flatten(f"{name}.{number}", part, tensors) for number, part in enumerate(value)]
        return None if None in parts else {"list": parts}
    return None


def _unflatten(plain: Mapping[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> Any:
    if "tensor" in plain:
        blob = tensors.get(str(plain["tensor"]))
        if blob is None:
            raise StudioError("This kept step is damaged.", "Choose another step to continue from.")
        return from_blob(blob, "cpu" if plain.get("device") == "cpu" else device)
    if "list" in plain:
        return [_unflatten(part, tensors, device) for part in plain["list"]]
    return plain["value"]


def _as_asked(answer: Any, latents: torch.Tensor, wants_dict: bool) -> Any:
    """The scheduler's answer with `latents` in place of its own, in the form the pipeline asked for."""
    if not hasattr(answer, "prev_sample"):
        return (latents, *answer[1:])
    if not wants_dict:
        return (latents, *answer.to_tuple()[1:])
    answer["prev_sample"] = latents
    return answer
