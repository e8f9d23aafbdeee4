"""A manuscript as a plain value: Markdown and back, sections, authors through edits of others, damaged files."""

from __future__ import annotations

import json

import pytest

from plugins.text.document import Manuscript, Run
from plugins.text.document_branches import Branches, Fold, Generation
from plugins.text.document_diff import compare, composed
from plugins.text.document_outline import count_words, file_names, from_markdown, outline, to_markdown, words_inside

TEXTS = (
    "",
    "One line",
    "# A\nText.\nMore text.\n***\nScene.",
    "- a\n- b\n  - c\nText after",
    "> quoted\n> again\nText",
    "```\ncode\n\nmore\n```\nText",
    "Two\n\nempty lines\n\n\nhere",
    "1. one\n2. two\n\n# B",
)


@pytest.mark.parametrize("text", TEXTS)
def test_markdown_and_back(text: str) -> None:
    assert from_markdown(to_markdown(text)) == text


def test_words_are_counted_as_writers_do() -> None:
    assert count_words("My sister-in-law’s 3 cats – “no”, she said.") == 7
    assert count_words("![The coast](../../artifacts/ab/x.png)") == 0
    assert count_words("x" * 500_000) == 1


def test_sections_know_what_is_inside_them() -> None:
    sections = outline("# One\na b\n## Two\nc\n# Three\nd e f")
    assert [(s.level, s.title, s.words) for s in sections] == [(1, "One", 2), (2, "Two", 1), (1, "Three", 3)]
    assert words_inside(sections) == [3, 1, 3]
    assert outline("   \n") == []
    assert outline("```\n# no heading\n```")[0].level == 0


def test_file_names_are_fit_for_every_system() -> None:
    assert file_names(["Größe & Glück", "", "../..", "A" * 200]) == [
        "01-groe-gluck.md",
        "02-text.md",
        "03-text.md",
        "04-" + "a" * 48 + ".md",
    ]


def test_authors_survive_what_another_program_changed() -> None:
    made = Manuscript(text="typed model text end", runs=[Run(6, 10, 1)], places={1: 6}, targets={17: 100})
    made.replace_text("typed and more model text end")
    assert [(made.text[run.start : run.end], run.author) for run in made.runs] == [("model text", 1)]
    assert made.places == {1: 15}
    made.replace_text("typed and more model end")
    assert [made.text[run.start : run.end] for run in made.runs] == ["model "]


def test_a_damaged_state_gives_what_is_left() -> None:
    state = {
        "text": "words",
        "runs": [[0, 2, 1, 0], [0, 99, 1, 0], "x", [1, 2]],
        "places": [[1, 999]],
        "branches": [{"id": 1, "place": 1, "job": "j", "text": "wo"}, {"id": "x"}, 3],
        "generations": [{"job": "j"}, {}],
        "params": {"temperature": 1.5, "top_p": 9, "gone": 1},
        "mode": "poem",
        "future": {"kept": True},
    }
    made = Manuscript.from_json(json.loads(json.dumps(state)))
    assert made.runs == [Run(0, 2, 1)]
    assert made.places == {1: 5}
    assert list(made.branches.branches) == [1]
    assert (made.params["temperature"], made.params["top_p"]) == (1.5, 0.95)
    assert made.mode == "prose"
    assert made.to_json()["future"] == {"kept": True}


def test_branches_form_a_tree_and_are_pruned_with_what_grew_from_them() -> None:
    tree = Branches()
    tree.begin(Generation("a"))
    tree.begin(Generation("b"))
    first, second = tree.add(1, "a", 0), tree.add(1, "a", 1)
    fork = tree.add(1, "b", 0, parent=first, keep=3)
    assert [branch.id for branch in tree.at(1)] == [first, fork, second]
    assert tree.depth(tree.branches[fork]) == 1
    again = Branches.from_json(tree.to_json())
    assert again.to_json() == tree.to_json()
    tree.prune(first)
    assert list(tree.branches) == [second]
    assert list(tree.generations) == ["a"]


def test_paragraphs_of_a_model_are_folded_piece_by_piece() -> None:
    folding = Fold("x")
    assert "".join(folding.add(part) for part in ("One.", "\n", "\n", "\nTwo", "\n\nThree")) == "One.\nTwo\nThree"
    assert Fold(" ").add(" word") == "word"
    assert Fold("\n").add("\n\n word") == "word"
    assert Fold(" ").add("\n\n word") == "\nword"
    assert Fold(" ", plain=True).add(" \n\n x") == " \n\n x"


@pytest.mark.parametrize(
    ("old", "new"), [("a b c", "a x c"), ("", "new"), ("old", ""), ("One.\nTwo.", "One!\nTwo and three.")]
)
def test_a_comparison_holds_both_texts(old: str, new: str) -> None:
    pieces = compare(old, new)
    assert composed(pieces, ()) == old
    assert composed(pieces, range(len(pieces))) == new
    assert all(old[piece.start : piece.start + len(piece.old)] == piece.old for piece in pieces)
