"""Projects: another one in the same window, the last ones offered again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.app import Studio
from studio.store import Project
from studio.ui import projects


def board(studio: Studio) -> Any:
    slot = studio.window.panels.opened("sketch.board")
    assert slot is not None
    return slot.panel


def make(qtbot: QtBot, studio: Studio, words: str) -> str:
    board(studio).prompt.setText(words)
    board(studio).generate()
    qtbot.waitUntil(lambda: bool(board(studio).shown) and not studio.window.job_status.running)
    return str(board(studio).shown)


def test_another_project_in_the_running_window_and_back(
    qtbot: QtBot, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = studio.services
    made = make(qtbot, studio, "first words")
    studio.window.show_place("plugins")
    monkeypatch.setattr(projects, "ask_new", lambda _parent, _start: tmp_path / "second")
    QTest.keyClick(studio.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert studio.window.windowTitle() == "second – Studio"
    assert studio.window.front == "plugins"
    studio.window.show_place("sketch.board")
    assert board(studio).prompt.text() == "a grey square"
    assert studio.services.project.library.count() == 0
    assert studio.window.ribbon.ribbon.count() == 0
    Project.open(first.project.folder).close()  # nobody holds the first one any more
    other = make(qtbot, studio, "second words")
    assert other != made
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(first.project.folder))
    QTest.keyClick(studio.window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert board(studio).prompt.text() == "first words"
    assert board(studio).shown == made
    assert studio.window.commands.run(f"project.recent.{tmp_path / 'second'}")
    assert board(studio).prompt.text() == "second words"


def test_a_project_that_is_open_elsewhere_leaves_this_one_alone(studio: Studio, tmp_path: Path) -> None:
    taken = Project.open(tmp_path / "taken")
    before = studio.services
    assert not studio.window.use_project(taken.folder)
    assert studio.services is before
    assert "already open" in studio.window.notices.problems[0].message
    taken.close()


def test_a_folder_without_a_project_is_not_turned_into_one(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "photos"
    plain.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(plain))
    studio.window.commands.run("project.open")
    assert "is not a Studio project" in studio.window.notices.problems[0].message
    assert list(plain.iterdir()) == []


def test_the_last_project_opens_at_the_next_start(qtbot: QtBot, open_studio: Any, tmp_path: Path) -> None:
    first: Studio = open_studio()
    first.window.use_project(tmp_path / "evening")
    first.close()
    second: Studio = open_studio(project=None)
    assert second.services.project.folder == tmp_path / "evening"


def test_names_of_projects_tell_them_apart() -> None:
    paths = [Path("/a/Work"), Path("/b/Work"), Path("/b/Play")]
    assert projects.titles(paths) == [f"Work  ({Path('/a')})", f"Work  ({Path('/b')})", "Play"]
    assert projects.free_name(Path("/nowhere")) == "New project"
