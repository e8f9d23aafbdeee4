"""Pausing, changing the rest and going on; verifying; the room for steps: by mouse and keys in the real window."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from studio.app import Studio
from studio.core.job import JobState
from studio.core.params import values_of


def board(studio: Studio) -> Any:
    slot = studio.window.panels.opened("sketch.board")
    assert slot is not None
    return slot.panel


def named(root: QWidget, name: str, kind: type[QWidget] = QWidget) -> list[Any]:
    return [w for w in root.findChildren(kind) if w.accessibleName() == name and w.isVisible()]


def status(studio: Studio) -> str:
    return str(named(studio.window, "Status", QLabel)[0].accessibleDescription())


def pause(qtbot: QtBot, studio: Studio) -> str:
    """Start something that stops before its third step, and pause it there."""
    board(studio).extra = {"hold": 2}
    QTest.keyClick(board(studio).prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(named(studio.window, "Pause")))
    job = studio.window.job_status.running
    QTest.mouseClick(named(studio.window, "Pause")[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(named(studio.window, "Continue")))
    assert status(studio) == "Paused at step 2 of 4"
    assert studio.window.ribbon.ribbon.strip.accessibleDescription() == "Step 2 of 4"
    return job


def test_a_paused_job_goes_on_as_it_was_where_nothing_changed(qtbot: QtBot, studio: Studio) -> None:
    assert not named(studio.window, "Pause")
    job = pause(qtbot, studio)
    engine = studio.window.services.engine
    QTest.mouseClick(named(studio.window, "Continue")[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studio.window.job_status.running == job)  # the very same job
    QTest.keyClick(studio.window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: engine.job(job).state is JobState.CANCELLED)
    assert not named(studio.window, "Continue")


def test_what_is_changed_during_the_pause_is_for_the_rest(qtbot: QtBot, studio: Studio) -> None:
    job = pause(qtbot, studio)
    board(studio).extra = {}
    board(studio).grey = 200
    QTest.keyClick(studio.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: board(studio).shown != "" and not studio.window.job_status.running)
    made = studio.window.services.project.artifacts.get(board(studio).shown)
    assert made.recipe.request.params["grey"] == 200
    assert made.recipe.request.resume.steps == job
    assert made.recipe.request.resume.index == 1
    assert studio.window.ribbon.ribbon.strip.steps.branched == 1
    assert not named(studio.window, "Continue")


def test_a_paused_job_is_found_again_at_the_next_start_and_can_be_cancelled(qtbot: QtBot, open_studio: Any) -> None:
    first = open_studio()
    qtbot.waitUntil(first.window.isActiveWindow)
    job = pause(qtbot, first)
    first.close()
    again = open_studio()
    qtbot.waitUntil(lambda: bool(named(again.window, "Continue")))
    strip = again.window.ribbon.ribbon.strip
    qtbot.waitUntil(lambda: strip.accessibleDescription() == "Step 2 of 4")
    QTest.mouseClick(named(again.window, "Cancel")[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not named(again.window, "Continue"))
    assert again.window.services.engine.job(job).state is JobState.CANCELLED


def test_verifying_says_what_came_of_it_and_keeps_nothing(qtbot: QtBot, studio: Studio) -> None:
    QTest.keyClick(board(studio).prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: board(studio).shown != "" and not studio.window.job_status.running)
    library = studio.window.services.project.library
    before = library.count()
    assert studio.window.commands.run("result.verify")
    toast = studio.window.notices.toast
    qtbot.waitUntil(lambda: toast.isVisible() and toast.accessibleName().startswith("Identical"))
    assert library.count() == before
    studio.window.verify("0" * 64)
    assert "how this was made" in studio.window.notices.problems[0].message


def test_the_room_for_steps_is_a_setting(studio: Studio) -> None:
    studio.window.show_place("settings")
    field = named(studio.window, "Room for steps")
    assert field
    from studio.engine import STORAGE, Storage

    assert values_of(studio.window.services.settings.get(STORAGE, Storage)) == {"steps": 2.0}
