"""Batches: documents packed one after the other into rows, each told by the number of its step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from .grammar.document import HELD_OUT, Document, document


@dataclass(frozen=True)
class Batch:
    """Rows of packed documents."""

    ids: torch.Tensor
    """[rows, length + 1] token numbers."""
    own: torch.Tensor
    """[rows, length + 1] which document of its row a token belongs to."""
    again: torch.Tensor
    """[rows, length + 1] true where a token repeats what the story holds to: a name, a place, a thing."""

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


def _repeats(made: Document) -> list[tuple[int, int]]:
    """Where the text says again (from character, to character) what its headers or an earlier sentence gave it."""
    story, text = made.story, made.text
    if story is None:
        return []
    held = (
        story.name,
        story.place[1][4:],
        story.far[1][4:],
        " ".join(story.wish),
        story.friend[0],
        story.tool,
        story.lost,
    )
    found = []
    for phrase in set(held) - {""}:
        at = text.find(phrase)
        while at >= 0 and (at := text.find(phrase, at + 1)) >= 0:
            found.append((at, at + len(phrase)))
    return found


def _rows(tokenizer: PreTrainedTokenizerFast, seeds: Iterator[int], length: int) -> tuple[list[int], ...]:
    ids: list[int] = []
    own: list[int] = []
    again: list[int] = []
    number = 0
    while len(ids) <= length:
        made = document(next(seeds))
        read = tokenizer(made.text, add_special_tokens=False, return_offsets_mapping=True)
        words = [tokenizer.bos_token_id, *read["input_ids"], tokenizer.eos_token_id]
        spans = _repeats(made)
        ids += words
        again += [0, *(any(a < end and start < b for start, end in spans) for a, b in read["offset_mapping"]), 0]
        own += [number] * len(words)
        number += 1
    return ids[: length + 1], own[: length + 1], again[: length + 1]


def batch(tokenizer: PreTrainedTokenizerFast, step: int, *, rows: int, length: int, held_out: bool = False) -> Batch:
    """The batch of that step, the same wherever it is made."""
    rng = np.random.default_rng([step, 77])
    low = HELD_OUT if held_out else 0

    def seeds() -> Iterator[int]:
        while True:
            yield low + int(rng.integers(0, HELD_OUT))

    made = [_rows(tokenizer, seeds(), length) for _ in range(rows)]
    ids, own, again = (torch.tensor([m[i] for m in made]) for i in range(3))
    return Batch(ids, own, again.bool())
