"""Sounds longer than a model's window: in which parts they are made, one after the other, each hearing the one before.

Only arithmetic, in frames of a line of sound.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTEXT = 10.0
"""Seconds of what is there that a model hears before and behind a part."""


@dataclass(frozen=True, slots=True)
class Part:
    """One run of a model: it hears from `begin` up to `end` and makes what is between `first` and `last` in there."""

    begin: int
    end: int
    first: int
    last: int

    def mirrored(self, length: int) -> Part:
        """The same in a line of `length` frames that is read from its end."""
        return Part(length - self.end, length - self.begin, length - self.last, length - self.first)


def context(made: int, longest: int, rate: int) -> int:
    """How many frames of what is there are worth hearing on each side of `made` new ones."""
    room = max((longest - made) // 2, longest // 5)
    return min(int(CONTEXT * rate), room)


def parts(length: int, first: int, last: int, *, longest: int, hop: int, backwards: bool = False) -> tuple[Part, ...]:
    """How a model that takes `longest` frames at once makes what is between `first` and `last` of a line.

    Every part begins at a multiple of `hop` frames. `backwards` works from the end to the beginning, where only what
    is behind is there to be heard; `last` is a multiple of `hop` then.
    """
    if length <= longest:
        return (Part(0, length, first, last),)
    if backwards:
        turned = parts(length, length - last, length - first, longest=longest, hop=hop)
        return tuple(_on_cells(part.mirrored(length), hop) for part in turned)
    heard = longest // 5
    behind = min(heard, length - last)
    room = max(hop, (longest - heard - behind) // hop * hop - hop)
    count = -(-(last - first) // room)
    size = -(-(last - first) // (count * hop)) * hop
    found = []
    for start in range(first, last, size):
        stop = min(last, start + size)
        begin = max(0, start - heard) // hop * hop
        end = min(length, stop + behind) if stop == last else stop
        found.append(Part(begin, end, start, stop))
    return tuple(found)


def _on_cells(part: Part, hop: int) -> Part:
    return Part(part.begin // hop * hop, part.end, part.first, part.last)
