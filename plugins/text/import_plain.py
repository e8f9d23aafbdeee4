"""Plain texts become a manuscript: which lines are paragraphs, chapters and breaks, and which letters the bytes are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from studio.api import StudioError

from .document_outline import heading

WIDEST = 120
"""Characters of a line that a program has wrapped; in longer ones a line is a paragraph."""
MARK = "\ufffc"
_ORNAMENT = re.compile(r"[*#~⁂•·❦❧◆◇★☆–—=_\-\s]{1,40}")
_UNDERLINED = re.compile(r"^(\S.{0,78})\n={3,}[ ]*$", re.MULTILINE)
_NUMBER = r"(?:\d{1,3}|[ivxlc]{1,8}|[a-zäöüßéèêà]{2,12}(?:[ -][a-zäöüßéèêà]{2,12})?)"
_CHAPTER = re.compile(
    rf"(?:(?:chapter|part|book|kapitel|teil|buch|chapitre|partie|livre|capítulo|capitulo|parte|libro|capitolo|hoofdstuk"
    rf"|глава|часть)\s+{_NUMBER}(?:\s*[.:–—-]\s*.{{0,60}})?\.?"
    r"|prologue|epilogue|prolog|epilog|prólogo|epílogo|prologo|epilogo|пролог|эпилог|interlude|foreword|afterword)",
    re.IGNORECASE,
)
_CYRILLIC = (("cp1251", 0xE0, 0xFF), ("koi8-r", 0xC0, 0xDF))
"""Encodings of Russian, with the bytes of its small letters."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A text as the editor holds it (a paragraph is a line), its pictures with their titles (MARK, a number and MARK
    stand where each belongs), what to say about it, and how many pictures could not be read.
    """

    text: str
    pictures: tuple[tuple[bytes, str], ...] = ()
    said: tuple[str, ...] = ()
    lost: int = 0


def read_plain(data: bytes) -> Brought:
    """A text of unknown letters and lines. Raises StudioError where it is none."""
    text, said = decoded(data)
    return Brought("\n".join(paragraphs(text)), said=said)


def decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The letters, and what to say where they had to be guessed. Raises StudioError."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), ()
    if b"\0" in data[:4096]:
        raise StudioError("This is not a text.", "Markdown, plain text and DOCX can be brought in.")
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    high = [byte for byte in data[:100_000] if byte >= 0xC0]
    plain = sum(chr(byte).isalpha() for byte in data[:100_000] if byte < 0x80)
    if len(high) > plain:  # letters of the West are mostly plain ones
        name = max(_CYRILLIC, key=lambda each: sum(each[1] <= byte <= each[2] for byte in high))[0]
        return data.decode(name, "replace"), ("The file is not UTF-8; it was read as Cyrillic.",)
    return data.decode("cp1252", "replace"), ("The file is not UTF-8; it was read as Western European.",)


def paragraphs(text: str) -> list[str]:
    """A line a paragraph: lines that a program has wrapped are put together, a poem's stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").strip("\n").expandtabs(4)
    lines = _UNDERLINED.sub(r"\n# \1\n", text).split("\n")
    width = max((len(line.rstrip()) for line in lines), default=0)
    long = sum(len(line) > WIDEST for line in lines) > len(lines) // 50
    out: list[str] = []
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line.rstrip())
            continue
        out += [each.strip() for each in block] if long else _unwrapped(block, width)
        out.append("")
        block = []
    return spaced(["***" if ornament(line) else line for line in out])


def _unwrapped(block: Sequence[str], width: int) -> list[str]:
    """The paragraphs of lines without an empty one between them."""
    if len(block) < 2:
        return [line.strip() for line in block]
    # Where the next word would have had room, somebody has ended the line on purpose.
    full = sum(len(line) + 1 + len(after.split(maxsplit=1)[0]) > width * 0.94 for line, after in pairwise(block))
    indented = [line.startswith("  ") for line in block]
    some = any(indented[1:]) and not all(indented[1:])
    if full < 0.6 * (len(block) - 1 - sum(indented[1:]) * some):
        return [line.strip() for line in block]
    out: list[str] = []
    for line, inward in zip(block, indented, strict=True):
        if out and not (some and inward) and not ornament(line) and not ornament(out[-1]) and not heading(out[-1]):
            out[-1] = f"{out[-1]} {line.strip()}"
        else:
            out.append(line.strip())
    return out


def spaced(lines: Sequence[str]) -> list[str]:
    """Lines without those that are empty and part every paragraph; where that is rare it ends a scene, as in print.
    "CHAPTER I." is a heading where there are no others.
    """
    lines = _named(lines)
    full = sum(1 for line in lines if line)
    gaps = [n for n in range(1, len(lines)) if not lines[n] and lines[n - 1]]
    rare = len(gaps) * 4 <= full
    out: list[str] = []
    empty = 0
    for line in lines:
        if not line:
            empty += 1
            continue
        apart = empty and out and out[-1] != "***" and line != "***" and not heading(line) and not heading(out[-1])
        if apart and (empty > 1 or rare):
            out.append("***")
        out.append(line)
        empty = 0
    return out


def _named(lines: Sequence[str]) -> list[str]:
    """ "CHAPTER I." is a heading where there are no others."""
    if any(heading(line) for line in lines):
        return list(lines)
    return [f"# {line.rstrip('.')}" if len(line) <= 80 and _CHAPTER.fullmatch(line) else line for line in lines]


def ornament(line: str) -> bool:
    """True for a line of stars and the like, which parts scenes."""
    return bool(line.strip()) and _ORNAMENT.fullmatch(line) is not None
