"""The grammar's own checker: can this sentence come from the grammar, and what does it say about its story?

It reads with the very templates that wrote, so words, order, agreement, tense, articles and marks are all checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from .grammar import story as tales
from .grammar import words as w
from .grammar.story import ANSWERS, CONTESTS, FEARS, OBSTACLES, by_name, tools
from .grammar.template import PRONOUNS, Bound, Choice, Matcher, Node, Reader, Text, parsed
from .grammar.verbs import form

_BEATS = (
    "open", "air", "habit", "want", "go", "sky", "step", "meet", "kind", "give", "back", "found", "why", "call", "feel",
    "home", "end", "ask", "miss", "hint", "solve", "won", "arrive", "share", "secret", "rival", "intro", "train",
    "turn", "choose", "moral",
)  # fmt: skip
_NAME = re.compile(r"[A-Z][a-zé]+")
_LOWER = re.compile(r"[a-z]+(?:-[a-z]+)*")
_PERSONS = ("she", "he", "they", "I")


def sentences(text: str) -> list[str]:
    """Split a text into sentences. A quotation stays whole, and with the words that say who speaks."""
    found: list[str] = []
    for paragraph in re.split(r"\n+", text):
        start, quoted = 0, False
        for at, sign in enumerate(paragraph):
            quoted = sign == "“" or (quoted and sign != "”")
            rest = paragraph[at + 1 :]
            if quoted or (rest and not rest.startswith(" ")):
                continue
            closed = (
                sign == "”"
                and paragraph[at - 1] in ".!?"
                and not re.match(r" (?:[a-z]|I (?:ask|say|said|call)|and )", rest)
            )
            if sign in ".!?" or closed:
                found.append(paragraph[start : at + 1].strip())
                start = at + 1
        if paragraph[start:].strip():
            found.append(paragraph[start:].strip())
    return found


def _fold(text: str, at: int) -> str:
    """The text from there; at the start of a sentence its capital is no name's."""
    rest = text[at:]
    return rest[:1].lower() + rest[1:] if at == 0 or (at == 1 and text[0] == "“") else rest


def _ends(text: str, end: int) -> bool:
    return not text[end : end + 1].isalpha()


