"""Which words of a passage carry it: simple rules that need no model."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_COMMON = frozenset(
    """a about after again all also although always an and another any are around as at away back be because been before
    being between both but by came can come could did do does done down each even ever every first for from get go goes
    going got had has have he her here hers him his how i if in into is it its just know last less like little long made
    make many may me might more most much must my never no nor not nothing now of off old on once one only or other our
    out over own quite rather said same saw say says see seem she should since so some something still such than that
    the their them then there these they thing this those though through to too two under until up upon us very was way
    we well went were what when where which while who whom whose why will with within without would yes yet you
    your""".split()
)

_MOODS = {
    "eerie": "eerie gloom dark scar creep grim spook haunt cold threat tense horr",
    "wistful": "wistful sad melanchol quiet calm long lonel slow nostal",
    "merry": "merry happ fun light joy cheer bright glad comic humor humour wit",
    "tender": "tender soft kind warm gentle lov sweet intimate",
    "bold": "bold brave wild fast excit hero loud action proud strong",
    "dreamy": "dreamy dream poet strange lyric magic",
}


def keywords(text: str, most: int) -> list[str]:
    """The first `most` words that say something, in their order, each once."""
    found: dict[str, str] = {}
    for match in _WORD.finditer(text):
        word = match.group()
        low = word.lower()
        if len(word) > 2 and low not in _COMMON and low not in found:
            found[low] = word
            if len(found) == most:
                break
    return list(found.values())


def pins_of(text: str, share: float) -> list[str]:
    """About `share` (0 … 1) of the telling words of a passage: names first, then the longest; in the text's order, as
    often as once each.
    """
    words = keywords(text, 10_000)
    count = round(len(words) * share)
    names = [word for word in words if word[0].isupper() and f". {word}" not in text and not text.startswith(word)]
    ranked = sorted(words, key=lambda word: (word not in names, -len(word)))[:count]
    return [word for word in words if word in ranked]


def gaps(passage: str, pins: list[str]) -> list[str]:
    """The pieces of a passage before, between and behind words that stand in it in this order. A word that is not
    there leaves an empty piece in front of it.
    """
    pieces, place = [], 0
    for pin in pins:
        match = re.compile(rf"(?<!\w){re.escape(pin)}(?!\w)").search(passage, place)
        at = match.start() if match else -1
        pieces.append(passage[place:at] if at >= 0 else "")
        place = at + len(pin) if at >= 0 else place
    return [*pieces, passage[place:]]


def mood_of(wish: str) -> str:
    """The mood of the built-in model that is nearest to a wish ("gloomier" is eerie), or the wish itself."""
    words = wish.lower().split()
    for mood, stems in _MOODS.items():
        if any(word.startswith(stem) for word in words for stem in stems.split()):
            return mood
    return wish
