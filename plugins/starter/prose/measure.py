"""Judging what the prose models write: grammar, obedience, consistency, variety, and what was merely remembered.

Everything stands beside the grammar's own documents (the ceiling) and beside texts with shuffled words (chance).
"""

from __future__ import annotations

import math
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn
from transformers import PreTrainedTokenizerFast

from .checker import Checker, Verdict, lexicon, sentences
from .data import batch
from .grammar import words as w
from .grammar.document import HELD_OUT, Document, document, keywords, opening, story_headers
from .grammar.story import Story, tell
from .model import Plan, load_model
from .stages import loss_of
from .writing import write

_RUN = 13
_TRAINING_DOCUMENTS = 4000


@dataclass(frozen=True)
class Asked:
    """A story's headers and what has to come of them."""

    story: Story
    opening: str


def _ask(story: Story) -> Asked:
    return Asked(story, opening(story_headers(story, "story")))


def questions(count: int) -> tuple[list[Asked], list[Asked]]:
    """Openings of held-out stories that seek or get a thing: with known names, and the same with unseen ones."""
    known: list[Asked] = []
    unseen: list[Asked] = []
    seed = HELD_OUT
    while len(known) < count:
        seed += 1
        made = document(seed, form="story", full=True).story
        if made is None or made.family in ("lost", "fear", "contest"):
            continue
        rng = random.Random(seed)
        sounds = made.person if made.person != "I" else "she"
        lists = {"she": w.HER, "he": w.HIS, "they": w.THEIR}
        known.append(_ask(replace(made, name=rng.choice(lists[sounds]), same={}, wish=_known(made, rng))))
        new = (made.wish[0], rng.choice(w.UNSEEN_THINGS))
        unseen.append(_ask(replace(made, name=rng.choice(w.UNSEEN_NAMES[sounds]), wish=new, same={})))
    return known, unseen


def _known(story: Story, rng: random.Random) -> tuple[str, str]:
    noun = story.wish[1] if story.wish[1] in lexicon() else rng.choice(w.THINGS[""])
    return story.wish[0], noun


def consistent(verdicts: Sequence[Verdict]) -> bool:
    """Whether one hero, one pronoun and one friend fit all sentences at once; false where most can not be read."""
    if 2 * sum(v.good for v in verdicts) < len(verdicts):
        return False
    worlds: set[frozenset[tuple[str, str]]] = {frozenset()}
    for verdict in verdicts:
        if not verdict.good:
            continue
        facts = {frozenset((k, v) for k, v in b.facts.items() if k in ("hero", "person", "friend", "f.person"))
                 for b in verdict.ways}  # fmt: skip
        joined = set()
        for world in worlds:
            known = dict(world)
            for fact in facts:
                if all(known.get(k, v) == v for k, v in fact):
                    joined.add(world | fact)
        if not joined:
            return False
        worlds = joined
    return True


def obeyed(story: Story, text: str, verdicts: Sequence[Verdict]) -> dict[str, bool]:
    """Which of the headers the text keeps."""
    names = {b.facts["hero"] for v in verdicts for b in v.ways if "hero" in b.facts and len(v.ways) == 1}
    moods = [tag for v in verdicts for tag in v.tags if tag in w.MOODS]
    persons = _sure(verdicts, "person")
    tenses = Counter(t for v in verdicts if len(t_all := {b.tense for b in v.ways}) == 1 for t in t_all if t)
    return {
        "hero": re.search(rf"\b{story.name}\b", text) is not None and names <= {story.name},
        "place": story.place[1] in text,
        "wish": " ".join(story.wish) in text,
        "mood": bool(moods) and set(moods) == {story.mood},
        "person": persons == {story.person},
        "tense": bool(tenses) and set(tenses) == {story.tense},
    }


def _sure(verdicts: Sequence[Verdict], fact: str) -> set[str]:
    found = set()
    for verdict in verdicts:
        values = {b.facts.get(fact, "") for b in verdict.ways}
        if len(values) == 1 and "" not in values:
            found |= values
    return found


def judge(asked: Sequence[Asked], texts: Sequence[str]) -> dict[str, float]:
    """Shares over texts (obedience, consistency) and over sentences (grammar)."""
    kept: Counter[str] = Counter()
    good = every = whole = 0
    for question, text in zip(asked, texts, strict=True):
        checker = _checker(question.story.wish[1])
        verdicts = [checker.check(s) for s in sentences(text)]
        good += sum(v.good for v in verdicts)
        every += len(verdicts)
        whole += consistent(verdicts)
        kept.update(k for k, v in obeyed(question.story, text, verdicts).items() if v)
    count = len(texts)
    names = ("hero", "place", "wish", "mood", "person", "tense")
    return {"grammatical": good / max(1, every), "consistent": whole / count, **{k: kept[k] / count for k in names}}


_CHECKERS: dict[str, Checker] = {}


def _checker(noun: str) -> Checker:
    key = "" if noun in lexicon() else noun
    if key not in _CHECKERS:
        _CHECKERS[key] = Checker(frozenset({key}) if key else frozenset())
    return _CHECKERS[key]


def distinct(texts: Iterable[str], size: int) -> float:
    """Different runs of so many words over all of them."""
    runs: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        told = re.findall(r"[\w’-]+", text.lower())
        runs.update(tuple(told[i : i + size]) for i in range(len(told) - size + 1))
    return len(runs) / max(1, runs.total())


def repeated(texts: Iterable[str], *, words: int = 100) -> float:
    """The share of texts whose first words hold the sentence that most of them hold."""
    counts: Counter[str] = Counter()
    number = 0
    for text in texts:
        number += 1
        counts.update(set(sentences(" ".join(text.split(" ")[:words]))[:-1]))
    return max(counts.values(), default=0) / max(1, number)


