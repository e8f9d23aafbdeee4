"""Ways on from a place in the text: a tree of what models wrote there, kept beside the story and never inside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .document_places import spread, whole
from .wire import Token


@dataclass(slots=True)
class Generation:
    """One job. `record` is the artifact with its tokens, `results` the artifacts of its alternatives in their order
    (both empty until it is done), `steps` names its kept steps.
    """

    job: str
    task: str = "continue"
    model: str = ""
    seed: int = 0
    record: str = ""
    results: list[str] = field(default_factory=list)
    finish: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "job": self.job,
            "task": self.task,
            "model": self.model,
            "seed": self.seed,
            "record": self.record,
            "results": list(self.results),
            "finish": self.finish,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Generation:
        """The opposite. Raises KeyError, TypeError or ValueError."""
        return cls(
            str(data["job"]),
            str(data.get("task", "continue")),
            str(data.get("model", "")),
            int(data.get("seed", 0)),
            str(data.get("record", "")),
            [str(name) for name in data.get("results") or ()],
            str(data.get("finish", "")),
        )


@dataclass(slots=True)
class Branch:
    """One way on. `text` is all of it as the editor shows it, from the place on; `parent` is the branch it left (0 for
    none), `keep` how many characters they share. `place` names where it hangs, `alternative` its number in its job.
    `original` is what stood there where the branch was to replace something.
    """

    id: int
    place: int
    job: str
    alternative: int = 0
    text: str = ""
    parent: int = 0
    keep: int = 0
    original: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        data = {name: getattr(self, name) for name in self.__slots__}
        return {**data, "text": whole(self.text), "original": whole(self.original)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Branch:
        """The opposite. Raises KeyError, TypeError or ValueError."""
        return cls(
            int(data["id"]),
            int(data["place"]),
            str(data["job"]),
            int(data.get("alternative", 0)),
            spread(str(data.get("text", ""))),
            int(data.get("parent", 0)),
            int(data.get("keep", 0)),
            spread(str(data.get("original", ""))),
        )


@dataclass(slots=True)
class Branches:
    """All generations and branches of a manuscript. A place is a number; where it is, the editor knows."""

    generations: dict[str, Generation] = field(default_factory=dict)
    branches: dict[int, Branch] = field(default_factory=dict)

    def begin(self, generation: Generation) -> None:
        """A job was asked for."""
        self.generations[generation.job] = generation

    def add(self, place: int, job: str, alternative: int, *, parent: int = 0, keep: int = 0, original: str = "") -> int:
        """A new branch without text; its id."""
        number = max(self.branches, default=0) + 1
        self.branches[number] = Branch(number, place, job, alternative, "", parent, keep, original)
        return number

    def next_place(self) -> int:
        """The number of a place that nobody has yet."""
        return max((branch.place for branch in self.branches.values()), default=0) + 1

    def at(self, place: int) -> list[Branch]:
        """The branches of a place, each after the one it left, siblings in their order."""
        here = [branch for branch in self.branches.values() if branch.place == place]
        ids = {branch.id for branch in here}
        return list(_walk(here, [b for b in here if b.parent not in ids]))

    def depth(self, branch: Branch) -> int:
        """How many branches it hangs below."""
        depth, seen = 0, {branch.id}
        while (parent := self.branches.get(branch.parent)) is not None and parent.id not in seen:
            seen.add(parent.id)
            branch, depth = parent, depth + 1
        return depth

    def prune(self, number: int) -> list[Branch]:
        """Take a branch and all that grew from it away; what went."""
        gone = [branch for branch in self.branches.values() if self._under(branch, number)]
        for branch in gone:
            del self.branches[branch.id]
        used = {branch.job for branch in self.branches.values()}
        for job in [job for job in self.generations if job not in used]:
            del self.generations[job]
        return gone

    def _under(self, branch: Branch, number: int) -> bool:
        seen: set[int] = set()
        current: Branch | None = branch
        while current is not None and current.id not in seen:
            if current.id == number:
                return True
            seen.add(current.id)
            current = self.branches.get(current.parent)
        return False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "generations": [generation.to_json() for generation in self.generations.values()],
            "branches": [branch.to_json() for branch in self.branches.values()],
        }

    @classmethod
    def from_json(cls, data: object) -> Branches:
        """The opposite, forgiving: what is damaged is passed over."""
        made = cls()
        if not isinstance(data, Mapping):
            return made
        for item in _rows(data.get("generations")):
            try:
                generation = Generation.from_json(item)
                made.generations[generation.job] = generation
            except (KeyError, TypeError, ValueError):
                continue
        for item in _rows(data.get("branches")):
            try:
                branch = Branch.from_json(item)
                made.branches[branch.id] = branch
            except (KeyError, TypeError, ValueError):
                continue
        return made


def _rows(data: object) -> Iterable[Mapping[str, Any]]:
    if isinstance(data, Sequence) and not isinstance(data, str):
        return [item for item in data if isinstance(item, Mapping)]
    return ()


def _walk(here: Sequence[Branch], roots: Sequence[Branch]) -> Iterable[Branch]:
    for root in roots:
        yield root
        yield from _walk(here, [branch for branch in here if branch.parent == root.id and branch.id != root.id])


# --- tokens as the editor shows them ---


@dataclass(frozen=True, slots=True)
class Mark:
    """A token in the shown text: characters `start` … `end`, its number in the record, and the token itself."""

    start: int
    end: int
    index: int
    token: Token


class Fold:
    """Turns a model's Markdown into the editor's text piece by piece, with a character for each place: two line breaks
    are one, and a space that stands already before the caret does not come twice, nor does one begin a paragraph.
    """

    def __init__(self, before: str, *, plain: bool = False) -> None:
        """`plain` text, as code is, stays as it is."""
        self._last = before[-1:]
        self._first = True
        self._plain = plain

    def add(self, text: str) -> str:
        """What the editor shows of the next piece."""
        text = spread(text)
        if self._plain:
            return text
        out = []
        for letter in text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", ""):
            if letter == "\n" and self._last in ("", "\n"):
                continue
            if self._first and letter == " " and self._last in ("", " ", "\n"):
                continue
            self._first = self._first and letter == "\n"
            out.append(letter)
            self._last = letter
        return "".join(out)


def marks(tokens: Sequence[Token], before: str, *, plain: bool = False) -> list[Mark]:
    """Where each token stands in the shown text. Tokens that show nothing have an empty place."""
    folding, place, found = Fold(before, plain=plain), 0, []
    for index, token in enumerate(tokens):
        shown = folding.add(token.text)
        found.append(Mark(place, place + len(shown), index, token))
        place += len(shown)
    return found
