"""Text from elsewhere, made fit to be laid out: nothing that is pasted may freeze the page."""

from __future__ import annotations

import re

LONGEST_WORD = 2000
"""Characters without a space that one paragraph may hold: Qt breaks such a line in quadratic time (a word of 20,000
takes 0.03 s, one of 1,000,000 takes 82 s)."""
LONGEST_PARAGRAPH = 50_000
"""Characters of a paragraph; every key typed into it lays it out anew."""
_WORD = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")


def taken(text: str) -> tuple[str, int]:
    """`text` as paragraphs that can be shown, and how many times something endless had to be broken."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").replace("\u2028", "\n")
    plain = plain.replace("\u2029", "\n")
    plain, broken = _WORD.subn(lambda found: found.group() + "\n", plain)
    if max(map(len, plain.split("\n")), default=0) > LONGEST_PARAGRAPH:
        lines = []
        for line in plain.split("\n"):
            while len(line) > LONGEST_PARAGRAPH:
                cut = line.rfind(" ", 0, LONGEST_PARAGRAPH) + 1 or LONGEST_PARAGRAPH
                lines.append(line[:cut])
                line = line[cut:]
                broken += 1
            lines.append(line)
        plain = "\n".join(lines)
    return plain, broken
