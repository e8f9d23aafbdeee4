"""Letters that take two places of the page, as an emoji does, and spaces that do not break: all are found and kept."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from plugins.text.document import Manuscript
from plugins.text.document_diff import compare, composed
from plugins.text.document_places import spread, whole
from plugins.text.panel_draft import common
from tests.plugins.text.page_bench import CTRL, Desk, desk  # noqa: F401 - fixture

STORY = "Ida 😀 drew a 🐟 on the wall.\nThe lamp was out."


def read(desk: Desk) -> str:  # noqa: F811
    return whole(desk.text())


@pytest.mark.parametrize("text", ["", "plain", "“curly” – fine", "a😀b𝄞", "\ud83d", "𠀀"])
def test_each_place_has_a_character(text: str) -> None:
    assert len(spread(text)) == len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert whole(spread(text)) == text.replace("\ud83d", "\ufffd")
    assert spread(spread(text)) == spread(text)


def test_the_right_words_are_replaced(desk: Desk) -> None:  # noqa: F811
    desk.editor.replace(0, 0, STORY, name="typing")
    find = desk.panel.page.find
    find.open(desk.editor)
    find.words.setText("lamp")
    find.instead.setText("🕯 candle")
    find.search()
    find.replace_all()
    assert read(desk) == STORY.replace("lamp", "🕯 candle")
    find.words.setText("🐟")
    find.instead.setText("boat")
    find.search()
    find.replace_all()
    assert read(desk) == STORY.replace("lamp", "🕯 candle").replace("🐟", "boat")


def test_the_model_reads_up_to_the_caret_and_its_words_are_taken_whole(desk: Desk) -> None:  # noqa: F811
    desk.editor.replace(0, 0, STORY, name="typing")
    desk.editor.move_to(desk.text().index("\n"))
    desk.go_on()
    assert desk.request.params["before"] == STORY.split("\n")[0]
    assert str(desk.request.params["after"]).strip() == "The lamp was out."
    desk.finish(" It 😀 smiled 🐟 back.")
    for _ in range(3):
        desk.key(Qt.Key.Key_Right, CTRL)
    assert read(desk) == STORY.replace("wall.", "wall. It 😀 smiled")
    desk.key(Qt.Key.Key_Tab)
    assert read(desk) == STORY.replace("wall.", "wall. It 😀 smiled 🐟 back.")
    written = [whole(desk.text()[run.start : run.end]) for run in desk.editor.authors.runs()]
    assert written == [" It 😀 smiled 🐟 back."]
    places = desk.panel.views.placed(0, len(desk.text()))
    assert [whole(desk.text()[start:end]) for start, end, *_ in places] == [" It", " 😀", " smiled", " 🐟", " back."]


def test_a_selection_up_to_the_end_is_rewritten(desk: Desk) -> None:  # noqa: F811
    desk.editor.replace(0, 0, STORY, name="typing")
    start = desk.text().index("drew")
    desk.editor.move_to(start, select_to=len(desk.text()))
    desk.panel.selection.run("rewrite")
    assert desk.request.params["passage"] == STORY[STORY.index("drew") :].replace("\n", "\n\n")
    desk.finish("drew a 🐋 on the wall.\n\nThe lamp was out.")
    desk.qtbot.keyClick(desk.panel.selection.card.diff, Qt.Key.Key_Return)
    assert read(desk) == STORY.replace("🐟", "🐋")
    assert desk.panel.page.card.isHidden()


def test_what_changes_of_two_that_share_a_half_is_the_whole_letter() -> None:
    old, new = spread("a 🐟 b"), spread("a 🐋 b")
    pieces = compare(old, new)
    assert [(whole(piece.old), whole(piece.new)) for piece in pieces if piece.changes] == [("🐟", "🐋")]
    assert composed(pieces, range(len(pieces))) == new
    assert common(old, new) == 2


def test_the_misspelt_word_is_the_one_that_is_changed(desk: Desk) -> None:  # noqa: F811
    desk.panel.spelling.on = True
    desk.editor.replace(0, 0, "Ida 😀 saw the **teh** end.", name="typing")
    desk.panel.spelling._known["teh"] = False
    at = desk.text().index("teh")
    menu = QMenu()
    desk.panel.spelling.fill_menu(menu, at + 1)
    desk.panel.spelling.replace(at, at + 3, "the")
    assert read(desk) == "Ida 😀 saw the **the** end."
    assert any("teh" in action.text() for action in menu.actions())
    formats = desk.editor.document().firstBlock().layout().formats()
    bold = [each for each in formats if each.format.fontWeight() > 500]
    assert {place for each in bold for place in range(each.start, each.start + each.length)} == set(range(at, at + 3))


def test_it_is_kept_as_plain_text_and_found_again(desk: Desk) -> None:  # noqa: F811
    desk.editor.replace(0, 0, STORY, name="typing")
    desk.editor.move_to(desk.text().index("\n"))
    desk.go_on()
    desk.finish(" A 😀.")
    desk.key(Qt.Key.Key_Tab)
    state = desk.panel.state()
    assert state["text"] == STORY.replace("wall.", "wall. A 😀.")
    assert state["branches"][0]["text"] == " A 😀."
    assert desk.panel.files() == {"01-text.md": STORY.replace("wall.\n", "wall. A 😀.\n\n") + "\n"}
    again = Manuscript.from_json(state)
    (run,) = again.runs
    assert whole(again.text[run.start : run.end]) == " A 😀."
    again.take_files({"01-text.md": "🐋 " + desk.panel.files()["01-text.md"]})
    (run,) = again.runs
    assert whole(again.text[run.start : run.end]) == " A 😀."
    assert desk.panel.export_id()


def test_spaces_that_do_not_break_are_kept_and_the_model_reads_plain_ones(desk: Desk) -> None:  # noqa: F811
    french = "«\u00a0Oui\u00a0», dit Ida à M.\u00a0Roux."
    desk.editor.replace(0, 0, french, name="paste")
    assert desk.panel.state()["text"] == french
    assert desk.panel.files() == {"01-text.md": french + "\n"}
    desk.go_on()
    assert desk.request.params["before"] == french.replace("\u00a0", " ")
    desk.key(Qt.Key.Key_Escape)
    desk.panel.page.find.open(desk.editor)
    desk.panel.page.find.words.setText("M. Roux")
    desk.panel.page.find.search()
    assert desk.panel.page.find.count.text() == "1"
    desk.panel.page.find.close_search()
    desk.editor.move_to(0, select_to=len(french))
    desk.panel.selection.run("rewrite")
    desk.finish("« Non », dit Ida à M. Roux.")
    desk.qtbot.keyClick(desk.panel.selection.card.diff, Qt.Key.Key_Return)
    assert desk.text() == french.replace("Oui", "Non")
