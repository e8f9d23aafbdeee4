"""The Queue page over a real engine: what waits can be moved, paused, cancelled, tried again and cleared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from studio.app import Studio
from studio.core.job import Job, JobState
from studio.core.request import Request
from studio.ui.pages.queue import QueuePage
from studio.ui.pages.queue_model import ROW, QueueRow

Submit = Callable[..., Job]


@pytest.fixture
def submit(studio: Studio) -> Submit:
    def submit_it(title: str, **params: object) -> Job:
        request = Request("sketch.square", {"prompt": title, **params}, 1)
        return studio.services.engine.submit(request, title=title, origin="sketch.board")

    return submit_it


@pytest.fixture
def page(studio: Studio) -> QueuePage:
    studio.window.show_place("queue")
    found = studio.window.stack.currentWidget()
    assert isinstance(found, QueuePage)
    return found


@pytest.fixture
def held(studio: Studio, page: QueuePage, submit: Submit) -> list[Job]:
    """Three jobs in a queue that starts nothing."""
    studio.services.engine.hold(True)
    jobs = [submit(title) for title in ("one", "two", "three")]
    page.reload()
    return jobs


def rows(page: QueuePage) -> list[str]:
    found = [page.model.index(row).data(ROW) for row in range(page.model.rowCount())]
    assert all(isinstance(row, QueueRow) for row in found)
    return [row.job.title if row.job is not None else f"[{row.heading}]" for row in found]


def state(studio: Studio, job: Job) -> JobState:
    found = studio.services.engine.job(job.id)
    assert found is not None
    return found.state


def button(page: QWidget, name: str) -> QAbstractButton:
    found = [b for b in page.findChildren(QAbstractButton) if b.accessibleName() == name and b.isVisible()]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def press(qtbot: QtBot, page: QueuePage, name: str) -> None:
    qtbot.mouseClick(button(page, name), Qt.MouseButton.LeftButton)


def place(page: QueuePage, job: Job) -> QPoint:
    return page.list.visualRect(page.model.index(page.model.row_of(job.id))).center()


def pick(qtbot: QtBot, page: QueuePage, job: Job) -> None:
    qtbot.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=place(page, job))


def test_an_empty_queue_says_what_it_is_for(qtbot: QtBot, studio: Studio, page: QueuePage) -> None:
    assert page.stack.currentWidget() is page.empty
    press(qtbot, page, "Make a picture")
    assert studio.window.front == "sketch.board"


def test_what_runs_what_waits_and_what_has_ended(qtbot: QtBot, studio: Studio, page: QueuePage, submit: Submit) -> None:
    done = submit("done")
    qtbot.waitUntil(lambda: state(studio, done) == JobState.DONE)
    running = submit("running", wait=True)
    qtbot.waitUntil(lambda: state(studio, running) == JobState.RUNNING)
    submit("next")
    qtbot.waitUntil(lambda: rows(page) == ["[Running]", "running", "[Waiting  1]", "next", "[Finished  1]", "done"])
    # The last preview stands for the running job, the result for the finished one.
    qtbot.waitUntil(lambda: page.model.index(1).data(ROW).image is not None)
    page.list.viewport().grab()
    qtbot.waitUntil(lambda: page.model.index(5).data(ROW).image is not None)
    pick(qtbot, page, running)
    press(qtbot, page, "Cancel job")
    qtbot.waitUntil(lambda: state(studio, running) == JobState.CANCELLED)


def test_progress_is_said_and_drawn(qtbot: QtBot, studio: Studio, page: QueuePage, submit: Submit) -> None:
    job = submit("slow", wait=True, steps=3)
    qtbot.waitUntil(lambda: page.model.row_of(job.id) >= 0 and page.model.index(1).data(ROW).fraction == 1.0)
    row = page.model.index(page.model.row_of(job.id))
    assert "Step 3 of 3" in row.data(Qt.ItemDataRole.AccessibleTextRole)
    studio.services.engine.cancel(job.id)
    qtbot.waitUntil(lambda: state(studio, job) == JobState.CANCELLED)


def test_alt_and_arrows_move_a_waiting_job(qtbot: QtBot, studio: Studio, page: QueuePage, held: list[Job]) -> None:
    pick(qtbot, page, held[2])
    qtbot.keyClick(page.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [job.title for job in studio.services.engine.jobs()] == ["one", "three", "two"]
    qtbot.keyClick(page.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(page.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert rows(page) == ["[Waiting  3]", "three", "one", "two"]
    for _ in range(3):
        qtbot.keyClick(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert rows(page) == ["[Waiting  3]", "one", "two", "three"]


@pytest.mark.parametrize(
    ("dragged", "target", "below", "order"),
    [
        (2, 0, False, ["three", "one", "two"]),
        (0, 2, True, ["two", "three", "one"]),
        (0, 1, True, ["two", "one", "three"]),
        (1, 1, False, ["one", "two", "three"]),
    ],
)
def test_dragging_moves_a_waiting_job(
    dragged: int,
    target: int,
    below: bool,
    order: list[str],
    qtbot: QtBot,
    studio: Studio,
    page: QueuePage,
    held: list[Job],
) -> None:
    pick(qtbot, page, held[dragged])
    at = QPointF(place(page, held[target]) + QPoint(0, 12 if below else -12))
    action, left, none = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    page.list.dropEvent(QDropEvent(at, action, QMimeData(), left, none))
    assert [job.title for job in studio.services.engine.jobs()] == order
    assert rows(page)[1:] == order


def test_only_waiting_jobs_can_be_dragged(qtbot: QtBot, studio: Studio, page: QueuePage, submit: Submit) -> None:
    done = submit("done")
    qtbot.waitUntil(lambda: state(studio, done) == JobState.DONE)
    page.reload()
    assert not page.model.flags(page.model.index(page.model.row_of(done.id))) & Qt.ItemFlag.ItemIsDragEnabled
    assert page.model.flags(page.model.index(0)) == Qt.ItemFlag.NoItemFlags


def test_pause_and_go_on(qtbot: QtBot, studio: Studio, page: QueuePage, held: list[Job]) -> None:
    pick(qtbot, page, held[1])
    press(qtbot, page, "Pause")
    assert state(studio, held[1]) == JobState.PAUSED
    press(qtbot, page, "Go on")
    assert state(studio, held[1]) == JobState.QUEUED


def test_holding_the_queue(qtbot: QtBot, studio: Studio, page: QueuePage, submit: Submit) -> None:
    press(qtbot, page, "Hold the queue")
    assert studio.services.engine.held
    job = submit("one")
    page.reload()
    assert "Held" in page.count.text()
    press(qtbot, page, "Hold the queue")
    assert not studio.services.engine.held
    qtbot.waitUntil(lambda: state(studio, job) == JobState.DONE)


def test_several_jobs_are_cancelled_at_once(qtbot: QtBot, studio: Studio, page: QueuePage, held: list[Job]) -> None:
    page.list.setFocus()
    page.list.selectAll()
    press(qtbot, page, "Cancel job")
    assert {state(studio, job) for job in held} == {JobState.CANCELLED}


def test_delete_takes_a_job_out(qtbot: QtBot, studio: Studio, page: QueuePage, held: list[Job]) -> None:
    pick(qtbot, page, held[0])
    qtbot.keyClick(page.list, Qt.Key.Key_Delete)
    assert studio.services.engine.job(held[0].id) is None
    assert rows(page) == ["[Waiting  2]", "two", "three"]


def test_a_failure_is_shown_with_its_words(qtbot: QtBot, studio: Studio, page: QueuePage, submit: Submit) -> None:
    job = submit("bad", fail=True)
    qtbot.waitUntil(lambda: rows(page) == ["[Finished  1]", "bad"])
    pick(qtbot, page, job)
    assert page.card.isVisible()
    assert page.card.problem().message == "The pencil broke."
    assert "The pencil broke." in page.model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    press(qtbot, page, "Try again")
    qtbot.waitUntil(lambda: len(studio.services.engine.jobs()) == 1 and state(studio, job) == JobState.FAILED)


def test_the_result_is_one_click_away(qtbot: QtBot, studio: Studio, page: QueuePage, submit: Submit) -> None:
    job = submit("good")
    qtbot.waitUntil(lambda: rows(page) == ["[Finished  1]", "good"])
    pick(qtbot, page, job)
    press(qtbot, page, "Show the result")
    assert studio.window.front == "sketch.board"


def test_clearing_keeps_results_and_what_waits(qtbot: QtBot, studio: Studio, page: QueuePage, submit: Submit) -> None:
    done = submit("done")
    qtbot.waitUntil(lambda: state(studio, done) == JobState.DONE)
    studio.services.engine.hold(True)
    submit("waiting")
    page.reload()
    press(qtbot, page, "Clear finished")
    assert rows(page) == ["[Waiting  1]", "waiting"]
    assert studio.services.project.library.count() == 1
    assert not page.clear.isEnabled()


def test_the_choice_survives_news(qtbot: QtBot, page: QueuePage, held: list[Job], submit: Submit) -> None:
    pick(qtbot, page, held[1])
    submit("four")
    qtbot.waitUntil(lambda: len(page.model.jobs()) == 4)
    assert [job.id for job in page.list.chosen()] == [held[1].id]
