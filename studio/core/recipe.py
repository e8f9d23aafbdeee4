"""The recipe: a Request plus what was used to run it. It travels inside every artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from studio.core.canonical import FrozenDict, canonical, freeze, thaw
from studio.core.request import Request
from studio.core.values import frozen

RECIPE_FORMAT = 1


@frozen
class Passage:
    """What made the steps that a later request went on from: `steps` names them (a job id), `request` made them."""

    steps: str
    request: Request


@frozen
class Recipe:
    """`request` is what was asked for. `used` is what answered: versions of Studio, the plugin and the libraries,
    device, dtype, thread count, the model's SHA-256 and licence. `parents` are the artifacts it was made from.
    `state` tells a finished result ("done") from the partial one of a cancelled job ("partial"). `lineage` are the
    requests whose steps `request` goes on from, the first one first: empty unless it resumes from a step.
    """

    request: Request
    used: Mapping[str, Any] = field(default_factory=FrozenDict)
    parents: tuple[str, ...] = ()
    state: str = "done"
    format: int = RECIPE_FORMAT
    lineage: tuple[Passage, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "used", freeze(self.used))
        object.__setattr__(self, "lineage", tuple(self.lineage))
        object.__setattr__(self, "parents", tuple(self.parents))

    @property
    def whole(self) -> bool:
        """False where it goes on from a step that nobody knows any more how to make."""
        wanted = self.request.resume
        for passage in reversed(self.lineage):
            if wanted is None or passage.steps != wanted.steps:
                return False
            wanted = passage.request.resume
        return wanted is None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with a `format` number; see docs/recipe.md."""
        return {
            "format": self.format,
            "request": self.request.to_json(),
            "used": thaw(self.used),
            "lineage": [{"steps": item.steps, "request": item.request.to_json()} for item in self.lineage],
            "parents": list(self.parents),
            "state": self.state,
        }

    def text(self) -> str:
        """Canonical JSON text, as it is written into files."""
        return canonical(self.to_json())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """The opposite of `to_json`. Raises KeyError, TypeError or ValueError where the data is not a recipe, and
        ValueError for a format newer than this program.
        """
        number = int(data["format"])
        if number > RECIPE_FORMAT:
            raise ValueError(f"recipe format {number} is newer than {RECIPE_FORMAT}")
        return cls(
            request=Request.from_json(data["request"]),
            used=dict(data.get("used") or {}),
            parents=tuple(str(p) for p in data.get("parents") or ()),
            state=str(data.get("state", "done")),
            format=number,
            lineage=tuple(
                Passage(str(item["steps"]), Request.from_json(item["request"])) for item in data.get("lineage") or ()
            ),
        )
