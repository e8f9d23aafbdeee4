"""What is sent: lorebook, note and memory in their places, the story's end in the room left, and the reasons."""

from __future__ import annotations

import pytest

from plugins.text import context, lorebook
from plugins.text.lorebook import Entry
from plugins.text.params import as_biases, as_lines, as_messages, biases, lines, messages, sampler_order
from plugins.text.wire import Choice, Live, LiveText, Record, Report, Segment, Token, TokenText
from studio.api import StudioError

STORY = "".join(f"Line {n} tells of the old mill and more of it.\n" for n in range(100)) + "The last speaks of Anna"
ANNA = Entry("Anna", "Anna is tall. She fears wolves.", ("anna",))
WOLF = Entry("Wolf", "Wolves live in the north.", ("wolf", "wolves"))


def told(**changes: object) -> context.Told:
    return context.Told(**{"story": STORY, **changes})  # type: ignore[arg-type]


def called(*entries: Entry, text: str = STORY, depth: int = 20) -> list[str]:
    return [call.entry.name for call in lorebook.calls(entries, text, depth=depth) if call.called]


def test_everything_stands_in_its_place() -> None:
    lore = (ANNA, WOLF, Entry("Sea", "Salt water.", ("sea",)), Entry("Near", "Here.", always=True, place=0))
    report = context.build(told(memory="Genre: tale\n", note="[sad]", note_depth=2, lore=lore), limit=400, room=100)
    text = "".join(segment.text for segment in report.sent)
    assert text.startswith("Genre: tale\n\nAnna is tall. She fears wolves.\n\nWolves live in the north.\n\nLine ")
    assert "[sad]\nLine 98" in text
    assert text.endswith("more of it.\nHere.\nThe last speaks of Anna")
    assert [segment.origin for segment in report.sent] == [
        "memory",
        "lore",
        "lore",
        "story",
        "note",
        "story",
        "lore",
        "story",
    ]
    assert report.tokens <= 300
    reasons = {(segment.origin, segment.title): segment.why for segment in report.left_out}
    assert reasons["lore", "Sea"] == "no key in the last 20 lines"
    assert "oldest" in reasons["story", ""]
    assert STORY.endswith("".join(s.text for s in report.sent if s.origin == "story"))


def test_a_short_story_is_sent_whole_and_alone() -> None:
    report = context.build(context.Told("Once upon a time"), limit=1000, room=100)
    assert [(s.origin, s.text) for s in report.sent] == [("story", "Once upon a time")]
    assert report.left_out == ()


def test_the_cut_stays_while_the_text_grows() -> None:
    cuts = [context.cut(STORY + " word" * n, 300, context.roughly) for n in range(400)]
    assert cuts == sorted(cuts)
    assert len(set(cuts)) <= 16
    assert all(STORY[at - 1 : at] == "\n" for at in set(cuts) if at < len(STORY))
    for n, at in enumerate(cuts):
        left = context.roughly((STORY + " word" * n)[at:])
        assert 150 <= left <= 300, "never more than there is room for, and never much less"


def test_a_text_without_a_place_to_cut_is_cut_anywhere() -> None:
    word = "x" * 1_000_000
    at = context.cut(word, 500, context.roughly)
    assert 300 <= context.roughly(word[at:]) <= 500
    assert context.cut(STORY, 0, context.roughly) == len(STORY)


def test_memory_that_fills_everything_is_an_error() -> None:
    with pytest.raises(StudioError, match="too long") as error:
        context.build(told(memory="word " * 2000), limit=500, room=100)
    assert error.value.hint


def test_lore_stays_in_its_share_and_the_important_comes_first() -> None:
    entries = tuple(Entry(f"E{n}", "word " * 40, ("anna",), order=n) for n in range(5))
    report = context.build(told(lore=entries, lore_budget=25), limit=500, room=100)
    assert [s.title for s in report.sent if s.origin == "lore"] == ["E4", "E3"]
    assert all("no room" in s.why for s in report.left_out if s.origin == "lore")


def test_keys_are_whole_words_in_any_case_unless_asked() -> None:
    assert called(Entry("a", "t", ("ann",))) == []
    assert called(Entry("a", "t", ("ANNA",))) == ["a"]
    assert called(Entry("a", "t", ("ann",), whole_words=False)) == ["a"]
    assert called(Entry("a", "t", ("anna",), match_case=True)) == []
    assert called(Entry("a", "t", ("speaks of",))) == ["a"]
    assert called(Entry("a", "t", ("",))) == []


