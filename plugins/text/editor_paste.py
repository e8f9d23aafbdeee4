"""Text from elsewhere, made fit to be laid out: nothing that is pasted may freeze the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_WORD = 2000
"""Characters without a space that one paragraph may hold: Qt breaks such a line in quadratic time (a word of 20,000
takes 0.03 s, one of 1,000,000 takes 82 s)."""
LONGEST_PARAGRAPH = 50_000
"""Characters of a paragraph; every key typed into it lays it out anew."""
_ENDLESS = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")


def taken(text: str) -> tuple[str, str]:
    """`text` as paragraphs that can be shown, and what to say of what was too long for that ("" for nothing)."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").replace("\u2028", "\n")
    plain = plain.replace("\u2029", "\n")
    plain, words = _ENDLESS.subn(lambda found: "\n".join(_slices(found.group())), plain)
    paragraphs = 0
    lines = plain.split("\n")
    if max(map(len, lines)) > LONGEST_PARAGRAPH:
        paragraphs = sum(len(line) > LONGEST_PARAGRAPH for line in lines)
        plain = "\n".join(piece for line in lines for piece in _shorter(line))
    return plain, _said(words, paragraphs)


def _slices(word: str) -> list[str]:
    return [word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD)]


def _shorter(line: str) -> Iterator[str]:
    while len(line) > LONGEST_PARAGRAPH:
        cut = line.rfind(" ", 0, LONGEST_PARAGRAPH) + 1 or LONGEST_PARAGRAPH
        yield line[:cut]
        line = line[cut:]
    yield line


def _said(words: int, paragraphs: int) -> str:
    found = []
    if words:
        found.append("a word without an end" if words == 1 else f"{words:,} words without an end")
    if paragraphs:
        found.append("a paragraph without an end" if paragraphs == 1 else f"{paragraphs:,} paragraphs without an end")
    if not found:
        return ""
    them = "it was" if words + paragraphs == 1 else "they were"
    return f"What was pasted had {' and '.join(found)}: {them} broken into lines"
