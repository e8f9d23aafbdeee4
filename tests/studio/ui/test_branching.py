"""Going on from a step in the real window: the branch, where it left, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from studio.app import Studio


def board(studio: Studio) -> Any:
    slot = studio.window.panels.opened("sketch.board")
    assert slot is not None
    return slot.panel


def named(root: QWidget, name: str) -> list[Any]:
    return [w for w in root.findChildren(QWidget) if w.accessibleName() == name and w.isVisible()]


def settle(qtbot: QtBot, studio: Studio, shown: str) -> None:
    qtbot.waitUntil(lambda: board(studio).shown not in ("", shown) and not studio.window.job_status.running)


def make(qtbot: QtBot, studio: Studio) -> None:
    shown = board(studio).shown
    QTest.keyClick(board(studio).prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, studio, shown)


def branch(qtbot: QtBot, studio: Studio, index: int, grey: int) -> None:
    shown = board(studio).shown
    board(studio).grey = grey
    studio.window.ribbon.ribbon.select(index)
    QTest.keyClick(studio.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, studio, shown)


def test_a_key_branches_from_the_chosen_step_and_one_click_goes_back(qtbot: QtBot, studio: Studio) -> None:
    make(qtbot, studio)
    first = board(studio).shown
    assert not named(studio.window, "Back to the original")  # nothing of it is there before it is of use
    parent = studio.window.ribbon.shown("sketch.board")
    branch(qtbot, studio, 1, 200)
    strip = studio.window.ribbon.ribbon.strip
    assert board(studio).branched == (parent, 1)
    assert strip.steps.branched == 1
    assert [strip.steps.step(row) is not None for row in range(4)] == [True] * 4
    assert "branched here" in strip.steps.say(1)
    assert "before the branch" in strip.steps.say(0)
    assert "branched after step 2" in strip.accessibleDescription()
    QTest.mouseClick(named(studio.window, "Back to the original")[0], Qt.MouseButton.LeftButton)
    assert board(studio).shown == first
    assert studio.window.ribbon.shown("sketch.board") == parent
    qtbot.waitUntil(lambda: strip.steps.branched == -1)  # read off the window's thread
    assert strip.steps.forks == {1: 1}


def test_a_branch_is_the_same_after_a_restart(qtbot: QtBot, open_studio: Any, tmp_path: Path) -> None:
    before = open_studio()
    qtbot.waitUntil(before.window.isActiveWindow)
    make(qtbot, before)
    branch(qtbot, before, 1, 200)
    made = before.window.services.project.artifacts.get(board(before).shown)
    before.window.lines.show(made.recipe.request.resume.steps)
    qtbot.waitUntil(lambda: before.window.ribbon.ribbon.strip.steps.branched == -1)
    branch(qtbot, before, 2, 120)
    before.close()
    after = open_studio()
    qtbot.waitUntil(after.window.isActiveWindow)
    after.window.use_recipe(made)
    strip = after.window.ribbon.ribbon.strip
    qtbot.waitUntil(lambda: strip.steps.branched == 1)
    assert board(after).shown == made.id
    view = after.window.ribbon.branches
    qtbot.waitUntil(lambda: view.branches.rowCount() == 3)  # its sister too
    branch(qtbot, after, 2, 30)
    assert strip.steps.branched == 2
    assert all(strip.steps.step(row) is not None for row in range(4))


def test_the_ribbon_is_as_it_was_after_a_restart(qtbot: QtBot, open_studio: Any) -> None:
    before = open_studio()
    qtbot.waitUntil(before.window.isActiveWindow)
    make(qtbot, before)
    steps = before.window.ribbon.shown("sketch.board")
    before.close()
    after = open_studio()
    qtbot.waitUntil(lambda: after.window.ribbon.ribbon.count() == 4)
    assert after.window.ribbon.shown("sketch.board") == steps
    after.window.show_steps("sketch.board", "")
    assert after.window.ribbon.ribbon.count() == 0


def test_branches_are_listed_named_pinned_and_pruned_by_keys(
    qtbot: QtBot, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(qtbot, studio)
    first, parent = board(studio).shown, studio.window.ribbon.shown("sketch.board")
    view = studio.window.ribbon.branches
    assert not view.isVisible()
    branch(qtbot, studio, 1, 200)
    qtbot.waitUntil(view.isVisible)
    said = [view.branches.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(2)]
    assert said[0] == "original, 1 of 2"
    assert said[1] == "branch 2 of 2, from step 2, Grey 90 → 200, on show"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert board(studio).shown == first
    assert studio.window.ribbon.shown("sketch.board") == parent
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert board(studio).shown != first
    QTest.keyClick(view, Qt.Key.Key_F2)
    field = view.findChild(QLineEdit)
    QTest.keyClicks(field, "lighter")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.branches.label(1) == "lighter")
    QTest.keyClick(view, Qt.Key.Key_P)
    assert "pinned" in view.branches.say(1)
    asked: list[str] = []

    def answer(_window: QWidget, text: str, *_words: str) -> bool:
        asked.append(text)
        return True

    monkeypatch.setattr("studio.ui.lines.ask", answer)
    made = board(studio).shown
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert asked == ["Prune this branch?"]
    assert not view.isVisible()
    assert board(studio).shown == first  # the one it grew from
    assert studio.window.services.project.artifacts.get(made) is not None
    QTest.mouseClick(named(studio.window, "Show again")[0], Qt.MouseButton.LeftButton)
    assert view.isVisible()
    assert "no longer kept" in view.branches.say(1)
    QTest.keyClick(view, Qt.Key.Key_Home)
    view.setCurrentIndex(view.branches.index(0))
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert "grew from" in studio.window.notices.problems[0].message
