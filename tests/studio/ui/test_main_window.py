"""The window as a person uses it: real keys, real events, a real queue and real files below it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.api import Failed, Problem, Started
from studio.app import Studio
from studio.widgets import theme

Open = Any


def board(studio: Studio) -> Any:
    slot = studio.window.panels.opened("sketch.board")
    assert slot is not None
    return slot.panel


def named(root: QWidget, name: str, kind: type[QWidget] = QWidget) -> Any:
    found = [w for w in root.findChildren(kind) if w.accessibleName() == name and w.isVisible()]
    assert found, f"nothing visible is called {name!r}"
    return found[0]


def status(studio: Studio) -> str:
    return str(named(studio.window, "Status", QLabel).accessibleDescription())


def generate(qtbot: QtBot, studio: Studio) -> None:
    shown = board(studio).shown
    QTest.keyClick(board(studio).prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: board(studio).shown != shown and not studio.window.job_status.running)


def test_first_start_shows_the_first_panel_ready_to_generate(studio: Studio, qapp: QApplication) -> None:
    window = studio.window
    assert window.front == "sketch.board"
    assert board(studio).prompt.text() == "a grey square"
    assert qapp.focusWidget() is board(studio).prompt
    assert window.inspector.isVisible()
    assert window.ribbon.isVisible()
    assert status(studio) == "Ready"
    assert window.windowTitle() == "project – Studio"


def test_ctrl_enter_generates_and_status_says_done(qtbot: QtBot, studio: Studio) -> None:
    said: list[str] = []
    studio.window.bridge.delivered.connect(lambda: said.append(status(studio)))
    board(studio).extra = {"steps": 40}
    generate(qtbot, studio)
    assert status(studio) == "Done"
    assert (
        QAccessible.queryAccessibleInterface(named(studio.window, "Status", QLabel)).text(QAccessible.Text.Description)
        == "Done"
    )
    kinds = [type(event).__name__ for event in board(studio).events]
    assert kinds.count("Stepped") == 40
    assert kinds[-1] == "Finished"
    assert studio.window.ribbon.ribbon.count() == 40
    assert len(studio.services.project.library.search()) == 1


def test_status_names_the_failure_and_the_window_goes_on(qtbot: QtBot, studio: Studio) -> None:
    board(studio).extra = {"fail": True}
    QTest.keyClick(board(studio).prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: status(studio).startswith("Failed"))
    assert status(studio) == "Failed: The pencil broke."
    board(studio).extra = {}
    generate(qtbot, studio)
    assert status(studio) == "Done"


def test_a_job_that_failed_before_its_first_step_leaves_no_blank_ribbon(studio: Studio) -> None:
    dock, job = studio.window.ribbon, "a" * 32
    dock.follow("sketch.board", Started(job, "CPU"), "step")
    dock.follow("sketch.board", Failed(job, Problem("The pencil broke.")), "step")
    assert any(label.isVisible() and label.text() for label in dock.findChildren(QLabel))
    dock.follow("sketch.board", Started("b" * 32, "CPU"), "")
    assert dock.shown("sketch.board") == job, "a job without steps takes nobody's place"


def test_escape_cancels_and_keeps_the_partial_result(qtbot: QtBot, studio: Studio) -> None:
    board(studio).extra = {"wait": True}
    QTest.keyClick(board(studio).prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Step 4 of 4" in status(studio))
    assert named(studio.window, "Cancel", QPushButton).isEnabled()
    QTest.keyClick(board(studio).prompt, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: status(studio).startswith("Cancelled"))
    assert board(studio).shown
    kept = studio.services.project.artifacts.get(board(studio).shown)
    assert kept is not None
    assert kept.partial


def test_waiting_jobs_are_counted_on_the_rail_and_in_the_status_bar(qtbot: QtBot, studio: Studio) -> None:
    panel = board(studio)
    panel.extra = {"wait": True}
    panel.generate()
    panel.extra = {}
    for grey in (1, 2):
        panel.grey = grey
        panel.generate()
    qtbot.waitUntil(lambda: studio.window.job_status.counts == (2, True))
    assert named(studio.window, "Queue").accessibleDescription() == "2 waiting"
    assert named(studio.window, "Waiting jobs").text() == "2 waiting"
    studio.window.job_status.cancel()
    qtbot.waitUntil(lambda: studio.window.job_status.counts == (0, False))
    assert named(studio.window, "Queue").accessibleDescription() == ""


def test_a_generation_is_one_entry_of_the_undo_stack(qtbot: QtBot, studio: Studio) -> None:
    panel = board(studio)
    generate(qtbot, studio)
    first = panel.shown
    panel.grey = 30
    generate(qtbot, studio)
    second = panel.shown
    assert first != second
    panel.prompt.setText("something else")
    panel.canvas.setFocus()
    assert named(studio.window, "Undo").isEnabled()
    QTest.keyClick(panel.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.shown == first
    assert panel.prompt.text() == "something else"
    QTest.keyClick(panel.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.shown == ""
    assert not named(studio.window, "Undo").isEnabled()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(panel.canvas, Qt.Key.Key_Z, both)
    QTest.keyClick(panel.canvas, Qt.Key.Key_Z, both)
    assert panel.shown == second


def test_undo_in_a_text_belongs_to_the_text_while_it_has_something_to_undo(qtbot: QtBot, studio: Studio) -> None:
    panel = board(studio)
    generate(qtbot, studio)
    panel.prompt.setFocus()
    panel.prompt.selectAll()
    QTest.keyClicks(panel.prompt, "new")
    while panel.prompt.isUndoAvailable():
        QTest.keyClick(panel.prompt, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.prompt.text() == "a grey square"
    assert panel.shown
    QTest.keyClick(panel.prompt, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.shown == ""


def test_scrubbing_the_ribbon_shows_steps_and_branching_names_them(qtbot: QtBot, studio: Studio) -> None:
    generate(qtbot, studio)
    ribbon = studio.window.ribbon.ribbon
    ribbon.select(1)
    assert board(studio).steps_seen[-1].index == 1
    ribbon.branch_requested.emit(1)
    assert board(studio).branched == (studio.window.ribbon.shown("sketch.board"), 1)
    ribbon.select(2)
    ribbon.select(-1)
    assert board(studio).steps_seen[-1] is None


def test_a_generator_without_a_panel_has_its_place_on_the_rail(qtbot: QtBot, studio: Studio) -> None:
    QTest.mouseClick(named(studio.window, "Verse"), Qt.MouseButton.LeftButton)
    assert studio.window.front == "sketch.verse"
    QTest.keyClick(studio.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: status(studio) == "Done")
    assert studio.window.ribbon.ribbon.count() == 3
    studio.window.show_place("sketch.board")
    assert studio.window.ribbon.ribbon.count() == 0


def test_panel_keys_work_only_while_the_panel_is_in_front(studio: Studio) -> None:
    panel = board(studio)
    panel.canvas.setFocus()
    QTest.keyClick(panel.canvas, Qt.Key.Key_B)
    assert panel.grey == 80
    studio.window.show_place("plugins")
    QTest.keyClick(studio.window, Qt.Key.Key_B)
    assert panel.grey == 80
    QTest.keyClick(studio.window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert studio.window.front == "sketch.board"


def test_tab_hides_the_side_panels_over_the_canvas_but_not_in_a_text(studio: Studio) -> None:
    window, panel = studio.window, board(studio)
    panel.canvas.setFocus()
    QTest.keyClick(panel.canvas, Qt.Key.Key_Tab)
    assert not window.inspector.isVisible()
    assert not window.ribbon.isVisible()
    QTest.keyClick(panel.canvas, Qt.Key.Key_Tab)
    assert window.inspector.isVisible()
    panel.prompt.setFocus()
    QTest.keyClick(panel.prompt, Qt.Key.Key_Tab)
    assert window.inspector.isVisible()
    assert QApplication.focusWidget() is not panel.prompt


def test_pages_hide_the_docks_and_panels_bring_them_back(studio: Studio) -> None:
    window = studio.window
    window.ribbon.want(False)
    window.show_place("models")
    assert not window.inspector.isVisible()
    window.show_place("sketch.board")
    assert window.inspector.isVisible()
    assert not window.ribbon.isVisible()


def test_f6_walks_around_the_parts_of_the_window(studio: Studio) -> None:
    window = studio.window
    seen = []
    for _ in range(4):
        QTest.keyClick(window, Qt.Key.Key_F6)
        focus = QApplication.focusWidget()
        assert focus is not None
        parts = (window.topbar, window.rail, window.stack, window.inspector, window.ribbon, window.status)
        seen += [part.accessibleName() or part.objectName() for part in parts if part.isAncestorOf(focus)]
    assert len(set(seen)) >= 3


def test_no_window_but_the_main_one_ever_shows_up(studio: Studio, qapp: QApplication) -> None:
    class Watch(QObject):
        seen: list[str] = []  # noqa: RUF012 - one instance only

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                self.seen.append(f"{type(watched).__name__} {watched.accessibleName()}")
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    for place in studio.window.rail.places():
        studio.window.show_place(place.id)
        qapp.processEvents()
    qapp.removeEventFilter(watch)
    # A part that is shown before it has its parent flashes up as a window of its own.
    assert watch.seen == []


def test_every_control_has_a_name(studio: Studio) -> None:
    kinds = (QAbstractButton, QLineEdit, QAbstractSpinBox, QComboBox, QAbstractSlider, QPlainTextEdit)
    nameless = []
    for place in studio.window.rail.places():
        studio.window.show_place(place.id)
        for widget in studio.window.findChildren(QWidget):
            inside = isinstance(widget.parentWidget(), (QAbstractSpinBox, QComboBox, QLineEdit, QAbstractScrollArea))
            if not isinstance(widget, kinds) or inside or not widget.isVisible() or not widget.focusPolicy():
                continue
            interface = QAccessible.queryAccessibleInterface(widget)
            if not interface.text(QAccessible.Text.Name):
                nameless.append(f"{place.title}: {type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    assert nameless == []


def drop(window: QWidget, on: QWidget, *paths: Path) -> None:
    """A drag of files from outside, let go over `on`, as the system sends it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), copy, data, left, none)
    QApplication.sendEvent(on, enter)
    assert enter.isAccepted()
    assert any(label.isVisible() for label in window.findChildren(QLabel, "dropVeil"))
    let_go = QDropEvent(QPointF(5, 5), copy, data, left, none, QEvent.Type.Drop)
    QApplication.sendEvent(on, let_go)
    assert let_go.isAccepted()


