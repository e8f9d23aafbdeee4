"""A mark in the choice of words that nobody sees and arithmetic finds: SynthID, with the hashing that transformers has
(Dathathri et al., "Scalable watermarking for identifying large language model outputs", Nature 634, 2024).

Of the tokens that may come, those are made likelier that win a tournament whose rules follow from the four tokens
before. Averaged over all rules every token keeps its probability. Who knows the rules finds that the winners are there
too often. It takes long texts and a model that has a choice of words, and it fades with every change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers.generation.logits_process import SynthIDTextWatermarkLogitsProcessor

from . import samplers
from .choosing import Place

_NGRAM = 5
_HISTORY = 1024
"""How many tokens back the same four tokens do not mark again: a phrase that returns would always be marked alike."""

_KEYS = (
    389, 977, 621, 104, 855, 238, 716, 493, 162, 940, 571, 327, 808, 459, 683, 215, 734, 902, 148, 566,
)  # fmt: skip
"""Known to everybody: the mark says "made with Studio", it keeps nobody out."""

LEAST = 60
"""Tokens below which nothing can be said."""
_SURE = 4.0
"""Standard deviations from chance at which a mark counts as found: by luck once in thirty thousand texts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found in a text: `mean` is 0.5 without a mark, `deviations` how far beyond luck that is, `tokens` how
    many could be looked at, `marked` the verdict (None where the text is too short to say).
    """

    mean: float
    deviations: float
    tokens: int
    marked: bool | None


class Watermark:
    """Marks and finds. It has no memory; use one wherever you like."""

    def __init__(self) -> None:
        self._rules = SynthIDTextWatermarkLogitsProcessor(
            ngram_len=_NGRAM,
            keys=list(_KEYS),
            sampling_table_size=2**16,
            sampling_table_seed=0,
            context_history_size=_HISTORY,
            device=torch.device("cpu"),
        )

    def marked(self, line: torch.Tensor, place: Place) -> torch.Tensor:
        """The logits [vocabulary] of a place with the mark: to be called last, before the draw."""
        past = place.past
        if past is None or len(past) < _NGRAM - 1 or _came_before(past):
            return line
        inside = (line > samplers.OUT).nonzero().squeeze(-1)
        if len(inside) < 2:
            return line
        context = torch.from_numpy(np.ascontiguousarray(past[-(_NGRAM - 1) :]))[None]
        keys, _ = self._rules._compute_keys(context, inside.cpu()[None])
        values = self._rules.sample_g_values(keys).float()
        scores = self._rules.update_scores(line[inside].cpu()[None], values)[0]
        out = torch.full_like(line, samplers.OUT)
        out[inside] = scores.to(line.device)
        return out

    def look(self, ids: Sequence[int]) -> Finding:
        """Whether a text of these tokens bears the mark."""
        past = np.array(list(ids), dtype=np.int64)
        fresh = [n for n in range(_NGRAM - 1, len(past)) if not _came_before(past[:n])]
        if not fresh:
            return Finding(0.5, 0.0, 0, None)
        values = self._rules.compute_g_values(torch.from_numpy(past)[None])[0].float()
        seen = values[[n - (_NGRAM - 1) for n in fresh]]
        weights = torch.linspace(10, 1, len(_KEYS))  # early rounds of the tournament decide most
        weights /= weights.sum()
        mean = float((seen @ weights).mean())
        deviations = (mean - 0.5) / (0.5 * math.sqrt(float((weights**2).sum()) / len(fresh)))
        return Finding(mean, deviations, len(fresh), deviations >= _SURE if len(fresh) >= LEAST else None)


def _came_before(past: np.ndarray) -> bool:
    """True where the last four tokens stood together before."""
    size = _NGRAM - 1
    recent = past[-_HISTORY - size :]
    if len(recent) <= size:
        return False
    windows = np.lib.stride_tricks.sliding_window_view(recent[:-1], size)
    return bool((windows == recent[-size:]).all(1).any())
