"""The error card and the empty state."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from studio.core.errors import Problem
from studio.widgets import theme
from studio.widgets.controls import Button, IconButton
from studio.widgets.empty import EmptyState
from studio.widgets.errors import ErrorCard

PROBLEM = Problem("The picture did not fit into memory.", "Make it smaller.", "RuntimeError: out of memory")


@pytest.fixture
def card(qtbot) -> ErrorCard:
    made = ErrorCard(PROBLEM, action="Try smaller")
    qtbot.addWidget(made)
    made.resize(500, 200)
    made.show()
    qtbot.waitExposed(made)
    return made


def button(card: ErrorCard, name: str) -> Button:
    return next(b for b in [*card.findChildren(Button), *card.findChildren(IconButton)] if b.accessibleName() == name)


def test_it_says_what_happened_and_what_to_do(card: ErrorCard, said) -> None:
    texts = [label.text() for label in card.findChildren(QLabel) if label.isVisible()]
    assert PROBLEM.message in texts
    assert PROBLEM.hint in texts
    assert said(card) == (PROBLEM.message, PROBLEM.hint)


def test_details_are_behind_a_fold(card: ErrorCard, qtbot) -> None:
    details = card.findChild(QPlainTextEdit)
    assert not details.isVisible()
    fold = button(card, "Details")
    fold.setFocus()
    qtbot.keyClick(fold, Qt.Key.Key_Space)
    assert details.isVisible()
    assert details.toPlainText() == PROBLEM.details
    assert details.isReadOnly()


def test_copy_puts_everything_on_the_clipboard(card: ErrorCard, qtbot) -> None:
    qtbot.mouseClick(button(card, "Copy details"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "\n\n".join((PROBLEM.message, PROBLEM.hint, PROBLEM.details))


def test_action_and_dismissal(card: ErrorCard, qtbot) -> None:
    heard = []
    card.acted.connect(lambda: heard.append("acted"))
    card.dismissed.connect(lambda: heard.append("dismissed"))
    qtbot.mouseClick(button(card, "Try smaller"), Qt.MouseButton.LeftButton)
    assert card.isVisible()
    qtbot.mouseClick(button(card, "Dismiss"), Qt.MouseButton.LeftButton)
    assert heard == ["acted", "dismissed"]
    assert not card.isVisible()
    card.show()
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert heard == ["acted", "dismissed", "dismissed"]


def test_without_details_or_action_there_is_nothing_to_press_but_the_cross(qtbot) -> None:
    card = ErrorCard(Problem("It failed."))
    qtbot.addWidget(card)
    card.show()
    shown = [b for b in [*card.findChildren(Button), *card.findChildren(IconButton)] if b.isVisible()]
    assert [b.accessibleName() for b in shown] == ["Dismiss"]


@pytest.mark.timeout(20)
def test_foreign_text_is_plain_bounded_and_whole_on_the_clipboard(qtbot) -> None:
    endless = "x" * 1_000_000
    card = ErrorCard(Problem("<img src='http://example.invalid/x.png'>", endless, endless))
    qtbot.addWidget(card)
    card.resize(400, 300)
    card.show()
    button(card, "Details").click()
    card.grab()
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in card.findChildren(QLabel) if label.text())
    assert len(card.findChild(QPlainTextEdit).toPlainText()) < 50_000
    card.copy()
    assert QGuiApplication.clipboard().text().endswith(endless)


def test_another_problem_folds_the_details_again(card: ErrorCard) -> None:
    button(card, "Details").click()
    card.set_problem(Problem("Another.", details="more"))
    assert not card.findChild(QPlainTextEdit).isVisible()
    assert card.problem().message == "Another."


def test_an_empty_state_says_what_to_do_next(qtbot, said) -> None:
    state = EmptyState("No models yet", "Put a folder here.", "Open folder", icon="cube")
    qtbot.addWidget(state)
    state.show()
    assert said(state) == ("No models yet", "Put a folder here.")
    heard = []
    state.triggered.connect(lambda: heard.append(True))
    qtbot.mouseClick(state.button, Qt.MouseButton.LeftButton)
    assert heard == [True]
    state.set_words("Nothing found", "Try other words.")
    assert not state.button.isVisible()
    assert said(state) == ("Nothing found", "Try other words.")


def test_no_line_is_cut_where_the_column_is_short_of_room(qapp, qtbot) -> None:
    theme.apply(qapp, "light", base=2 * theme.BASE, motion="off")
    try:
        page = QWidget()
        column = QVBoxLayout(page)
        card, rest = (
            ErrorCard(Problem("broken.docx is not a DOCX file that can be read.", "Save it again.")),
            QPlainTextEdit(),
        )
        column.addWidget(card)
        column.addWidget(rest, 1)
        page.resize(560, 300)
        qtbot.addWidget(page)
        page.show()
        qtbot.wait(1)
        labels = [label for label in card.findChildren(QLabel) if label.isVisible() and label.wordWrap()]
        assert len(labels) == 2
        assert labels[0].heightForWidth(labels[0].width()) > 1.5 * labels[0].fontMetrics().height(), (
            "it takes two lines"
        )
        for label in labels:
            assert label.height() >= label.heightForWidth(label.width())
    finally:
        theme.apply(qapp, "dark", motion="off")
