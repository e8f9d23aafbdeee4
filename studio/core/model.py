"""A model on disk, as everybody but the code that loads it needs to know it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from studio.core.request import ModelRef


@dataclass(frozen=True, slots=True)
class Model:
    """Weights on disk. `id` is stable on this machine ("starter/pictures", "models/dreamshaper").

    `family` says how it is loaded ("diffusers/StableDiffusionPipeline"). `size` is in bytes, `dtype` the safetensors
    name of most weights. `sha256` is "" until somebody needed it. `problem` is empty for a usable model, otherwise
    the reason why it is never opened.
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

    def fits(self, patterns: tuple[str, ...]) -> bool:
        """True where the family is one of `patterns` ("diffusers/*") and nothing is wrong with the model."""
        return not self.problem and any(fnmatchcase(self.family, pattern) for pattern in patterns)

    def ref(self) -> ModelRef:
        """How a request names it."""
        return ModelRef(self.id, self.title, self.sha256)
