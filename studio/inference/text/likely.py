"""What the model thought of a place before anything chose: the likeliest tokens and the chance of the one taken.

It is worked out for several places at once, when somebody asks or when enough of them wait: done token by token it
costs a small model 3 % of its speed, most of it for code and tables that the next forward pass has to fetch again.
"""

from __future__ import annotations

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
        found = _of(lines, taken, self._count) if lines.device.type == "cpu" else _there(lines, taken, self._count)
        for item, own, tokens, chances in zip(self._waiting, *_chances(*found), strict=True):
            item.known = own, tokens, chances
        self._lines.clear()
        self._waiting.clear()


class Likely:
    """One place of one row."""

    __slots__ = ("_sight", "known", "token")

    def __init__(self, sight: Sight, token: int) -> None:
        self._sight = sight
        self.token = token
        self.known: tuple[float, list[int], list[float]] | None = None
        """The chance of the one that was taken; the likeliest tokens, the likeliest first; their chances."""

    def _settled(self) -> tuple[float, list[int], list[float]]:
        if self.known is None:
            self._sight.settle()
        assert self.known is not None
        return self.known

    @property
    def chance(self) -> float:
        """The taken token's probability."""
        return self._settled()[0]

    def chances(self) -> tuple[float, list[tuple[int, float]]]:
        """The taken token's probability, and the likeliest tokens with theirs, the likeliest first."""
        own, tokens, chances = self._settled()
        return own, list(zip(tokens, chances, strict=True))


def _chances(
    best: np.ndarray, values: np.ndarray, totals: np.ndarray, own: np.ndarray
) -> tuple[list[float], list[list[int]], list[list[float]]]:
    """Probabilities from logits, each row from the highest down; of tokens that are equally likely the one with the
    lower number comes first.
    """
    if (values[:, 1:] == values[:, :-1]).any():
        best = np.take_along_axis(best, np.lexsort((best, -values)), 1)
    chances = np.exp(values.astype(np.float64) - totals[:, None])
    return np.exp(own.astype(np.float64) - totals).tolist(), best.tolist(), chances.tolist()


def _of(lines: torch.Tensor, taken: Sequence[int], count: int) -> tuple[np.ndarray, ...]:
    """Every row by itself in the same order of operations, whatever waits beside it."""
    best = lines.topk(min(count, lines.shape[1]), -1)
    values, rows = best.values.numpy(), lines.numpy()
    rest = rows - values[:, :1]
    np.exp(rest, out=rest)
    totals = values[:, 0].astype(np.float64) + np.log(rest.sum(1).astype(np.float64))
    return best.indices.numpy(), values, totals, rows[np.arange(len(rows)), list(taken)]


def _there(lines: torch.Tensor, taken: Sequence[int], count: int) -> tuple[np.ndarray, ...]:
    """On the device that holds them; few numbers come from there."""
    best = lines.topk(min(count, lines.shape[1]), -1)
    own = lines.gather(-1, torch.tensor(taken, device=lines.device)[:, None])
    totals = lines.logsumexp(-1, keepdim=True)
    values = torch.cat([best.values, totals, own], -1).cpu().double().numpy()  # some graphics have no doubles
    return best.indices.cpu().numpy(), values[:, :-2].astype(np.float32), values[:, -2], values[:, -1]