def _runs(tokenizer: PreTrainedTokenizerFast, text: str) -> list[tuple[int, ...]]:
    ids = tokenizer.encode(text, add_special_tokens=False)
    return [tuple(ids[i : i + _RUN]) for i in range(len(ids) - _RUN + 1)]


def remembered(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], training: set[tuple[int, ...]]) -> float:
    """Share of runs of 13 tokens that stand word for word in the training documents."""
    runs = [run for text in texts for run in _runs(tokenizer, text)]
    return sum(run in training for run in runs) / max(1, len(runs))


def _shuffled(text: str, rng: random.Random) -> str:
    out = []
    for sentence in sentences(text):
        told = sentence.rstrip(".").split(" ")
        rng.shuffle(told)
        out.append((" ".join(told)).capitalize() + ".")
    return " ".join(out)


@torch.no_grad()
def perplexity(model: nn.Module, tokenizer: PreTrainedTokenizerFast, *, batches: int = 6) -> float:
    """Over the tokens of held-out documents, headers included."""
    plan = Plan()
    losses = [
        loss_of(
            model, batch(tokenizer, 100 + i, rows=plan.rows, length=plan.length, held_out=True), torch.device("cpu")
        )
        for i in range(batches)
    ]
    return math.exp(sum(x.item() for x in losses) / batches)


def _prompts(model: nn.Module, tokenizer: PreTrainedTokenizerFast, count: int) -> dict[str, float]:
    made = [document(HELD_OUT + i, form="image prompt") for i in range(count)]
    texts = write(model, tokenizer, [opening(d.headers) for d in made], seed=5, longest=80)
    return {"asked words": _kept_words(made, texts), "grammar": _kept_words(made, [d.body for d in made])}


def _kept_words(made: Sequence[Document], texts: Sequence[str]) -> float:
    hits = [word in keywords(t) for d, t in zip(made, texts, strict=True) for word in d.headers["Words"].split(", ")]
    return sum(hits) / len(hits)


def _poems(model: nn.Module, tokenizer: PreTrainedTokenizerFast, count: int) -> dict[str, float]:
    made = [document(HELD_OUT + i, form="poem", full=True) for i in range(count)]
    texts = write(model, tokenizer, [opening(d.headers) for d in made], seed=6, longest=200)
    lines = rhymes = pairs = 0
    good = 0
    for d, text in zip(made, texts, strict=True):
        checker = _checker(d.story.wish[1] if d.story else "")
        verses = [checker.verse(line) for line in text.split("\n") if line]
        good += sum(v.good for v in verses)
        lines += len(verses)
        for one, two in list(pairwise(verses))[::2]:
            pairs += 1
            rhymes += one.good and two.good and one.rule.split(":")[1] == two.rule.split(":")[1]
    return {"verses of the grammar": good / max(1, lines), "pairs that rhyme": rhymes / max(1, pairs)}


def _many() -> list[str]:
    return [document(HELD_OUT + seed, form="story").body for seed in range(1000)]


def measure(folder: Path, *, count: int = 128) -> dict[str, object]:
    """Everything about one model; texts are sampled with fixed seeds."""
    model, tokenizer = load_model(folder)
    known, unseen = questions(count)
    start = time.process_time()
    written = write(model, tokenizer, [a.opening for a in known], seed=3, longest=420)
    spent = time.process_time() - start
    tokens = sum(len(tokenizer.encode(t)) for t in written)
    new = write(model, tokenizer, [a.opening for a in unseen], seed=4, longest=420)
    own = [tell(a.story) for a in known]
    rng = random.Random(0)
    training: set[tuple[int, ...]] = set()
    for seed in range(_TRAINING_DOCUMENTS):
        training.update(_runs(tokenizer, document(seed, form="story").body))
    return {
        "folder": folder.name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "texts": count,
        "perplexity": perplexity(model, tokenizer),
        "tokens per second": tokens / spent,
        "known": judge(known, written),
        "unseen": judge(unseen, new),
        "grammar": judge(known, own),
        "chance": judge(known, [_shuffled(t, rng) for t in own[::-1]]),
        "distinct": {n: {"model": distinct(written, n), "grammar": distinct(own, n)} for n in (1, 2, 3)},
        "remembered": {
            "model": remembered(tokenizer, written, training),
            "grammar": remembered(tokenizer, own, training),
        },
        "one sentence in": {"model": repeated(written + new), "grammar": repeated(_many())},
        "prompts": _prompts(model, tokenizer, count),
        "poems": _poems(model, tokenizer, max(8, count // 4)),
    }


def table(result: dict[str, object]) -> str:
    """The figures as Markdown."""
    rows = ["| | known words | unseen names and things | grammar | shuffled |", "| --- | --- | --- | --- | --- |"]
    columns = [result[c] for c in ("known", "unseen", "grammar", "chance")]
    for name in columns[0]:  # type: ignore[attr-defined]
        rows.append("| " + " | ".join([name, *(f"{c[name]:.3f}" for c in columns)]) + " |")  # type: ignore[index]
    head = f"{result['folder']}: {result['parameters']:,} parameters, held-out perplexity {result['perplexity']:.3f}"
    speed = f"{result['tokens per second']:.0f} tokens a processor second, {result['texts']} texts of each kind."
    lines = [f"{head}, {speed}", "", *rows, ""]
    for name in ("distinct", "remembered", "one sentence in", "prompts", "poems"):
        lines.append(f"{name}: {_plain(result[name])}")
    return "\n".join(lines)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{k} {_plain(v) if not isinstance(v, dict) else '(' + _plain(v) + ')'}" for k, v in value.items()
        )
    return f"{value:.3f}" if isinstance(value, float) else str(value)
