"""Text from tokens that come one by one: what was returned never changes, unless tokens are taken back."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence

_BROKEN = "\ufffd"
_TAIL = 8
"""Tokens before a new one that can change its text: a space in front, a letter in up to four parts."""

_PARTS = 4
"""A letter has at most four bytes: what is still broken after so many tokens stays broken."""


class Stream:
    """For any vocabulary: a token's text is the difference that it makes behind the tokens before it."""

    def __init__(self, decode: Callable[[Sequence[int]], str], before: Sequence[int] = ()) -> None:
        self._decode = decode
        self._ids = list(before[-_TAIL:])
        self._front = 0
        self._read = len(self._ids)
        self._marks: list[tuple[int, int]] = []

    def add(self, number: int) -> str:
        """The text that became certain with this token; "" inside of a letter."""
        self._marks.append((self._front, self._read))
        self._ids.append(number)
        old = self._decode(self._ids[self._front : self._read])
        new = self._decode(self._ids[self._front :])
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
        old = self._decode(self._ids[self._front : self._read])
        new = self._decode(self._ids[self._front :])
        self._front, self._read = self._read, len(self._ids)
        return new[len(old) :]


class ByteStream:
    """For vocabularies in which a token always stands for the same bytes: thirty times quicker, which counts where a
    small model writes 500 tokens a second.
    """

    def __init__(self, bytes_of: Callable[[int], bytes], before: Sequence[int] = ()) -> None:
        self._bytes_of = bytes_of
        self._open = b""
        self._marks: list[bytes] = []
        self._taken(b"".join(map(bytes_of, before[-_TAIL:])))

    def _taken(self, data: bytes) -> str:
        text, used = codecs.utf_8_decode(data, "replace", False)
        self._open = data[used:]
        return text

    def add(self, number: int) -> str:
        """See `Stream`."""
        self._marks.append(self._open)
        return self._taken(self._open + self._bytes_of(number))

    def back(self, count: int) -> None:
        """See `Stream`."""
        if count:
            self._open = self._marks[-count]
            del self._marks[-count:]

    def rest(self) -> str:
        """See `Stream`."""
        text, self._open = self._open.decode(errors="replace"), b""
        return text
