"""Core values as the JSON and blobs of a frame, and back. Raises KeyError, TypeError or ValueError for what is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from studio.core.artifact import Output
from studio.core.canonical import thaw
from studio.core.errors import Problem
from studio.core.model import Model
from studio.core.recipe import Recipe
from studio.core.steps import Preview, Step, StepState, Tensor

Parts = tuple[dict[str, Any], tuple[bytes, ...]]


def problem_out(problem: Problem | None) -> list[str] | None:
    """A problem as three texts."""
    return None if problem is None else [problem.message, problem.hint, problem.details]


def problem_in(data: Sequence[str] | None) -> Problem | None:
    """The opposite of `problem_out`."""
    return None if data is None else Problem(*(str(text) for text in data))


def preview_out(preview: Preview) -> Parts:
    """A preview as JSON and one blob."""
    data: dict[str, Any] = {"media": preview.media, "width": preview.width, "height": preview.height}
    if preview.expected is not None:
        data["expected"] = preview.expected
    if preview.sound:
        data["sound"] = len(preview.sound)  # at the end of the same blob: a frame's parts are counted by previews
    return data, (bytes(preview.data) + bytes(preview.sound),)


def preview_in(data: Mapping[str, Any], blobs: Sequence[bytes]) -> Preview:
    """The opposite of `preview_out`."""
    expected = data.get("expected")
    end = len(blobs[0]) - int(data.get("sound", 0))
    if end < 0:
        raise ValueError("the sound of a preview is longer than the preview")
    return Preview(
        str(data["media"]),
        blobs[0][:end],
        int(data["width"]),
        int(data["height"]),
        None if expected is None else float(expected),
        blobs[0][end:],
    )


def step_out(step: Step) -> Parts:
    """A step as JSON and, with a preview, one blob."""
    preview, blobs = (None, ()) if step.preview is None else preview_out(step.preview)
    data = {
        "index": step.index,
        "total": step.total,
        "label": step.label,
        "has_state": step.has_state,
        "preview": preview,
    }
    return data, blobs


def step_in(data: Mapping[str, Any], blobs: Sequence[bytes]) -> Step:
    """The opposite of `step_out`."""
    preview = data["preview"]
    return Step(
        index=int(data["index"]),
        total=int(data["total"]),
        preview=None if preview is None else preview_in(preview, blobs),
        label=str(data["label"]),
        has_state=bool(data["has_state"]),
    )


def steps_out(steps: Sequence[Step]) -> Parts:
    """Several steps as JSON and their blobs one after the other."""
    parts = [step_out(step) for step in steps]
    return {"steps": [data for data, _ in parts]}, tuple(blob for _, blobs in parts for blob in blobs)


def steps_in(data: Mapping[str, Any], blobs: Sequence[bytes]) -> list[Step]:
    """The opposite of `steps_out`."""
    rest = iter(blobs)
    return [step_in(one, () if one["preview"] is None else (next(rest),)) for one in data["steps"]]


def state_out(state: StepState) -> Parts:
    """A step's state as JSON and one blob a tensor."""
    tensors = [[name, tensor.dtype, list(tensor.shape)] for name, tensor in state.tensors.items()]
    data = {"tensors": tensors, "values": thaw(state.values)}
    return data, tuple(bytes(tensor.data) for tensor in state.tensors.values())


def state_in(data: Mapping[str, Any], blobs: Sequence[bytes]) -> StepState:
    """The opposite of `state_out`."""
    tensors = {
        str(name): Tensor(str(dtype), tuple(int(size) for size in shape), blob)
        for (name, dtype, shape), blob in zip(data["tensors"], blobs, strict=True)
    }
    return StepState(tensors, dict(data["values"]))


def output_out(output: Output) -> Parts:
    """An output as JSON and one blob, its file."""
    data = {"media": output.media, "recipe": output.recipe.to_json(), "facts": thaw(output.facts)}
    return data, (bytes(output.data),)


def output_in(data: Mapping[str, Any], blobs: Sequence[bytes]) -> Output:
    """The opposite of `output_out`."""
    return Output(str(data["media"]), blobs[0], Recipe.from_json(data["recipe"]), dict(data["facts"]))


def model_out(model: Model | None) -> dict[str, Any] | None:
    """A model as JSON."""
    if model is None:
        return None
    plain = (item.name for item in fields(model) if item.name not in ("path", "facts"))
    return {"path": str(model.path), "facts": thaw(model.facts), **{name: getattr(model, name) for name in plain}}


def model_in(data: Mapping[str, Any] | None) -> Model | None:
    """The opposite of `model_out`."""
    return None if data is None else Model(**{**data, "path": Path(data["path"])})
