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
_CHOICES = 12
"""Likewise of tokens at which the model had a choice."""
SURE = 4.0
"""Standard deviations from chance at which a mark counts as found: by luck once in thirty thousand texts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found in a text: `mean` is 0.5 without a mark, `deviations` how far beyond luck that is, `tokens` how
    many could be looked at, `choices` how many of them count, and `marked` the verdict (None where that is too few).
    """

    mean: float
    deviations: float
    tokens: int
    choices: int
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

    def look(self, ids: Sequence[int], doubts: Sequence[float] | None = None) -> Finding:
        """Whether a text of these tokens bears the mark. `doubts` say for each token how much choice there was
        (`doubt_of`): where a model has none it can mark nothing, and such places only hide the others.
        """
        past = np.array(list(ids), dtype=np.int64)
        fresh = [n for n in range(_NGRAM - 1, len(past)) if not _came_before(past[:n])]
        weight = np.array([1.0 if doubts is None else max(doubts[n], 0.0) for n in fresh])
        counted = float(weight.sum() ** 2 / (weight**2).sum()) if weight.any() else 0.0
        if not counted:
            return Finding(0.5, 0.0, len(fresh), 0, None)
        values = self._rules.compute_g_values(torch.from_numpy(past)[None])[0].double().numpy()
        seen = values[[n - (_NGRAM - 1) for n in fresh]]
        depth = np.linspace(10, 1, len(_KEYS))  # early rounds of the tournament decide most
        depth /= depth.sum()
        mean = float(weight @ (seen @ depth) / weight.sum())
        # Without a mark every value is 0 or 1 by luck, whoever wrote the text, and the weights know nothing of it.
        deviations = (mean - 0.5) / (0.5 * math.sqrt(float((depth**2).sum()) / counted))
        enough = len(fresh) >= LEAST and counted >= _CHOICES
        return Finding(mean, deviations, len(fresh), round(counted), deviations >= SURE if enough else None)


def doubt_of(logits: torch.Tensor) -> torch.Tensor:
    """How much choice there is at each of [n, vocabulary] logits: how often two draws would differ, 0 to 1. The first
    round of a tournament moves the mean by a quarter of it (Dathathri et al., methods: "collision probability").
    """
    return 1.0 - logits.softmax(-1).square().sum(-1).cpu().double()


def _came_before(past: np.ndarray) -> bool:
    """True where the last four tokens stood together before."""
    size = _NGRAM - 1
    recent = past[-_HISTORY - size :]
    if len(recent) <= size:
        return False
    windows = np.lib.stride_tricks.sliding_window_view(recent[:-1], size)
    return bool((windows == recent[-size:]).all(1).any())