def _one_of(options: tuple[str, ...], fact: str = "", subject: str = "") -> Reader:
    by_first: dict[str, list[str]] = {}
    for option in set(options):
        by_first.setdefault(option[0].lower(), []).append(option)

    def read(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
        rest = _fold(text, at)
        plain = text[at:]
        for option in by_first.get(plain[:1].lower(), ()):
            if (rest.startswith(option) or plain.startswith(option)) and _ends(text, at + len(option)):
                then = bound.tie(fact, option) if fact else bound
                if then is not None:
                    yield at + len(option), replace(then, subject=subject) if subject else then

    return read


def _name(text: str, at: int, bound: Bound, *, fact: str = "hero") -> Iterator[tuple[int, Bound]]:
    found = _NAME.match(text, at)
    if found and found.group() not in w.NO_NAMES and (then := bound.tie(fact, found.group())) is not None:
        yield found.end(), then


def _named(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
    for end, then in _name(text, at, bound):
        yield end, replace(then, subject="s")


def _pronoun(case: str, fact: str, persons: tuple[str, ...]) -> Reader:
    def read(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
        rest = _fold(text, at)
        for person in persons:
            word = PRONOUNS[person][case]
            if not (rest.startswith(word) or (word == "I" and text.startswith("I", at))) or not _ends(
                text, at + len(word)
            ):
                continue
            then = bound.tie(fact, person)
            if then is not None:
                subject = {"I": "1", "they": "p"}.get(person, "s")
                yield at + len(word), replace(then, subject=subject) if case == "he" else then

    return read


def _either(*readers: Reader) -> Reader:
    def read(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
        for reader in readers:
            yield from reader(text, at, bound)

    return read


def _third(reader: Reader) -> Reader:
    """A hero who says I is never called by name by the text itself."""

    def read(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
        if bound.facts.get("person") != "I":
            yield from reader(text, at, bound)

    return read


def _place(fact: str, *, inside: bool) -> Reader:
    nouns = {(p, n) for places in w.PLACES.values() for p, n in places}

    def read(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
        rest = _fold(text, at)
        for preposition, noun in nouns:
            lead = f"{preposition} the " if inside else "the "
            if not rest.startswith(lead):
                continue
            adjective = _LOWER.match(rest, len(lead))
            if not adjective or adjective.group() not in w.PLACE_ADJECTIVES:
                continue
            end = adjective.end() + 1 + len(noun)
            if rest[adjective.end() : end] != " " + noun or not _ends(rest, end):
                continue
            ends = [end]
            if of := re.match(r" of ([A-Z][a-z]+)", rest[end:]):
                ends.append(end + of.end())
            for stop in ends:
                then = bound.tie(fact, rest[:stop].removeprefix(f"{preposition} ") if inside else rest[:stop])
                if then is not None:
                    yield at + stop, then

    return read


def _thing(articled: str, extra: frozenset[str]) -> Reader:
    nouns = frozenset(n for ns in w.THINGS.values() for n in ns) | extra

    def read(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
        found = re.match(r"(a|an|the) ([a-z-]+) ([a-z-]+)", _fold(text, at))
        if not found or found[2] not in w.THING_ADJECTIVES or found[3] not in nouns:
            return
        phrase = f"{found[2]} {found[3]}"
        if found[1] != (w.article(phrase).split()[0] if articled == "a" else "the"):
            return
        then = bound.tie("wish", phrase)
        if then is not None:
            yield at + found.end(), then

    return read


def _speech(verb: str, who: Reader, pronoun: Reader) -> Reader:
    def read(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
        for tense in ("past", "present"):
            if bound.tense not in ("", tense):
                continue
            lead = form(verb, tense, "s") + " "
            if text.startswith(lead, at):
                yield from who(text, at + len(lead), replace(bound, tense=tense))
            for end, then in pronoun(text, at, replace(bound, tense=tense)):
                word = " " + form(verb, tense, then.subject)
                if text.startswith(word, end) and _ends(text, end + len(word)):
                    yield end + len(word), then

    return read


def _flat(groups: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(word for words in groups.values() for word in words)


def _readers(extra: frozenset[str]) -> dict[str, Reader]:
    helpers = tuple(noun for group in w.HELPERS.values() for noun, _ in group)
    friend = _one_of(tuple("the " + h for h in helpers), "friend", "s")
    third = _third(_named)
    hero_pronoun, f_pronoun = _pronoun("he", "person", _PERSONS), _pronoun("he", "f.person", ("she", "he", "it"))
    all_tools = tuple(t for o in set(" ".join(OBSTACLES.values()).split()) for t in tools(o))

    def me(word: str, reader: Reader) -> Reader:
        first = _one_of((word,))

        def read(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
            for end, then in first(text, at, bound):
                if (tied := then.tie("person", "I")) is not None:
                    yield end, replace(tied, subject="1") if word == "I" else tied
            yield from _third(reader)(text, at, bound)

        return read

    def possessive(text: str, at: int, bound: Bound) -> Iterator[tuple[int, Bound]]:
        for end, then in _name(text, at, bound):
            if text.startswith("’s", end):
                yield end + 2, then

    def tool(kind: str) -> Reader:
        words = tuple(w.article(t) if kind == "a" else "the " + t for t in all_tools)
        return _either(_one_of(words), _thing(kind, extra))

    answers = tuple(ANSWERS.get(a) or w.article(a) for _, a in w.RIDDLES)
    found: dict[str, Reader] = {
        "H": _either(third, hero_pronoun), "N": me("I", _named), "No": me("me", _name), "N's": me("my", possessive),
        "Hname": _named, "F": friend, "F.a": _one_of(tuple(w.article(h) for h in helpers), "", "s"),
        "p": _place("p", inside=False), "p.in": _place("p", inside=True),
        "q": _place("q", inside=False), "q.in": _place("q", inside=True),
        "w.a": _thing("a", extra), "w.the": _thing("the", extra), "t.a": tool("a"), "t.the": tool("the"),
        "l": _one_of(_flat(w.LOST)), "role": _one_of(_flat(w.ROLES)), "trait": _one_of(w.TRAITS),
        "roles": _one_of(tuple(w.plural(r) for r in _flat(w.ROLES))), "riddle": _one_of(tuple(r for r, _ in w.RIDDLES)),
        "answer": _one_of(answers), "answer!": _one_of(tuple(a[0].upper() + a[1:] for a in answers)),
        "contest": _one_of(CONTESTS), "fear": _one_of(FEARS),
        "say:H": _speech("say", third, hero_pronoun), "ask:H": _speech("ask", third, hero_pronoun),
        "say:F": _speech("say", friend, f_pronoun), "ask:F": _speech("ask", friend, f_pronoun),
    }  # fmt: skip
    for case in PRONOUNS["she"]:
        found[case] = _pronoun(case, "person", _PERSONS)
        found[f"f.{case}"] = _pronoun(case, "f.person", ("she", "he", "it"))
    return found


def _must(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """Words that every sentence of the template has, longest first."""
    words = [
        word for n in nodes if isinstance(n, Text) for word in re.findall(r"[a-z]{3,}(?= )|(?<= )[a-z]{3,}", n.text)
    ]
    return tuple(sorted(words, key=len, reverse=True)[:2])


@dataclass(frozen=True)
class Verdict:
    """What the checker makes of one sentence; `rule` is empty where it is none of the grammar's."""

    sentence: str
    rule: str = ""
    tags: frozenset[str] = frozenset()
    ways: tuple[Bound, ...] = field(default=(), repr=False)

    @property
    def good(self) -> bool:
        """Whether the grammar can say this."""
        return bool(self.rule)


class Checker:
    """Reads sentences and verses. `extra` are words that a reader may use as names of things besides the lexicon's."""

    def __init__(self, extra: frozenset[str] = frozenset()) -> None:
        self._matcher = Matcher(_readers(extra), by_name())
        self._templates: list[tuple[str, frozenset[str], str, tuple[str, ...]]] = []
        for (name, tags), templates in tales.rules().items():
            stem = name.split(":")[0]
            if stem in _BEATS or stem in ("show", "fail", "solve", "verse", "wish", "place", "line"):
                self._templates += [(name, tags, t, _must(parsed(t))) for t in templates]

    def check(self, sentence: str) -> Verdict:
        """The first rule that can say the sentence, with every way to read it."""
        lowered = sentence[:1].lower() + sentence[1:]
        for name, tags, template, must in self._templates:
            if all(word in lowered for word in must) and (ways := tuple(self._matcher.match(template, sentence))):
                return Verdict(sentence, name, tags, ways)
        return Verdict(sentence)

    def verse(self, line: str) -> Verdict:
        """The same for a line of a poem, whose last mark may be a full stop."""
        for ending in (line, line.removesuffix(".") + ","):
            if (verdict := self.check(ending)).good and verdict.rule.split(":")[0] in (
                "verse",
                "wish",
                "place",
                "line",
            ):
                return verdict
        return Verdict(line)


@lru_cache(maxsize=1)
def lexicon() -> frozenset[str]:
    """Every word that the grammar can write, invented ones aside; lower case."""
    found: set[str] = set()

    def words(nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            if isinstance(node, Text):
                found.update(re.findall(r"[\w’-]+", node.text.lower()))
            elif isinstance(node, Choice):
                for option in node.options:
                    words(option)
            elif hasattr(node, "base"):
                found.update(form(node.base, t, s) for t in ("past", "present") for s in "1sp")

    for templates in by_name().values():
        for template in templates:
            words(parsed(template))
    for table in (w.ROLES, w.THINGS, w.LOST):
        found.update(word.lower() for word in _flat(table))
    for phrase in (*w.TRAITS, *w.PLACE_ADJECTIVES, *w.THING_ADJECTIVES, *FEARS, *CONTESTS, *(q for q, _ in w.RIDDLES)):
        found.update(re.findall(r"[\w’-]+", phrase.lower()))
    found.update(x for forms in PRONOUNS.values() for x in forms.values())
    return frozenset(found)
