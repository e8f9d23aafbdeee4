"""Templates: one sentence each, read once and used both ways: `expand` writes with them, `Matcher` recognises.

``{slot}`` is a word of the story or another rule, ``[verb]`` a verb that agrees with the last subject (``[=verb]``
with a singular noun, ``[+verb]`` with a plural one), ``(a|b)`` a choice, ``a~`` the article that the next word wants.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Protocol

from .verbs import form

PRONOUNS = {
    "she": {"he": "she", "him": "her", "his": "her", "hiss": "hers", "himself": "herself"},
    "he": {"he": "he", "him": "him", "his": "his", "hiss": "his", "himself": "himself"},
    "they": {"he": "they", "him": "them", "his": "their", "hiss": "theirs", "himself": "themselves"},
    "it": {"he": "it", "him": "it", "his": "its", "hiss": "its", "himself": "itself"},
    "I": {"he": "I", "him": "me", "his": "my", "hiss": "mine", "himself": "myself"},
}


@dataclass(frozen=True)
class Text:
    """Words that stand there as they are."""

    text: str


@dataclass(frozen=True)
class Slot:
    """A word of the story, or a rule."""

    name: str


@dataclass(frozen=True)
class Verb:
    """A verb in the tense of the story; `subject` is "s", "p", or empty for the last one named."""

    base: str
    subject: str = ""


@dataclass(frozen=True)
class Choice:
    """One of several sequences."""

    options: tuple[tuple[Node, ...], ...]


Node = Text | Slot | Verb | Choice
_MARKS = re.compile(r"[{\[(|)]|a~ ")


def parse(source: str) -> tuple[Node, ...]:
    """Read a template; ValueError names the one that is not well formed."""
    nodes, end = _sequence(source, 0, depth=0)
    if end != len(source):
        raise ValueError(f"unbalanced template: {source}")
    return nodes


def _sequence(source: str, at: int, *, depth: int) -> tuple[tuple[Node, ...], int]:
    nodes: list[Node] = []
    while at < len(source):
        mark = _MARKS.search(source, at)
        if mark and mark.group() == "a~ " and mark.start() and source[mark.start() - 1].isalpha():
            raise ValueError(f"a~ inside a word: {source}")
        stop = mark.start() if mark else len(source)
        if stop > at:
            nodes.append(Text(source[at:stop]))
        if mark is None:
            return tuple(nodes), len(source)
        at, sign = mark.end(), mark.group()
        if sign == "a~ ":
            nodes.append(Slot("a~"))
        elif sign in "{[":
            end = source.index("}" if sign == "{" else "]", at)
            body = source[at:end]
            if sign == "{":
                nodes.append(Slot(body))
            else:
                nodes.append(Verb(body.lstrip("=+"), {"=": "s", "+": "p"}.get(body[0], "")))
            at = end + 1
        elif sign == "(":
            options = []
            while True:
                option, at = _sequence(source, at, depth=depth + 1)
                options.append(option)
                if at > len(source) or source[at - 1] not in "|)":
                    raise ValueError(f"unbalanced template: {source}")
                if source[at - 1] == ")":
                    break
            nodes.append(Choice(tuple(options)))
        else:
            if not depth:
                raise ValueError(f"unbalanced template: {source}")
            return tuple(nodes), at
    return tuple(nodes), at + (depth > 0)


@cache
def parsed(source: str) -> tuple[Node, ...]:
    """`parse`, once for each template."""
    return parse(source)


class Teller(Protocol):
    """What expansion asks of a story."""

    tense: str

    def slot(self, name: str, rng: random.Random) -> tuple[str | None, str]:
        """The slot's words and the subject they make ("" for none); None where it is a rule."""

    def rule(self, name: str) -> tuple[str, ...]:
        """The templates that the rule has for this story; KeyError where there are none."""


def expand(source: str, teller: Teller, rng: random.Random) -> str:
    """One sentence of that template, with a capital and a full stop where they belong."""
    out: list[str] = []
    _write(parsed(source), teller, rng, out, ["s"])
    text = re.sub(r" {2,}", " ", "".join(out)).replace(" ,", ",").replace(" .", ".").strip()
    text = re.sub(r"a~ (?=(.))", lambda m: "an " if m[1] in "aeiouAEIOU" else "a ", text)
    return capital(text)


