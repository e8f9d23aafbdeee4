"""Rewriting a passage: judged piece by piece, repainted around pinned words, and nothing outside ever changes."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.plugins.text.page_bench import Desk, desk  # noqa: F401 - fixture

K = Qt.Key
STORY = "The old man walked to the sea.\nIt was a cold morning and nobody spoke."


def select(desk: Desk, words: str) -> tuple[int, int]:  # noqa: F811
    start = desk.text().index(words)
    desk.editor.move_to(start, select_to=start + len(words))
    return start, start + len(words)


def test_a_rewrite_is_judged_before_a_letter_changes(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    select(desk, "old man walked to")
    bar = desk.panel.selection.bar
    assert bar.isVisible()
    desk.qtbot.mouseClick(bar.buttons["rewrite"], Qt.MouseButton.LeftButton)
    assert desk.request.params["task"] == "rewrite"
    assert desk.request.params["passage"] == "old man walked to"
    assert desk.request.params["before"] == "The "
    assert str(desk.request.params["after"]).startswith(" the sea.\n\nIt was")
    desk.look("young man")
    assert desk.editor.ghost.replaces == len("old man walked to")
    desk.finish("young man crawled down to")
    card = desk.panel.selection.card
    assert card.isVisible()
    assert desk.text() == STORY
    changed = [piece for piece in card.pieces if piece.changes]
    assert [(piece.old, piece.new) for piece in changed] == [("old", "young"), ("walked", "crawled down")]
    card.toggle(card.pieces.index(changed[0]))
    before = len(desk.host.undo_stack)
    desk.qtbot.mouseClick(card.apply, Qt.MouseButton.LeftButton)
    assert desk.text() == STORY.replace("walked", "crawled down")
    assert not card.isVisible()
    assert desk.panel.page.note.text().startswith(f"Checked: the {len(STORY) - len('old man walked to')} characters")
    assert len(desk.host.undo_stack) == before + 1
    written = [desk.text()[run.start : run.end] for run in desk.editor.authors.runs()]
    assert written == ["crawled down"], "what was left alone keeps its author"
    desk.host.undo_stack[-1].undo()
    assert desk.text() == STORY
    desk.type("x")
    assert desk.panel.page.note.text() == "", "old news"


def test_several_changes_are_one_step_and_the_keyboard_suffices(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    select(desk, "cold morning and nobody spoke")
    desk.panel.selection.run("shorten")
    desk.finish("grey morning and all slept")
    card = desk.panel.selection.card
    assert desk.qtbot.waitUntil(card.diff.hasFocus) is None
    desk.qtbot.keyClick(card.diff, K.Key_Space)
    assert len(card.taken) == sum(piece.changes for piece in card.pieces) - 1
    desk.qtbot.keyClick(card.diff, K.Key_Space)
    before = len(desk.host.undo_stack)
    desk.qtbot.keyClick(card.diff, K.Key_Return)
    assert desk.text() == STORY.replace("cold morning and nobody spoke", "grey morning and all slept")
    assert len(desk.host.undo_stack) == before + 1


def test_keeping_the_old_changes_nothing_and_the_version_stays(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    select(desk, "old man")
    desk.panel.selection.run("expand")
    desk.finish("very old and tired man")
    desk.qtbot.keyClick(desk.panel.selection.card.diff, K.Key_Escape)
    assert desk.text() == STORY
    assert not desk.editor.ghost.active()
    kept = [branch.text for branch in desk.panel.manuscript.branches.branches.values()]
    assert kept == ["very old and tired man"]


def test_enter_with_nothing_taken_keeps_the_old(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    select(desk, "old man")
    desk.panel.selection.run("rewrite")
    desk.finish("grey cat")
    card = desk.panel.selection.card
    desk.qtbot.mouseClick(card.leave_all, Qt.MouseButton.LeftButton)
    desk.qtbot.keyClick(card.diff, K.Key_Return)
    assert not card.isVisible()
    assert desk.text() == STORY


def test_versions_can_be_compared(desk: Desk) -> None:  # noqa: F811
    desk.set(alternatives=2)
    desk.type(STORY)
    select(desk, "old man")
    desk.panel.selection.run("rewrite")
    desk.finish("grey man", "tired man")
    card = desk.panel.selection.card
    desk.qtbot.mouseClick(card.forth, Qt.MouseButton.LeftButton)
    assert card.result() == "tired man"
    desk.qtbot.mouseClick(card.apply, Qt.MouseButton.LeftButton)
    assert desk.text() == STORY.replace("old man", "tired man")


def test_words_are_pinned_with_clicks_and_sent(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    select(desk, "old man walked to the sea")
    desk.panel.selection.run("repaint")
    for word in ("man", "sea"):
        spot = desk.editor.place_of(desk.text().index(word) + 1).toPoint()
        inside = desk.editor.viewport().mapFrom(desk.editor, spot)
        inside.setY(inside.y() + 8)
        desk.qtbot.mouseClick(desk.editor.viewport(), Qt.MouseButton.LeftButton, pos=inside)
    assert sum(tint.outline for tint in desk.editor.marks) == 2
    desk.key(K.Key_Return)
    assert desk.request.params["task"] == "repaint"
    assert desk.request.params["pinned"] == "man\nsea"
    assert desk.request.params["passage"] == "old man walked to the sea"
    assert desk.text() == STORY
    desk.finish("young man swam through the wild sea")
    desk.qtbot.keyClick(desk.panel.selection.card.diff, K.Key_Return)
    assert desk.text() == STORY.replace("old man walked to the sea", "young man swam through the wild sea")


def test_words_are_pinned_with_the_keyboard_alone(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    select(desk, "old man walked to the sea")
    desk.panel.selection.run("repaint")
    desk.key(K.Key_Right)
    desk.key(K.Key_Right)
    desk.key(K.Key_Space)
    desk.type("x")
    desk.key(K.Key_Up)
    for _ in range(9):
        desk.key(K.Key_Right)
    desk.key(K.Key_Space)
    desk.key(K.Key_Left)
    desk.key(K.Key_Space)
    desk.key(K.Key_Space)
    assert desk.text() == STORY, "nothing is typed while words are pinned"
    desk.key(K.Key_Return)
    assert desk.request.params["pinned"] == "man\nsea"
    desk.finish("young man swam through the wild sea")
    desk.qtbot.keyClick(desk.panel.selection.card.diff, K.Key_Escape)
    select(desk, "cold morning")
    desk.panel.selection.run("repaint")
    before = len(desk.host.submitted)
    desk.key(K.Key_Escape)
    assert len(desk.host.submitted) == before
    assert desk.editor.marks == ()


def test_an_edit_by_other_means_ends_pinning(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    desk.editor.replace(0, 0, "So: ", name="words")
    select(desk, "old man walked to the sea")
    desk.panel.selection.run("repaint")
    desk.key(K.Key_Right)
    desk.key(K.Key_Space)
    desk.host.undo_stack[-1].undo()
    assert desk.editor.marks == ()
    before = len(desk.host.submitted)
    desk.key(K.Key_Return)
    assert len(desk.host.submitted) == before
    assert "\n" in desk.text(), "the key is the page's again"


def test_a_passage_that_was_changed_meanwhile_is_left_alone(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    start, _ = select(desk, "old man")
    desk.panel.selection.run("rewrite")
    desk.finish("grey man")
    desk.editor.replace(start, start + 3, "new", name="typing", caret=False)
    desk.qtbot.mouseClick(desk.panel.selection.card.apply, Qt.MouseButton.LeftButton)
    assert desk.text() == STORY.replace("old man", "new man")
    assert desk.panel.page.card.isVisible()


def test_a_selection_becomes_a_prompt_for_the_image_panel(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    select(desk, "It was a cold morning")
    desk.panel.selection.run("prompt")
    assert desk.request.params["task"] == "prompt"
    assert desk.request.params["passage"] == "It was a cold morning"
    desk.finish("cold morning by the sea,\noil painting")
    assert desk.host.words_sent == [("image/*", "cold morning by the sea, oil painting")]
    assert desk.text() == STORY
    assert not desk.editor.ghost.active()


def test_undo_stays_where_something_changes(desk: Desk) -> None:  # noqa: F811
    lines = [f"Paragraph {number} of a long story about the sea." for number in range(60)]
    desk.editor.load("\n".join(lines), [])
    start, _ = select(desk, "40 of a long story about")
    desk.panel.selection.run("shorten")
    desk.finish("40 tells a tale of")
    desk.qtbot.mouseClick(desk.panel.selection.card.apply, Qt.MouseButton.LeftButton)
    assert "Paragraph 40 tells a tale of the sea." in desk.text()
    for step in (desk.host.undo_stack[-1].undo, desk.host.undo_stack[-1].redo):
        step()
        caret = desk.editor.textCursor().position()
        assert start <= caret <= start + 40
        assert desk.editor.viewport().rect().intersects(desk.editor.cursorRect())


def test_the_passage_stays_in_sight_while_it_is_judged(desk: Desk) -> None:  # noqa: F811
    desk.editor.load("\n".join(f"Paragraph {number} of a long story about the sea." for number in range(60)), [])
    for number, scroll in ((30, 25), (33, 20), (30, 50)):
        start, end = select(desk, f"{number} of a long story")
        desk.editor.verticalScrollBar().setValue(scroll)
        desk.panel.selection.run("rewrite")
        desk.finish(f"{number} of another tale")
        card = desk.panel.selection.card
        under = desk.editor.mapFromGlobal(card.mapToGlobal(card.rect().topLeft())).y()
        assert 0 <= desk.editor.place_of(start).y() < under
        assert desk.editor.place_of(end).y() + desk.editor.page.pitch() <= under + 1
        desk.qtbot.keyClick(card.diff, K.Key_Escape)


def test_nothing_lies_over_a_place_that_was_found(desk: Desk) -> None:  # noqa: F811
    desk.type(STORY)
    find = desk.panel.page.find
    desk.panel.page.open_search()
    desk.qtbot.keyClicks(find.words, "old man")
    desk.qtbot.keyClick(find.words, K.Key_Return)
    assert desk.editor.textCursor().selectedText() == "old man"
    assert not desk.panel.selection.bar.isVisible()
    desk.qtbot.keyClick(find.words, K.Key_Escape)
    assert desk.panel.selection.bar.isVisible()
