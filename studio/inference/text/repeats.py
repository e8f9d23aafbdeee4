"""What speaks against saying it again. Pure functions on one row of logits, changed in place, and the tokens before."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import torch

LONGEST = 64
"""Tokens of a repeated phrase that are counted: the penalty is out of all proportion long before."""


def penalties(
    logits: torch.Tensor, past: np.ndarray, *, repetition: float = 1.0, frequency: float = 0.0, presence: float = 0.0
) -> None:
    """Make the tokens in `past` ([n]) less likely.

    `repetition` divides what is above zero and multiplies what is below (Keskar et al., "CTRL", 2019); `frequency`
    is taken off once per use and `presence` once (OpenAI's API reference).
    """
    if not len(past) or (repetition == 1.0 and not frequency and not presence):
        return
    used, counts = np.unique(past, return_counts=True)
    places = torch.from_numpy(used).to(logits.device)
    now = logits[places]
    if repetition != 1.0:
        now = torch.where(now > 0, now / repetition, now * repetition)
    off = counts.astype(np.float32) * frequency + presence
    logits[places] = now - torch.from_numpy(off.astype(np.float32)).to(logits.device)


def dry(
    logits: torch.Tensor,
    past: np.ndarray,
    *,
    multiplier: float,
    base: float = 1.75,
    allowed: int = 2,
    breakers: Collection[int] = (),
) -> None:
    """Take `multiplier · base ** (n - allowed)` off every token that would make the last n tokens (n >= `allowed`) a
    repetition of an earlier place; a token of `breakers` ends a phrase ("Don't repeat yourself", P. E. Weidmann, 2024).
    """
    size = len(past)
    if multiplier <= 0 or size < allowed + 1 or int(past[-1]) in breakers:
        return
    reach = min(LONGEST, size - 1)
    for back in range(1, reach + 1):
        if int(past[-back]) in breakers:
            reach = back - 1
            break
    ends = np.flatnonzero(past[:-1] == past[-1])
    longest: dict[int, int] = {}
    for end in ends.tolist():
        following = int(past[end + 1])
        if following in breakers:
            continue
        length = 1
        while length < reach and end - length >= 0 and past[end - length] == past[size - 1 - length]:
            length += 1
        longest[following] = max(longest.get(following, 0), length)
    for token, length in longest.items():
        if length >= allowed:
            logits[token] -= multiplier * base ** (length - allowed)
