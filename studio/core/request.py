"""The Request: an immutable value that holds everything a result depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from studio.core.canonical import FrozenDict, digest, freeze, thaw
from studio.core.values import frozen

SEED_LIMIT = 2**32
"""Seeds are whole numbers in 0 … 2**32 - 1, which every program of the field can read."""


@frozen
class ModelRef:
    """Which weights: `id` finds them here, `sha256` (64 hex digits, or "" while unknown) finds them anywhere."""

    id: str
    name: str = ""
    sha256: str = ""


@frozen
class AddedModel:
    """Weights laid over the model: a LoRA, an embedding. `weight` is how strongly; 1 is as they were trained."""

    model: ModelRef
    weight: float = 1.0


@frozen
class Input:
    """A file the result depends on, by content: `name` is its part in the request ("image", "mask")."""

    name: str
    media: str
    sha256: str


@frozen
class ResumePoint:
    """Continue from a kept step: `steps` names the kept steps (the id of the job that made them), `index` the step.

    Continuing from index i means: steps 0 … i are taken as done, the generator goes on with step i + 1.
    """

    steps: str
    index: int


@frozen
class Request:
    """What to make. `generator` is "<plugin id>.<generator name>"; `params` are plain JSON values of that
    generator's params dataclass; `seed` is in 0 … 2**32 - 1. `added` are laid over `model` in their order.
    """

    generator: str
    params: Mapping[str, Any] = field(default_factory=FrozenDict)
    seed: int = 0
    model: ModelRef | None = None
    inputs: tuple[Input, ...] = ()
    resume: ResumePoint | None = None
    added: tuple[AddedModel, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", freeze(self.params))
        object.__setattr__(self, "inputs", tuple(self.inputs))
        object.__setattr__(self, "added", tuple(self.added))
        if not 0 <= self.seed < SEED_LIMIT:
            raise ValueError(f"seed {self.seed} is outside 0 … {SEED_LIMIT - 1}")

    def with_params(self, **changes: Any) -> Request:
        """The same request with some params changed."""
        return replace(self, params={**self.params, **changes})

    def digest(self) -> str:
        """SHA-256 of everything in it: two requests with the same digest ask for the same result."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, stable across versions: fields are only ever added, and such a field is not there where it says
        nothing, so that requests of earlier versions keep their digest.
        """
        data: dict[str, Any] = {
            "generator": self.generator,
            "params": thaw(self.params),
            "seed": self.seed,
            "model": None if self.model is None else _ref_out(self.model),
            "inputs": [{"name": i.name, "media": i.media, "sha256": i.sha256} for i in self.inputs],
            "resume": None if self.resume is None else {"steps": self.resume.steps, "index": self.resume.index},
        }
        if self.added:
            data["added"] = [{**_ref_out(item.model), "weight": item.weight} for item in self.added]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Request:
        """The opposite of `to_json`; unknown fields are ignored. Raises KeyError, TypeError or ValueError."""
        model, resume = data.get("model"), data.get("resume")
        return cls(
            generator=str(data["generator"]),
            params=dict(data.get("params") or {}),
            seed=int(data.get("seed", 0)),
            model=None if not model else _ref_in(model),
            inputs=tuple(Input(str(i["name"]), str(i["media"]), str(i["sha256"])) for i in data.get("inputs") or ()),
            resume=None if not resume else ResumePoint(str(resume["steps"]), int(resume["index"])),
            added=tuple(AddedModel(_ref_in(item), float(item.get("weight", 1.0))) for item in data.get("added") or ()),
        )


def _ref_out(ref: ModelRef) -> dict[str, str]:
    return {"id": ref.id, "name": ref.name, "sha256": ref.sha256}


def _ref_in(data: Mapping[str, Any]) -> ModelRef:
    return ModelRef(str(data["id"]), str(data.get("name", "")), str(data.get("sha256", "")))
