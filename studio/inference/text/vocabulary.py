"""A tokenizer as the token loop needs it: text to numbers, and numbers back to text one by one without losing a letter.

Byte-level tokens can be parts of a letter, and sentencepiece drops the space in front of a first word. Therefore a
token's text is always the difference that it makes behind the tokens before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

_BROKEN = "\ufffd"
_SPACES = ("Ġ", "▁", "Ċ", "ĉ", "č", " ", "")
"""How tokenizers spell a space, line break or tab in front of a token."""

_TAIL = 8
"""Tokens before a new one that can change its text: a space in front, a letter in up to four parts."""

_PARTS = 4
"""A letter has at most four bytes: what is still broken after so many tokens stays broken."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """What tokens look like, each [vocabulary] of bool: those that go on inside a word, and those with a line break."""

    inside: torch.Tensor
    lines: torch.Tensor


class Vocabulary:
    """What a model's numbers mean."""

    def __init__(self, tokenizer: Any, *, title: str = "the model") -> None:
        self.tokenizer = tokenizer
        self.title = title
        marks = {int(n): token for n, token in tokenizer.added_tokens_decoder.items() if token.special}
        self.special_names = frozenset(token.content for token in marks.values())
        self.highest = max(tokenizer.get_vocab().values(), default=-1)
        self.end: int | None = tokenizer.eos_token_id
        self._quick = getattr(tokenizer, "backend_tokenizer", None)
        self.start = self._added_in_front()
        self._alone: dict[int, str] = {}
        self._anchor: int | None = None
        self._shapes: dict[int, Shapes] = {}
        self._containing: dict[tuple[str, ...], frozenset[int]] = {}

    def _added_in_front(self) -> tuple[int, ...]:
        """What the tokenizer puts in front of a text; or its token for a beginning, where it says nothing of it."""
        bare = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        dressed = self.tokenizer("a")["input_ids"]
        if len(dressed) > len(bare) and dressed[-len(bare) :] == bare:
            return tuple(dressed[: len(dressed) - len(bare)])
        begin = self.tokenizer.bos_token_id
        settings = getattr(self.tokenizer, "init_kwargs", {})
        meant = begin is not None and begin != self.end and settings.get("add_bos_token") is not False
        return (begin,) if meant else ()

    def encode(self, text: str, *, start: bool = False, specials: bool = False) -> list[int]:
        """The numbers of a text; with `start`, behind the token that the model wants in front of every text.

        The names of special tokens in the text ("<|im_end|>") are plain letters unless `specials` is true: a manuscript
        must not be able to end a message.
        """
        if self._quick is not None:
            self._quick.encode_special_tokens = not specials
            try:
                ids = list(self._quick.encode(text, add_special_tokens=False).ids)
            finally:
                self._quick.encode_special_tokens = False
        else:
            ids = list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=not specials)["input_ids"])
        return [*self.start, *ids] if start else ids

    def spans(self, text: str) -> tuple[list[int], list[int]]:
        """The tokens of a text, and for each the letter behind its last (none where the tokenizer does not tell)."""
        if self._quick is None:
            return self.encode(text), []
        self._quick.encode_special_tokens = True
        try:
            read = self._quick.encode(text, add_special_tokens=False)
        finally:
            self._quick.encode_special_tokens = False
        return list(read.ids), [end for _, end in read.offsets]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of numbers; special ones say nothing."""
        if self._quick is not None:
            return str(self._quick.decode(list(ids), skip_special_tokens=True))
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def piece(self, number: int) -> str:
        """A token's text in the middle of a text; a part of a letter is "\ufffd"."""
        if number not in self._alone:
            around = self._around()
            whole, front = self.decode([around, number]), self.decode([around])
            self._alone[number] = whole[len(front) :] if whole.startswith(front) else self.decode([number])
        return self._alone[number]

    def _around(self) -> int:
        if self._anchor is None:
            found = self.encode("a")
            self._anchor = found[-1] if found else 0
        return self._anchor

    def shapes(self, size: int) -> Shapes:
        """What the first `size` tokens look like; made once."""
        if size not in self._shapes:
            known = min(size, self.highest + 1)
            names = [name or "" for name in self.tokenizer.convert_ids_to_tokens(list(range(known)))]
            inside, lines = torch.zeros(size, dtype=torch.bool), torch.zeros(size, dtype=torch.bool)
            for number, name in enumerate(names):
                inside[number] = name[:1] not in _SPACES and (name[:1].isalnum() or name[:1] in "'’")
                lines[number] = "\n" in name or "Ċ" in name or name == "<0x0A>"
            self._shapes[size] = Shapes(inside, lines)
        return self._shapes[size]

    def containing(self, marks: tuple[str, ...]) -> frozenset[int]:
        """The tokens whose text contains one of `marks`; made once."""
        if marks not in self._containing:
            names = self.tokenizer.convert_ids_to_tokens(list(range(self.highest + 1)))
            plain = [(name or "").replace("Ġ", " ").replace("▁", " ").replace("Ċ", "\n") for name in names]
            plain = ["\n" if name == "<0x0A>" else name for name in plain]
            self._containing[marks] = frozenset(
                number for number, name in enumerate(plain) if any(mark in name for mark in marks)
            )
        return self._containing[marks]

    def stream(self, before: Sequence[int] = ()) -> Stream:
        """Turns numbers into text one by one, behind the tokens `before`."""
        return Stream(self, before)


class Stream:
    """Text from tokens that come one by one. What it has returned never changes, unless tokens are taken back."""

    def __init__(self, vocabulary: Vocabulary, before: Sequence[int] = ()) -> None:
        self._words = vocabulary
        self._ids = list(before[-_TAIL:])
        self._front = 0
        self._read = len(self._ids)
        self._marks: list[tuple[int, int]] = []

    def add(self, number: int) -> str:
        """The text that became certain with this token; "" inside of a letter."""
        self._marks.append((self._front, self._read))
        self._ids.append(number)
        old = self._words.decode(self._ids[self._front : self._read])
        new = self._words.decode(self._ids[self._front :])
        if new.endswith(_BROKEN) and len(self._ids) - self._read < _PARTS:
            return ""
        self._front, self._read = self._read, len(self._ids)
        return new[len(old) :]

    def back(self, count: int) -> None:
        """Take the last `count` tokens back."""
        for _ in range(count):
            self._front, self._read = self._marks.pop()
            self._ids.pop()

    def rest(self) -> str:
        """What is left of a letter that was never finished."""
        old = self._words.decode(self._ids[self._front : self._read])
        new = self._words.decode(self._ids[self._front :])
        self._front, self._read = self._read, len(self._ids)
        return new[len(old) :]
