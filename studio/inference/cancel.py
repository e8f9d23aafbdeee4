"""Stopping a model in the middle of a step: forward pre-hooks on its blocks look at the job's flag.

Blocks take 1-10 % of a step each, so a job stops within that time, in the text encoder and in the decoder too. The
hooks cost nothing that could be measured against a step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from studio.api import GeneratorContext

_PARTS = ("Attention", "FeedForward", "ResnetBlock", "ResBlock", "Upsample", "Downsample", "MLP", "EncoderLayer")
_ENDS = ("Block", "Layer", "Block2D")


class CancelFlag:
    """Asks the running job's context whether to go on. Lives as long as the modules that it is hooked into."""

    def __init__(self) -> None:
        self.context: GeneratorContext | None = None

    def check(self) -> None:
        """Raise JobCancelled or JobPaused where somebody asked for it."""
        if self.context is not None and self.context.cancelled:
            self.context.check()

    def hook_into(self, modules: Iterable[Any]) -> int:
        """Hook into every block of `modules`; what is no torch module is passed over. The number of hooks."""
        count = 0
        for top in modules:
            if not isinstance(top, nn.Module):
                continue
            for part in top.modules():
                name = type(part).__name__
                if part is top or name.endswith(_ENDS) or any(word in name for word in _PARTS):
                    part.register_forward_pre_hook(self._look)
                    count += 1
        return count

    def _look(self, _module: nn.Module, _args: Any) -> None:
        self.check()
