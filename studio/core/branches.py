"""Branches: the generations that went on from one another's steps, as a tree, and what was changed in each in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.params import ParamSpec, describe
from studio.core.request import Request
from studio.core.values import frozen

_LONGEST = 60


@frozen
class Change:
    """One difference between two requests. `field` is a param's name, or "seed", "model", "inputs"; `label` is what a
    person calls it; `text` is all of it: "Guidance 4.5 → 7".
    """

    field: str
    label: str
    before: str
    after: str

    @property
    def text(self) -> str:
        """The change in words."""
        if not self.before:
            return f"{self.label}: {self.after}"
        if not self.after:
            return f"No {self.label[:1].lower()}{self.label[1:]}"
        return f"{self.label} {self.before} → {self.after}"


@frozen
class Branch:
    """One generation of a tree. `id` is its job and the name of its kept steps. It went on from step `at` of `parent`;
    the root has "" and -1. `artifacts` are the ids of its results, oldest first. `state` is "done", "partial", or ""
    where nothing came of it (yet). `kept` tells whether its own steps are on disk.
    """

    id: str
    parent: str = ""
    at: int = -1
    request: Request | None = None
    title: str = ""
    name: str = ""
    pinned: bool = False
    created: float = 0.0
    artifacts: tuple[str, ...] = ()
    state: str = ""
    kept: bool = False
    changed: tuple[Change, ...] = ()

    @property
    def label(self) -> str:
        """What to call it: its name, or what was changed, or its title."""
        if self.name:
            return self.name
        if self.changed:
            return ", ".join(change.text for change in self.changed)
        return "Nothing changed" if self.parent and self.request is not None else self.title


@frozen
class Tree:
    """All branches that grew from one generation: depth first, the oldest child first."""

    root: str = ""
    branches: tuple[Branch, ...] = ()

    def get(self, branch_id: str) -> Branch | None:
        """A branch by its id."""
        return next((branch for branch in self.branches if branch.id == branch_id), None)

    def children(self, branch_id: str) -> tuple[Branch, ...]:
        """What went on from a branch, the oldest first."""
        return tuple(branch for branch in self.branches if branch.parent == branch_id)

    def path(self, branch_id: str) -> tuple[Branch, ...]:
        """The line from the root to a branch; empty where it is not in the tree."""
        line: list[Branch] = []
        here = self.get(branch_id)
        while here is not None and here not in line:
            line.append(here)
            here = self.get(here.parent)
        return tuple(reversed(line))

    def forks(self, branch_id: str) -> dict[int, int]:
        """Where other branches leave the row of steps of a branch, also in the part it has from before it left its own
        parent: how many, by the last step they share with it.
        """
        line, found = self.path(branch_id), dict[int, int]()
        for number, here in enumerate(line):
            shared = line[number + 1].at if number + 1 < len(line) else None
            for child in self.children(here.id):
                if child not in line and (shared is None or child.at <= shared):
                    found[child.at] = found.get(child.at, 0) + 1
        return found

    def depth(self, branch_id: str) -> int:
        """How many branchings lie between the root and a branch."""
        return max(len(self.path(branch_id)) - 1, 0)


def changes(before: Request, after: Request, params: type | None = None) -> tuple[Change, ...]:
    """What differs between a request and one that goes on from it, in the order of the form. `params` is the
    generator's params dataclass, for the labels.
    """
    fields = {field.name: field for field in describe(params)} if params is not None else {}
    names = [*fields, *(name for name in (*before.params, *after.params) if name not in fields)]
    found = [
        _change(name, fields.get(name), before.params, after.params)
        for name in dict.fromkeys(names)
        if _value(name, fields, before.params) != _value(name, fields, after.params)
    ]
    if before.generator != after.generator:
        found.append(Change("generator", "Generator", before.generator, after.generator))
    if before.seed != after.seed:
        found.append(Change("seed", "Seed", str(before.seed), str(after.seed)))
    if _model(before) != _model(after):
        found.append(Change("model", "Model", _model_name(before), _model_name(after)))
    if before.inputs != after.inputs:
        found.append(Change("inputs", "Inputs", str(len(before.inputs) or ""), str(len(after.inputs) or "")))
    return tuple(found)


def _value(name: str, fields: Mapping[str, ParamSpec], params: Mapping[str, Any]) -> Any:
    return params.get(name, fields[name].default if name in fields else None)


def _change(name: str, field: ParamSpec | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    default = None if field is None else field.default
    label = name.replace("_", " ").capitalize() if field is None else field.label
    return Change(name, label, _words(before.get(name, default), field), _words(after.get(name, default), field))


def _words(value: Any, field: ParamSpec | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    for choice in () if field is None else field.choices:
        if choice.value == value:
            return choice.label
    if isinstance(value, float):
        return f"{value:g}"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _model(request: Request) -> str:
    return "" if request.model is None else request.model.sha256 or request.model.id


def _model_name(request: Request) -> str:
    return "" if request.model is None else request.model.name or request.model.id
