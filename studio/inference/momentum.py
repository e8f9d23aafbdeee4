"""What guidance remembers of the steps before: ACE-Step pushes against the direction it was pushed in last (APG,
arXiv:2410.02416). A step can only be continued if that is kept with it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch
from diffusers.pipelines.ace_step import pipeline_ace_step

_MODULE: Any = pipeline_ace_step


class GuidanceMomentum:
    """While it is on, it knows the memory of the one pipeline that runs. One job at a time works in a process."""

    def __init__(self, pipe: Any) -> None:
        self._concerned = type(pipe).__name__ == "AceStepPipeline"
        self._own = _MODULE.MomentumBuffer
        self._buffer: Any = None

    def __enter__(self) -> GuidanceMomentum:
        if self._concerned:

            def made(*args: Any, **kwargs: Any) -> Any:
                self._buffer = self._own(*args, **kwargs)
                return self._buffer

            _MODULE.MomentumBuffer = made
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _MODULE.MomentumBuffer = self._own
        self._buffer = None

    @property
    def kept(self) -> torch.Tensor | None:
        """What it remembers now, if anything."""
        found = getattr(self._buffer, "running_average", None)
        return found if isinstance(found, torch.Tensor) else None

    def put_back(self, kept: torch.Tensor | None, like: torch.Tensor | None) -> None:
        """Remember `kept`, or nothing, instead; on the device of `like`."""
        if self._buffer is not None:
            self._buffer.running_average = 0 if kept is None else kept.to(kept.device if like is None else like.device)
