"""Tokens to text one by one: letters of several bytes, sentencepiece's spaces, special names as plain letters."""

from __future__ import annotations

import pytest

from studio.inference.text.vocabulary import Vocabulary
from tests import tiny_writers

HARD = 'The Bär aß süße Äpfel; naïve 海は青い。 🙂🏽 "quoted" — end.\n\n  Two  spaces, tab\tand ümläut 🇩🇪'


@pytest.fixture(params=["bytes", "pieces"])
def words(request: pytest.FixtureRequest) -> Vocabulary:
    return Vocabulary(tiny_writers.tokenizer(request.param))


def test_streamed_text_is_the_text(words: Vocabulary) -> None:
    ids = words.encode(HARD)
    whole = [n for n in range(1, len(ids)) if not words.decode(ids[:n]).endswith("\ufffd")]
    for split in (whole[0], whole[5], whole[len(whole) // 2], whole[-1]):
        stream = words.stream(ids[:split])
        pieces = [stream.add(token) for token in ids[split:]]
        assert "\ufffd" not in "".join(pieces)
        assert words.decode(ids[:split]) + "".join(pieces) == words.decode(ids)


def test_a_letter_comes_whole_with_its_last_byte(words: Vocabulary) -> None:
    before, ids = words.encode("a"), words.encode("a🦊")
    stream = words.stream(before)
    pieces = [stream.add(token) for token in ids[len(before) :]]
    assert pieces == [""] * (len(pieces) - 1) + ["🦊"]
    assert len(pieces) > 1


def test_tokens_can_be_taken_back(words: Vocabulary) -> None:
    ids = words.encode(HARD)
    stream = words.stream(ids[:3])
    once = [stream.add(token) for token in ids[3:]]
    stream.back(20)
    assert [stream.add(token) for token in ids[-20:]] == once[-20:]


def test_an_unfinished_letter_is_shown_at_the_end(words: Vocabulary) -> None:
    before, ids = words.encode("a"), words.encode("a🦊")
    stream = words.stream(before)
    for token in ids[len(before) : -1]:
        assert stream.add(token) == ""
    assert set(stream.rest()) == {"\ufffd"}
    assert stream.rest() == ""


def test_a_word_inside_a_text_keeps_its_space(words: Vocabulary) -> None:
    ids = words.encode("The sailor")
    assert "".join(words.piece(token) for token in ids).strip() == "The sailor"
    assert any(" " in words.piece(token) for token in ids)


def test_names_of_special_tokens_in_a_text_are_plain_letters(words: Vocabulary) -> None:
    assert words.end in words.encode("a<|end|>b", specials=True)
    assert words.end not in words.encode("a<|end|>b")
    assert words.decode(words.encode("a<|end|>b")).strip() == "a<|end|>b"


def test_shapes_and_marks() -> None:
    words = Vocabulary(tiny_writers.tokenizer("bytes"))
    shapes = words.shapes(words.highest + 1)
    newline, space_the = words.encode("\n")[0], words.encode("x the")[1]
    assert bool(shapes.lines[newline])
    assert not bool(shapes.lines[space_the])
    assert not bool(shapes.inside[space_the])
    assert bool(shapes.inside[words.encode("a")[0]])
    assert newline in words.containing(("\n",))
    assert words.start == ()
    assert Vocabulary(tiny_writers.tokenizer("pieces")).start == (1,)
