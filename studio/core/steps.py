"""Steps: the stops on the ribbon, each with something to look at and the state needed to continue from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from studio.core.canonical import FrozenDict, freeze
from studio.core.values import frozen


@frozen
class Preview:
    """A whole snapshot of an unfinished result, never a difference.

    `media` is media.RGB for pictures (`data` = height × width × 3 bytes, rows top down), "text/plain" for words
    (`data` = UTF-8), or any other media type a panel understands. `width`, `height` in pixels are those of `data`;
    a panel scales it to the size of the final picture. The words of a step on the ribbon are those that came with it,
    and may say how likely the model found them: `expected` from 0 (a surprise) to 1 (no other way), None for unknown.
    `sound` is a short WAV file of how it sounds so far (some seconds, at most 1 MB), for steps that can be heard.
    """

    media: str
    data: bytes
    width: int = 0
    height: int = 0
    expected: float | None = None
    sound: bytes = b""

    def __post_init__(self) -> None:
        if self.expected is not None:  # rounding in 16 bits goes a little beyond 1, and a masked token gives NaN
            whole = math.isfinite(self.expected)
            object.__setattr__(self, "expected", min(max(float(self.expected), 0.0), 1.0) if whole else None)


@frozen
class Tensor:
    """An array by value, free of any library: `dtype` is a safetensors name (F32, BF16, I64, U8 …), `data` is little
    endian in C order.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes


@frozen
class StepState:
    """What a generator needs to go on exactly from a step: named arrays and a small JSON part."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", freeze(self.values))


@frozen
class Step:
    """One stop on the ribbon. `index` counts from 0, `total` is 0 where nobody knows it beforehand. `label` is what a
    screen reader says beyond "step 12 of 30". `has_state` tells whether one can branch from it. `origin` is the job
    that kept it, where that is known: in a branch the first steps are those of the generation it left.
    """

    index: int
    total: int
    preview: Preview | None = None
    label: str = ""
    has_state: bool = False
    origin: str = ""
