"""One alternative while it is written: its tokens, their text, and what is not certain yet because it may be taken
back.

A stop sequence or a banned phrase shows itself letter by letter. As long as the end of the text could become one, it is
held; where a banned phrase is complete, writing goes back to the token that began it and takes another.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

import torch

from .likely import Likely
from .vocabulary import Vocabulary

_TRIES = 64
"""Tokens that are tried at one place before a row ends there instead of writing a banned phrase."""


class Form(Protocol):
    """Holds a row to a form, token by token."""

    def allowed(self) -> torch.Tensor | None:
        """[vocabulary] of bool: what may come now; None for everything."""

    def pull(self) -> dict[int, float]:
        """What to add to the logits of single tokens now."""

    def take(self, token: int, text: str) -> None:
        """A token was written, and made this text certain."""

    def back(self, count: int) -> None:
        """The last `count` tokens were taken back."""

    @property
    def ended(self) -> int | None:
        """None while the text goes on; where the form is complete, how many letters of it count."""


class Phrases:
    """Texts that end a row (`stops`) and texts that must not come (`banned`: whole words, in any case of letters)."""

    def __init__(self, stops: Sequence[str] = (), banned: Sequence[str] = ()) -> None:
        self.stops = tuple(text for text in stops if text)
        words = tuple(text for text in banned if text.strip())
        self._banned = re.compile("|".join(map(_whole, words)), re.IGNORECASE) if words else None
        self._beginnings = {_low(text[:n]) for text in words for n in range(1, len(text) + 1)}
        self._beginnings |= {text[:n] for text in self.stops for n in range(1, len(text))}
        self.longest = max((len(text) for text in (*self.stops, *words)), default=0)
        self.any = bool(self.stops or words)

    def stop(self, text: str, start: int) -> int | None:
        """Where the first stop sequence begins that ends behind `start`; None where there is none."""
        found = [at for s in self.stops if (at := text.find(s, max(0, start - len(s) + 1))) >= 0]
        return min(found, default=None)

    def forbidden(self, text: str, start: int, *, ended: bool) -> int | None:
        """Where a banned phrase begins at or behind `start`. One at the very end counts only if the text has `ended`:
        a longer word may come of it.
        """
        if self._banned is None:
            return None
        for match in self._banned.finditer(text, start):
            if ended or match.end() < len(text) or not _is_word(text[match.end() - 1]):
                return match.start()
        return None

    def certain(self, text: str) -> int:
        """How many letters of an unfinished text can no longer become part of a stop sequence or a banned phrase."""
        for length in range(min(self.longest, len(text)), 0, -1):
            end = text[-length:]
            if end in self._beginnings or _low(end) in self._beginnings:
                return len(text) - length
        return len(text)


def _whole(text: str) -> str:
    front = r"(?<!\w)" if _is_word(text[0]) else ""
    back = r"(?!\w)" if _is_word(text[-1]) else ""
    return front + re.escape(text) + back


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _low(text: str) -> str:
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


class Row:
    """An alternative. `given` of its tokens were there before it was written.

    Its text is made when somebody asks for it. Where phrases or a form are looked for that is at every token; else it
    is for many at once: what is done for each between two forward passes of a small model costs it a hundredth.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        prompt: Sequence[int],
        phrases: Phrases,
        *,
        level: float,
        form: Form | None = None,
        spaced: bool = False,
    ) -> None:
        self.ids: list[int] = []
        self.levels: list[float] = []
        self.likely: list[Likely] = []
        self.bans: dict[int, list[int]] = {}
        self.finish = ""
        self.given = 0
        self.form = form
        self._phrases = phrases
        self._spaced = spaced
        self._stream = vocabulary.stream(prompt)
        self._start_level = level
        self._texts: list[str] = []
        self._text = ""
        self._ends: list[int] = []  # letters up to and with each token
        self._closed: list[int] = []  # how many tokens were settled with each token
        self._cut: int | None = None

    @property
    def level(self) -> float:
        """Mirostat's level now."""
        return self.levels[-1] if self.levels else self._start_level

    @property
    def texts(self) -> list[str]:
        """The text of each token; "" for a part of a letter, the last of which has the letter."""
        self._read_on()
        return self._texts

    @property
    def text(self) -> str:
        """All of them together."""
        self._read_on()
        return self._text

    def _read_on(self) -> None:
        """Make the text of the tokens that have none yet."""
        done = len(self._texts)
        for token in self.ids[done:]:
            text = self._stream.add(token)
            if self._spaced and not self._text:
                text = text.removeprefix(" ")  # it stands in front of the text already
            self._texts.append(text)
            self._text += text
            self._ends.append(len(self._text))

    def push(self, token: int, level: float, likely: Likely, *, given: bool = False) -> None:
        """A token was taken."""
        self.ids.append(token)
        self.levels.append(level)
        self.likely.append(likely)
        if given:
            self.given = len(self.ids)
        if self._phrases.any:
            certain = given or self._phrases.certain(self.text) == len(self.text)
            self._closed.append(len(self.ids) if certain else self._closed[-1] if self._closed else 0)
        if not given and (self.form is not None or self._phrases.any):
            self._look_at(token, self.texts[-1])

    def _look_at(self, token: int, text: str) -> None:
        """Whether the row ends with a token that was just taken."""
        if self.form is not None:
            self.form.take(token, text)
            if self.form.ended is not None and not self.finish:
                self._cut, self.finish = self.form.ended + self._given_letters, "stop"
        if self._phrases.any and text:
            stop = self._phrases.stop(self.text, max(len(self.text) - len(text), self._given_letters))
            if stop is not None and stop >= self._given_letters:
                self._cut, self.finish = stop, "stop"

    @property
    def _given_letters(self) -> int:
        self._read_on()
        return self._ends[self.given - 1] if self.given else 0

    def end(self, reason: str) -> None:
        """Nothing more comes; what is left of a broken letter is shown as it is."""
        self.finish = reason
        self._read_on()
        rest = self._stream.rest()
        if rest and self._texts:
            self._texts[-1] += rest
            self._text += rest
            self._ends[-1] = len(self._text)

    def forbidden(self) -> int | None:
        """The token to go back to because a banned phrase began with it; None where all is well."""
        if not self._phrases.any:
            return None
        text = self.text if self._cut is None else self.text[: self._cut]
        recent = len(text) - self._phrases.longest - len(self.texts[-1]) - 1 if self.texts else 0
        at = self._phrases.forbidden(text, max(recent, self._given_letters), ended=bool(self.finish))
        return None if at is None else max(bisect_right(self._ends, at), self.given)

    def back(self, place: int) -> bool:
        """Take back all tokens from `place` on, and never take the one there again. False where too many were tried:
        then the row has ended there.
        """
        self._read_on()
        token, count = self.ids[place], len(self.ids) - place
        self._stream.back(count)
        for values in (self.ids, self._texts, self.levels, self.likely, self._ends, self._closed):
            del values[place:]
        self._text = self._text[: self._ends[-1] if self._ends else 0]
        self._cut, self.finish = None, ""
        if self.form is not None:
            self.form.back(count)
        self.bans = {at: tokens for at, tokens in self.bans.items() if at <= place}
        tried = self.bans.setdefault(place, [])
        tried.append(token)
        if len(tried) >= _TRIES:
            self.end("stop")
            return False
        return True

    @property
    def settled(self) -> int:
        """How many tokens can no longer be taken back: up to the last one behind which no phrase was open. What comes
        behind an open one does not settle it, for that may be taken back itself ("k", where " king" follows and is
        banned, and then "ing").
        """
        if self.finish or not self._phrases.any:
            return len(self.ids)
        return self._closed[-1] if self._closed else 0

    @property
    def shown(self) -> str:
        """The text without what is still held."""
        if self._cut is not None:
            return self.text[: self._cut]
        if self.finish or not self._phrases.any:
            return self.text
        return self.text[: max(self._phrases.certain(self.text), self._given_letters)]

    def pieces(self) -> list[tuple[int, str, Likely]]:
        """The tokens that count with their texts, cut where the text was cut."""
        whole = []
        self._read_on()
        for token, text, end, likely in zip(self.ids, self._texts, self._ends, self.likely, strict=True):
            start = end - len(text)
            if self._cut is not None and start >= self._cut:
                break
            whole.append((token, text if self._cut is None else text[: self._cut - start], likely))
        return whole
