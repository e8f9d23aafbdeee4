"""Chance that is counted, not drawn: the same place of the same text always gets the same number.

A draw depends on (seed, alternative, position, token) alone. Therefore nothing about chance has to be kept to go on
from a token, alternatives do not disturb each other, and a place that is decided anew after a change meets the same
luck. Numbers are mixed by SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014);
choosing by the largest of log p + Gumbel noise is exactly a draw from p (Gumbel 1954; Maddison et al., "A* sampling",
2014).
"""

from __future__ import annotations

import numpy as np

_STEP = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GOLDEN = np.uint64(_STEP)


def _mixed(value: int) -> int:
    value = (value + _STEP) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def key(seed: int, alternative: int, position: int, purpose: int = 0) -> int:
    """64 bits for one place of one text; `purpose` tells uses at the same place apart."""
    return _mixed(_mixed(_mixed(_mixed(seed) + alternative) + position) + purpose)


def uniform(place: int) -> float:
    """A number in [0, 1) for a place."""
    return (_mixed(place) >> 11) / (1 << 53)


def gumbel(place: int, tokens: np.ndarray) -> np.ndarray:
    """Gumbel noise (float64) for token numbers (any integer dtype, [n]) at a place."""
    with np.errstate(over="ignore"):
        x = (tokens.astype(np.uint64) + np.uint64(1)) * _GOLDEN + np.uint64(place)
        x = (x ^ (x >> _SHIFTS[0])) * _FIRST
        x = (x ^ (x >> _SHIFTS[1])) * _SECOND
        x = x ^ (x >> _SHIFTS[2])
    share = ((x >> np.uint64(11)).astype(np.float64) + 0.5) / (1 << 53)  # never 0 and never 1
    return -np.log(-np.log(share))


def draw(tokens: np.ndarray, logits: np.ndarray, place: int) -> int:
    """One of `tokens` ([n]), each with the probability softmax(logits) ([n]), by the luck of a place."""
    if len(tokens) == 1:
        return int(tokens[0])
    return int(tokens[int(np.argmax(logits.astype(np.float64) + gumbel(place, tokens)))])
