"""A model on disk, as everybody but the code that loads it needs to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from studio.core.canonical import FrozenDict, freeze
from studio.core.media import accepts
from studio.core.request import ModelRef
from studio.core.values import frozen


@frozen
class Model:
    """Weights on disk. `id` is stable on this machine ("starter/pictures", "models/dreamshaper").

    `family` says how it is loaded ("diffusers/StableDiffusionPipeline"). `size` is in bytes, `dtype` the safetensors
    name of most weights. `sha256` is "" until somebody needed it. `problem` is empty for a usable model, otherwise
    the reason why it is never opened.

    `base` names the architecture that decides what goes together ("sd1", "sd2", "sdxl", "sd3", "flux"; "" unknown): a
    LoRA fits the models of its own base. `facts` are JSON values found in the headers of its files: "parts" (bytes of
    each part), "side" (pixels a side it draws best), "prediction" ("epsilon", "v_prediction").
    """

    id: str
    title: str
    family: str
    path: Path
    size: int = 0
    dtype: str = ""
    sha256: str = ""
    licence: str = ""
    origin: str = ""
    summary: str = ""
    problem: str = ""
    bundled: bool = False
    base: str = ""
    facts: Mapping[str, Any] = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", freeze(self.facts))

    def fits(self, patterns: tuple[str, ...]) -> bool:
        """True where the family is one of `patterns` ("diffusers/*") and nothing is wrong with the model."""
        return not self.problem and accepts(patterns, self.family)

    def ref(self) -> ModelRef:
        """How a request names it."""
        return ModelRef(self.id, self.title, self.sha256)
