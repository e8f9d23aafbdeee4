"""Words that must come, in their order, and an end that leads over to what follows: repainting with any causal model.

Between two pinned words the model writes freely for about as long as the old text did. The nearer the end of that room,
the stronger the pinned word pulls; at the end it is all that may come. What follows the place is the last pin: writing
ends where the text has arrived there, or, when there is no more room, with the next sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .vocabulary import Vocabulary, marked

_PULL = 6.0
"""What is added to a pinned word's logit at the end of its room."""
_ON = 4.0
"""What is added so that a pinned word that was begun is finished."""
_LATE = 8.0
"""What is added on top when there is no more room: only to finish a word should something else come."""
_OVER = 4
"""Tokens that a word may still need at the end of the room to be finished."""
_SENTENCE = ".!?…"
_CLOSING = "\"'”’»)*"
_ANCHOR, _ANCHOR_WORDS = 24, 3
"""Letters and words of what follows that tell that the text has arrived there."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a row is: the next pin, the letters at which its room began, tokens used of the room, tokens of the pin
    that are written, and whether a word ends here for certain.
    """

    pin: int = 0
    start: int = 0
    used: int = 0
    begun: tuple[int, ...] = ()
    bound: bool = False
    ended: int | None = None


class Pins:
    """A `Form`. `rooms` are the tokens before each pin and, last, behind all of them; `before` and `after` what stands
    on both sides.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        pins: Sequence[str],
        rooms: Sequence[int],
        *,
        before: str = "",
        after: str = "",
        lines: bool = True,
        ends: frozenset[int] = frozenset(),
        never: frozenset[int] = frozenset(),
        size: int = 0,
    ) -> None:
        if len(rooms) != len(pins) + 1:
            raise ValueError("one room more than pins")
        self._words = vocabulary
        self._pins = [pin.strip() for pin in pins]
        self._rooms = [max(room, 1) for room in rooms]
        self._before = before[-40:]
        self._anchor = _anchor(after)
        self._sentence = not after.strip() or after.lstrip("\"'“‘«( \t\n*_—-")[:1].isupper() or after[:1] == "\n"
        self._text = ""
        self._spots = [_Spot()]
        self._lengths: list[int] = []
        shapes = vocabulary.shapes(size)
        self._inside = shapes.inside
        self._never = marked(never, size)
        if not lines:
            self._never |= shapes.lines
        self._free = ~(self._never | marked(ends, size))

    # --- Form ---------------------------------------------------------------------------------------------------------

    def allowed(self) -> torch.Tensor | None:
        """See `Form`."""
        spot = self._spots[-1]
        if spot.pin == len(self._pins):
            mask = self._free if self._anchor or not spot.used else ~self._never
        elif spot.used < self._rooms[spot.pin]:
            mask = self._free
        else:
            mask = torch.zeros_like(self._free)
            mask[self._next()] = True
            if not spot.begun and not spot.bound and spot.used < self._rooms[spot.pin] + _OVER and self._text:
                mask |= self._inside & self._free
        return mask & ~self._inside if spot.bound else mask

    def pull(self) -> dict[int, float]:
        """See `Form`."""
        spot = self._spots[-1]
        target = self._next()
        if target < 0:
            return {}
        if spot.begun:
            return {target: _ON}
        share = min(spot.used / self._rooms[spot.pin], 1.0)
        late = spot.used >= self._rooms[spot.pin]
        return {target: _PULL * share * share + (_LATE if late else 0.0)}

    def take(self, token: int, text: str) -> None:
        """See `Form`."""
        spot = self._spots[-1]
        begun = (*spot.begun, token) if token == self._next() else ()
        self._text += text
        self._lengths.append(len(text))
        after = _Spot(spot.pin, spot.start, spot.used + 1, begun, False)
        if spot.pin < len(self._pins):
            after = self._pin_found(after)
        else:
            after = self._end_found(after)
        self._spots.append(after)

    def back(self, count: int) -> None:
        """See `Form`."""
        for _ in range(count):
            self._spots.pop()
            length = self._lengths.pop()
            self._text = self._text[: len(self._text) - length]

    @property
    def ended(self) -> int | None:
        """See `Form`."""
        return self._spots[-1].ended

    # --- inside -------------------------------------------------------------------------------------------------------

    def _next(self) -> int:
        """The token with which the next pin (or what follows) begins or goes on here; -1 where there is none."""
        spot = self._spots[-1]
        goal = self._pins[spot.pin] if spot.pin < len(self._pins) else self._anchor.strip()
        if not goal:
            return -1
        done = sum(self._lengths[len(self._lengths) - len(spot.begun) :]) if spot.begun else 0
        text = self._before + self._text
        text = text[: len(text) - done] if done else text
        glued = not text or text[-1].isspace() or text[-1] in "\"'“‘«(—-"
        ids = self._words.encode(goal if glued else " " + goal)
        if ids[: len(spot.begun)] != list(spot.begun) or len(ids) <= len(spot.begun):
            return ids[0] if ids else -1
        return ids[len(spot.begun)]

    def _pin_found(self, spot: _Spot) -> _Spot:
        pin = self._pins[spot.pin]
        text = self._text[spot.start :]
        front = self._text[: len(self._text) - len(pin)] or self._before
        alone = not (front[-1:].isalnum() and pin[:1].isalnum())
        if text.endswith(pin) and alone:
            return _Spot(spot.pin + 1, len(self._text), 0, (), pin[-1:].isalnum())
        return spot

    def _end_found(self, spot: _Spot) -> _Spot:
        goal = self._anchor.strip()
        if goal:
            at = self._text.find(goal, max(spot.start, len(self._text) - len(goal) - 40))
            if at >= 0:
                if self._anchor[:1].isspace():
                    at = len(self._text[:at].rstrip())
                return _Spot(spot.pin, spot.start, spot.used, (), False, at)
        if spot.used < self._rooms[spot.pin]:
            return spot
        over = spot.used >= 3 * self._rooms[spot.pin] + 24
        plain = self._text.rstrip().rstrip(_CLOSING)
        if over or (self._sentence and plain[-1:] in _SENTENCE and plain):
            return _Spot(spot.pin, spot.start, spot.used, (), False, len(self._text.rstrip()))
        newest = self._text[len(self._text) - self._lengths[-1] :]
        if not self._sentence and newest[:1].isspace():  # a word has just ended
            return _Spot(spot.pin, spot.start, spot.used, (), False, len(self._text) - len(newest))
        return spot


def _anchor(after: str) -> str:
    """The first words of what follows, with the space in front of them."""
    words = after.lstrip()[:_ANCHOR].split("\n")[0]
    words = " ".join(words.split(" ")[:_ANCHOR_WORDS])
    front = after[: len(after) - len(after.lstrip())]
    return front + words if words else ""
