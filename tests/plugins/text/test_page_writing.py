"""Writing with the model on the page: ghost text, alternatives, forks, one step of undo."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from plugins.text import wire
from plugins.text.document_places import whole
from plugins.text.editor_authors import CARRIED
from studio.api import Failed, Problem, ResumePoint, Started, Step
from tests.plugins.text.page_bench import ALT, CTRL, Desk, desk, place  # noqa: F401 - fixture

K = Qt.Key


def test_the_model_goes_on_at_the_caret_as_a_ghost_and_tab_takes_it(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida put her hand on the door")
    desk.go_on()
    assert desk.request.params["before"] == "Ida put her hand on the door"
    assert desk.request.params["task"] == "continue"
    desk.look(" and")
    desk.look(" and waited")
    assert desk.ghost() == " and waited"
    assert desk.text() == "Ida put her hand on the door"
    desk.finish(" and waited for the sea.")
    assert desk.text() == "Ida put her hand on the door", "a finished ghost waits for the artist"
    before = len(desk.host.undo_stack)
    desk.key(K.Key_Tab)
    assert desk.text() == "Ida put her hand on the door and waited for the sea."
    assert desk.ghost() == ""
    assert len(desk.host.undo_stack) == before + 1
    desk.host.undo_stack[-1].undo()
    assert desk.text() == "Ida put her hand on the door"
    desk.host.undo_stack[-1].redo()
    assert desk.text() == "Ida put her hand on the door and waited for the sea."


def test_in_the_middle_what_follows_is_sent_and_pushed_along(desk: Desk) -> None:  # noqa: F811
    desk.type("She opened the door.\nNobody was there.")
    desk.editor.move_to(len("She opened"))
    desk.go_on()
    assert desk.request.params["task"] == "fill"
    assert desk.request.params["before"] == "She opened"
    assert desk.request.params["after"] == " the door.\n\nNobody was there."
    desk.finish(" her eyes, and then")
    desk.key(K.Key_Tab)
    assert desk.text() == "She opened her eyes, and then the door.\nNobody was there."


def test_words_are_taken_one_by_one_and_are_one_step_of_undo(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida")
    desk.go_on()
    desk.finish(" went up the stair.")
    before = len(desk.host.undo_stack)
    desk.key(K.Key_Right, CTRL)
    assert (desk.text(), desk.ghost()) == ("Ida went", " up the stair.")
    desk.key(K.Key_Right, CTRL)
    desk.key(K.Key_Right, CTRL)
    assert (desk.text(), desk.ghost()) == ("Ida went up the", " stair.")
    desk.type("!")
    assert (desk.text(), desk.ghost()) == ("Ida went up the!", "")
    steps = [entry.text for entry in desk.host.undo_stack[before:]]
    assert steps == ["Continue", "typing"]
    desk.host.undo_stack[-1].undo()
    desk.host.undo_stack[-2].undo()
    assert desk.text() == "Ida"


def test_typing_rejects_the_rest_and_stops_the_job(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida")
    job = desk.go_on()
    desk.look(" went up")
    desk.type(".")
    assert (desk.text(), desk.ghost()) == ("Ida.", "")
    assert desk.host.cancelled == [job]
    desk.finish(" went up", job=job, cancelled=True)
    kept = [branch.text for branch in desk.panel.manuscript.branches.branches.values()]
    assert kept == [" went up"], "what was rejected stays among the ways on"
    assert desk.text() == "Ida."


def test_typing_elsewhere_lets_the_model_write_on(desk: Desk) -> None:  # noqa: F811
    desk.type("One.\nTwo.\nThe lamp")
    desk.go_on()
    desk.look(" burned")
    desk.editor.move_to(0)
    desk.key(K.Key_Right, CTRL)
    assert desk.editor.textCursor().position() == 3, "the caret's own key, away from the ghost"
    desk.type(" and a half")
    desk.key(K.Key_Return)
    assert (desk.text(), desk.ghost()) == ("One and a half\n.\nTwo.\nThe lamp", " burned")
    desk.finish(" burned low.")
    assert desk.host.cancelled == []
    desk.key(K.Key_Tab)
    assert desk.text() == "One and a half\n.\nTwo.\nThe lamp burned low."
    desk.host.undo_stack[-1].undo()
    assert desk.text() == "One and a half\n.\nTwo.\nThe lamp"


def test_the_page_stays_with_the_caret_while_the_model_writes_elsewhere(desk: Desk) -> None:  # noqa: F811
    desk.editor.load("\n".join(f"Paragraph {number}." for number in range(60)), [])
    desk.editor.move_to(len(desk.text()))
    desk.editor.ensureCursorVisible()
    desk.go_on()
    desk.look(" one\n" * 3)
    at_ghost = desk.editor.verticalScrollBar().value()
    desk.look(" one\n" * 30)
    assert desk.editor.verticalScrollBar().value() > at_ghost, "it follows where it is looked at"
    desk.editor.move_to(3)
    desk.editor.ensureCursorVisible()
    top = desk.editor.verticalScrollBar().value()
    desk.look(" one\n" * 60)
    assert desk.editor.verticalScrollBar().value() == top


def test_going_on_elsewhere_leaves_what_is_on_offer(desk: Desk) -> None:  # noqa: F811
    desk.type("One.\nTwo.\nThe lamp")
    desk.go_on()
    desk.finish(" burned low.")
    desk.editor.move_to(len("One."))
    desk.go_on()
    assert desk.request.params["before"] == "One."
    assert desk.text() == "One.\nTwo.\nThe lamp"
    kept = [branch.text for branch in desk.panel.manuscript.branches.branches.values()]
    assert " burned low." in kept


def test_joining_a_paragraph_to_the_ghost_rejects_it(desk: Desk) -> None:  # noqa: F811
    desk.type("One.\nThe lamp")
    desk.go_on()
    desk.look(" burned")
    desk.editor.move_to(len("One."))
    desk.key(K.Key_Delete)
    assert (desk.text(), desk.ghost()) == ("One.The lamp", "")


def test_escape_stops_and_keeps_what_is_there(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida")
    job = desk.go_on()
    desk.look(" went up")
    desk.key(K.Key_Escape)
    assert desk.host.cancelled == [job]
    assert (desk.text(), desk.ghost()) == ("Ida went up", "")
    desk.finish(" went up", job=job, cancelled=True)
    desk.go_on()
    desk.finish(" again")
    desk.key(K.Key_Escape)
    assert desk.text() == "Ida went up", "without a job Esc leaves the ghost out"


def test_alternatives_stand_side_by_side_and_are_cycled(desk: Desk) -> None:  # noqa: F811
    desk.set(alternatives=3)
    desk.type("The lamp")
    desk.go_on()
    assert desk.request.params["alternatives"] == 3
    desk.look(" burned", " went out", " sang")
    rows = desk.panel.page.margin.rows()
    assert [row.way.text for row in rows] == [" burned", " went out", " sang"]
    assert desk.panel.page.margin.isVisible()
    desk.key(K.Key_Down, ALT)
    assert desk.ghost() == " went out"
    desk.key(K.Key_Up, ALT)
    desk.key(K.Key_Up, ALT)
    assert desk.ghost() == " sang"
    desk.finish(" burned low", " went out", " sang to her")
    assert desk.ghost() == " sang to her"
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp sang to her"
    texts = {branch.text for branch in desk.panel.manuscript.branches.branches.values()}
    assert texts == {" burned low", " went out", " sang to her"}


def test_alternatives_that_are_the_same_are_each_whole(desk: Desk) -> None:  # noqa: F811
    desk.set(alternatives=3)
    desk.type("The lamp")
    desk.go_on()
    desk.look(" went", " went", " sang")
    desk.finish(" went out.", " went out.", " sang to her.")
    assert [row.way.text for row in desk.panel.page.margin.rows()] == [" went out.", " went out.", " sang to her."]
    desk.key(K.Key_Down, ALT)
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp went out."


def test_a_rejected_way_can_be_taken_later_in_the_place_of_the_other(desk: Desk) -> None:  # noqa: F811
    desk.set(alternatives=2)
    desk.type("The lamp")
    desk.go_on()
    desk.finish(" burned low.", " went out.")
    desk.key(K.Key_Tab)
    desk.type(" Then")
    desk.editor.move_to(len("The lamp bur"))
    desk.panel.ways.open_here()
    rows = desk.panel.page.margin.rows()
    assert [row.way.shown for row in rows] == [True, False]
    desk.qtbot.mouseClick(rows[1], Qt.MouseButton.LeftButton)
    assert desk.text() == "The lamp burned low. Then", "looking at a way changes nothing"
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp went out. Then"
    desk.host.undo_stack[-1].undo()
    assert desk.text() == "The lamp burned low. Then"


def test_another_word_forks_the_text_there(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp")
    desk.go_on()
    desk.finish(" burned low all night.")
    desk.key(K.Key_Tab)
    desk.panel.page.buttons["heat"].click()
    assert len(desk.editor.tints) == 4
    at = desk.text().index("low") + 1
    assert desk.panel.open_token(at)
    popup = desk.panel.tokens
    assert popup.list.count() == 2
    popup.list.setCurrentRow(1)
    desk.qtbot.keyClick(popup.list, K.Key_Return)
    assert desk.request.params["prefix"] == " burned other"
    assert desk.request.params["prefix_ids"] == "0 901"
    desk.look(" burned other lamps")
    assert desk.text() == "The lamp burned low all night."
    assert desk.ghost() == "other lamps"
    desk.finish(" burned other lamps too.")
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp burned other lamps too."
    fork = list(desk.panel.manuscript.branches.branches.values())[-1]
    assert (fork.parent, fork.place) == (1, 1)
    desk.host.undo_stack[-1].undo()
    assert desk.text() == "The lamp burned low all night."


def test_a_fork_of_a_new_paragraph_leaves_one_end_before_it(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp.")
    desk.go_on()
    desk.finish("\n\nIt burned low.\n\n")
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp.\nIt burned low.\n"
    desk.go_on()
    desk.finish("Ida slept.")
    desk.key(K.Key_Tab)
    assert desk.panel.places.range(1) == (len("The lamp."), len("The lamp.\nIt burned low.\n"))
    desk.panel.page.buttons["heat"].click()
    assert desk.panel.open_token(desk.text().index("low"))
    desk.panel.tokens.chosen.emit(wire.Choice(9, " high", 0.25))
    desk.finish("\n\nIt burned high.")
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp.\nIt burned high."


def test_the_ribbon_shows_the_text_so_far_and_branches(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp")
    job = desk.go_on()
    desk.finish(" burned low all night.")
    desk.key(K.Key_Tab)
    desk.panel.show_step(Step(1, 4, None, " low", True))
    assert desk.editor.ghost.replaces == len(" all night.")
    assert desk.text() == "The lamp burned low all night."
    desk.panel.show_step(None)
    assert not desk.editor.ghost.active()
    desk.panel.branch(job, 1)
    resume = desk.request.resume
    assert resume == ResumePoint(job, 1)
    assert desk.request.params["before"] == "The lamp"
    desk.look(" burned low and")
    assert desk.ghost() == " and"
    desk.finish(" burned low and long.")
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp burned low and long."


def test_undo_below_the_ghost_rejects_it_and_elsewhere_leaves_it(desk: Desk) -> None:  # noqa: F811
    desk.type("One.\nThe lamp")
    desk.go_on()
    desk.finish(" burned low.")
    desk.key(K.Key_Tab)
    desk.editor.replace(0, 3, "First", name="elsewhere", caret=False)
    job = desk.go_on()
    desk.look(" It was late.")
    desk.host.undo_stack[-1].undo()
    assert (desk.text(), desk.ghost()) == ("One.\nThe lamp burned low.", " It was late.")
    desk.host.undo_stack[-2].undo()
    assert (desk.text(), desk.ghost()) == ("One.\nThe lamp", "")
    assert desk.host.cancelled == [job]


def test_looking_back_at_what_was_not_taken_yet_brings_it_back(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp")
    job = desk.go_on()
    desk.finish(" burned low all night.")
    desk.panel.show_step(Step(1, 4, None, " low", True, job))
    assert (desk.text(), desk.ghost()) == ("The lamp", " burned low")
    desk.panel.show_step(Step(0, 4, None, " burned", True, job))
    assert desk.ghost() == " burned"
    desk.panel.show_step(None)
    assert desk.ghost() == " burned low all night."
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp burned low all night."


def test_what_was_on_offer_when_the_window_was_closed_is_on_offer_again(desk: Desk) -> None:  # noqa: F811
    desk.set(alternatives=2)
    desk.type("One.\nThe lamp")
    desk.go_on()
    desk.finish(" burned low.", " went out.")
    desk.key(K.Key_Down, ALT)
    state = desk.panel.state()
    again = place(desk.host.folder, desk.qtbot)
    again.panel.restore(state)
    assert (again.text(), again.ghost()) == ("One.\nThe lamp", " went out.")
    again.key(K.Key_Up, ALT)
    assert again.ghost() == " burned low."
    again.key(K.Key_Tab)
    assert again.text() == "One.\nThe lamp burned low."
    state = again.panel.state()
    third = place(desk.host.folder, desk.qtbot)
    third.panel.restore(state)
    assert (third.text(), third.ghost()) == ("One.\nThe lamp burned low.", "")
    desk.key(K.Key_Escape)


@pytest.mark.parametrize("waits", [True, False])
def test_what_was_written_when_the_window_was_closed_comes_again(desk: Desk, waits: bool) -> None:  # noqa: F811
    desk.type("One.\nThe lamp")
    job = desk.go_on()
    desk.host.undo_stack.clear()
    state = desk.panel.state()
    desk.panel.writing.dismiss()
    again = place(desk.host.folder, desk.qtbot)
    again.panel.restore(state)
    assert again.host.submit(desk.request) == job, "it waits in the queue"
    if not waits:
        again.editor.move_to(0)
    again.play(Started(job, "CPU"))
    again.look(" burned", job=job)
    assert again.ghost() == (" burned" if waits else "")
    again.finish(" burned low.", job=job)
    assert [branch.text for branch in again.panel.manuscript.branches.branches.values()] == [" burned low."]
    if waits:
        again.key(K.Key_Tab)
        assert again.text() == "One.\nThe lamp burned low."
        again.host.undo_stack[-1].undo()
    assert again.text() == "One.\nThe lamp"


def test_a_failed_job_leaves_the_text_and_says_why(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp")
    job = desk.go_on()
    desk.look(" burned")
    desk.host.end(job)
    desk.play(Failed(job, Problem("The model has no tokenizer.", "Choose another one.")))
    assert desk.text() == "The lamp"
    assert desk.ghost() == ""
    assert desk.panel.page.card.isVisible()
    assert desk.panel.page.card.accessibleName() == "The model has no tokenizer."


def test_paragraphs_of_the_model_are_lines_on_the_page(desk: Desk) -> None:  # noqa: F811
    desk.type("One.")
    desk.go_on()
    desk.look("\n\nTwo.\n\nThree.")
    assert desk.ghost() == "\nTwo.\nThree."
    desk.finish("\n\nTwo.\n\nThree.")
    desk.key(K.Key_Tab)
    assert desk.text() == "One.\nTwo.\nThree."
    desk.panel.state()
    assert desk.panel.files() == {"01-text.md": "One.\n\nTwo.\n\nThree.\n"}


@pytest.mark.parametrize("key", ["x", "\x7f", "\r"])
def test_undo_brings_back_who_wrote_what_was_typed_over(desk: Desk, key: str) -> None:  # noqa: F811
    desk.type("One. ")
    desk.go_on()
    desk.finish("The lamp burned low.\n\nNobody came.")
    desk.key(K.Key_Tab)
    text, runs = desk.text(), desk.editor.authors.runs()
    assert len(runs) == 1
    steps = len(desk.host.undo_stack)
    desk.editor.move_to(7, select_to=len(text) - 3)
    keys = {"x": K.Key_X, "\x7f": K.Key_Delete, "\r": K.Key_Return}
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):  # with its letter, as a real keyboard sends it
        QApplication.sendEvent(desk.editor, QKeyEvent(kind, keys[key], Qt.KeyboardModifier.NoModifier, key))
    assert desk.text() == text[:7] + {"x": "x", "\x7f": "", "\r": "\n"}[key] + text[-3:]
    assert len(desk.host.undo_stack) == steps + 1
    desk.host.undo_stack[-1].undo()
    assert (desk.text(), desk.editor.authors.runs()) == (text, runs)


def test_a_passage_that_is_cut_and_pasted_is_still_the_models(desk: Desk) -> None:  # noqa: F811
    desk.type("One. ")
    desk.go_on()
    desk.finish("The lamp burned\u00a0low 🙂.\n\nNobody came.")
    desk.key(K.Key_Tab)
    desk.type(" Two.")
    moved = "burned\u00a0low 🙂.\nNobody "
    start, end = desk.text().index("burned"), desk.text().index("came")
    desk.editor.move_to(start, select_to=end)
    desk.editor.cut()
    clipboard = QApplication.clipboard()
    assert clipboard.mimeData().formats() == ["text/plain", CARRIED]
    assert clipboard.text() == moved
    desk.editor.move_to(0)
    steps = len(desk.host.undo_stack)
    desk.editor.paste()
    assert whole(desk.text()).startswith(f"{moved}One.")
    first = desk.editor.authors.runs()[0]
    assert (first.start, first.end) == (0, end - start)
    assert len(desk.host.undo_stack) == steps + 1
    desk.editor.load("Another manuscript. ", [])
    desk.editor.move_to(0)
    desk.editor.paste()
    assert desk.editor.authors.runs() == [], "its branches are not there"


def test_who_wrote_what_is_kept(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp")
    desk.go_on()
    desk.finish(" burned low.")
    desk.key(K.Key_Tab)
    desk.editor.move_to(len("The lamp burned"))
    desk.type(" very")
    runs = [(desk.text()[run.start : run.end], run.edited) for run in desk.editor.authors.runs()]
    assert runs == [(" burned", False), (" very", True), (" low.", False)]
    state = desk.panel.state()
    desk.panel.restore(state)
    runs = [(desk.text()[run.start : run.end], run.edited) for run in desk.editor.authors.runs()]
    assert runs == [(" burned", False), (" very", True), (" low.", False)]
    assert desk.panel.places.range(1) == (len("The lamp"), len("The lamp burned very low."))


def test_where_the_story_has_ended_it_goes_on_with_a_new_scene(desk: Desk) -> None:  # noqa: F811
    desk.type("They lived happily.")
    first = desk.go_on()
    desk.finish("", ended="eos")
    assert desk.job != first, "one press goes on"
    assert desk.text() == "They lived happily.\n***\n"
    assert desk.request.params["reach"] == "scene", "the built-in model reads one tale at a time"
    desk.look("In spring")
    assert desk.ghost() == "In spring"
    desk.finish("In spring the boats came back.")
    desk.key(K.Key_Tab)
    assert desk.text() == "They lived happily.\n***\nIn spring the boats came back."
    desk.host.undo_stack[-1].undo()
    desk.host.undo_stack[-2].undo()
    assert desk.text() == "They lived happily."


def test_a_model_that_has_nothing_to_say_is_asked_twice_and_no_more(desk: Desk) -> None:  # noqa: F811
    desk.type("The end.")
    desk.go_on()
    desk.finish("", ended="eos")
    desk.finish("", ended="eos")
    assert len(desk.host.submitted) == 2
    assert not desk.panel.writing.busy()


def test_a_scene_is_filled_towards_its_own_end_alone(desk: Desk) -> None:  # noqa: F811
    desk.type("One.\n# Two\nAt sea.\n# Three\nHome.")
    desk.editor.move_to(len("One.\n# Two\nAt"))
    desk.go_on()
    assert desk.request.params["after"].strip() == "sea."
    desk.finish(" the")
    desk.panel.writing.dismiss()
    desk.editor.move_to(len("One."))
    desk.go_on()
    assert (desk.request.params["task"], desk.request.params["after"]) == ("continue", "")
    desk.finish(" And")
    desk.panel.writing.dismiss()
    desk.set(reach="all")
    desk.go_on()
    assert "Home." in desk.request.params["after"]


def test_a_fork_takes_what_was_written_right_behind_it_along(desk: Desk) -> None:  # noqa: F811
    desk.type("Ida")
    for words in (" went up", " and stayed."):
        desk.go_on()
        desk.finish(words)
        desk.key(K.Key_Tab)
    desk.type(" Night.")
    assert desk.panel.open_token(len("Ida went"))
    desk.qtbot.keyClick(desk.panel.tokens.list, K.Key_Down)
    desk.qtbot.keyClick(desk.panel.tokens.list, K.Key_Return)
    desk.finish(" went other down.")
    desk.key(K.Key_Tab)
    assert desk.text() == "Ida went other down. Night.", "what a person typed stays"
    desk.host.undo_stack[-1].undo()
    assert desk.text() == "Ida went up and stayed. Night."


def test_a_growing_ghost_moves_the_styles_of_its_paragraph_along_and_lays_out_no_other(desk: Desk) -> None:  # noqa: F811
    desk.type("She said **no** twice.\nNobody heard her.")
    desk.editor.move_to(len("She"))
    block = desk.editor.document().firstBlock()
    behind = block.next().layout()

    def styled() -> list[tuple[int, int, int]]:
        return [(part.start, part.length, part.format.fontWeight()) for part in block.layout().formats()]

    plain = styled()
    assert any(weight > 400 and start == len("She said **") for start, _length, weight in plain)
    desk.go_on()
    desk.editor.grab()  # as a paint does: every paragraph in sight has its lines
    for ghost in (" had", " had not", " had not\n\nyet", " had"):
        desk.look(ghost)
        shown = ghost.replace("\n\n", "\n")
        assert desk.ghost() == shown
        *words, own = styled()
        assert own[:2] == (len("She"), len(shown)), "the ghost's colour is its own alone"
        assert words == [(start + len(shown), length, weight) for start, length, weight in plain]
        assert block.layout().lineCount() > 0
        assert behind.lineCount() > 0, "the paragraph behind it kept its lines"
    desk.key(K.Key_Escape)
    desk.host.undo_stack[-1].undo()
    assert (desk.text().split("\n")[0], styled()) == ("She said **no** twice.", plain)
