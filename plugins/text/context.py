"""What the model is sent: memory, lorebook, author's note and as much of the story as there is room for, and why.

Everything here is pure: the tokens of a text are counted by whoever knows the model (exactly in the generation host,
roughly in the window). The story is cut at a place that stays where it is while the text grows, and moves on in large
strides only, so that the model does not have to read everything again for every continuation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from studio.api import StudioError

from . import lorebook
from .document_outline import outline
from .wire import Report, Segment

Count = Callable[[str], int]

LETTERS_PER_TOKEN = 4.0
_SHOWN = 400
"""Letters of the story that is left out, in the report."""
_SEAMS = 4
"""Tokens that pieces counted alone may have less than the whole."""
LEAST_STORY = 16
"""Tokens of the story that must find room beside memory and note."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a request wants the model to know. `reach` is how far back it may read: "all", "chapter" or "scene"."""

    story: str
    memory: str = ""
    note: str = ""
    note_depth: int = 3
    lore: tuple[lorebook.Entry, ...] = ()
    lore_budget: int = 25
    lore_depth: int = 20
    reach: str = "all"


def roughly(text: str) -> int:
    """About how many tokens a text has, for a window that knows no tokenizer."""
    return round(len(text) / LETTERS_PER_TOKEN)


def build(told: Told, *, limit: int, room: int, count: Count = roughly) -> Report:
    """The context in at most `limit` tokens of which `room` are kept free for the answer; the texts of `Report.sent`,
    joined, are what the model reads.

    Raises StudioError where memory and note leave no room for the story.
    """
    room = min(room, limit // 2)
    free = limit - room
    begin = reach_start(told.story, told.reach)
    told, before = replace(told, story=told.story[begin:]), told.story[:begin]
    memory = _block(told.memory)
    note = told.note.strip("\n")
    note = note + "\n" if note.strip() else ""
    used = _counted(memory, count) + _counted(note, count)
    least = min(LEAST_STORY, _counted(told.story[-400:], count))
    if used + least > free:
        raise StudioError(
            f"Memory and author's note are too long: {used:,} of {free:,} tokens.",
            "Shorten them, ask for a shorter text, or choose a model that reads more.",
        )
    lore, left_out = _lore(told, free=free - used - least, share=free * told.lore_budget // 100, count=count)
    used += sum(segment.tokens for _, segment in lore)
    start = cut(told.story, free - used, count)
    if start:
        end = told.story[max(0, start - _SHOWN) : start]  # a novel in every record would be too much
        tokens = round(start / LETTERS_PER_TOKEN)
        left_out = (Segment("story", end, tokens, why="no room: the oldest text goes first"), *left_out)
    if before.strip():
        why = f"only this {told.reach} is read"
        left_out = (Segment("story", before[-_SHOWN:], round(len(before) / LETTERS_PER_TOKEN), why=why), *left_out)
    sent = [Segment("memory", memory, _counted(memory, count))] if memory else []
    sent += [segment for entry, segment in lore if entry.place < 0]
    inserts = [(entry.place, segment) for entry, segment in lore if entry.place >= 0]
    if note:
        inserts.append((told.note_depth, Segment("note", note, _counted(note, count))))
    sent += _woven(told.story[start:], inserts, count)
    return Report(tuple(sent), left_out, limit=limit, room=room)


def reach_start(story: str, reach: str) -> int:
    """Where the chapter or scene begins in which a text ends. A chapter begins with its heading, a scene behind it: to
    the models that read scenes, a heading is no part of a story.
    """
    if reach not in ("chapter", "scene"):
        return 0
    sections = outline(story)
    if not sections:
        return 0
    if reach == "scene":
        begin = min(sections[-1].body, len(story))
        return begin + len(story[begin:]) - len(story[begin:].lstrip("\n"))
    return next((section.start for section in reversed(sections) if section.level <= 1), 0)


def reach_end(after: str, reach: str) -> int:
    """Where in what follows the caret the chapter or scene ends."""
    if reach not in ("chapter", "scene"):
        return len(after)
    level = 1 if reach == "chapter" else 6
    return next((section.start for section in outline("\n" + after) if 1 <= section.level <= level), len(after) + 1) - 1


def _block(text: str) -> str:
    """A text that is set off from the next by an empty line."""
    text = text.strip("\n")
    return text + "\n\n" if text.strip() else ""


def _counted(text: str, count: Count) -> int:
    return count(text) if text else 0


def _lore(
    told: Told, *, free: int, share: int, count: Count
) -> tuple[list[tuple[lorebook.Entry, Segment]], tuple[Segment, ...]]:
    sent: list[tuple[lorebook.Entry, Segment]] = []
    left_out: list[Segment] = []
    room = min(free, share)
    for call in lorebook.calls(told.lore, told.story, depth=told.lore_depth):
        text = _block(call.entry.text) if call.entry.place < 0 else call.entry.text.strip("\n") + "\n"
        if not text.strip():
            continue
        segment = Segment("lore", text, count(text), call.entry.name)
        if not call.called:
            left_out.append(replace(segment, why=call.why))
        elif segment.tokens > room:
            left_out.append(replace(segment, why=f"no room: {room:,} tokens are left for the lorebook"))
        else:
            room -= segment.tokens
            sent.append((call.entry, replace(segment, why=call.why)))
    return sent, tuple(left_out)


def cut(story: str, room: int, count: Count) -> int:
    """Where the part of the story begins that is sent: its end in at most `room` tokens, from the beginning of a line,
    sentence or word, in strides of so many letters as there is room for half as many tokens.
    """
    if len(story) <= room * LETTERS_PER_TOKEN and _counted(story, count) <= room - _SEAMS:
        return 0  # counted whole, as it will be sent: most stories fit, and nothing is counted twice
    stride = max(room // 2, 1)
    used, start = 0, len(story)
    while start > 0:
        begin = (start - 1) // stride * stride
        used += _counted(story[begin:start], count)
        if used > room - _SEAMS:
            break
        start = begin
    if start == 0:
        return 0
    if start == len(story):
        return _hard(story, room, count)
    return _clean(story, start, stride)


def _hard(story: str, room: int, count: Count) -> int:
    """For a text of many tokens a letter: the last letters that fit."""
    letters = min(len(story), max(room, 0))
    while letters and (tokens := count(story[-letters:])) > room:
        letters = min(letters - 1, letters * room // tokens)
    return len(story) - letters


def _clean(story: str, start: int, stride: int) -> int:
    """The first beginning of a paragraph, sentence or word behind `start`; `start` where there is none."""
    for mark in ("\n\n", "\n", ". ", " "):
        at = story.find(mark, start, start + stride)
        if at >= 0:
            return at + len(mark)
    return start


def line_start(story: str, depth: int) -> int:
    """Where the line begins that stands `depth` lines above the last one."""
    place = len(story)
    for _ in range(depth + 1):
        at = story.rfind("\n", 0, max(place - 1, 0))
        while at > 0 and story[at - 1] == "\n":  # empty lines do not count
            at -= 1
        if at < 0:
            return 0
        place = at
    while place < len(story) and story[place] == "\n":
        place += 1
    return place


def _woven(story: str, inserts: list[tuple[int, Segment]], count: Count) -> list[Segment]:
    """The story with other segments some lines before its end, the deepest first."""
    pieces: list[Segment] = []
    done = 0
    for depth, segment in sorted(inserts, key=lambda item: -item[0]):
        at = max(line_start(story, depth), done)
        if at > done:
            pieces.append(Segment("story", story[done:at], count(story[done:at])))
        pieces.append(segment)
        done = at
    if story[done:]:
        pieces.append(Segment("story", story[done:], count(story[done:])))
    return pieces
