"""Batches: documents packed one after the other into rows, each told by the number of its step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from .grammar.document import HELD_OUT, Document, document
from .grammar.template import PRONOUNS


@dataclass(frozen=True)
class Batch:
    """Rows of packed documents."""

    ids: torch.Tensor
    """[rows, length + 1] token numbers."""
    own: torch.Tensor
    """[rows, length + 1] which document of its row a token belongs to."""
    bound: torch.Tensor
    """[rows, length + 1] 1 where a token has to agree with what is known: names and things said again, pronouns, the
    words that a prompt has to use; 2 where a sentence begins that the mood decides; else 0."""
    given: torch.Tensor
    """[rows, length + 1] true in headers, which people write and the model only reads."""

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


_PRONOUNS = {person: re.compile(rf"\b(?:{'|'.join(forms.values())})\b") for person, forms in PRONOUNS.items()}
AGREES, MOODY = 1, 2
_TELLING = 28
"""Characters by which a sentence has shown its mood."""


def _bound(made: Document) -> Iterator[tuple[int, int, int]]:
    """Where the text (from character, to character) is bound by its headers or an earlier sentence, and how."""
    story, text = made.story, made.text
    if story is None:
        held: tuple[str, ...] = tuple(made.headers["Words"].split(", "))
    else:
        held = (story.name, story.place[1][4:], story.far[1][4:], " ".join(story.wish), story.friend[0], story.tool,
                story.lost)  # fmt: skip
        start = len(text) - len(made.body)
        for person in {story.person, story.friend[1]}:
            yield from ((*found.span(), AGREES) for found in _PRONOUNS[person].finditer(text, start))
    for phrase in set(held) - {""}:
        at = text.find(phrase)
        while at >= 0 and (at := text.find(phrase, at + 1)) >= 0:
            yield at, at + len(phrase), AGREES
    for sentence in made.moody:
        at = text.find(sentence)
        yield at, at + _TELLING, MOODY


Row = tuple[list[int], list[int], list[int]]
"""Tokens, how each is bound, whether it stands in a header."""


def _read(tokenizer: PreTrainedTokenizerFast, made: Document) -> Row:
    read = tokenizer(made.text, add_special_tokens=False, return_offsets_mapping=True)
    marked = bytearray(len(made.text))
    for start, end, how in _bound(made):
        marked[start:end] = bytes([how]) * (min(end, len(marked)) - start)
    head = len(made.text) - len(made.body)
    ids = [tokenizer.bos_token_id, *read["input_ids"], tokenizer.eos_token_id]
    bound = [0, *(max(marked[a:b], default=0) for a, b in read["offset_mapping"]), 0]
    return ids, bound, [0, *(int(a < head) for a, _ in read["offset_mapping"]), 0]


def _pack(told: Iterator[Row], rows: int, size: int) -> list[list[Row]]:
    """Each document, the longest first, into the fullest row with room for it; what fits nowhere is cut to fill up."""
    made: list[Row] = []
    while sum(len(ids) for ids, _, _ in made) < rows * size:
        made.append(next(told))
    packed: list[list[Row]] = [[] for _ in range(rows)]
    room, left = [size] * rows, []
    for row in sorted(made, key=lambda r: -len(r[0])):
        fitting = [i for i in range(rows) if room[i] >= len(row[0])]
        if fitting:
            best = min(fitting, key=lambda i: room[i])
            packed[best].append(row)
            room[best] -= len(row[0])
        else:
            left.append(row)
    for i in range(rows):
        while room[i]:
            row = left.pop(0) if left else next(told)
            ids, bound, given = (part[: room[i]] for part in row)
            packed[i].append((ids, bound, given))
            room[i] -= len(ids)
    return packed


def batch(tokenizer: PreTrainedTokenizerFast, step: int, *, rows: int, length: int, held_out: bool = False) -> Batch:
    """The batch of that step, the same wherever it is made."""
    rng = np.random.default_rng([step, 77])
    low = HELD_OUT if held_out else 0

    def told() -> Iterator[Row]:
        while True:
            yield _read(tokenizer, document(low + int(rng.integers(0, HELD_OUT))))

    packed = _pack(told(), rows, length + 1)
    ids, bound, given = (torch.tensor([[x for row in rows_ for x in row[i]] for rows_ in packed]) for i in range(3))
    own = torch.tensor([[n for n, row in enumerate(rows_) for _ in row[0]] for rows_ in packed])
    return Batch(ids, own, bound, given.bool())
