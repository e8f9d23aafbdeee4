"""A passage of whole sentences between others: it begins as a sentence begins, ends where one ends, and may have to
keep sentences word for word between which new ones come.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import torch

from .vocabulary import Vocabulary, marked

_ENDS = ".!?…"
_CLOSING = "\"'”’»)*_"
_OPENING = "\"'“‘«(—–*_"
_QUOTES = (("“", "”"), ("«", "»"), ("„", "“"))
_LONG = 40
"""Tokens of a sentence from which on its end is drawn near."""
_PULL = 0.5
"""What is added to a full stop's logit for every token beyond."""
_AGAIN = re.compile(r"(\w+)\W+\1$", re.IGNORECASE)
_SENTENCE = re.compile(rf"[{_ENDS}]+[{re.escape(_CLOSING)}]*(?=\s|$)")


def sentences(text: str) -> list[str]:
    """A text in its sentences, each with the space in front of it; what is said in quotes is not taken apart."""
    found, start = [], 0
    for match in _SENTENCE.finditer(text):
        goes_on = text[match.end() :].lstrip()[:1].islower()  # “Where?” he asked
        if not goes_on and _closed(text[start : match.end()]):
            found.append(text[start : match.end()])
            start = match.end()
    if text[start:].strip():
        found.append(text[start:])
    return found


def is_whole(text: str) -> bool:
    """Whether a text is made of whole sentences."""
    plain = text.strip()
    begins = plain.lstrip(_OPENING)[:1]
    return _ended(text) and (begins.isupper() or begins.isdigit())


def _closed(text: str) -> bool:
    """No quote is open: a sentence that ends inside of one is no end."""
    return text.count('"') % 2 == 0 and all(text.count(opened) <= text.count(closed) for opened, closed in _QUOTES[:2])


def _ended(text: str) -> bool:
    plain = text.rstrip().rstrip(_CLOSING)
    return plain[-1:] in tuple(_ENDS) and bool(plain) and _closed(text)


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a row is: the sentence to keep that comes next or is being written, its tokens that stand, the tokens that
    are free, those of the sentence that is being written, the letter at which it begins, and the letters that stay.
    """

    kept: int = 0
    done: int = 0
    forced: bool = False
    used: int = 0
    since: int = 0
    begun: int = 0
    least: int = 0
    ended: int | None = None


class Passage:
    """A `Form`. `room` is how many tokens are free; of the sentences in `kept` the first comes at once, and each other
    behind one that is new. Tokens in `never` do not come; `spaced` says that the first has a space in front.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        room: int,
        *,
        kept: Sequence[str] = (),
        spaced: bool = False,
        lines: bool = False,
        never: Collection[int] = (),
        ends: Collection[int] = (),
        size: int = 0,
    ) -> None:
        self._words = vocabulary
        self._room = max(room, 1)
        self._kept = [vocabulary.encode(text) for text in kept]
        self._old = [text.strip() for text in kept]
        self._text = ""
        self._lengths: list[int] = []
        self._spots = [_Spot(forced=bool(self._kept))]
        shapes = vocabulary.shapes(size)
        self._ends = marked(ends, size)
        if not lines:
            self._ends |= shapes.lines  # a new paragraph is the end of this one
        self._free = ~(marked(never, size) | self._ends)
        begins = torch.tensor([_begins(vocabulary.piece(token), spaced) for token in range(size)])
        self._first = self._free & begins
        if not bool(self._first.any()):
            self._first = self._free
        self._stop = next(iter(vocabulary.encode(".")), -1)

    def allowed(self) -> torch.Tensor | None:
        """See `Form`."""
        spot = self._spots[-1]
        if spot.forced:
            mask = torch.zeros_like(self._free)
            mask[self._kept[spot.kept][spot.done]] = True
            return mask
        if not self._text.strip():
            return self._first
        if spot.kept < len(self._kept) and spot.since >= 2 * _LONG and self._stop >= 0:
            mask = torch.zeros_like(self._free)
            mask[self._stop] = True
            return mask
        mask = self._free
        if self._may_end(spot):
            mask = mask | self._ends
        again = _AGAIN.search(self._text)
        if again:
            mask = mask.clone()
            for form in (" " + again.group(1), again.group(1)):
                mask[self._words.encode(form)[:1]] = False
        return mask

    def _may_end(self, spot: _Spot) -> bool:
        """The model may say that it has finished: forced to go on, a small one babbles."""
        return spot.kept == len(self._kept) and (spot.kept > 0 or 4 * spot.used >= self._room) and _ended(self._text)

    def pull(self) -> dict[int, float]:
        """See `Form`."""
        spot = self._spots[-1]
        over = spot.since - _LONG
        return {self._stop: _PULL * over} if over > 0 and not spot.forced and self._stop >= 0 else {}

    def take(self, token: int, text: str) -> None:
        """See `Form`."""
        spot, before = self._spots[-1], self._text
        self._text += text
        self._lengths.append(len(text))
        if not spot.forced and before and bool(self._ends[token]):
            spot = replace(spot, ended=len(before.rstrip()))
        elif spot.forced:
            done = spot.done + 1
            whole = done == len(self._kept[spot.kept])
            spot = replace(spot, kept=spot.kept + whole, done=0 if whole else done, forced=not whole)
            spot = replace(spot, begun=len(self._text), least=len(self._text), since=0)
        else:
            spot = replace(spot, used=spot.used + 1, since=spot.since + 1)
            waiting = spot.kept < len(self._kept)
            long = spot.since > _LONG and self._text[-1:] in tuple(_ENDS)  # whatever quote is open
            if _ended(self._text) or (waiting and long):
                spot = self._sentence_ended(spot)
            elif not waiting and spot.used >= 3 * self._room + 2 * _LONG:
                spot = replace(spot, ended=max(_last_end(self._text), spot.least))
        self._spots.append(spot)

    def _sentence_ended(self, spot: _Spot) -> _Spot:
        new = self._text[spot.begun :].strip()
        spot = replace(spot, since=0, begun=len(self._text))
        if spot.kept < len(self._kept):
            same = new == self._old[spot.kept]
            return replace(spot, kept=spot.kept + same, forced=not same)
        return replace(spot, ended=len(self._text.rstrip())) if spot.used >= self._room else spot

    def back(self, count: int) -> None:
        """See `Form`."""
        for _ in range(count):
            self._spots.pop()
            self._text = self._text[: len(self._text) - self._lengths.pop()]

    @property
    def ended(self) -> int | None:
        """See `Form`."""
        return self._spots[-1].ended


def _begins(piece: str, spaced: bool) -> bool:
    """Whether a sentence can begin with a token of this text."""
    if piece.startswith(" ") is not spaced:
        return False
    word = piece.strip(" ")
    letter = word.lstrip(_OPENING)[:1]
    return bool(word) and "\n" not in word and (letter.isupper() or (not letter and word in _OPENING))


def _last_end(text: str) -> int:
    """Where the last whole sentence ends; the whole text where there is none."""
    place = 0
    for sentence in sentences(text):
        if _ended(sentence):
            place += len(sentence)
    return place or len(text.rstrip())
