"""Long sounds in parts: nothing left out, nothing too long, something to hear for each."""

from __future__ import annotations

from itertools import pairwise

import pytest

from studio.inference.sound_parts import Part, context, parts

HOP, LONGEST = 16, 1024


@pytest.mark.parametrize(
    ("length", "first", "last", "backwards"),
    [(5120, 0, 5120, False), (3000, 1000, 3000, False), (6000, 512, 5000, False), (3000, 0, 2000, True)],
)
def test_all_of_it_is_made_once(length: int, first: int, last: int, backwards: bool) -> None:
    found = parts(length, first, last, longest=LONGEST, hop=HOP, backwards=backwards)
    assert len(found) > 1
    inner = sorted((part.first, part.last) for part in found)
    assert inner[0][0] == first
    assert inner[-1][1] == last
    assert all(a[1] == b[0] for a, b in pairwise(inner))
    made: list[tuple[int, int]] = []
    for part in found:
        assert part.end - part.begin <= LONGEST + HOP
        assert part.begin % HOP == 0
        assert part.begin <= part.first < part.last <= part.end <= length
        # Everything it hears outside of its own is there already: given, or made by a part before it.
        for begin, end in ((part.begin, part.first), (part.last, part.end)):
            there = [(0, first), (last, length), *made]
            assert begin >= end or all(any(a <= frame < b for a, b in there) for frame in (begin, end - 1))
        made.append((part.first, part.last))
    if backwards:
        assert found[0].last == last


def test_what_fits_is_made_at_once() -> None:
    assert parts(1000, 300, 700, longest=LONGEST, hop=HOP) == (Part(0, 1000, 300, 700),)
    assert parts(0, 0, 0, longest=LONGEST, hop=HOP) == (Part(0, 0, 0, 0),)


def test_how_much_is_heard() -> None:
    assert context(512, 1024, 100_000) == 256
    assert context(5000, 1024, 100_000) == 204
    assert context(100, 10_000_000, 100) == 1000
