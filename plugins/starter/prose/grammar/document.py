"""Documents: plain-text headers, then the text they ask for. Any header may be missing."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from ...world import captions as say
from ...world.captions import caption
from ...world.scene import sample_scene
from . import words as w
from .story import MOODY, WISHES, Story, joined, rhyme, sample_story, told
from .template import expand

HELD_OUT = 1 << 30
"""Documents from this number on are never trained on."""
FORMS = ("story", "poem", "image prompt")
HEADERS = ("Form", "Genre", "Mood", "Hero", "Place", "Wish", "Tense", "Person", "Words")


@dataclass(frozen=True)
class Document:
    """A text with what its headers say, and the story behind it (None for image prompts)."""

    headers: dict[str, str]
    body: str
    story: Story | None
    moody: tuple[str, ...] = ()
    """The sentences that another mood would tell differently."""

    @property
    def text(self) -> str:
        """Headers, an empty line, the body."""
        return opening(self.headers) + self.body


def opening(headers: dict[str, str]) -> str:
    """The headers as the models read them, up to where the text begins."""
    lines = [f"{name}: {headers[name]}" for name in HEADERS if headers.get(name)]
    return "".join(line + "\n" for line in lines) + "\n"


def story_headers(story: Story, form: str) -> dict[str, str]:
    """All headers of a story or poem, none left out."""
    found = {
        "Form": form,
        "Genre": story.genre,
        "Mood": story.mood,
        "Hero": f"{story.name}, {w.article(f'{story.trait} {story.role}')}",
        "Place": story.place[1],
        "Wish": expand(WISHES[story.family], story, random.Random(0)).removeprefix("To ").strip(),
    }
    found["Wish"] = "to " + found["Wish"]
    if form == "poem":
        del found["Genre"]
        found["Hero"] = f"{story.name}, {w.article(story.role)}"
        found["Wish"] = w.article(" ".join(story.wish))
        return found
    return {**found, "Tense": story.tense, "Person": story.person}


def _thin(headers: dict[str, str], story: Story, rng: random.Random) -> dict[str, str]:
    if rng.random() < 0.08:
        return {}
    kept = {k: v for k, v in headers.items() if k == "Form" or rng.random() < (0.95 if k == "Mood" else 0.8)}
    if "Hero" in kept and rng.random() < 0.25:
        kept["Hero"] = story.name if rng.random() < 0.6 else kept["Hero"].partition(", ")[2]
    if "Wish" in kept and story.family in ("seek", "gift") and rng.random() < 0.25:
        kept["Wish"] = w.article(" ".join(story.wish))
    return kept


_KEYWORDS = tuple(
    sorted(
        {
            word.removeprefix("a ").removeprefix("an ").removeprefix("the ")
            for table in (say.SAY_PLACE, say.SAY_TIME, say.SAY_WEATHER, say.SAY_SKY, say.SAY_THING, say.SAY_COLOUR,
                          say.SAY_STYLE, say.SAY_PATTERN)
            for words in table.values()
            for word in words
        },
        key=lambda word: (-len(word), word),
    )
)  # fmt: skip


def keywords(prompt: str) -> list[str]:
    """The picture world's words that the prompt uses, longest first, none inside another."""
    left, found = f" {prompt.lower()} ".replace(",", " ,").replace(".", " ."), []
    for word in _KEYWORDS:
        if f" {word} " in left:
            left = left.replace(f" {word} ", " | ")
            found.append(word)
    return found


def _prompt(seed: int) -> Document:
    rng = random.Random(seed)
    scene = sample_scene(seed % 2_000_003)
    text = max((caption(scene, np.random.default_rng([seed, i])) for i in range(3)), key=len)
    known = keywords(text)
    rng.shuffle(known)
    asked = known[: rng.randint(1, 4)]
    return Document({"Form": "image prompt", "Words": ", ".join(asked)}, text, None)


def document(seed: int, *, form: str = "", full: bool = False) -> Document:
    """The document of that number; `full` keeps every header."""
    rng = random.Random(seed ^ 0x5EED)
    form = form or rng.choices(FORMS, (0.55, 0.15, 0.3))[0]
    if form == "image prompt":
        return _prompt(seed)
    story = sample_story(seed)
    headers = story_headers(story, form)
    headers = headers if full else _thin(headers, story, rng)
    if form == "poem":
        return Document(headers, rhyme(story), story)
    paragraphs = told(story)
    moody = tuple(sentence for paragraph in paragraphs for beat, sentence in paragraph if beat in MOODY)
    return Document(headers, joined(paragraphs), story, moody)
