"""Another way on from the same place: retry in prose, the next swipe in a conversation."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from studio.api import Failed, Problem
from tests.plugins.text.page_bench import ALT, Desk, desk  # noqa: F401 - fixture

K = Qt.Key


def again(desk: Desk) -> str:  # noqa: F811
    """A press on the button beside Continue."""
    desk.qtbot.mouseClick(desk.panel.page.again, Qt.MouseButton.LeftButton)
    return desk.job


def rows(desk: Desk) -> list[str]:  # noqa: F811
    return [row.way.text for row in desk.panel.page.margin.rows()]


def test_what_is_on_offer_is_written_another_way_and_stays_beside_it(desk: Desk) -> None:  # noqa: F811
    desk.panel.manuscript.seed_locked = True
    desk.type("The lamp")
    desk.go_on()
    desk.finish(" burned low.")
    first = desk.request
    again(desk)
    assert desk.request.params == first.params
    assert desk.request.seed != first.seed, "the same seed would bring the same words"
    desk.look(" went")
    assert desk.ghost() == " went"
    assert desk.panel.page.margin.isVisible()
    assert rows(desk) == [" burned low.", " went"]
    desk.finish(" went out.")
    desk.key(K.Key_Up, ALT)
    assert desk.ghost() == " burned low."
    desk.key(K.Key_Down, ALT)
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp went out."


def test_what_was_taken_is_replaced_by_another_way_and_can_come_back(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp\nShe slept.")
    desk.editor.move_to(len("The lamp"))
    desk.go_on()
    desk.finish(" burned low.")
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp burned low.\nShe slept."
    again(desk)
    assert desk.request.params["before"] == "The lamp"
    assert desk.request.params["after"] == "\n\nShe slept."
    desk.look(" sang")
    assert desk.text() == "The lamp burned low.\nShe slept.", "the text stays until it is taken"
    assert desk.editor.ghost.replaces == len(" burned low.")
    desk.finish(" sang to her.")
    before = len(desk.host.undo_stack)
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp sang to her.\nShe slept."
    assert len(desk.host.undo_stack) == before + 1
    desk.editor.move_to(len("The lamp s"))
    desk.key(K.Key_Escape)
    desk.panel.ways.cycle(-1)
    assert desk.ghost() == "burned low.", "the space before both stays"
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp burned low.\nShe slept."


def test_only_the_last_piece_is_written_anew_and_a_middle_one_with_what_followed(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida")
    for piece in (" went up", " the stair", " at night."):
        desk.go_on()
        desk.finish(piece)
        desk.key(K.Key_Tab)
    again(desk)
    assert desk.request.params["before"] == "Ida went up the stair"
    desk.finish(" alone.")
    desk.key(K.Key_Tab)
    assert desk.text() == "Ida went up the stair alone."
    desk.editor.move_to(len("Ida went up the"))
    again(desk)
    assert desk.request.params["before"] == "Ida went up"
    desk.finish(" and down.")
    desk.key(K.Key_Tab)
    assert desk.text() == "Ida went up and down."
    desk.panel.host.undo_stack[-1].undo()  # type: ignore[attr-defined]
    assert desk.text() == "Ida went up the stair alone."


def test_asking_again_while_it_writes_stops_it_and_keeps_what_it_had(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida")
    job = desk.go_on()
    desk.look(" went")
    other = again(desk)
    assert desk.host.cancelled == [job]
    desk.finish(" went up", job=job, cancelled=True)
    desk.look(" slept", job=other)
    assert desk.ghost() == " slept"
    desk.finish(" slept on.", job=other)
    kept = [branch.text for branch in desk.panel.manuscript.branches.branches.values()]
    assert kept == [" went up", " slept on."]


def test_a_failed_second_try_leaves_the_first(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida")
    desk.go_on()
    desk.finish(" went up.")
    job = again(desk)
    desk.host.end(job)
    desk.play(Failed(job, Problem("Out of memory.", "Choose a smaller model.")))
    kept = [branch.text for branch in desk.panel.manuscript.branches.branches.values()]
    assert kept == [" went up."]
    assert desk.text() == "Ida"
    assert desk.panel.page.card.isVisible()


def test_an_answer_is_swiped_and_its_turn_stays_whole(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("chat")
    desk.type("Who keeps the lamp?")
    desk.go_on()
    desk.finish("Ida does.")
    desk.key(K.Key_Tab)
    assert desk.text().endswith("### Model\nIda does.\n### You\n")
    again(desk)
    sent = str(desk.request.params["messages"])
    assert "Who keeps the lamp?" in sent
    assert "Ida does." not in sent
    desk.finish("Nobody, since winter.")
    assert rows(desk) == ["Ida does.", "Nobody, since winter."]
    desk.key(K.Key_Tab)
    whole = "### You\nWho keeps the lamp?\n### Model\nNobody, since winter.\n### You\n"
    assert desk.text() == whole, "no second empty turn"
    assert desk.editor.textCursor().position() == len(whole), "the caret is where one answers"
    desk.panel.ways.cycle(-1)
    assert desk.ghost() == "Ida does."
    desk.key(K.Key_Tab)
    whole = whole.replace("Nobody, since winter.", "Ida does.")
    assert desk.text() == whole
    assert desk.editor.textCursor().position() == len(whole)


@pytest.mark.parametrize("task", ["", "rewrite"])
def test_where_there_is_nothing_to_try_again_it_says_so(desk: Desk, task: str) -> None:  # noqa: F811
    desk.type("The old man slept.")
    if task:
        desk.editor.move_to(4, select_to=11)
        desk.panel.selection.run(task)
        desk.finish("grey cat")
        desk.qtbot.keyClick(desk.panel.selection.card.diff, K.Key_Return)
        desk.editor.move_to(6)
    before = len(desk.host.submitted)
    desk.qtbot.mouseClick(desk.panel.page.again, Qt.MouseButton.LeftButton)
    assert len(desk.host.submitted) == before
    assert "written" in desk.host.said[-1]
