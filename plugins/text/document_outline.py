"""Chapters and scenes of a manuscript, found in its text: headings and scene breaks are all there is to them.

In the editor a paragraph is one line; on disk and for a model it is Markdown, with an empty line between paragraphs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from .document_places import whole

BREAKS = ("***", "* * *", "---", "#")
"""A line that is one of these ends a scene; "#" is what typed manuscripts have."""
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.*?)[ \t]*#*$")
_WORD = re.compile(r"\w+(?:[’'\-]\w+)*")
_MARKED = re.compile(r"^(?:[-*+]|\d{1,3}[.)])[ \t]|^>|^\||^ {4}|^\t")
_FENCE = re.compile(r"^(?:```|~~~)")
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
LONGEST = 20_000
"""Characters of a paragraph that words are counted in one by one; what is longer is no prose."""


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter (`level` 1), a scene (2, or deeper for lower headings), or what stands before the first heading (0).

    `start` is where its heading line begins, `body` where the line after it does, `end` where the next section begins,
    all in characters. `title` is "" for a scene after a break without a name.
    """

    level: int
    title: str
    start: int
    body: int
    end: int
    words: int
    opening: str = ""

    @property
    def name(self) -> str:
        """What an outline shows."""
        return self.title or self.opening or ("Beginning" if self.level == 0 else "Scene")


@lru_cache(maxsize=4096)
def count_words(text: str) -> int:
    """Words as a writer counts them: “sister-in-law’s” is one; pictures and marks are none."""
    if len(text) > LONGEST and " " not in text[:LONGEST]:
        return 1
    return sum(1 for _ in _WORD.finditer(_PICTURE.sub(" ", text)))


def heading(line: str) -> tuple[int, str] | None:
    """The level and title of a heading line, or None."""
    found = _HEADING.match(line) if line.startswith("#") else None
    return (len(found[1]), found[2]) if found else None


def is_break(line: str) -> bool:
    """True for a line that ends a scene without a heading."""
    return line.strip() in BREAKS


def scene_lead(before: str) -> str:
    """What begins a new scene behind a text; "" where one has just begun."""
    last = before.rstrip().rpartition("\n")[2]
    return "" if not last or is_break(last) or heading(last) is not None else "\n***\n"


def outline(text: str) -> list[Section]:
    """The sections of a text in their order. A text without headings is one section of level 0."""
    marks: list[tuple[int, int, str, int]] = []  # level, start, title, body
    place = 0
    fenced = False
    for line in text.split("\n"):
        after = place + len(line) + 1
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and line[:1] in "#*-" and line:
            found = heading(line)
            if found is not None:
                marks.append((min(found[0], 3), place, found[1], after))
            elif is_break(line):
                marks.append((2, place, "", after))
        place = after
    if not text.strip():
        return []
    if not marks or marks[0][1] > 0:
        marks.insert(0, (0, 0, "", 0))
    sections = []
    for number, (level, start, title, body) in enumerate(marks):
        end = marks[number + 1][1] if number + 1 < len(marks) else len(text)
        inside = text[body:end]
        if level == 0 and len(marks) > 1 and not inside.strip():
            continue
        place = start, min(body, len(text)), end
        sections.append(Section(level, whole(title), *place, _words(inside), whole(_opening(inside))))
    return sections


def _words(text: str) -> int:
    return sum(count_words(line) for line in text.split("\n") if line)


def _opening(text: str) -> str:
    words = text[:200].split()
    short = " ".join(words[:5])
    return short + ("…" if len(words) > 5 else "")


def whole_end(sections: Sequence[Section], index: int) -> int:
    """Where a section ends together with the lower ones inside it: a chapter ends where the next chapter begins."""
    level = sections[index].level
    for section in sections[index + 1 :]:
        if section.level <= level or level == 0:
            return section.start
    return sections[-1].end


def words_inside(sections: Sequence[Section]) -> list[int]:
    """The words of each section together with the lower ones inside it."""
    found = []
    for number in range(len(sections)):
        end = whole_end(sections, number)
        found.append(sum(section.words for section in sections[number:] if section.start < end))
    return found


def section_at(sections: Sequence[Section], position: int) -> int:
    """The index of the section that holds a position; -1 where there is none."""
    return max((n for n, section in enumerate(sections) if section.start <= position), default=-1)


# --- Markdown ---


def to_markdown(text: str) -> str:
    """The text with an empty line between paragraphs; lists, quotes and code stay together."""
    out: list[str] = []
    fenced = False
    for number, line in enumerate(text.split("\n")):
        if number:
            out.append("\n" if fenced or not line or _tight(out[-1], line) else "\n\n")
        if _FENCE.match(line):
            fenced = not fenced
        out.append(line)
    return "".join(out)


def from_markdown(markdown: str) -> str:
    """The opposite of `to_markdown`. Lines of a paragraph that another program has wrapped become one."""
    out: list[str] = []
    blank, fenced = 0, False
    for line in markdown.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if fenced:
            out.append(line)
            fenced = not _FENCE.match(line)
            continue
        if not line.strip() and out:
            blank += 1
            continue
        if not out or blank or _tight(out[-1], line) or _alone(out[-1]) or _alone(line):
            out += [""] * max(blank - 1, 0)
            out.append(line)
        else:
            out[-1] = f"{out[-1].rstrip()} {line.lstrip()}"
        blank = 0
        fenced = bool(_FENCE.match(line))
    out += [""] * blank
    return "\n".join(out)


def _tight(before: str, after: str) -> bool:
    return bool(_MARKED.match(before) and _MARKED.match(after))


def _alone(line: str) -> bool:
    return bool(_MARKED.match(line) or heading(line) or is_break(line) or _FENCE.match(line))


def chapters(text: str) -> list[tuple[str, int, int]]:
    """(title, start, end) of the parts that get a file each: a chapter with its scenes, and what stands before."""
    sections = outline(text)
    tops = [section for section in sections if section.level <= 1]
    if not tops:
        return [("", 0, len(text))]
    parts = []
    for number, section in enumerate(tops):
        end = tops[number + 1].start if number + 1 < len(tops) else len(text)
        parts.append((section.title, section.start if number else 0, end))
    return parts


def file_names(titles: Sequence[str]) -> list[str]:
    """A file name for each chapter, in order: "01-the-lamp-room.md"."""
    return [f"{number:02d}-{slug(title) or 'text'}.md" for number, title in enumerate(titles, start=1)]


def slug(title: str) -> str:
    """Letters, digits and dashes of a title, fit for every file system."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:48].strip("-")
