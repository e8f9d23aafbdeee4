"""What cuts off unlikely tokens or changes how likely they are: pure functions from logits to logits.

Every function takes `logits` [rows, vocabulary] in fp32, in which minus infinity means "out", and returns such a tensor
of the same shape; it never takes the last token out of a row.
"""

from __future__ import annotations

import math

import numpy as np
import torch

OUT = -math.inf
_FEW = 1024
"""Tokens that are sorted first: sorting 150,000 costs more than the layers of a small model."""


def temperature(logits: torch.Tensor, value: float) -> torch.Tensor:
    """Divide by `value` > 0: below 1 the likely gets likelier (Ackley, Hinton, Sejnowski 1985)."""
    return logits if value == 1.0 else logits / value


def dynamic_temperature(logits: torch.Tensor, low: float, high: float, exponent: float = 1.0) -> torch.Tensor:
    """A temperature from `low` where one token is sure to `high` where all are alike, along the share of the largest
    possible entropy to the power of `exponent` (Zhang et al., "EDT: entropy-based dynamic temperature sampling", 2024;
    with the range of the dynatemp sampler of llama.cpp).
    """
    known = logits.log_softmax(-1)
    chances = known.exp()
    entropy = -(chances * known.clamp(min=-1e4)).sum(-1, keepdim=True)
    most = (logits > OUT).sum(-1, keepdim=True).clamp(min=2).log()
    return logits / (low + (high - low) * (entropy / most).clamp(0, 1) ** exponent).clamp(min=1e-3)


def top_k(logits: torch.Tensor, count: int) -> torch.Tensor:
    """Keep the `count` likeliest, and what is as likely as the last of them (Fan et al., "Hierarchical neural story
    generation", 2018).
    """
    if not 0 < count < logits.shape[-1]:
        return logits
    least = _highest(logits, count)[..., -1:]
    return logits.masked_fill(logits < least, OUT)


def _highest(logits: torch.Tensor, count: int) -> torch.Tensor:
    """[rows, count] from the highest down: torch's `topk` takes ten times as long for a thousand on a processor."""
    if logits.device.type != "cpu":
        return logits.topk(count, -1).values
    rows, rest = logits.numpy(), logits.shape[-1] - count
    best = -np.partition(rows, rest, axis=-1)[..., rest:] if rest else -rows
    best.sort(axis=-1)
    return torch.from_numpy(-best)


def top_p(logits: torch.Tensor, share: float) -> torch.Tensor:
    """Keep the likeliest that together have at least `share` of the probability (Holtzman et al., "The curious case of
    neural text degeneration", 2020).
    """
    if share >= 1.0:
        return logits
    total = logits.logsumexp(-1, keepdim=True)
    count = min(_FEW, logits.shape[-1])
    while True:
        best = _highest(logits, count)
        chances = (best - total).exp()
        before = chances.cumsum(-1) - chances
        if count == logits.shape[-1] or bool((before[..., -1] >= share).all()):
            break
        count = logits.shape[-1]
    kept = (before < share).sum(-1, keepdim=True).clamp(min=1)
    return logits.masked_fill(logits < best.gather(-1, kept - 1), OUT)


def min_p(logits: torch.Tensor, share: float) -> torch.Tensor:
    """Keep what has at least `share` times the probability of the likeliest (Nguyen et al., "Turning up the heat:
    min-p sampling", 2024).
    """
    if share <= 0:
        return logits
    return logits.masked_fill(logits < logits.amax(-1, keepdim=True) + math.log(min(share, 1.0)), OUT)


def typical_p(logits: torch.Tensor, share: float) -> torch.Tensor:
    """Keep the tokens whose surprise is nearest to the entropy, together at least `share` (Meister et al., "Locally
    typical sampling", 2022).
    """
    if share >= 1.0:
        return logits
    known = logits.log_softmax(-1)
    chances = known.exp()
    entropy = -(chances * known.clamp(min=-1e4)).sum(-1, keepdim=True)
    far = (-known - entropy).abs()
    order = far.sort(dim=-1, stable=True)
    sorted_chances = chances.gather(-1, order.indices)
    before = sorted_chances.cumsum(-1) - sorted_chances
    kept = (before < share).sum(-1, keepdim=True).clamp(min=1)
    return logits.masked_fill(far > order.values.gather(-1, kept - 1), OUT)


def top_n_sigma(logits: torch.Tensor, count: float) -> torch.Tensor:
    """Keep what is within `count` standard deviations (of the logits still in) below the best (Tang et al., "Top-nσ:
    not all logits are you need", 2024).
    """
    if count <= 0:
        return logits
    inside = logits > OUT
    number = inside.sum(-1, keepdim=True)
    plain = logits.masked_fill(~inside, 0.0)
    mean = plain.sum(-1, keepdim=True) / number
    spread = ((plain - mean) ** 2).masked_fill(~inside, 0.0).sum(-1, keepdim=True) / number
    return logits.masked_fill(logits < logits.amax(-1, keepdim=True) - count * spread.sqrt(), OUT)


def xtc(logits: torch.Tensor, threshold: float, happens: torch.Tensor) -> torch.Tensor:
    """Where `happens` ([rows] of bool), take out all tokens of at least `threshold` probability but the least likely of
    them ("Exclude top choices", P. E. Weidmann, 2024).
    """
    if threshold > 0.5 or not bool(happens.any()):
        return logits
    chances = logits.softmax(-1)
    obvious = chances >= threshold
    least = chances.masked_fill(~obvious, math.inf).amin(-1, keepdim=True)
    out = obvious & (chances > least) & happens.unsqueeze(-1)
    return logits.masked_fill(out, OUT)


def below_surprise(logits: torch.Tensor, most: torch.Tensor) -> torch.Tensor:
    """Keep tokens of at most `most` ([rows]) bits of surprise, and the likeliest: the cut of mirostat 2 (Basu et al.,
    "Mirostat: a neural text decoding algorithm that directly controls perplexity", 2021).
    """
    surprise = -logits.log_softmax(-1) / math.log(2)
    least = surprise.amin(-1, keepdim=True)
    return logits.masked_fill(surprise > torch.maximum(most.unsqueeze(-1), least), OUT)


def guided(given: torch.Tensor, without: torch.Tensor, scale: float) -> torch.Tensor:
    """Away from `without`, towards `given`, `scale` times as far (Sanchez et al., "Stay on topic with classifier-free
    guidance", 2023). 1 gives `given`.
    """
    known, other = given.log_softmax(-1), without.log_softmax(-1)
    return other + scale * (known - other)
