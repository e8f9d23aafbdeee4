"""The checker takes all that the grammar writes, and nothing that was tampered with."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from plugins.starter.prose.checker import Checker, lexicon, sentences
from plugins.starter.prose.grammar.document import document
from plugins.starter.prose.measure import consistent, judge, obeyed, questions


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker()


def stories(count: int, start: int = 5000) -> list[str]:
    """Bodies without invented things."""
    found: list[str] = []
    while len(found) < count:
        made = document(start, form="story")
        start += 1
        if made.story and made.story.wish[1] in lexicon():
            found.append(made.body)
    return found


def test_all_sentences_of_the_grammar_are_taken(checker: Checker) -> None:
    for body in stories(50):
        for sentence in sentences(body):
            assert checker.check(sentence).good, sentence


def test_all_verses_are_taken(checker: Checker) -> None:
    for seed in range(40):
        made = document(seed, form="poem")
        own = Checker(frozenset({made.story.wish[1]})) if made.story else checker
        for line in made.body.split("\n"):
            assert not line or own.verse(line).good, line


def test_a_word_that_nobody_knows_is_taken_only_where_asked(checker: Checker) -> None:
    sentence = "What Mira wanted most in the world was to find a silver saxophone."
    assert not checker.check(sentence).good
    assert Checker(frozenset({"saxophone"})).check(sentence).good


def _swap(sentence: str, rng: random.Random) -> str:
    words = sentence.split(" ")
    at = rng.randrange(len(words) - 1)
    words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)


def _drop(sentence: str, rng: random.Random) -> str:
    words = sentence.split(" ")
    del words[rng.randrange(len(words))]
    return " ".join(words)


def _double(sentence: str, rng: random.Random) -> str:
    words = sentence.split(" ")
    at = rng.randrange(len(words))
    return " ".join([*words[:at], words[at], *words[at:]])


def _article(sentence: str, _rng: random.Random) -> str:
    return re.sub(r"\b([Aa])(n?) ", lambda m: m[1] + ("" if m[2] else "n") + " ", sentence, count=1)


def _agreement(sentence: str, _rng: random.Random) -> str:
    flip = {"was": "were", "were": "was", "is": "are", "are": "is", "has": "have", "have": "has"}
    return re.sub(r"\b(was|were|is|are|has|have)\b", lambda m: flip[m[1]], sentence, count=1)


def _unknown(sentence: str, rng: random.Random) -> str:
    words = sentence.split(" ")
    words[rng.randrange(1, len(words))] = "blorft"
    return " ".join(words)


def _unfinished(sentence: str, _rng: random.Random) -> str:
    return sentence.rstrip(".?!”")


def _unquoted(sentence: str, rng: random.Random) -> str:
    return sentence.replace(rng.choice("“”"), "", 1)


def _small(sentence: str, _rng: random.Random) -> str:
    at = 1 if sentence[0] == "“" else 0
    return sentence[:at] + sentence[at].lower() + sentence[at + 1 :]


@pytest.mark.parametrize(
    "damage", [_swap, _drop, _double, _article, _agreement, _unknown, _unfinished, _unquoted, _small]
)
def test_damaged_sentences_are_refused(checker: Checker, damage: Callable[[str, random.Random], str]) -> None:
    rng = random.Random(3)
    tried = taken = 0
    for body in stories(16):
        for sentence in sentences(body):
            harmed = damage(sentence, rng)
            # Exchanging two equal words, or dropping one of several fillers, can leave a good sentence.
            if harmed != sentence and len(sentence.split(" ")) > 3:
                tried += 1
                taken += checker.check(harmed).good
    assert tried >= 15
    assert taken <= 0.03 * tried, f"{taken} of {tried} damaged sentences were taken"


@pytest.mark.parametrize(
    "wrong",
    [
        "Mira thanked the owl and goes back the same morning.",  # two tenses
        "They thanks the witch and goes back the same morning.",  # agreement
        "She counted their own steps, and there were too many.",  # two persons
        "Mira was in the old on mill.",
    ],
)
def test_wrong_tense_person_and_order_are_refused(checker: Checker, wrong: str) -> None:
    assert not checker.check(wrong).good


def test_quotations_stay_whole() -> None:
    text = "“Who is it? Go away!” she asked. “It is I.” Nobody came.\n\nI left.\n“Why?” I asked, and ran."
    assert sentences(text) == [
        "“Who is it? Go away!” she asked.", "“It is I.”", "Nobody came.", "I left.", "“Why?” I asked, and ran.",
    ]  # fmt: skip


def test_a_change_of_name_or_pronoun_is_noticed(checker: Checker) -> None:
    first = "Everybody in the old mill knew Mira, the shy baker."
    good = "She felt that somebody was walking in her footprints."
    bad = "He felt that somebody was walking in his footprints."
    other = "But Otto wanted to win the race, just once."
    home = "Mira laughed so much that she had to hold on to a tree."
    read = [checker.check(s) for s in (first, good, bad, other, home)]
    assert all(v.good for v in read)
    assert consistent([read[0], read[1], read[4]])
    assert not consistent([read[0], read[1], read[2]])
    assert not consistent([read[0], read[3]])


def test_the_grammar_obeys_itself_and_another_story_does_not(checker: Checker) -> None:
    known, unseen = questions(12)
    from plugins.starter.prose.grammar.story import tell

    assert {a.story.name for a in known}.isdisjoint({a.story.name for a in unseen})
    for asked in (known, unseen):
        own = judge(asked, [tell(a.story) for a in asked])
        assert all(v == 1.0 for v in own.values()), own
    crossed = judge(known, [tell(a.story) for a in known[1:] + known[:1]])
    assert crossed["grammatical"] == 1.0
    assert max(crossed["hero"], crossed["place"], crossed["wish"]) == 0.0
    verdicts = [checker.check(s) for s in sentences(tell(known[0].story))]
    assert all(obeyed(known[0].story, tell(known[0].story), verdicts).values())
