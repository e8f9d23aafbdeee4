"""What the artist can set."""

from __future__ import annotations

from dataclasses import dataclass

from studio.api import param


@dataclass(frozen=True)
class Params:
    prompt: str = param("dots", label="Prompt", help="Its letters choose the colours.", role="prompt")
    steps: int = param(4, label="Steps", minimum=1, maximum=10_000, help="More steps, less noise.")
    width: int = param(16, label="Width", minimum=4, maximum=256, unit="px", role="width", help="Pixels across.")
    height: int = param(16, label="Height", minimum=4, maximum=256, unit="px", role="height", help="Pixels down.")
    pause: float = param(0.0, label="Pause", minimum=0, maximum=10, unit="s", help="Waits this long after a step.")
    early: int = param(0, label="Early pictures", minimum=0, maximum=4, help="Sketches handed over before the end.")
