"""Finding by a few letters: how well a query fits a text, and which letters of the text it hit."""

from __future__ import annotations

from studio.core.values import frozen

_START, _WORD, _RUN, _GAP = 24, 16, 12, 1


@frozen
class Match:
    """A higher `score` fits better; `hits` are the indexes of the letters that were found."""

    score: int
    hits: tuple[int, ...]


def match(query: str, text: str) -> Match | None:
    """How `query` fits `text`, or None where a letter is missing.

    Each word of the query must be found as letters in this order. Letters at the start of the text, at the start of a
    word and right after another hit count more, so that "cm" finds "Clear mask" before "Documentation".
    """
    total = 0
    hits: list[int] = []
    lowered = text.casefold()
    if len(lowered) != len(text):  # casefold lengthens a few letters ("ß"); indexes must stay those of the text
        lowered = text.lower() if len(text.lower()) == len(text) else text
    for word in query.casefold().split():
        found = _best(word, lowered)
        if found is None:
            return None
        total += found.score
        hits.extend(found.hits)
    return Match(total - len(text) // 8, tuple(sorted(set(hits))))


def _best(word: str, text: str) -> Match | None:
    if not _contains(word, text):
        return None
    whole = text.find(word)
    best: Match | None = None
    while whole >= 0:
        score = _START if whole == 0 else _WORD if not text[whole - 1].isalnum() else 0
        candidate = Match(score + _RUN * len(word), tuple(range(whole, whole + len(word))))
        if best is None or candidate.score > best.score:
            best = candidate
        whole = text.find(word, whole + 1)
    return best or _scattered(word, text)


def _contains(word: str, text: str) -> bool:
    at = -1
    for letter in word:
        at = text.find(letter, at + 1)
        if at < 0:
            return False
    return True


def _scattered(word: str, text: str) -> Match:
    """The best way to find letters that do not stand together: rows are letters of `word`, cells their best score."""
    before: list[tuple[int, tuple[int, ...]] | None] = []
    for row, letter in enumerate(word):
        cells: list[tuple[int, tuple[int, ...]] | None] = [None] * len(text)
        lead: tuple[int, tuple[int, ...]] | None = None
        for at, character in enumerate(text):
            if row and at and before[at - 1] is not None and (lead is None or before[at - 1][0] >= lead[0] - _GAP):  # type: ignore[index]
                lead = before[at - 1]
            elif lead is not None:
                lead = (lead[0] - _GAP, lead[1])
            if character != letter or (row and lead is None):
                continue
            score, hits = lead if row and lead is not None else (0, ())
            bonus = _START if at == 0 else _WORD if not text[at - 1].isalnum() else 0
            if hits and hits[-1] == at - 1:
                bonus = max(bonus, _RUN)
            cells[at] = (score + bonus, (*hits, at))
        before = cells
    score, hits = max((cell for cell in before if cell is not None), key=lambda cell: cell[0])
    return Match(score, hits)
