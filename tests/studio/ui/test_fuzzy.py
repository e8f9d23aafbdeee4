"""A few letters find what was meant."""

from __future__ import annotations

import pytest

from studio.ui.fuzzy import match
from studio.ui.palette import Entry, rank

TITLES = ["Clear mask", "Documentation", "Undo", "New project…", "Show or hide the side panels", "Keyboard shortcuts"]


def found(query: str, recent: tuple[str, ...] = ()) -> list[str]:
    entries = [
        Entry(title, title, "Command", lambda: None, words="keys" if title[0] == "K" else "") for title in TITLES
    ]
    return [entry.title for entry, _ in rank(query, entries, recent)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("cm", "Clear mask"),
        ("mask", "Clear mask"),
        ("doc", "Documentation"),
        ("np", "New project…"),
        ("PROJ new", "New project…"),
        ("side", "Show or hide the side panels"),
        ("keys", "Keyboard shortcuts"),
        ("UN", "Undo"),
    ],
)
def test_the_best_fit_comes_first(query: str, first: str) -> None:
    assert found(query)[0] == first


def test_nothing_is_found_for_letters_that_are_not_there() -> None:
    assert found("zzq") == []
    assert match("abc", "acb") is None


def test_hits_are_the_letters_that_were_found() -> None:
    fit = match("cm", "Clear mask")
    assert fit is not None
    assert fit.hits == (0, 6)
    whole = match("mask", "Clear mask")
    assert whole is not None
    assert whole.hits == (6, 7, 8, 9)


def test_the_best_of_several_places_counts() -> None:
    start, middle = match("se", "Settings"), match("se", "Close")
    assert start is not None
    assert middle is not None
    assert start.score > middle.score


def test_letters_that_change_their_number_when_folded_do_no_harm() -> None:
    fit = match("gr", "Straße größer")
    assert fit is not None
    assert fit.hits == (7, 8)


def test_without_a_query_the_recently_used_come_first() -> None:
    assert found("", ("Undo", "Documentation"))[:2] == ["Undo", "Documentation"]
    assert len(found("")) == len(TITLES)
