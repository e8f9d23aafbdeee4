"""How emphasis in prompts is read, and that nothing in a prompt can do harm."""

from __future__ import annotations

import random

import pytest

from studio.inference.prompt_syntax import Piece, parse

CASES = {
    "a red castle": [("a red castle", 1)],
    "": [("", 1)],
    "a (red) castle": [("a ", 1), ("red", 1.1), (" castle", 1)],
    "a ((red)) castle": [("a ", 1), ("red", 1.21), (" castle", 1)],
    "a [red] castle": [("a ", 1), ("red", 0.909091), (" castle", 1)],
    "a (red:1.3) castle": [("a ", 1), ("red", 1.3), (" castle", 1)],
    "a (red: .5 )castle": [("a ", 1), ("red", 0.5), ("castle", 1)],
    "(a (red:2) castle:0.5)": [("a ", 0.5), ("red", 1), (" castle", 0.5)],
    "(red:1)": [("red", 1)],
    "(red:-2)": [("red", -2)],
    "(red:99)": [("red", 10)],
    r"a \(red\) castle": [("a (red) castle", 1)],
    r"(a \(red\):1.2)": [("a (red)", 1.2)],
    "a (red castle": [("a (red castle", 1)],
    "a red) castle]": [("a red) castle]", 1)],
    "a (red [castle)": [("a (red [castle)", 1)],
    "([red)]": [("(", 1), ("red)", 0.909091)],
    "(a [red) castle]": [("(a ", 1), ("red) castle", 0.909091)],
    "castle: red": [("castle: red", 1)],
    "(castle: red)": [("castle: red", 1.1)],
    "()": [("", 1)],
    "a\\": [("a\\", 1)],
    "<lora:x:0.5>": [("<lora:x:0.5>", 1)],
}


@pytest.mark.parametrize(("prompt", "pieces"), CASES.items())
def test_emphasis(prompt: str, pieces: list[tuple[str, float]]) -> None:
    assert parse(prompt) == tuple(Piece(text, weight) for text, weight in pieces)


def test_no_prompt_does_harm() -> None:
    chance = random.Random(3)
    for _ in range(3000):
        prompt = "".join(chance.choices(r"ab ([])\:1.5,", k=chance.randrange(30)))
        pieces = parse(prompt)
        assert pieces
        assert all(-10 <= piece.weight <= 10 for piece in pieces)
        letters = [mark for mark in prompt if mark in "ab,"]
        assert [mark for piece in pieces for mark in piece.text if mark in "ab,"] == letters, prompt


def test_brackets_by_the_thousand_take_no_time_to_speak_of() -> None:
    assert parse("(" * 20_000)[0].weight == 1
    pieces = parse("(" * 10_000 + "a" + ")" * 10_000)
    assert max(piece.weight for piece in pieces) == 10
