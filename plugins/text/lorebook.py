"""The lorebook: what the world of a story is like, told to the model only where the text speaks of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from studio.api import StudioError

LOGIC = ("any", "all", "none")
"""Which of an entry's secondary keys must stand in the text beside a key."""

ORDERS = 10_000
"""An entry's order is between this number below 0 and above."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to know. It is sent where one of its `keys` stands in the last `depth` lines (0: as many as the book
    says) and the secondary keys agree (`logic`), or always.

    Of the entries of one `group` only the one with the highest `order` is sent. `order` also decides who comes first
    and who stays out when there is no room. `recursive` entries can be called by the text of others. `place` is -1 in
    front of the story, or a number of lines before its end.
    """

    name: str
    text: str
    keys: tuple[str, ...] = ()
    secondary: tuple[str, ...] = ()
    logic: str = "any"
    group: str = ""
    order: int = 100
    depth: int = 0
    place: int = -1
    always: bool = False
    on: bool = True
    recursive: bool = True
    whole_words: bool = True
    match_case: bool = False


def to_json(entries: Iterable[Entry]) -> str:
    """All entries, as the request carries them."""
    return json.dumps([asdict(entry) for entry in entries], ensure_ascii=False)


def from_json(text: str) -> tuple[Entry, ...]:
    """The opposite; unknown fields are left out. Raises StudioError."""
    if not text.strip():
        return ()
    try:
        data = json.loads(text)
        if not isinstance(data, list):
            raise TypeError("no list")
        return tuple(_entry(item) for item in data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StudioError("The lorebook cannot be read.", "Look at its last change.", details=str(error)) from error


def _entry(item: Mapping[str, Any]) -> Entry:
    known = {field.name: field for field in fields(Entry)}
    values: dict[str, Any] = {}
    for name, value in item.items():
        if name in ("keys", "secondary"):
            values[name] = tuple(str(key) for key in value)
        elif name in known:
            values[name] = {"bool": bool, "int": int}.get(str(known[name].type), str)(value)
    if values.get("logic", "any") not in LOGIC:
        raise ValueError(f"unknown logic {values['logic']!r}")
    return Entry(**values)


@dataclass(frozen=True, slots=True)
class Call:
    """Whether an entry is wanted, and the reason: the key that called it, or why it was not."""

    entry: Entry
    called: bool
    why: str


def calls(entries: Sequence[Entry], story: str, *, depth: int) -> tuple[Call, ...]:
    """For each entry that is on, whether the end of the story calls it. The called come first, by their order."""
    scanned: dict[int, str] = {}
    found: dict[int, str] = {}
    live = [(n, entry) for n, entry in enumerate(entries) if entry.on]
    for n, entry in live:
        lines = entry.depth or depth
        if lines not in scanned:
            scanned[lines] = last_lines(story, lines)
        if entry.always:
            found[n] = "always"
        elif key := _called(entry, scanned[lines]):
            found[n] = f"“{key}”"
    fresh = set(found)
    while fresh:  # what was called may call others; each entry is called once, so this ends
        told = "\n".join(entries[n].text for n in sorted(fresh))
        fresh = set()
        for n, entry in live:
            if n not in found and entry.recursive and (key := _called(entry, told)):
                found[n] = f"“{key}” in another entry"
                fresh.add(n)
    first = _first_of_groups(entries, found)
    result = []
    for n, entry in live:
        if n not in found:
            result.append(Call(entry, False, f"no key in the last {entry.depth or depth} lines"))
        elif first.get(entry.group, n) != n:
            result.append(Call(entry, False, f"“{entries[first[entry.group]].name}” of its group was sent"))
        else:
            result.append(Call(entry, True, found[n]))
    return tuple(sorted(result, key=lambda call: (not call.called, -call.entry.order)))


def _first_of_groups(entries: Sequence[Entry], found: Iterable[int]) -> dict[str, int]:
    first: dict[str, int] = {}
    for n in found:
        group = entries[n].group
        if group and (group not in first or entries[n].order > entries[first[group]].order):
            first[group] = n
    return first


def _called(entry: Entry, text: str) -> str:
    """The key that stands in the text, "" for none (or where the secondary keys forbid it)."""
    key = next((key for key in entry.keys if stands_in(key, text, entry)), "")
    if not key or not entry.secondary:
        return key
    there = [stands_in(other, text, entry) for other in entry.secondary]
    agrees = {"any": any(there), "all": all(there), "none": not any(there)}[entry.logic]
    return key if agrees else ""


def stands_in(key: str, text: str, entry: Entry) -> bool:
    """True where a key stands in the text as the entry wants it: in its case of letters, as whole words."""
    if not key.strip():
        return False
    key, text = (key, text) if entry.match_case else (key.lower(), text.lower())
    at = text.find(key)
    while at >= 0:
        end = at + len(key)
        front = key[0].isalnum() and at > 0 and text[at - 1].isalnum()
        back = key[-1].isalnum() and end < len(text) and text[end].isalnum()
        if not entry.whole_words or not (front or back):
            return True
        at = text.find(key, at + 1)
    return False


def last_lines(text: str, count: int) -> str:
    """The end of a text: so many lines of it that are not empty, and at most 200,000 letters."""
    place = len(text)
    floor = max(0, len(text) - 200_000)
    for _ in range(max(count, 1)):
        while place > floor and text[place - 1] == "\n":
            place -= 1
        place = text.rfind("\n", floor, place) + 1 if text.rfind("\n", floor, place) >= 0 else floor
        if place <= floor:
            break
    return text[place:]
