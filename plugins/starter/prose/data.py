"""Batches: documents packed one after the other into rows, each told by the number of its step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from .grammar.document import HELD_OUT, document


@dataclass(frozen=True)
class Batch:
    """Rows of packed documents."""

    ids: torch.Tensor
    """[rows, length + 1] token numbers."""
    own: torch.Tensor
    """[rows, length + 1] which document of its row a token belongs to."""

    @property
    def mask(self) -> torch.Tensor:
        """[rows, 1, length, length]: who may look at whom; a document never sees its neighbours."""
        own = self.own[:, :-1]
        return (own[:, None, :, None] == own[:, None, None, :]).tril()

    @property
    def positions(self) -> torch.Tensor:
        """[rows, length] places within the own document."""
        own = self.own[:, :-1]
        index = torch.arange(own.shape[1]).expand_as(own)
        fresh = torch.cat([torch.ones_like(own[:, :1], dtype=torch.bool), own[:, 1:] != own[:, :-1]], 1)
        return index - torch.where(fresh, index, torch.zeros_like(index)).cummax(1).values


def _rows(tokenizer: PreTrainedTokenizerFast, seeds: Iterator[int], length: int) -> tuple[list[int], list[int]]:
    ids: list[int] = []
    own: list[int] = []
    number = 0
    while len(ids) <= length:
        words = tokenizer.encode(document(next(seeds)).text, add_special_tokens=False)
        words = [tokenizer.bos_token_id, *words, tokenizer.eos_token_id]
        ids += words
        own += [number] * len(words)
        number += 1
    return ids[: length + 1], own[: length + 1]


def batch(tokenizer: PreTrainedTokenizerFast, step: int, *, rows: int, length: int, held_out: bool = False) -> Batch:
    """The batch of that step, the same wherever it is made."""
    rng = np.random.default_rng([step, 77])
    low = HELD_OUT if held_out else 0

    def seeds() -> Iterator[int]:
        while True:
            yield low + int(rng.integers(0, HELD_OUT))

    made = [_rows(tokenizer, seeds(), length) for _ in range(rows)]
    return Batch(torch.tensor([m[0] for m in made]), torch.tensor([m[1] for m in made]))