@pytest.mark.parametrize(
    ("logic", "secondary", "is_called"),
    [
        ("any", ("mill", "sea"), True),
        ("any", ("sea",), False),
        ("all", ("mill", "sea"), False),
        ("all", ("mill", "line"), True),
        ("none", ("sea",), True),
        ("none", ("mill",), False),
    ],
)
def test_secondary_keys(logic: str, secondary: tuple[str, ...], is_called: bool) -> None:
    assert bool(called(Entry("a", "t", ("anna",), secondary, logic))) is is_called


def test_how_far_back_keys_are_looked_for() -> None:
    entry = Entry("a", "t", ("95",))
    assert called(entry, depth=3) == []
    assert called(entry, depth=10) == ["a"]
    assert called(Entry("a", "t", ("95",), depth=10), depth=3) == ["a"]


def test_entries_call_each_other_once_unless_they_may_not() -> None:
    ring = Entry("ring", "Anna and wolf", ("wolves",))
    assert called(ANNA, ring, WOLF) == ["Anna", "ring", "Wolf"]
    assert called(ANNA, Entry("shy", "t", ("wolves",), recursive=False)) == ["Anna"]


def test_one_of_a_group_and_none_that_is_off() -> None:
    first, second = Entry("a", "t", ("anna",), group="g", order=1), Entry("b", "t", ("anna",), group="g", order=2)
    assert called(first, second) == ["b"]
    assert called(Entry("a", "t", ("anna",), on=False)) == []
    assert called(Entry("a", "t", always=True)) == ["a"]


def test_a_lorebook_comes_back_and_a_damaged_one_says_so() -> None:
    book = (ANNA, Entry("x", "t", ("a", "b"), ("c",), "none", "g", 7, 3, 2, True, False, False, False, True))
    assert lorebook.from_json(lorebook.to_json(book)) == book
    assert lorebook.from_json('[{"name": "n", "text": "t", "later": 1}]') == (Entry("n", "t"),)
    for text in ("{}", "[1]", "[{}]", '[{"name": "n", "text": "t", "logic": "maybe"}]', "oops"):
        with pytest.raises(StudioError):
            lorebook.from_json(text)


def test_lists_come_back_from_their_spelling() -> None:
    entries = ("a", "two\nlines", "back\\slash\\n", "tab\t", " spaced ")
    assert lines(as_lines(entries)) == entries
    pairs = ((" night", 2.5), ("a = b", -1.0), ("x\n", 100.0))
    assert biases(as_biases(pairs)) == pairs
    chat = ({"role": "user", "content": "hé\n"},)
    assert messages(as_messages(chat)) == chat
    for text in ("night", "night = x", "night = 1e9", "night = nan"):
        with pytest.raises(StudioError):
            biases(text)
    with pytest.raises(StudioError):
        messages('[{"role": "user"}]')


def test_the_order_of_samplers_is_completed_and_checked() -> None:
    assert sampler_order("temperature, min_p")[:2] == ("temperature", "min_p")
    assert sorted(sampler_order("xtc")) == sorted(sampler_order(""))
    for text in ("warmth", "top_k top_k"):
        with pytest.raises(StudioError):
            sampler_order(text)


def test_the_wire_brings_everything_back() -> None:
    live = Live((LiveText("ä\n", 3, "eos"), LiveText("")))
    assert Live.from_bytes(live.to_bytes()) == live
    token = Token(5, " né", 0.25, (Choice(5, " né", 0.25), Choice(7, "\ufffd", 1e-7)))
    report = Report((Segment("story", "t", 1),), (Segment("lore", "u", 2, "name", "why"),), 100, 20)
    record = Record((TokenText((token, token), "stop"),), report, {"a": 1})
    assert Record.from_bytes(record.to_bytes()) == record
    assert record.alternatives[0].text == " né né"
    for damaged in (b"", b"{}", b'{"v": 1}', b"\xff", live.to_bytes()[:-3]):
        with pytest.raises(StudioError):
            Record.from_bytes(damaged)
        with pytest.raises(StudioError):
            Live.from_bytes(damaged)


def test_only_the_scene_or_the_chapter_is_read_and_the_rest_is_named() -> None:
    story = "# One\n\nAway.\n\n# Two\n\nAt sea.\n\n***\n\nHome"
    for reach, sent in (("all", story), ("chapter", story[story.index("# Two") :]), ("scene", "Home")):
        report = context.build(told(story=story, reach=reach), limit=400, room=100)
        assert "".join(segment.text for segment in report.sent) == sent
        assert [segment.why for segment in report.left_out] == ([f"only this {reach} is read"] if sent != story else [])