def test_a_dropped_export_brings_its_recipe_back(qtbot: QtBot, studio: Studio, tmp_path: Path) -> None:
    panel = board(studio)
    panel.prompt.setText("an old idea")
    panel.grey = 33
    generate(qtbot, studio)
    made = studio.services.project.artifacts.get(panel.shown)
    assert made is not None
    exported = tmp_path / "idea.png"
    exported.write_bytes(made.path.read_bytes())
    panel.prompt.setText("something new")
    panel.grey = 200
    studio.window.show_place("models")
    drop(studio.window, studio.window, exported)
    qtbot.waitUntil(lambda: panel.prompt.text() == "an old idea")
    assert panel.grey == 33
    assert panel.notes == ("The frame is not known here.",)
    assert studio.window.front == "sketch.board"


def test_a_plain_picture_dropped_on_a_text_field_becomes_an_input(qtbot: QtBot, studio: Studio, tmp_path: Path) -> None:
    panel = board(studio)
    picture = tmp_path / "photo.png"
    module = __import__("plugins.sketch.generate", fromlist=["png"])
    picture.write_bytes(module.png(4, 7, "").replace(b"tEXtrecipe", b"tEXtnothin"))
    drop(studio.window, panel.prompt, picture)
    qtbot.waitUntil(lambda: len(panel.received) == 1)
    assert panel.received[0].title == "photo"
    assert panel.prompt.text() == "a grey square"


