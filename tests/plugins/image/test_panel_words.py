"""The words that a model says it knows, in the prompt."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from plugins.image.panel_words import MOST, words_of
from tests.plugins.image.fake_host import OTHER, STARTER, FakeHost
from tests.plugins.image.panel_bench import build

SHIPPED = Path(__file__).parents[3] / "resources" / "starter" / "pictures"
TOLD = {
    "words": {"places": {"sea": ["the sea", "the ocean"], "forest": ["a forest"]}, "colours": {"red": ["red"]}},
    "examples": ["a cat & a hat"],
}


def told(folder: Path, data: object = TOLD) -> Path:
    (folder / "words.json").write_text(json.dumps(data), encoding="utf-8")
    return folder


def choose(menu: QMenu, group: str, word: str) -> None:
    (part,) = [a.menu() for a in menu.actions() if a.text() == group]
    (action,) = [a for a in part.actions() if a.text() == word]
    action.trigger()


def test_words_go_in_where_the_cursor_is_and_undo_takes_them_out(qtbot: QtBot, tmp_path: Path) -> None:
    host = FakeHost(tmp_path)
    host.known_models = [replace(STARTER, path=told(tmp_path))]
    panel = build(host, qtbot)
    prompt = panel.prompt_row.prompt
    prompt.replace_text("a boat")
    menu = panel.prompt_row.words.menu_of_words()
    (part,) = [a.menu() for a in menu.actions() if a.text() == "Places"]
    assert "the ocean" in part.actions()[0].toolTip()
    choose(menu, "Places", "the sea")
    assert prompt.text() == "a boat, the sea"
    assert panel.document.params["prompt"] == "a boat, the sea"
    cursor = prompt.textCursor()
    cursor.setPosition(0)
    prompt.setTextCursor(cursor)
    choose(panel.prompt_row.words.menu_of_words(), "Colours", "red")
    assert prompt.text() == "red, a boat, the sea"
    choose(panel.prompt_row.words.menu_of_words(), "Examples", "a cat && a hat")
    assert prompt.text() == "a cat & a hat"
    qtbot.keyClick(prompt, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert prompt.text() == "red, a boat, the sea"


def test_another_model_has_other_words_or_none(qtbot: QtBot, tmp_path: Path) -> None:
    host = FakeHost(tmp_path)
    host.known_models = [replace(STARTER, path=told(tmp_path)), OTHER]
    panel = build(host, qtbot)
    button = panel.prompt_row.words
    assert button.isVisible()
    panel.use_model(OTHER.id)
    assert not button.isVisible()
    panel.use_model(STARTER.id)
    assert button.isVisible()


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"words": ["red"]},
        {"words": {"": {"a": ["b"]}}, "examples": "a cat"},
        {"words": {"colours": {"red": "red", "no": [7, "", "x" * 1000, "two\nlines"]}}, "examples": {}},
    ],
)
def test_what_makes_no_sense_says_nothing(tmp_path: Path, data: object) -> None:
    assert not words_of(told(tmp_path, data))


def test_a_file_of_others_is_bounded(tmp_path: Path) -> None:
    assert not words_of(tmp_path)
    (tmp_path / "words.json").write_text("[" * 100_000, encoding="utf-8")
    assert not words_of(tmp_path)
    many = {"words": {f"g{i}": {f"{k}": ["w"] * 99 for k in range(99)} for i in range(9)}}
    groups = words_of(told(tmp_path, many)).groups
    assert all(len(group) == MOST and len(group[0]) == MOST for group in groups.values())
    (tmp_path / "words.json").write_text(json.dumps(TOLD) + " " * 300_000, encoding="utf-8")
    assert not words_of(tmp_path)


def test_the_starter_model_tells_its_words() -> None:
    words = words_of(SHIPPED)
    assert {"places", "times", "weather", "objects", "colours", "positions", "styles", "patterns"} <= set(words.groups)
    assert len(words.groups["styles"]) >= 6
    assert len(words.examples) >= 5
