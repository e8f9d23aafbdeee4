"""Text held to a form: grammars, schemas, patterns, pinned words, and an end that leads over to what follows."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from studio.api import StudioError
from studio.inference.text import grammars, models
from studio.inference.text.choosing import Taste
from studio.inference.text.loop import Plan, TokenRun
from studio.inference.text.memory import Prompts
from studio.inference.text.pins import Pins

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def run(writer: models.Writer, form: Any, **plan: Any) -> tuple[TokenRun, dict[int, Any]]:
    ids = writer.vocabulary.encode("The old sailor", start=True)
    made = TokenRun(
        writer,
        Plan(ids, **{"length": 120, "seed": 3, "alternatives": 3, "form": form, **plan}),
        prompts=Prompts(writer.net, writer.device.torch),
    )
    states = {}
    for settled in made.columns():
        states.update({column: made.state(column) for column in settled})
    return made, states


def size(writer: models.Writer) -> int:
    return int(writer.net.get_input_embeddings().weight.shape[0])


@pytest.fixture(scope="module")
def tokens(writer: models.Writer) -> Any:
    return grammars.tokens_for(writer.vocabulary, size=size(writer))


@pytest.mark.parametrize(
    ("kind", "text", "right"),
    [
        ("json", json.dumps(SCHEMA), lambda t: set(json.loads(t)) == {"name", "age"}),
        ("regex", r"[A-Z][a-z]{2,5} (ran|slept)\.", lambda t: re.fullmatch(r"[A-Z][a-z]{2,5} (ran|slept)\.", t)),
        ("lark", 'start: "yes" | "no"', lambda t: t in ("yes", "no")),
        ("lark", 'root ::= ("red" | "blue") " lantern"', lambda t: t in ("red lantern", "blue lantern")),
    ],
)
def test_a_grammar_holds_whatever_the_model_wants(
    writer: models.Writer, tokens: Any, kind: str, text: str, right: Any
) -> None:
    grammar = grammars.compiled(kind, text)
    made, states = run(writer, lambda: grammars.Grammar(tokens, grammar, size=size(writer)))
    for row in made.rows:
        assert row.finish in ("stop", "eos")
        assert right(row.shown), row.shown
    plan = made.plan
    again = TokenRun(writer, plan, prompts=Prompts(writer.net, writer.device.torch))
    again.resume(1, states[1])
    list(again.columns())
    assert [row.text for row in again.rows] == [row.text for row in made.rows]


def test_a_banned_phrase_inside_a_grammar_takes_the_other_way(writer: models.Writer, tokens: Any) -> None:
    grammar = grammars.compiled("lark", 'start: ("red" | "blue") " lantern of the sea"')
    made, _ = run(
        writer, lambda: grammars.Grammar(tokens, grammar, size=size(writer)), banned=["blue lantern"], alternatives=4
    )
    assert {row.shown for row in made.rows} == {"red lantern of the sea"}


@pytest.mark.parametrize(("kind", "text"), [("lark", "start: ((("), ("json", "{oops"), ("regex", "([a-z")])
def test_a_broken_grammar_says_what_is_wrong(kind: str, text: str) -> None:
    with pytest.raises(StudioError, match="grammar is not understood") as error:
        grammars.compiled(kind, text)
    assert len(error.value.hint) > len("It says: ")


@pytest.mark.parametrize("pins", [["castle", "wolves", "lantern"], ["sailor's boat"], ["Äpfel", "🙂"]])
def test_pinned_words_come_in_their_order(writer: models.Writer, pins: list[str]) -> None:
    def form() -> Pins:
        return Pins(
            writer.vocabulary,
            pins,
            [6] * (len(pins) + 1),
            before="The old sailor",
            after=" Then she went home.",
            ends=writer.ends,
            size=size(writer),
            lines=False,
        )

    made, states = run(writer, form, taste=Taste(temperature=0.9))
    for row in made.rows:
        place = 0
        for pin in pins:
            found = re.compile(rf"(?<!\w){re.escape(pin)}" + (r"(?!\w)" if pin[-1].isalpha() else "")).search(
                row.shown, place
            )
            assert found, f"{pin} is missing in {row.shown!r}"
            place = found.end()
        assert row.finish == "stop"
        assert "\n" not in row.shown
    again = TokenRun(writer, made.plan, prompts=Prompts(writer.net, writer.device.torch))
    again.resume(7, states[7])
    list(again.columns())
    assert [row.text for row in again.rows] == [row.text for row in made.rows]


def test_writing_ends_where_it_arrives_at_what_follows(writer: models.Writer) -> None:
    after = " the grey sea was cold"

    def form() -> Pins:
        return Pins(writer.vocabulary, [], [60], after=after, ends=writer.ends, size=size(writer))

    wish = tuple(writer.vocabulary.encode(" the grey sea"))
    made, _ = run(writer, form, taste=Taste(temperature=0, bias=((wish, 60.0),)))
    assert made.rows[0].text.endswith(" the grey sea")
    assert made.rows[0].shown == made.rows[0].text.removesuffix(" the grey sea")
    assert made.rows[0].finish == "stop"
