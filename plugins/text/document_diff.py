"""What a rewrite changes, word by word, so that each piece can be taken or left."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

_PIECES = re.compile(r"\s+|\w+(?:[’'\-]\w+)*|[\ud800-\udbff][\udc00-\udfff]|[^\w\s]")
MOST = 6000
"""Pieces up to which words are compared; longer passages are compared by paragraphs."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a comparison: `old` stands in the text, `new` would come in its place; equal where nothing changes.
    `start` is where `old` begins in the old passage.
    """

    old: str
    new: str
    start: int

    @property
    def changes(self) -> bool:
        """True where old and new differ."""
        return self.old != self.new


def split_words(text: str) -> list[str]:
    """Words, white space and marks, one after another; joined they are the text."""
    return _PIECES.findall(text)


def compare(old: str, new: str) -> list[Piece]:
    """The pieces of a rewrite in order. Joining all `old` gives `old`, joining all `new` gives `new`; only that spaces
    of `old` that do not break stay, as no model writes them.

    Changes with only a short word between them are one piece: nobody wants to judge every “the”.
    """
    before, after = _split(old), _split(new)
    alike = [[piece.replace("\u00a0", " ") for piece in pieces] for pieces in (before, after)]
    matcher = difflib.SequenceMatcher(None, *alike, autojunk=False)
    raw: list[tuple[bool, str, str]] = []
    for tag, low, high, first, last in matcher.get_opcodes():
        was = "".join(before[low:high])
        raw.append((tag != "equal", was, was if tag == "equal" else "".join(after[first:last])))
    merged: list[tuple[bool, str, str]] = []
    for number, (changed, was, becomes) in enumerate(raw):
        bridge = not changed and 0 < number < len(raw) - 1 and len(was) <= 4 and "\n" not in was
        if merged and merged[-1][0] and (changed or bridge):
            merged[-1] = (True, merged[-1][1] + was, merged[-1][2] + becomes)
        else:
            merged.append((changed, was, becomes))
    pieces, place = [], 0
    for _, was, becomes in merged:
        pieces.append(Piece(was, becomes, place))
        place += len(was)
    return pieces


def _split(text: str) -> list[str]:
    pieces = split_words(text)
    return pieces if len(pieces) <= MOST else text.splitlines(keepends=True)


def composed(pieces: Sequence[Piece], taken: Collection[int]) -> str:
    """The passage with the changes whose numbers (counted over all pieces) are in `taken`."""
    return "".join(piece.new if number in taken else piece.old for number, piece in enumerate(pieces))


def words_at(text: str) -> list[tuple[int, int]]:
    """(start, end) of the words of a passage, to be pinned one by one."""
    return [found.span() for found in _PIECES.finditer(text) if found.group()[0].isalnum()]