def test_several_files_go_into_the_library(qtbot: QtBot, studio: Studio, tmp_path: Path) -> None:
    module = __import__("plugins.sketch.generate", fromlist=["png"])
    folder = tmp_path / "folder"
    folder.mkdir()
    for grey in (1, 2, 3):
        (folder / f"{grey}.png").write_bytes(module.png(4, grey, "").replace(b"tEXtrecipe", b"tEXtnothin"))
    studio.window.import_files([folder])
    qtbot.waitUntil(lambda: studio.services.project.library.count() == 3)
    assert studio.window.front == "library"


def test_a_file_that_cannot_be_read_says_so(qtbot: QtBot, studio: Studio, tmp_path: Path) -> None:
    broken = tmp_path / "broken.xyz"
    broken.write_bytes(b"\0\1\2\3")
    studio.window.import_files([broken])
    qtbot.waitUntil(lambda: bool(studio.window.notices.problems))
    assert not board(studio).received


def test_closing_while_a_job_runs_asks_once_and_keeps_the_queue(
    qtbot: QtBot, studio: Studio, open_studio: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(box: QMessageBox) -> int:
        asked.append(box.text())
        role = QMessageBox.ButtonRole.RejectRole if len(asked) == 1 else QMessageBox.ButtonRole.DestructiveRole
        next(button for button in box.buttons() if box.buttonRole(button) == role).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    panel = board(studio)
    panel.extra = {"wait": True}
    panel.generate()
    panel.extra = {}
    panel.generate()
    qtbot.waitUntil(lambda: studio.window.job_status.counts == (1, True))
    studio.window.close()
    assert studio.window.isVisible()
    studio.window.close()
    assert not studio.window.isVisible()
    assert asked == ["Studio is still working."] * 2
    again = open_studio()
    qtbot.waitUntil(lambda: len(again.services.engine.jobs()) == 2)
    for job in again.services.engine.jobs():
        again.services.engine.cancel(job.id)
    qtbot.waitUntil(lambda: all(job.state.ended for job in again.services.engine.jobs()))


def test_the_rail_is_as_wide_in_every_theme(studio: Studio) -> None:
    rail, stack = studio.window.rail, studio.window.stack
    places = [part.mapTo(studio.window, QPoint()).x() for part in (rail, stack)]
    assert places[0] == 0
    try:
        theme.apply(QApplication.instance(), "light")
        studio.window.grab()
        assert [part.mapTo(studio.window, QPoint()).x() for part in (rail, stack)] == places
    finally:
        theme.apply(QApplication.instance(), "dark")
