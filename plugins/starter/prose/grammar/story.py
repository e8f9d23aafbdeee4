"""One story, poem or prompt: who, where and what for; and how the rules are joined into a document about it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files

from . import words as w
from .template import PRONOUNS, expand
from .verbs import form

MOODY = frozenset({"air", "sky", "step", "feel", "end"})
"""Beats that every mood tells in its own way."""
FAMILIES = ("seek", "mend", "theft", "riddle", "lost", "fear", "gift", "carry", "contest")
_SAME_ALL_STORY = frozenset({
    "food", "birds", "thief", "spot", "piece", "kin", "kin2", "since2", "lost", "who", "wrong", "others", "contest",
    "fear",
})  # fmt: skip
OBSTACLES = {
    "fairy tale": "river gate dark giant fog storm hedge", "sea story": "fog storm reef dark crowd",
    "mystery": "gate dark dog maze alarm crowd", "space story": "engine meteors gate dark",
    "everyday story": "dog crowd maze storm gate", "winter tale": "ice fog storm river dark giant",
    "desert tale": "thirst bandits storm gate dark", "fable": "river hawk mud hedge fog",
}  # fmt: skip
FEARS = ("the dark", "deep water", "high places", "thunder", "strangers", "silence", "geese", "narrow stairs")
CONTESTS = ("the race", "the singing contest", "the climbing match", "the swimming match", "the jumping contest",
            "the baking contest", "the great quiz")  # fmt: skip
ANSWERS = {"river": "the river", "tomorrow": "tomorrow", "smoke": "smoke", "light": "light", "name": "your name",
           "shadow": "your shadow"}  # fmt: skip
WISHES = {
    "seek": "to find {w.a}", "mend": "to mend {w.the}", "theft": "to learn who took {w.the}",
    "riddle": "to win {w.the}", "lost": "to find the lost {l}", "fear": "to lose the fear of {fear}",
    "gift": "to own {w.a}", "carry": "to carry {w.a} to {q}", "contest": "to win {contest}",
}  # fmt: skip


@lru_cache(maxsize=1)
def rules() -> dict[tuple[str, frozenset[str]], tuple[str, ...]]:
    """All rules: (name, tags) to templates. A rule with tags serves the stories that have one of them."""
    found: dict[tuple[str, frozenset[str]], tuple[str, ...]] = {}
    for file in sorted(files(__package__).joinpath("rules").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".txt"):
            continue
        key: tuple[str, frozenset[str]] | None = None
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("== "):
                name, _, tags = line[3:].partition("@")
                key = (name, frozenset(t.strip() for t in tags.split(",") if t))
                if key in found:
                    raise ValueError(f"{file.name}: {name} is there twice")
                found[key] = ()
            elif line and not line.startswith("#"):
                if key is None:
                    raise ValueError(f"{file.name}: a template before the first rule")
                found[key] += (line,)
    return found


@lru_cache(maxsize=1)
def by_name() -> dict[str, tuple[str, ...]]:
    """All templates of a name, whatever their tags."""
    found: dict[str, tuple[str, ...]] = {}
    for (name, _), templates in rules().items():
        found[name] = found.get(name, ()) + templates
    return found


@lru_cache(maxsize=4096)
def _chosen(name: str, tags: frozenset[str]) -> tuple[str, ...]:
    return tuple(t for (n, wanted), ts in rules().items() if n == name and (not wanted or wanted & tags) for t in ts)


@cache
def tools(obstacle: str) -> tuple[str, ...]:
    """What helps against it."""
    return tuple(n.split(":")[2] for n in by_name() if n.startswith(f"solve:{obstacle}:"))


@dataclass
class Story:
    """Everything that a story holds to from beginning to end."""

    seed: int
    genre: str
    mood: str
    family: str
    person: str
    """"she", "he", "they", or "I"."""
    tense: str
    name: str
    role: str
    trait: str
    place: tuple[str, str]
    """Preposition and phrase: "in", "the old mill"."""
    far: tuple[str, str]
    wish: tuple[str, str]
    """Adjective and noun of the thing."""
    lost: str
    friend: tuple[str, str]
    """Noun and pronoun."""
    obstacle: str
    tool: str
    riddle: tuple[str, str]
    same: dict[str, str] = field(default_factory=dict)

    @property
    def tags(self) -> frozenset[str]:
        return frozenset((self.genre, self.mood, self.family, "I" if self.person == "I" else "third"))

    def rule(self, name: str) -> tuple[str, ...]:
        """The templates of a rule for this story; rules whose answer must not change have only one."""
        if name in _SAME_ALL_STORY:
            if name not in self.same:
                self.same[name] = random.Random(f"{self.seed} {name}").choice(_chosen(name, self.tags))
            return (self.same[name],)
        found = _chosen(name, self.tags)
        if not found:
            raise KeyError(f"no rule {name} for {sorted(self.tags)}")
        return found

    def slot(self, name: str, rng: random.Random) -> tuple[str | None, str]:
        """See `template.Teller`."""
        if name in ("fear", "contest"):
            return self._same(name, FEARS if name == "fear" else CONTESTS), ""
        if name.startswith(("say:", "ask:")):
            return self._speech(name[:3], name[4:], rng)
        made = getattr(self, "_slot_" + re.split(r"[.!']", name)[0], None)
        if name in PRONOUNS["she"]:
            subject = ("1" if self.person == "I" else "p" if self.person == "they" else "s") if name == "he" else ""
            return PRONOUNS[self.person][name], subject
        if name.startswith("f."):
            return PRONOUNS[self.friend[1]][name[2:]], "s" if name == "f.he" else ""
        return made(name, rng) if made else (None, "")

    def _same(self, name: str, options: tuple[str, ...]) -> str:
        if name not in self.same:
            self.same[name] = random.Random(f"{self.seed} {name}").choice(options)
        return self.same[name]

    def _speech(self, verb: str, who: str, rng: random.Random) -> tuple[str, str]:
        pronoun = self.person if who == "H" else self.friend[1]
        if pronoun == "I" or rng.random() < 0.5:
            subject = {"I": "1", "they": "p"}.get(pronoun, "s")
            return f"{pronoun} {form(verb, self.tense, subject)}", subject
        return f"{form(verb, self.tense, 's')} {self.name if who == 'H' else 'the ' + self.friend[0]}", "s"

    def _slot_H(self, _name: str, rng: random.Random) -> tuple[str, str]:
        if self.person != "I" and rng.random() < 0.45:
            return self.name, "s"
        return self.slot("he", rng)[0] or "", self.slot("he", rng)[1]

    def _slot_N(self, _name: str, _rng: random.Random) -> tuple[str, str]:
        if _name == "N's":
            return ("my" if self.person == "I" else self.name + "’s"), ""
        return ("I", "1") if self.person == "I" else (self.name, "s")

    def _slot_No(self, _name: str, _rng: random.Random) -> tuple[str, str]:
        return ("me" if self.person == "I" else self.name), ""

    def _slot_Hname(self, _name: str, _rng: random.Random) -> tuple[str, str]:
        return self.name, "s"

    def _slot_F(self, name: str, _rng: random.Random) -> tuple[str, str]:
        return (w.article(self.friend[0]) if name == "F.a" else "the " + self.friend[0]), "s"

    def _slot_p(self, name: str, _rng: random.Random) -> tuple[str, str]:
        return (" ".join(self.place) if name == "p.in" else self.place[1]), ""

    def _slot_q(self, name: str, _rng: random.Random) -> tuple[str, str]:
        return (" ".join(self.far) if name == "q.in" else self.far[1]), ""

    def _slot_w(self, name: str, _rng: random.Random) -> tuple[str, str]:
        thing = " ".join(self.wish)
        return (w.article(thing) if name == "w.a" else "the " + thing), ""

    def _slot_t(self, name: str, _rng: random.Random) -> tuple[str, str]:
        thing = self.tool or " ".join(self.wish)
        return (w.article(thing) if name == "t.a" else "the " + thing), ""

    def _slot_l(self, _name: str, _rng: random.Random) -> tuple[str, str]:
        return self.lost, ""

    def _slot_role(self, _name: str, _rng: random.Random) -> tuple[str, str]:
        return self.role, ""

    def _slot_roles(self, _name: str, _rng: random.Random) -> tuple[str, str]:
        return w.plural(self.role), ""

    def _slot_trait(self, _name: str, _rng: random.Random) -> tuple[str, str]:
        return self.trait, ""

    def _slot_riddle(self, _name: str, _rng: random.Random) -> tuple[str, str]:
        return self.riddle[0], ""

    def _slot_answer(self, name: str, _rng: random.Random) -> tuple[str, str]:
        answer = ANSWERS.get(self.riddle[1]) or w.article(self.riddle[1])
        return (answer[0].upper() + answer[1:] if name == "answer!" else answer), ""


def _place(rng: random.Random, genre: str) -> tuple[str, str]:
    preposition, noun = rng.choice(w.PLACES[genre])
    phrase = f"the {rng.choice(w.PLACE_ADJECTIVES)} {noun}"
    if rng.random() < 0.15:
        phrase += " of " + w.invented_name(rng, rng.choice(("she", "he", "they")))
    return preposition, phrase


def sample_story(seed: int) -> Story:
    """The story of that number."""
    rng = random.Random(seed)
    genre, mood = rng.choice(w.GENRES), rng.choice(w.MOODS)
    person = rng.choice(("she", "she", "he", "he", "they", "I"))
    sounds = person if person != "I" else rng.choice(("she", "he", "they"))
    known = {"she": w.HER, "he": w.HIS, "they": w.THEIR}[sounds]
    name = rng.choice(known) if rng.random() < 0.4 else w.invented_name(rng, sounds)
    family = rng.choice(FAMILIES)
    role = rng.choice(w.ROLES[genre])
    friend = rng.choice([f for f in w.HELPERS[genre] if f[1] != person and f[0].split()[-1] != role])
    place = _place(rng, genre)
    far = _place(rng, genre) if family not in ("gift", "contest") else place
    while far[1].split()[2] == place[1].split()[2] and family not in ("gift", "contest"):
        far = _place(rng, genre)
    nouns = w.THINGS[""] + w.THINGS[genre] * 2
    wish = (rng.choice(w.THING_ADJECTIVES), w.invented_word(rng) if rng.random() < 0.4 else rng.choice(nouns))
    obstacle = rng.choice(OBSTACLES[genre].split())
    straight = family in ("riddle", "gift", "contest")
    return Story(
        seed=seed, genre=genre, mood=mood, family=family, person=person,
        tense="past" if rng.random() < 0.65 else "present", name=name, role=role, trait=rng.choice(w.TRAITS),
        place=place, far=far, wish=wish, lost=rng.choice(w.LOST[genre]), friend=friend, obstacle=obstacle,
        tool="" if straight else rng.choice(tools(obstacle)), riddle=rng.choice(w.RIDDLES),
    )  # fmt: skip


def _beats(story: Story, rng: random.Random) -> list[list[str]]:
    """The rules to tell, paragraph by paragraph."""

    def maybe(name: str, chance: float) -> list[str]:
        return [name] if rng.random() < chance else []

    first = ["open", *maybe("air", 0.6), *maybe("habit", 0.5)]
    show, fail, solve = f"show:{story.obstacle}", f"fail:{story.obstacle}", f"solve:{story.obstacle}:{story.tool}"
    end = [*maybe("feel", 0.5), "end"]
    if story.family == "gift":
        return [[*first, "want"], ["sky", "arrive", "ask", "share"], ["secret", "found", *end]]
    if story.family == "contest":
        moral = ["moral"] if story.genre == "fable" else []
        return [[*first, "want"], ["intro", "rival", "train"], ["sky", "turn", "choose", "won", *end, *moral]]
    if story.family == "riddle":
        return [[*first, "want"], ["go", *maybe("sky", 0.6), *maybe("step", 0.6)],
                ["meet", "ask", "miss", "hint"], ["solve", "won", *end]]  # fmt: skip
    go = (["call"] if story.family == "fear" else []) + ["go", *maybe("sky", 0.6), *maybe("step", 0.5)]
    last = ["found", *(["why"] if story.family == "theft" else []), *maybe("feel", 0.5), *maybe("home", 0.4), "end"]
    return [[*first, "want"], go, [show, fail], ["meet", "kind", "give"], ["back", solve, *last]]


def told(story: Story) -> list[list[tuple[str, str]]]:
    """The story's paragraphs as pairs of a beat and its sentence."""
    rng = random.Random(story.seed + 1)
    return [[(b, expand(rng.choice(story.rule(b)), story, rng)) for b in beats] for beats in _beats(story, rng)]


def joined(paragraphs: list[list[tuple[str, str]]]) -> str:
    """The text of what `told` gives: paragraphs with an empty line between."""
    return "\n\n".join(" ".join(sentence for _, sentence in paragraph) for paragraph in paragraphs)


def tell(story: Story) -> str:
    """The story's text."""
    return joined(told(story))


def rhyme(story: Story) -> str:
    """A poem of eight lines in rhyming pairs about the story's hero, wish and place."""
    rng = random.Random(story.seed + 2)
    sounds = [n.split(":")[1] for n in by_name() if n.startswith("line:")]
    rng.shuffle(sounds)
    lines: list[str] = []
    for number, kind in enumerate(("verse", "wish", "place", "line")):
        sound = sounds[number]
        first = rng.choice(story.rule(f"{kind}:{sound}"))
        word = first.rsplit(" ", 1)[1]
        pair = [first, rng.choice([t for t in story.rule(f"line:{sound}") if t.rsplit(" ", 1)[1] != word])]
        lines += [expand(t, story, rng) for t in pair]
    lines[-1] = lines[-1].rstrip(",") + "."
    lines[3] = lines[3].rstrip(",") + "."
    return "\n".join(lines[:4]) + "\n\n" + "\n".join(lines[4:])
