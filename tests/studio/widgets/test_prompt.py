"""The prompt field: growing, remembering, and standing what people paste into it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.prompt import LIMIT, PromptEdit
from studio.widgets.prompt_bar import PromptBar


@pytest.fixture
def prompt(qtbot) -> PromptEdit:
    made = PromptEdit()
    qtbot.addWidget(made)
    made.resize(400, 40)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.setFocus()
    qtbot.waitUntil(made.hasFocus)
    return made


def press(
    qtbot, prompt: PromptEdit, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.keyClick(prompt, key, modifier)


def paste(qtbot, prompt: PromptEdit) -> None:
    press(qtbot, prompt, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def test_it_grows_with_its_lines_up_to_six(prompt: PromptEdit, qtbot) -> None:
    heights = []
    for _ in range(8):
        heights.append(prompt.height())
        qtbot.keyClicks(prompt, "words")
        press(qtbot, prompt, Qt.Key.Key_Return)
    assert heights[:6] == sorted(set(heights[:6]))
    assert heights[5] == heights[6] == heights[7]
    prompt.setText("")
    assert prompt.height() == heights[0]


def test_it_grows_when_a_line_wraps(prompt: PromptEdit) -> None:
    one = prompt.height()
    prompt.setText("a castle on a hill at sunset, " * 4)
    assert prompt.height() > one
    prompt.resize(2000, prompt.height())
    assert prompt.height() == one


def test_no_line_is_cut_off(prompt: PromptEdit) -> None:
    prompt.setText("one\ntwo\nthree")
    assert prompt.viewport().height() >= 3 * prompt.fontMetrics().lineSpacing()
    assert prompt.verticalScrollBar().maximum() == 0


def test_it_grows_with_the_text_size(prompt: PromptEdit, qapp: QApplication) -> None:
    before = prompt.height()
    theme.apply(qapp, "dark", base=26)
    assert prompt.height() >= 1.6 * before


def test_ctrl_enter_submits_and_enter_does_not(prompt: PromptEdit, qtbot) -> None:
    said = []
    prompt.submitted.connect(lambda: said.append(prompt.text()))
    qtbot.keyClicks(prompt, "a castle")
    press(qtbot, prompt, Qt.Key.Key_Return)
    assert said == []
    press(qtbot, prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    press(qtbot, prompt, Qt.Key.Key_Enter, Qt.KeyboardModifier.ControlModifier)
    assert said == ["a castle\n"] * 2


def test_history_by_alt_up_and_down_keeps_the_draft(prompt: PromptEdit, qtbot) -> None:
    for text in ("first", "second", "first"):
        prompt.add_to_history(text)
    assert prompt.history() == ["second", "first"]
    prompt.setText("a draft")
    alt = Qt.KeyboardModifier.AltModifier
    press(qtbot, prompt, Qt.Key.Key_Down, alt)
    seen = [prompt.text()]
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        press(qtbot, prompt, key, alt)
        seen.append(prompt.text())
    assert seen == ["a draft", "first", "second", "second", "first", "a draft", "a draft"]


def test_undo_brings_back_what_the_history_replaced(prompt: PromptEdit, qtbot) -> None:
    prompt.add_to_history("old")
    qtbot.keyClicks(prompt, "new")
    press(qtbot, prompt, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert prompt.text() == "old"
    press(qtbot, prompt, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert prompt.text() == "new"


def test_history_is_bounded_and_survives_a_session(prompt: PromptEdit) -> None:
    for number in range(500):
        prompt.add_to_history(str(number))
    kept = prompt.history()
    assert len(kept) == 200
    assert kept[-1] == "499"
    prompt.add_to_history("   ")
    assert prompt.history() == kept
    other = PromptEdit()
    other.set_history(kept)
    assert other.history() == kept
    other.deleteLater()


@pytest.mark.timeout(20)
def test_a_word_of_a_million_letters_is_pasted_in_part(prompt: PromptEdit, qtbot) -> None:
    left_out = []
    prompt.shortened.connect(left_out.append)
    QGuiApplication.clipboard().setText("x" * 1_000_000)
    qtbot.keyClicks(prompt, "ab")
    paste(qtbot, prompt)
    prompt.grab()
    assert prompt.text() == "ab" + "x" * (LIMIT - 2)
    assert left_out == [1_000_000 - LIMIT + 2]


@pytest.mark.timeout(20)
def test_a_million_letters_from_a_document_are_bounded_too(prompt: PromptEdit) -> None:
    prompt.setText("x" * 1_000_000)
    prompt.grab()
    assert len(prompt.text()) == LIMIT
    prompt.replace_text("y" * 1_000_000)
    assert len(prompt.text()) == LIMIT
    prompt.set_history(["z" * 1_000_000])
    assert len(prompt.history()[0]) == LIMIT


def test_typing_stops_at_the_limit(qtbot) -> None:
    prompt = PromptEdit(limit=5)
    qtbot.addWidget(prompt)
    qtbot.keyClicks(prompt, "abcdefgh")
    assert prompt.text() == "abcde"


def test_pasting_over_a_selection_has_the_room_of_the_selection(qtbot) -> None:
    prompt = PromptEdit(limit=5)
    qtbot.addWidget(prompt)
    prompt.setText("abcde")
    prompt.selectAll()
    QGuiApplication.clipboard().setText("vwxyz")
    paste(qtbot, prompt)
    assert prompt.text() == "vwxyz"


def test_rich_text_arrives_as_plain_text(prompt: PromptEdit, qtbot) -> None:
    data = QMimeData()
    data.setHtml("<b>bold</b> <img src='http://example.invalid/x.png'>")
    data.setText("bold")
    QGuiApplication.clipboard().setMimeData(data)
    paste(qtbot, prompt)
    assert prompt.text() == "bold"


def test_pictures_and_files_are_not_for_the_prompt(prompt: PromptEdit) -> None:
    data = QMimeData()
    data.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    assert not prompt.canInsertFromMimeData(data)


def test_tab_leaves_it(qtbot) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    first, second = PromptEdit(), PromptEdit("Negative prompt")
    column.addWidget(first)
    column.addWidget(second)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert second.hasFocus()
    assert first.text() == ""


def test_names(prompt: PromptEdit, said, qtbot) -> None:
    assert said(prompt)[0] == "Prompt"
    other = PromptEdit("Negative prompt")
    qtbot.addWidget(other)
    assert said(other)[0] == "Negative prompt"


def test_the_bar_submits_by_key_and_button_and_lights_up(qtbot, said) -> None:
    bar = PromptBar()
    qtbot.addWidget(bar)
    bar.resize(700, 60)
    bar.show()
    qtbot.waitExposed(bar)
    bar.activateWindow()
    said_so = []
    bar.submitted.connect(lambda: said_so.append(True))
    bar.prompt.setFocus()
    qtbot.waitUntil(bar.prompt.hasFocus)
    assert bar.property("lit") is True
    qtbot.keyClick(bar.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    assert len(said_so) == 2
    assert said(bar.button)[0] == "Generate"
    bar.button.setFocus()
    assert bar.property("lit") is False
