"""The page as an editor: typography, Markdown, outline, search, spelling, split, paste, and long texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from plugins.text.editor_paste import LONGEST_WORD
from tests.plugins.text.page_bench import CTRL, SHIFT, Desk, desk, place  # noqa: F401 - fixture

K = Qt.Key
TALE = "Before.\n# One\nFirst words here.\n***\nA scene.\n# Two\nLast words."


def fill(desk: Desk, text: str) -> None:  # noqa: F811
    desk.editor.load(text, [])
    desk.panel.sight.look_again()


def names(desk: Desk) -> list[str]:  # noqa: F811
    desk.panel.sight.look_again()
    return [section.name for section in desk.panel.page.outline.sections()]


def test_quotes_dashes_and_the_ellipsis_are_set_and_each_can_be_taken_back(desk: Desk) -> None:  # noqa: F811
    desk.type('"Don\'t," he said -- "it\'s...')
    assert desk.text() == "“Don’t,” he said – “it’s…"
    desk.type("\n'Twas in the '90s")
    assert desk.text().endswith("‘Twas in the ’90s")
    desk.type("\n---")
    assert desk.text().endswith("\n---"), "a scene break stays one"
    desk.type('\n"')
    desk.host.undo_stack[-1].undo()
    assert desk.text().endswith('\n"')


def test_headings_and_emphasis_show_and_their_marks_hide_away_from_the_caret(desk: Desk) -> None:  # noqa: F811
    fill(desk, "# The Lamp Room\nA *small* word.")
    head = desk.editor.document().firstBlock()

    def style(block: object, place: int) -> QFont:
        found = [r for r in block.layout().formats() if r.start <= place < r.start + r.length]  # type: ignore[attr-defined]
        return found[-1].format.font()

    desk.editor.move_to(desk.editor.document().characterCount() - 1)
    assert style(head, 5).bold()
    assert style(head, 0).pixelSize() == 1, "the mark is as good as gone"
    desk.editor.move_to(0)
    assert style(head, 0).pixelSize() > 18
    assert style(head.next(), 4).italic()


def test_the_outline_follows_the_text_and_jumps(desk: Desk) -> None:  # noqa: F811
    fill(desk, TALE)
    assert names(desk) == ["Before.", "One", "A scene.", "Two"]
    words = [desk.panel.page.outline.list.item(row).data(Qt.ItemDataRole.UserRole + 2) for row in range(4)]
    assert words == ["1", "5", "2", "2"]
    assert desk.panel.page.words.text() == "8 words"
    desk.panel.page.outline.jumped.emit(3)
    assert desk.editor.textCursor().position() == TALE.index("Last words")
    assert desk.panel.page.outline.list.currentRow() == 3


def test_chapters_are_moved_with_their_scenes_and_authors(desk: Desk) -> None:  # noqa: F811
    from plugins.text.document import Run

    start = TALE.index("First words")
    desk.editor.load(TALE, [Run(start, 5, 3)])
    desk.panel.sight.look_again()
    outline = desk.panel.page.outline
    outline.moved.emit(1, 4)
    assert desk.text() == "Before.\n# Two\nLast words.\n# One\nFirst words here.\n***\nA scene.\n"
    run = desk.editor.authors.runs()[0]
    assert (desk.text()[run.start : run.end], run.author) == ("First", 3)
    assert [entry.text for entry in desk.host.undo_stack] == ["move"]
    desk.host.undo_stack[-1].undo()
    assert desk.text() == TALE


def test_sections_are_added_renamed_merged_and_split(desk: Desk) -> None:  # noqa: F811
    fill(desk, TALE)
    outline = desk.panel.page.outline
    outline.renamed.emit(1, "The first")
    assert "# The first\nFirst" in desk.text()
    names(desk)
    outline.merged.emit(2)
    assert "***" not in desk.text()
    desk.editor.move_to(desk.text().index("A scene."))
    outline.split_wanted.emit()
    assert "# Chapter\nA scene." in desk.text()
    assert names(desk) == ["Before.", "The first", "Chapter", "Two"]
    desk.editor.move_to(0)
    outline.chapter_wanted.emit()
    desk.qtbot.keyClicks(desk.editor, "Prologue")
    assert names(desk)[1] == "Prologue"


def test_targets_stay_with_their_chapter(desk: Desk) -> None:  # noqa: F811
    fill(desk, TALE)
    desk.panel.ways.set_target(desk.panel.page.outline.sections()[3], 500)
    desk.editor.move_to(0)
    desk.type("More. ")
    names(desk)
    item = desk.panel.page.outline.list.item(3)
    assert item.data(Qt.ItemDataRole.UserRole + 2) == "2 / 500"
    desk.panel.restore(desk.panel.state())
    names(desk)
    assert desk.panel.page.outline.list.item(3).data(Qt.ItemDataRole.UserRole + 2) == "2 / 500"


def test_targets_and_ways_move_with_their_chapter_and_back(desk: Desk) -> None:  # noqa: F811
    def seen() -> dict[str, tuple[int, bool]]:
        """Each chapter with its target, and whether the way on hangs at its end."""
        desk.panel.sight.look_again()
        sections = desk.panel.page.outline.sections()
        (place,) = desk.panel.places.positions().values()
        targets = desk.panel.ways.targets_of(sections)
        return {
            s.name: (t, desk.text()[s.start : place].endswith(s.name)) for s, t in zip(sections, targets, strict=True)
        }

    fill(desk, "# One\n# Two\n# Three")
    desk.panel.ways.set_target(desk.panel.page.outline.sections()[2], 500)
    desk.editor.move_to(len(desk.text()))
    desk.go_on()
    desk.finish(" rejected")
    desk.type(" ")
    desk.host.undo_stack[-1].undo()
    before = {"One": (0, False), "Two": (0, False), "Three": (500, True)}
    assert seen() == before
    desk.panel.page.outline.moved.emit(2, 0)
    assert desk.text() == "# Three\n# One\n# Two\n"
    assert seen() == before
    desk.host.undo_stack[-1].undo()
    assert desk.text() == "# One\n# Two\n# Three"
    assert seen() == before
    desk.host.undo_stack[-1].redo()
    desk.panel.page.outline.moved.emit(0, 2)
    assert desk.text() == "# One\n# Three\n# Two\n"
    assert seen() == before
    desk.host.undo_stack[-1].undo()
    assert seen() == before


def test_find_and_replace(desk: Desk) -> None:  # noqa: F811
    fill(desk, "The sea. the Sea, the seaside.\nShe said “sea”.")
    find = desk.panel.page.find
    desk.panel.page.open_search()
    desk.qtbot.keyClicks(find.words, "sea")
    find.search()
    assert find.count.text() == "4"
    assert len(desk.editor.marks) == 4
    desk.qtbot.mouseClick(find.whole, Qt.MouseButton.LeftButton)
    assert find.count.text() == "3"
    desk.qtbot.keyClick(find.words, K.Key_Return)
    assert desk.editor.textCursor().selectedText() == "sea"
    desk.qtbot.keyClicks(find.instead, "ocean")
    before = len(desk.host.undo_stack)
    desk.qtbot.mouseClick(find.all, Qt.MouseButton.LeftButton)
    assert desk.text() == "The ocean. the ocean, the seaside.\nShe said “ocean”."
    assert len(desk.host.undo_stack) == before + 1
    desk.host.undo_stack[-1].undo()
    assert desk.text().count("ocean") == 0
    find.words.setText('"sea"')
    find.whole.setChecked(False)
    find.search()
    assert find.count.text() == "1", "straight quotes find curly ones"
    desk.qtbot.keyClick(find.words, K.Key_Escape)
    assert not find.isVisible()
    assert desk.editor.marks == ()


def test_the_search_is_worked_by_keys_alone(desk: Desk) -> None:  # noqa: F811
    fill(desk, "The sea. The lamp.")
    find = desk.panel.page.find
    desk.panel.page.open_search()
    desk.qtbot.keyClicks(find.words, "sea")
    find.search()
    desk.qtbot.keyClick(find.words, K.Key_Tab)
    assert desk.panel.window().focusWidget() is find.instead
    desk.qtbot.keyClicks(find.instead, "fog")
    for _ in range(2):
        desk.qtbot.keyClick(desk.panel.window().focusWidget(), K.Key_Tab)
    assert desk.panel.window().focusWidget() is find.all
    desk.qtbot.keyClick(find.all, K.Key_Space)
    assert desk.text() == "The fog. The lamp."
    desk.qtbot.keyClick(desk.panel.window().focusWidget(), K.Key_Escape)
    assert not find.isVisible()


def test_what_was_typed_since_a_search_is_not_replaced(desk: Desk) -> None:  # noqa: F811
    fill(desk, "A lamp. The lamp.")
    find = desk.panel.page.find
    desk.panel.page.open_search()
    find.words.setText("lamp")
    find.search()
    desk.editor.move_to(0)
    desk.type("Oh! ")
    desk.qtbot.waitUntil(lambda: [(tint.start, tint.end) for tint in desk.editor.marks] == [(6, 10), (16, 20)])
    desk.type("So: ")
    find.instead.setText("candle")
    desk.qtbot.mouseClick(find.all, Qt.MouseButton.LeftButton)
    assert desk.text() == "Oh! So: A candle. The candle."
    assert find.count.text() == "2 replaced"
    desk.host.undo_stack[-1].undo()
    assert desk.text() == "Oh! So: A lamp. The lamp."
    desk.type("lamp, ")
    desk.editor.move_to(0)
    find.step(1)
    assert desk.editor.textCursor().selectionStart() == desk.text().index("lamp")
    find.close_search()
    desk.type(" ")
    desk.qtbot.wait(200)
    assert desk.editor.marks == ()


def test_a_word_of_a_million_letters_is_pasted_in_pieces(desk: Desk) -> None:  # noqa: F811
    desk.type("Here: ")
    data = QMimeData()
    data.setText("x" * 1_000_000)
    desk.editor.insertFromMimeData(data)
    assert desk.text().replace("\n", "") == "Here: " + "x" * 1_000_000
    assert max(map(len, desk.text().split("\n"))) <= LONGEST_WORD + len("Here: ")
    assert desk.host.said == ["What was pasted had a word without an end: it was broken into lines"]
    desk.host.undo_stack[-1].undo()
    assert desk.text() == "Here: "


def test_fifty_thousand_words_are_typed_into_like_ten(desk: Desk) -> None:  # noqa: F811
    """Only the paragraph that is typed into is laid out and styled again, wherever it stands."""
    fill(desk, "\n".join("Nobody had climbed the lighthouse since the winter. " * 8 for _ in range(800)))
    styled: list[int] = []
    highlight = desk.editor.styling.misspelt
    desk.editor.styling.misspelt = lambda line: (styled.append(len(line)), highlight(line))[1]
    desk.editor.move_to(200_000)
    styled.clear()
    desk.type(" and now")
    assert len(styled) <= len(" and now") + 2
    assert desk.editor.document().blockCount() == 800


def test_the_page_is_seen_twice_and_edited_once(desk: Desk) -> None:  # noqa: F811
    fill(desk, TALE)
    desk.panel.page.buttons["split"].click()
    second = desk.panel.page.second
    assert second is not None
    second.setFocus()
    QTest.keyClicks(second, "Now. ")
    assert "Now. " in desk.text()
    desk.panel.page.buttons["split"].click()
    assert desk.panel.page.second is None
    desk.type("!")
    assert "!" in desk.text()


def test_focus_and_typewriter_mode_are_kept(desk: Desk) -> None:  # noqa: F811
    fill(desk, TALE)
    for name in ("focus", "typewriter"):
        desk.qtbot.mouseClick(desk.panel.page.buttons[name], Qt.MouseButton.LeftButton)
    assert desk.editor.focused
    assert desk.editor.typewriter
    desk.panel.restore(desk.panel.state())
    assert desk.editor.focused


def test_what_another_program_wrote_into_a_chapter_is_taken(desk: Desk) -> None:  # noqa: F811
    fill(desk, TALE)
    state = desk.panel.state()
    files = desk.panel.files()
    assert list(files) == ["01-text.md", "02-one.md", "03-two.md"]
    state["files"] = {"03-two.md": files["03-two.md"].replace("Last", "The very last")}
    desk.panel.restore(state)
    assert desk.text() == TALE.replace("Last", "The very last")


def test_spelling_underlines_suggests_and_learns(tmp_path: Path, qtbot: QtBot) -> None:
    desk = place(tmp_path, qtbot)  # noqa: F811
    spelling = desk.panel.spelling
    spelling.on = True
    desk.type("The lighthose of Idaline.")
    spelling.look()
    line = "The lighthose of Idaline."
    qtbot.waitUntil(lambda: len(list(spelling.misspelt(line))) == 2, timeout=30_000)
    menu = QMenu(desk.panel)
    spelling.fill_menu(menu, 6)
    qtbot.waitUntil(lambda: menu.actions()[0].text() == "lighthouse", timeout=30_000)
    menu.actions()[0].trigger()
    assert desk.text() == "The lighthouse of Idaline."
    spelling.remember("Idaline")
    assert list(spelling.misspelt(desk.text())) == []
    assert desk.host.kept["dictionary"] == ["Idaline"]
    menu.close()
    menu.deleteLater()


def test_a_picture_stands_in_the_text(desk: Desk, qtbot: QtBot) -> None:  # noqa: F811
    from PySide6.QtGui import QImage

    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    path = desk.host.folder / "coast.png"
    assert image.save(str(path))
    artifact = desk.host.bring_in(path, media="image/png", title="The coast")
    renamed = artifact.path.with_suffix(".png")
    artifact.path.rename(renamed)
    from dataclasses import replace

    desk.host.give(replace(artifact, path=renamed))
    desk.type("One.")
    desk.panel.receive(desk.host.artifact(artifact.id))
    assert f"![The coast](../../artifacts/{artifact.id[:2]}/{artifact.id}.png)" in desk.text()
    block = desk.editor.document().findBlockByNumber(1)
    qtbot.waitUntil(lambda: desk.panel.pictures.of_block(block) is not None, timeout=5000)
    assert desk.editor.blockBoundingRect(block).height() > 48


@pytest.mark.parametrize("held", [CTRL, CTRL | SHIFT])
def test_undo_and_redo_belong_to_the_window(desk: Desk, held: Qt.KeyboardModifier) -> None:  # noqa: F811
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent

    desk.type("Words")
    asked = QKeyEvent(QEvent.Type.ShortcutOverride, K.Key_Z, held, "z")
    QGuiApplication.sendEvent(desk.editor, asked)
    assert not asked.isAccepted()


def test_what_is_taken_stays_where_it_was_on_the_screen(desk: Desk) -> None:  # noqa: F811
    fill(desk, "\n".join("Nobody had climbed the lighthouse since the winter. " * 6 for _ in range(30)))
    desk.editor.move_to(desk.editor.document().characterCount() - 1)
    desk.set(alternatives=2)
    text = "\n\n".join(["", *["She went up and the lamp was cold and nobody spoke. " * 3] * 9])
    for _ in range(4):
        desk.key(K.Key_Return)
        desk.go_on()
        for part in range(1, 10):
            desk.look(text[: len(text) * part // 9], "Another.")
            desk.qtbot.wait(5)
        desk.finish(text, "Another.")
        desk.qtbot.wait(5)
        desk.key(K.Key_Tab)
        desk.qtbot.wait(5)
        caret = desk.editor.cursorRect().center().y()
        assert 0.2 < caret / desk.editor.viewport().height() < 1
