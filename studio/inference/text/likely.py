"""What the model thought of a place before anything chose: the likeliest tokens and the chance of the one taken.

It is worked out for several places at once, when somebody asks or when enough of them wait: done token by token it
costs a small model 3 % of its speed, most of it for code and tables that the next forward pass has to fetch again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

_MOST = 64
"""Places that wait at most."""
_ROOM = 8 << 20
"""Bytes of logits that wait at most, where the vocabulary is large."""


class Sight:
    """Notes places; `count` is how many of the likeliest tokens are kept of each."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._lines: list[torch.Tensor] = []
        self._waiting: list[Likely] = []

    def note(self, logits: torch.Tensor, tokens: Sequence[int]) -> list[Likely]:
        """A `Likely` for each row of `logits` [rows, vocabulary] (fp32), in which one of `tokens` was taken each."""
        noted = [Likely(self, token) for token in tokens]
        self._lines.append(logits)
        self._waiting += noted
        if len(self._waiting) >= _MOST or len(self._waiting) * logits.shape[-1] * 4 >= _ROOM:
            self.settle()
        return noted

    def settle(self) -> None:
        """Work out all that waits, and let go of the logits."""
        if not self._waiting:
            return
        lines = torch.cat(self._lines) if len(self._lines) > 1 else self._lines[0]
        taken = [item.token for item in self._waiting]
        found = (
            _of(lines.numpy(), taken, self._count) if lines.device.type == "cpu" else _there(lines, taken, self._count)
        )
        for item, tokens, logits, total, own in zip(self._waiting, *found, strict=True):
            item.known = tokens, logits, float(total), float(own)
        self._lines.clear()
        self._waiting.clear()


class Likely:
    """One place of one row."""

    __slots__ = ("_sight", "known", "token")

    def __init__(self, sight: Sight, token: int) -> None:
        self._sight = sight
        self.token = token
        self.known: tuple[np.ndarray, np.ndarray, float, float] | None = None
        """The likeliest tokens in no order ([k]) and their logits ([k]), the logarithm of the sum over all tokens, and
        the logit of the one that was taken.
        """

    def _settled(self) -> tuple[np.ndarray, np.ndarray, float, float]:
        if self.known is None:
            self._sight.settle()
        assert self.known is not None
        return self.known

    @property
    def chance(self) -> float:
        """The taken token's probability."""
        *_, total, own = self._settled()
        return math.exp(own - total)

    def chances(self) -> tuple[float, list[tuple[int, float]]]:
        """The taken token's probability, and the likeliest tokens with theirs, the likeliest first."""
        tokens, logits, total, _ = self._settled()
        order = np.lexsort((tokens, -logits))
        chances = np.exp(logits[order].astype(np.float64) - total)
        return self.chance, list(zip(tokens[order].tolist(), chances.tolist(), strict=True))


def _of(lines: np.ndarray, taken: Sequence[int], count: int) -> tuple[np.ndarray, ...]:
    """By numpy: every row by itself in the same order of operations, whatever waits beside it."""
    count = min(count, lines.shape[1])
    best = lines.argpartition(-count, axis=1)[:, -count:].astype(np.int32)
    values = np.take_along_axis(lines, best, 1)
    top = values.max(1)
    rest = lines - top[:, None]
    np.exp(rest, out=rest)
    totals = top.astype(np.float64) + np.log([float(row.sum()) for row in rest])
    return best, values, totals, lines[np.arange(len(lines)), list(taken)]


def _there(lines: torch.Tensor, taken: Sequence[int], count: int) -> tuple[np.ndarray, ...]:
    """On the device that holds them; few numbers come from there."""
    best = lines.topk(min(count, lines.shape[1]), -1)
    own = lines.gather(-1, torch.tensor(taken, device=lines.device)[:, None])
    totals = lines.logsumexp(-1, keepdim=True)
    values = torch.cat([best.values, totals, own], -1).cpu().double().numpy()  # some graphics have no doubles
    return best.indices.cpu().numpy(), values[:, :-2].astype(np.float32), values[:, -2], values[:, -1]