def capital(text: str) -> str:
    """The text with its first letter raised, be it behind a quotation mark."""
    at = 1 if text[:1] == "“" else 0
    return text[:at] + text[at : at + 1].upper() + text[at + 1 :]


def _write(nodes: tuple[Node, ...], teller: Teller, rng: random.Random, out: list[str], subject: list[str]) -> None:
    for node in nodes:
        if isinstance(node, Text):
            out.append(node.text)
        elif isinstance(node, Verb):
            out.append(form(node.base, teller.tense, node.subject or subject[0]))
        elif isinstance(node, Choice):
            _write(node.options[int(rng.random() * len(node.options))], teller, rng, out, subject)
        elif node.name == "a~":
            out.append("a~ ")
        else:
            words, made = teller.slot(node.name, rng)
            if words is None:
                _write(parsed(rng.choice(teller.rule(node.name))), teller, rng, out, subject)
            else:
                out.append(words)
                if made:
                    subject[0] = made


@dataclass(frozen=True)
class Bound:
    """What a sentence says about its story: each is empty until a word shows it."""

    tense: str = ""
    subject: str = "s"
    facts: Mapping[str, str] = field(default_factory=dict)

    def tie(self, name: str, value: str) -> Bound | None:
        """With that fact too; None where it contradicts what is known."""
        known = self.facts.get(name)
        if known is not None:
            return self if known == value else None
        return replace(self, facts={**self.facts, name: value})


Reader = Callable[[str, int, Bound], Iterable[tuple[int, Bound]]]


class Matcher:
    """Recognises sentences. `slots` read the story's words; `rules` are all templates of each rule."""

    def __init__(self, slots: Mapping[str, Reader], rules: Mapping[str, tuple[str, ...]]) -> None:
        self._slots, self._rules = slots, {k: tuple(parsed(t) for t in v) for k, v in rules.items()}

    def match(self, source: str, text: str) -> Iterator[Bound]:
        """Every way in which the text is a sentence of that template."""
        for end, bound in self._sequence(parsed(source), 0, text, 0, Bound(), start=True):
            if end == len(text):
                yield bound

    def _sequence(
        self, nodes: tuple[Node, ...], index: int, text: str, at: int, bound: Bound, *, start: bool
    ) -> Iterator[tuple[int, Bound]]:
        if index == len(nodes):
            yield at, bound
            return
        for end, then in self._node(nodes[index], text, at, bound, start=start):
            yield from self._sequence(nodes, index + 1, text, end, then, start=start and end == at)

    def _node(self, node: Node, text: str, at: int, bound: Bound, *, start: bool) -> Iterator[tuple[int, Bound]]:
        # An empty choice leaves two spaces, or one at an edge or before a comma, of which the written text has none.
        if isinstance(node, Text):
            end = self._literal(node.text, text, at, start=start)
            if end is not None:
                yield end, bound
        elif isinstance(node, Verb):
            yield from self._verb(node, text, at, bound, start=start)
        elif isinstance(node, Choice):
            for option in node.options:
                yield from self._sequence(option, 0, text, at, bound, start=start)
        elif node.name == "a~":
            for word in ("a ", "an "):
                if text[at : at + len(word)].lower() == word:
                    rest = text[at + len(word) : at + len(word) + 1]
                    if (rest in set("aeiouAEIOU")) == (word == "an "):
                        yield at + len(word), bound
        elif node.name in self._slots:
            if start and text[at : at + 1].islower():
                return
            yield from self._slots[node.name](text, at, bound)
        else:
            for option in self._rules[node.name]:
                yield from self._sequence(option, 0, text, at, bound, start=start)

    def _literal(self, words: str, text: str, at: int, *, start: bool) -> int | None:
        if start:
            words = capital(words.lstrip())
        if text.startswith(words, at):
            return at + len(words)
        # The space before is already written, or left out before a mark.
        if (
            words[:1] == " "
            and (at == 0 or text[at - 1] == " " or words[1:2] in set(",."))
            and text.startswith(words[1:], at)
        ):
            return at + len(words) - 1
        return None

    def _verb(self, node: Verb, text: str, at: int, bound: Bound, *, start: bool) -> Iterator[tuple[int, Bound]]:
        for tense in ("past", "present"):
            if bound.tense in ("", tense):
                word = form(node.base, tense, node.subject or bound.subject)
                word = capital(word) if start else word
                end = at + len(word)
                if text.startswith(word, at) and not text[end : end + 1].isalpha():
                    yield end, replace(bound, tense=tense)
