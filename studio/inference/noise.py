"""Noise that depends on the seed alone: not on the device, and not on the precision of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


def generator(seed: int) -> torch.Generator:
    """A generator on the processor: the same seed gives the same numbers whatever device the model is on."""
    return torch.Generator("cpu").manual_seed(seed)


class FullPrecisionNoise(TorchFunctionMode):
    """While it is on, `torch.randn` in 16 bits draws in 32 and rounds.

    torch draws 16-bit normals from 16-bit uniforms: another picture than in fp32 for the same seed, and with bfloat16's
    eight bits no value beyond 3.4 sigma.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        dtype = given.get("dtype")
        if func is torch.randn and dtype in (torch.bfloat16, torch.float16):
            given["dtype"] = torch.float32
            return func(*args, **given).to(dtype)
        return func(*args, **given)
