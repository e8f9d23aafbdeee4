"""The Artifact: a kept result, and the Output a generator hands over before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from studio.core.canonical import FrozenDict, freeze
from studio.core.recipe import Recipe
from studio.core.values import frozen


@frozen
class Output:
    """A result as the generator returns it: the finished file as bytes, ready to be written, with the recipe inside
    where the media type has a place for it. `facts` are small public facts for the library (width, height, seconds).
    """

    media: str
    data: bytes
    recipe: Recipe
    facts: Mapping[str, Any] = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", freeze(self.facts))


@frozen
class Artifact:
    """A kept result. `id` is the SHA-256 of the file. `path` is where the file is now. `recipe` is None for a file that
    was brought in from elsewhere. `created` is in seconds since 1970. `steps` names its kept steps (a job id) or "".
    """

    id: str
    media: str
    path: Path
    recipe: Recipe | None = None
    created: float = 0.0
    title: str = ""
    starred: bool = False
    job: str = ""
    steps: str = ""
    facts: Mapping[str, Any] = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", freeze(self.facts))

    @property
    def partial(self) -> bool:
        """True for what a cancelled job left."""
        return self.recipe is not None and self.recipe.state == "partial"
