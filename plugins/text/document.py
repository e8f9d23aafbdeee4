"""A manuscript as a plain value: its text, who wrote which characters, the branches beside it, what the model knows.

The text is one string with a paragraph a line; chapters and scenes are its headings (`document_outline`).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.api import SEED_LIMIT, Model, Request, salvage, values_of

from .document_branches import Branches
from .document_chat import turns
from .document_code import LANGUAGES, SUFFIXES
from .document_outline import chapters, file_names, from_markdown, outline, to_markdown
from .document_places import spread, whole
from .document_progress import Progress
from .lorebook import LOGIC, ORDERS, Entry
from .params import TextParams

FORMAT = 1
FIRST_MEMORY = "Form: story\nGenre: sea tale\nMood: calm\nHero: Ida, a lighthouse keeper\nPlace: a small island"
"""What stands in the memory of a new manuscript: the built-in model was taught with such lines."""
SENT = ("before", "after", "passage", "instruction", "pinned", "messages", "prefix", "prefix_ids", "task", "lore")
"""Params that each request gets anew from the text; a manuscript keeps the others."""


@dataclass(frozen=True, slots=True)
class Run:
    """Characters `start` … `start + length` were written by branch `author`. `edited`: a person typed them into what
    a model wrote. Everything outside of runs was typed.
    """

    start: int
    length: int
    author: int
    edited: bool = False

    @property
    def end(self) -> int:
        """The first character behind it."""
        return self.start + self.length


@dataclass(slots=True)
class LoreEntry:
    """What the model is told when one of the `keys` comes up in the text; the fields mean what those of Entry mean."""

    title: str = ""
    keys: list[str] = field(default_factory=list)
    text: str = ""
    group: str = ""
    enabled: bool = True
    constant: bool = False
    depth: int = 0
    secondary: list[str] = field(default_factory=list)
    logic: str = "any"
    order: int = 100
    place: int = -1
    recursive: bool = True
    whole_words: bool = True
    match_case: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    def entry(self) -> Entry:
        """As the model's context takes it."""
        return Entry(
            self.title,
            self.text,
            tuple(self.keys),
            tuple(self.secondary),
            self.logic,
            self.group,
            self.order,
            self.depth,
            self.place,
            self.constant,
            self.enabled,
            self.recursive,
            self.whole_words,
            self.match_case,
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LoreEntry:
        """The opposite, forgiving."""
        return cls(
            str(data.get("title", "")),
            _words(data.get("keys")),
            str(data.get("text", "")),
            str(data.get("group", "")),
            data.get("enabled") is not False,
            data.get("constant") is True,
            _whole(data.get("depth"), 0, 0, 1_000_000),
            _words(data.get("secondary")),
            str(data.get("logic")) if data.get("logic") in LOGIC else "any",
            _whole(data.get("order"), 100, -ORDERS, ORDERS),
            _whole(data.get("place"), -1, -1, 1000),
            data.get("recursive") is not False,
            data.get("whole_words") is not False,
            data.get("match_case") is True,
        )


@dataclass(slots=True)
class Manuscript:
    """What the text panel edits. `text` has a character for each place of the page (`document_places`). `places` says
    where each place is, in characters; `targets` which word count a section (by the character its heading starts at) is
    to reach, `target` that of the whole, `progress` what each day brought. `mode` is prose, chat or code, `language`
    that of code.
    """

    text: str = ""
    runs: list[Run] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    targets: dict[int, int] = field(default_factory=dict)
    branches: Branches = field(default_factory=Branches)
    params: dict[str, Any] = field(default_factory=lambda: values_of(TextParams()))
    lore: list[LoreEntry] = field(default_factory=list)
    model: str = ""
    seed: int = 0
    seed_locked: bool = False
    target: int = 0
    progress: Progress = field(default_factory=Progress)
    caret: int = 0
    mode: str = "prose"
    language: str = ""
    view: dict[str, Any] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def first(cls) -> Manuscript:
        """An empty page, with a few words about the story to begin with."""
        made = cls(seed=fresh_seed())
        made.params["memory"] = FIRST_MEMORY
        return made

    # --- on disk ---

    def files(self) -> dict[str, str]:
        """The chapters as plain Markdown by file name; code as one file of its language."""
        if self.mode == "code":
            return {f"code{SUFFIXES.get(self.language, '.txt')}": whole(self.text)} if self.text else {}
        parts = chapters(self.text)
        names = file_names([title for title, _, _ in parts])
        found = {}
        for name, (_, start, end) in zip(names, parts, strict=True):
            last = end >= len(self.text)
            body = self.text[start:end] if last else self.text[start : end - 1]
            found[name] = whole(to_markdown(body)) + "\n"
        return found if self.text else {}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, with whatever a newer version had written beside it."""
        text = whole(self.text)
        return {
            **self.rest,
            "format": FORMAT,
            "text": text,
            "text_sha256": _hash(text),
            "runs": [[run.start, run.length, run.author, int(run.edited)] for run in self.runs],
            "places": [[place, position] for place, position in self.places.items()],
            "targets": [[start, words] for start, words in self.targets.items()],
            **self.branches.to_json(),
            "params": {name: value for name, value in self.params.items() if name not in SENT},
            "lore": [entry.to_json() for entry in self.lore],
            "model": self.model,
            "seed": self.seed,
            "seed_locked": self.seed_locked,
            "target": self.target,
            "progress": self.progress.to_json(),
            "caret": self.caret,
            "mode": self.mode,
            "language": self.language,
            "view": dict(self.view),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Manuscript:
        """The opposite, forgiving: what does not fit is left at its default. `files` are chapters that another program
        has changed since; their text is taken, and what it changed counts as typed.
        """
        made = cls.first()
        known = {*made.to_json(), "files"}
        made.rest = {key: value for key, value in data.items() if key not in known}
        made.text = spread(_text(data.get("text")))
        size = len(made.text)
        for row in _rows(data.get("runs"), 4):
            start, length, author, edited = row
            if start >= 0 and length > 0 and start + length <= size and author > 0:
                made.runs.append(Run(start, length, author, bool(edited)))
        made.places = {place: min(max(at, 0), size) for place, at in _rows(data.get("places"), 2)}
        made.targets = {start: words for start, words in _rows(data.get("targets"), 2) if words > 0}
        made.branches = Branches.from_json(data)
        params = data.get("params")
        if isinstance(params, Mapping):
            kept = {name: value for name, value in params.items() if name not in SENT}
            made.params = values_of(salvage(TextParams, kept)[0])
        lore = data.get("lore")
        if isinstance(lore, Sequence) and not isinstance(lore, str):
            made.lore = [LoreEntry.from_json(item) for item in lore if isinstance(item, Mapping)]
        made.model = _text(data.get("model"))
        made.seed = _whole(data.get("seed"), made.seed, 0, SEED_LIMIT - 1)
        made.seed_locked = data.get("seed_locked") is True
        made.target = _whole(data.get("target"), 0, 0, 10_000_000)
        made.progress = Progress.from_json(data.get("progress"))
        made.caret = _whole(data.get("caret"), 0, 0, size)
        mode = data.get("mode")
        made.mode = str(mode) if mode in ("prose", "chat", "code") else "prose"
        made.language = _text(data.get("language"))
        view = data.get("view")
        made.view = dict(view) if isinstance(view, Mapping) else {}
        files = data.get("files")
        if isinstance(files, Mapping):
            made.take_files({str(name): str(text) for name, text in files.items()})
        return made

    def take_files(self, changed: Mapping[str, str]) -> None:
        """Take chapters from their files. Names that no chapter has now are passed over."""
        changed = {name: spread(text) for name, text in changed.items()}
        if self.mode == "code":
            self.replace_text(next(iter(changed.values()), self.text))
            return
        parts = chapters(self.text)
        names = file_names([title for title, _, _ in parts])
        out = []
        for number, (name, (_, start, end)) in enumerate(zip(names, parts, strict=True)):
            body = self.text[start:end]
            if name in changed:
                body = from_markdown(changed[name].rstrip("\n")) + ("\n" if number + 1 < len(parts) else "")
            out.append(body)
        self.replace_text("".join(out))

    def replace_text(self, text: str) -> None:
        """Another text in place of this one: what is the same keeps its author."""
        if text == self.text:
            return
        low, high, shift = _differing(self.text, text)
        moved = []
        for run in self.runs:
            for start, end in _kept(run, low, high, shift):
                moved.append(Run(start, end - start, run.author, run.edited))
        self.places = {place: _carried(at, low, high, shift) for place, at in self.places.items()}
        self.targets = {_carried(at, low, high, shift): words for at, words in self.targets.items()}
        self.text, self.runs = text, moved

    def exported(self, text: str) -> tuple[str, str]:
        """The title and the Markdown of a text of this kind, as exporters take it."""
        text = whole(text)
        if self.mode == "code":
            fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
            title = next((name for kind, name, _ in LANGUAGES if kind == self.language), "") or "Code"
            return title, f"{fence}{self.language}\n{text.rstrip()}\n{fence}\n"
        body = to_markdown(text) + "\n"
        if self.mode == "chat":
            asked = next((turn["content"] for turn in turns(text) if turn["role"] == "user"), "")
            words = asked.split()
            title = " ".join(words[:8]).strip(" .,:;") + ("…" if len(words) > 8 else "") or "Conversation"
            return title, f"# {title}\n\n{body}"
        return next((section.title for section in outline(text) if section.title), "") or "Manuscript", body

    # --- what is asked for ---

    def request(self, generator: str, model: Model | None, seed: int, **sent: Any) -> Request:
        """A request with the manuscript's settings; `sent` are the params that come from the text."""
        values = {**self.params, **sent}
        return Request(generator, values, seed, None if model is None else model.ref())

    def next_seed(self) -> int:
        """The seed of the next request: a fresh one unless it is locked."""
        if not self.seed_locked:
            self.seed = fresh_seed()
        return self.seed

    def shares(self) -> tuple[int, int, int]:
        """How many characters were typed, written by a model, and typed into what a model wrote."""
        edited = sum(run.length for run in self.runs if run.edited)
        written = sum(run.length for run in self.runs if not run.edited)
        return len(self.text) - edited - written, written, edited


def _differing(old: str, new: str) -> tuple[int, int, int]:
    """Where two texts differ: the first and the last character of the old one that changed, and by how much what
    follows has moved.
    """
    low = 0
    most = min(len(old), len(new))
    while low < most and old[low] == new[low]:
        low += 1
    tail = 0
    while tail < most - low and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return low, len(old) - tail, len(new) - len(old)


def _kept(run: Run, low: int, high: int, shift: int) -> Iterable[tuple[int, int]]:
    if run.start < low:
        yield run.start, min(run.end, low)
    if run.end > high:
        yield max(run.start, high) + shift, run.end + shift


def _carried(position: int, low: int, high: int, shift: int) -> int:
    return position + shift if position >= high else min(position, low)


def fresh_seed() -> int:
    """A seed nobody chose."""
    return secrets.randbelow(SEED_LIMIT)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, Sequence) and not isinstance(value, str) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: object, otherwise: int, low: int, high: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    return otherwise


def _rows(value: object, width: int) -> list[list[int]]:
    """Rows of whole numbers; whatever is none is passed over."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [
        list(row)
        for row in value
        if isinstance(row, Sequence)
        and len(row) == width
        and all(isinstance(item, int) and not isinstance(item, bool) for item in row)
    ]
