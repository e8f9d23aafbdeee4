"""A tokenizer as the token loop needs it: text to numbers, and numbers back to text one by one without losing a letter.

Byte-level tokens can be parts of a letter, and sentencepiece drops the space in front of a first word. Therefore a
token's text is always the difference that it makes behind the tokens before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import decoders

from .streams import ByteStream, Stream

_BROKEN = "\ufffd"
_SPACES = ("Ġ", "▁", "Ċ", "ĉ", "č", " ", "")
"""How tokenizers spell a space, line break or tab in front of a token."""


def _signs() -> dict[str, int]:
    """The letter that stands for each byte in byte-level vocabularies: itself where one can see it (Radford et al.,
    "Language models are unsupervised multitask learners", 2019).
    """
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + n): byte for n, byte in enumerate(hidden)}


_BYTES = _signs()


@dataclass(frozen=True, slots=True)
class Shapes:
    """What tokens look like, each [vocabulary] of bool: those that go on inside a word, and those with a line break."""

    inside: torch.Tensor
    lines: torch.Tensor


def marked(tokens: Iterable[int], size: int) -> torch.Tensor:
    """[size] of bool: true for those of the first `size` tokens that are among these."""
    found = torch.zeros(size, dtype=torch.bool)
    found[[token for token in tokens if token < size]] = True
    return found


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
        self._of_bytes = isinstance(getattr(self._quick, "decoder", None), decoders.ByteLevel)
        self._bytes: dict[int, bytes] = {}

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

    def stream(self, before: Sequence[int] = ()) -> Stream | ByteStream:
        """Turns numbers into text one by one, behind the tokens `before`."""
        return ByteStream(self.bytes_of, before) if self._of_bytes else Stream(self.decode, before)

    def bytes_of(self, number: int) -> bytes:
        """The bytes that a token of a byte-level vocabulary always stands for; none for a special one."""
        if number not in self._bytes:
            text = self.decode([number])
            found = text.encode()
            if _BROKEN in text:  # a part of a letter: by the signs that GPT-2 writes its bytes with
                name = self.tokenizer.convert_ids_to_tokens(number)
                found = bytes(_BYTES[sign] for sign in name) if all(sign in _BYTES for sign in name) else found
            self._bytes[number] = found
        return self._bytes[number]
