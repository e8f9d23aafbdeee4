"""The tools over the page: what they say fits, and nothing moves under the pointer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from plugins.text.document import LoreEntry
from plugins.text.panel_lore import Lorebook
from plugins.text.panel_note import Note
from plugins.text.panel_sight import AUTHORS, HEAT
from plugins.text.panel_targets import TargetsDialog
from studio.api import Problem
from studio.widgets import theme
from studio.widgets.text import Label
from tests.plugins.text.page_bench import ALT, Desk, desk  # noqa: F401 - fixture

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # the offscreen one, of windows
K = Qt.Key


def test_no_button_moves_when_the_model_begins_to_write(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp")
    tools = (desk.panel.page.go, desk.panel.page.find_button, *desk.panel.page.buttons.values())
    before = [tool.geometry() for tool in tools]
    desk.go_on()
    desk.qtbot.wait(1)
    assert desk.panel.page.go.text().startswith("Stop")
    assert [tool.geometry() for tool in tools] == before
    desk.finish(" burned.")
    assert desk.panel.page.go.text().startswith("Continue")
    assert [tool.geometry() for tool in tools] == before


def test_a_remark_takes_two_lines_and_says_the_rest_in_its_tooltip(desk: Desk) -> None:  # noqa: F811
    note = Note()
    desk.qtbot.addWidget(note)
    note.show()
    note.resize(190, 40)
    for text in (HEAT, AUTHORS):
        note.setText(text)
        assert " ".join(note.lines()) == text
        assert note.toolTip() == ""
    note.resize(90, 40)
    assert len(note.lines()) == 2
    assert note.lines()[1].endswith("…")
    assert "The rest is yours" in note.toolTip()


def test_the_card_stays_while_ways_are_compared(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp")
    desk.go_on()
    desk.finish(" burned low, and Ida slept on. " * 30)
    desk.key(K.Key_Tab)
    desk.panel.again.ask()
    desk.finish(" went out.")
    card = desk.panel.page.margin
    where = card.geometry()
    desk.key(K.Key_Up, ALT)
    assert desk.panel.writing.draft is not None
    assert desk.panel.writing.draft.ghost() == "", "this way stands in the text"
    assert card.geometry() == where


@pytest.mark.parametrize("alternatives", [1, 2])
def test_the_page_comes_back_from_a_long_offer_that_is_not_taken(desk: Desk, alternatives: int) -> None:  # noqa: F811
    desk.set(alternatives=alternatives)
    desk.editor.load("\n".join(f"Paragraph {number} of a long story about the sea." for number in range(30)), [], 10**6)
    desk.editor.centerCursor()
    bar = desk.editor.verticalScrollBar()
    desk.qtbot.wait(1)
    before = bar.value()
    desk.go_on()
    for _ in range(3):
        desk.look(*[" And the sea came up once more, and once more." * 40] * alternatives)
    desk.finish(*[" And the sea came up once more, and once more." * 40] * alternatives)
    assert bar.value() > before, "it is followed while it grows"
    desk.key(K.Key_Escape)
    assert abs(bar.value() - before) <= 1


def test_keys_are_said_before_colours(desk: Desk) -> None:  # noqa: F811
    note = desk.panel.page.note
    desk.type("The lamp")
    desk.panel.page.buttons["heat"].click()
    assert note.text() == HEAT
    desk.go_on()
    desk.look(" burned")
    desk.panel.sight.look_again()
    assert note.text().startswith("Tab takes it")
    desk.finish(" burned low.")
    desk.key(K.Key_Tab)
    assert note.text() == HEAT
    desk.panel.page.buttons["authors"].click()
    assert note.text() == AUTHORS
    desk.panel.page.buttons["authors"].click()
    assert note.text() == ""


def test_the_count_stands_once_and_tells_of_a_selection(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp burned low.")
    desk.panel.sight.look_again()
    page = desk.panel.page
    assert page.outline.tally.isVisible()
    assert not page.words.isVisible()
    desk.editor.move_to(4, select_to=15)
    desk.panel.sight.look_again()
    assert page.words.isVisible()
    assert page.words.text() == "2 selected of 4 words"
    desk.editor.move_to(0)
    desk.panel.sight.look_again()
    desk.qtbot.mouseClick(page.outline_button, Qt.MouseButton.LeftButton)
    assert not page.outline.isVisible()
    assert page.words.isVisible()
    assert page.words.text() == "4 words"


def test_numbers_can_be_read_as_the_window_is_dressed(qtbot: QtBot, qapp: QApplication) -> None:
    theme.apply(qapp, "dark", motion="off")
    dialog, lore = TargetsDialog(50_000, 500, []), Lorebook()
    lore.load([LoreEntry("Ida", ["Ida"], "She keeps the lamp.")])
    lore.card.more.set_open(True)
    for widget in (dialog, lore):
        qtbot.addWidget(widget)
        widget.resize(320, 700)
        widget.show()
        qtbot.waitExposed(widget)
    boxes = (dialog.whole, dialog.daily, lore.card.order, lore.card.depth, lore.card.place)
    assert [box.lineEdit().text() for box in boxes[1:3]] == ["500", "100"]
    for box in boxes:
        line = box.lineEdit()
        assert line.width() > line.fontMetrics().horizontalAdvance(line.text())


@pytest.fixture
def large(qapp: QApplication) -> Iterator[None]:
    """Letters of twice the usual size."""
    theme.apply(qapp, "dark", base=2 * theme.BASE, motion="off")
    yield
    theme.apply(qapp, "dark", motion="off")


def test_with_letters_twice_as_large_every_tool_can_be_reached(large: None, desk: Desk) -> None:  # noqa: F811
    page = desk.panel.page
    desk.panel.resize(840, 480)
    desk.qtbot.wait(1)
    assert page.minimumSizeHint().width() < 840
    tools = (page.outline_button, page.kind, page.find_button, page.views, page.again, page.go)
    for one, other in pairwise(tools):
        assert one.geometry().right() < other.geometry().left()
        assert one.width() >= one.minimumSizeHint().width()
    assert page.rect().contains(QRect(page.go.mapTo(page, QPoint(0, 0)), page.go.size()))
    assert not page.outline.isVisible(), "it comes when it is called"
    desk.qtbot.mouseClick(page.outline_button, Qt.MouseButton.LeftButton)
    assert page.outline.isVisible()
    assert page.outline.width() < page.width() / 2
    views = {action.text(): action for action in page.views.menu().actions()}
    views["Focus mode"].trigger()
    assert desk.editor.focused
    desk.panel.resize(1500, 480)
    desk.qtbot.wait(1)
    assert page.outline.isVisible()
    assert all(button.isVisible() for button in page.buttons.values())
    assert not page.views.isVisible()


def test_with_letters_twice_as_large_a_message_is_whole(large: None, desk: Desk) -> None:  # noqa: F811
    page = desk.panel.page
    desk.panel.resize(700, 365)
    page.show_problem(
        Problem("broken.docx is not a DOCX file that can be read.", "Save it again in Word.", "BadZipFile")
    )
    desk.qtbot.waitUntil(lambda: page.card.height() >= page.card.heightForWidth(page.card.width()))
    words = [label for label in page.card.findChildren(Label) if label.isVisible()]
    assert len(words) == 2
    assert words[0].geometry().bottom() < words[1].geometry().top()


def test_with_letters_twice_as_large_a_passage_can_be_rewritten(large: None, desk: Desk) -> None:  # noqa: F811
    desk.panel.resize(840, 400)
    desk.editor.load("The old man walked to the sea, and nobody spoke.", [])
    desk.qtbot.wait(1)
    desk.editor.move_to(4, select_to=11)
    bar, card = desk.panel.selection.bar, desk.panel.selection.card
    assert bar.isVisible()
    assert desk.editor.rect().contains(bar.geometry())
    desk.panel.selection.run("rewrite")
    desk.finish("grey cat")
    assert desk.panel.page.rect().contains(card.geometry())
    for button in (card.take_all, card.leave_all, card.once_more, card.cancel, card.apply):
        assert button.width() >= button.minimumSizeHint().width()
        assert card.rect().contains(button.geometry())
    assert card.diff.height() >= desk.editor.page.pitch()
    desk.qtbot.mouseClick(card.apply, Qt.MouseButton.LeftButton)
    assert desk.text().startswith("The grey cat walked")


def test_whether_the_outline_is_shown_is_kept(desk: Desk) -> None:  # noqa: F811
    desk.qtbot.mouseClick(desk.panel.page.outline_button, Qt.MouseButton.LeftButton)
    assert not desk.panel.page.outline.isVisible()
    desk.panel.restore(desk.panel.state())
    assert not desk.panel.page.outline.isVisible()
    desk.qtbot.mouseClick(desk.panel.page.outline_button, Qt.MouseButton.LeftButton)
    desk.panel.restore(desk.panel.state())
    assert desk.panel.page.outline.isVisible()
