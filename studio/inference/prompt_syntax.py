"""The emphasis that people write into prompts, as the programs of the field read it: (word:1.2), ((word)), [word]."""

from __future__ import annotations

import re
from dataclasses import dataclass

STRONGER = 1.1
"""What one pair of round brackets multiplies by, and one pair of square ones divides by."""
LIMIT = 10.0
"""Weights beyond this, in either direction, are taken as this."""
DEEPEST = 40
"""Brackets nested deeper are ordinary characters: ten thousand of them would take seconds."""

_MARKS = frozenset("()[]\\")
_WEIGHT = re.compile(r":\s{0,9}([+-]?(?:\d{1,4}(?:\.\d{0,9})?|\.\d{1,9}))\s{0,9}\)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt and how strongly it counts."""

    text: str
    weight: float = 1.0


def parse(prompt: str) -> tuple[Piece, ...]:
    """The prompt in pieces of one weight each; a prompt without emphasis is one piece. Never raises: a bracket without
    its partner is an ordinary character, and so is one after a backslash.

    The rules are those of A1111, https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features#attentionemphasis
    """
    texts: list[list[str]] = [[]]
    weights: list[float] = [1.0]
    opened: list[tuple[str, int]] = []
    at = 0
    while at < len(prompt):
        mark = prompt[at]
        if mark not in _MARKS and mark != ":":
            texts[-1].append(mark)
        elif mark == "\\" and at + 1 < len(prompt) and prompt[at + 1] in _MARKS:
            at += 1
            texts[-1].append(prompt[at])
        elif mark in "([" and len(opened) < DEEPEST:
            texts.append([])
            weights.append(1.0)
            opened.append((mark, len(texts) - 1))
        elif mark in ":)]" and (closed := _closed(prompt, at, opened)) is not None:
            factor, at = closed
            _, first = opened.pop()
            for index in range(first, len(weights)):
                weights[index] *= factor
            texts.append([])
            weights.append(1.0)
            continue
        else:
            texts[-1].append(mark)
        at += 1
    for mark, first in opened:
        texts[first].insert(0, mark)
    return _joined(["".join(text) for text in texts], weights)


def _closed(prompt: str, at: int, opened: list[tuple[str, int]]) -> tuple[float, int] | None:
    """What the innermost bracket's content is multiplied by where it ends here, and where the text goes on."""
    if not opened:
        return None
    inner, mark = opened[-1][0], prompt[at]
    if mark == ":" and inner == "(":
        found = _WEIGHT.match(prompt, at)
        return None if found is None else (float(found[1]), found.end())
    if mark == ")" and inner == "(":
        return STRONGER, at + 1
    if mark == "]" and inner == "[":
        return 1 / STRONGER, at + 1
    return None


def _joined(texts: list[str], weights: list[float]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for text, weight in zip(texts, weights, strict=True):
        weight = min(max(round(weight, 6), -LIMIT), LIMIT)
        if not text:
            continue
        if pieces and pieces[-1].weight == weight:
            pieces[-1] = Piece(pieces[-1].text + text, weight)
        else:
            pieces.append(Piece(text, weight))
    return tuple(pieces) or (Piece(""),)
