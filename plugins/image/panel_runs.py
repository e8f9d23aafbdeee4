"""What the image panel knows of its jobs while they are on their way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from studio.api import Preview, Request

State = Literal["waiting", "running"]


@dataclass(slots=True)
class Batch:
    """The jobs of one press on Generate: one entry of the undo stack. `before` was on the canvas, `last` is now."""

    before: str = ""
    last: str = ""
    noted: bool = False
    what: str = "Generate"


@dataclass(slots=True)
class Run:
    """One job. `width` and `height` are those of the picture it will make, in pixels."""

    job: str
    request: Request
    title: str
    batch: Batch = field(default_factory=Batch)
    state: State = "waiting"
    paused: bool = False
    preview: Preview | None = None
    fraction: float = 0.0

    def size(self) -> tuple[int, int]:
        """The size of the picture to come; (0, 0) where the request does not say."""
        width, height = self.request.params.get("width"), self.request.params.get("height")
        if isinstance(width, int) and isinstance(height, int) and 0 < width <= 65_536 and 0 < height <= 65_536:
            return width, height
        return 0, 0
