"""A tokenizer as the token loop needs it: text to numbers, and numbers back to text one by one without losing a letter.

Byte-level tokens can be parts of a letter, and sentencepiece drops the space in front of a first word. Therefore a
token's text is always the difference that it makes behind the tokens before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_BROKEN = "\ufffd"
_TAIL = 8
"""Tokens before a new one that can change its text: a space in front, a letter in up to four parts."""

_PARTS = 4
"""A letter has at most four bytes: what is still broken after so many tokens stays broken."""


class Vocabulary:
    """What a model's numbers mean."""

    def __init__(self, tokenizer: Any, *, title: str = "the model") -> None:
        self.tokenizer = tokenizer
        self.title = title
        self.specials = frozenset(int(number) for number in tokenizer.all_special_ids)
        self.highest = max(tokenizer.get_vocab().values(), default=-1)
        self.end: int | None = tokenizer.eos_token_id
        self._quick = getattr(tokenizer, "backend_tokenizer", None)
        self._start = self._added_in_front()
        self._alone: dict[int, str] = {}
        self._anchor: int | None = None

    def _added_in_front(self) -> tuple[int, ...]:
        bare = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        dressed = self.tokenizer("a")["input_ids"]
        return tuple(dressed[: len(dressed) - len(bare)]) if dressed[-len(bare) :] == bare else ()

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
        return [*self._start, *ids] if start else ids

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

    def stream(self, before: Sequence[int] = ()) -> Stream:
        """Turns numbers into text one by one, behind the tokens `before`."""
        return Stream(self, before)


class Stream:
    """Text from tokens that come one by one. What it has returned never changes."""

    def __init__(self, vocabulary: Vocabulary, before: Sequence[int] = ()) -> None:
        self._words = vocabulary
        self._ids = list(before[-_TAIL:])
        self._front = 0
        self._read = len(self._ids)

    def add(self, number: int) -> str:
        """The text that became certain with this token; "" inside of a letter."""
        self._ids.append(number)
        old = self._words.decode(self._ids[self._front : self._read])
        new = self._words.decode(self._ids[self._front :])
        if new.endswith(_BROKEN) and len(self._ids) - self._read < _PARTS:
            return ""
        self._front, self._read = self._read, len(self._ids)
        return new[len(old) :]

    def rest(self) -> str:
        """What is left of a letter that was never finished."""
        old = self._words.decode(self._ids[self._front : self._read])
        new = self._words.decode(self._ids[self._front :])
        self._front, self._read = self._read, len(self._ids)
        return new[len(old) :]
