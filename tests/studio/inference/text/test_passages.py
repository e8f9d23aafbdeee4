"""Passages of whole sentences: they begin and end as sentences do, and keep those that must stay."""

from __future__ import annotations

from typing import Any

import pytest

from studio.inference.text import models
from studio.inference.text.choosing import Taste
from studio.inference.text.loop import Plan, TokenRun
from studio.inference.text.memory import Prompts
from studio.inference.text.passages import Passage, is_whole, sentences


def written(writer: models.Writer, form: Any, **plan: Any) -> tuple[TokenRun, dict[int, Any]]:
    ids = writer.vocabulary.encode("The old sailor went home.", start=True)
    given = Plan(ids, **{"length": 400, "seed": 3, "alternatives": 3, "form": form, **plan})
    run = TokenRun(writer, given, prompts=Prompts(writer.net, writer.device.torch))
    states = {}
    for settled in run.columns():
        states.update({column: run.state(column) for column in settled})
    return run, states


def passage(writer: models.Writer, room: int, **more: Any) -> Any:
    size = int(writer.net.get_input_embeddings().weight.shape[0])
    return lambda: Passage(writer.vocabulary, room, ends=writer.ends, size=size, **more)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He went. She stayed!", ["He went.", " She stayed!"]),
        ("“Where is it?” he asked. Nobody knew.", ["“Where is it?” he asked.", " Nobody knew."]),
        ("“Go. Now.” He went.", ["“Go. Now.”", " He went."]),
        ('"Go. Now," he said. "Yes."', ['"Go. Now," he said.', ' "Yes."']),
        ("One.\n\nTwo … three.", ["One.", "\n\nTwo … three."]),
        ("no end", ["no end"]),
    ],
)
def test_a_text_in_its_sentences(text: str, found: list[str]) -> None:
    assert sentences(text) == found
    assert "".join(sentences(text)) == text


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("He went.", True),
        ("“Go!”", True),
        ("“Go. Now", False),
        ("went.", False),
        ("He went", False),
        (" He went. ", True),
    ],
)
def test_whole_sentences_are_known(text: str, whole: bool) -> None:
    assert is_whole(text) is whole


@pytest.mark.parametrize("spaced", [True, False])
def test_it_begins_and_ends_as_sentences_do(writer: models.Writer, spaced: bool) -> None:
    run, states = written(writer, passage(writer, 20, spaced=spaced), taste=Taste(temperature=1.2))
    for row in run.rows:
        assert row.finish in ("stop", "eos")
        assert row.shown.startswith(" ") is spaced
        assert row.shown.strip().lstrip("\"'“‘«(—–*_")[:1].isupper(), row.shown
        assert row.shown.rstrip("\"'“”’»)*_")[-1:] in ".!?…", row.shown
        assert "\n" not in row.shown
    again = TokenRun(writer, run.plan, prompts=Prompts(writer.net, writer.device.torch))
    again.resume(3, states[3])
    list(again.columns())
    assert [row.shown for row in again.rows] == [row.shown for row in run.rows]


def test_a_space_that_stands_in_front_is_not_written_again(writer: models.Writer) -> None:
    run, _ = written(writer, passage(writer, 10, spaced=True), spaced=True)
    for row in run.rows:
        assert row.shown[:1] != " "
        assert "".join(row.texts).startswith(row.shown)


def test_sentences_that_must_stay_are_there_word_for_word_with_new_ones_between(writer: models.Writer) -> None:
    kept = ["Anna laughed.", " The king loved them.", " She went home."]
    run, _ = written(writer, passage(writer, 6, kept=kept))
    for row in run.rows:
        assert row.shown.startswith("Anna laughed.")
        place = 0
        for sentence in kept:
            at = row.shown.find(sentence.strip(), place)
            assert at >= place, (sentence, row.shown)
            place = at + len(sentence.strip())
        assert len(row.shown) > len("".join(kept))


def test_tokens_that_must_not_come_do_not(writer: models.Writer) -> None:
    never = {number for number in range(300) if "e" in writer.vocabulary.piece(number)}
    run, _ = written(writer, passage(writer, 20, never=never))
    assert all(not never & set(row.ids) for row in run.rows)
