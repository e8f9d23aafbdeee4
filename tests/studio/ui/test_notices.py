"""What lies over the centre: every word of an error can be read, whatever its length and the room."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from studio.core.errors import Problem
from studio.ui.notices import Notices
from studio.widgets.text import Label

LONG = Problem(
    "The file that was dropped on the window is not one that Studio knows, and nothing was changed by it. " * 2,
    "Drop pictures, texts or music, or a folder of them; models belong on the page of models. " * 2,
    "Traceback:\n" + "  a line\n" * 30,
)


@pytest.mark.parametrize("wide", [360, 900, 1600])
@pytest.mark.parametrize(
    "problem", [Problem("latin.txt cannot be read.", "Choose it again."), LONG], ids=["short", "long"]
)
def test_every_word_of_an_error_has_room(qtbot: QtBot, wide: int, problem: Problem) -> None:
    place = QWidget()
    place.resize(wide, 900)
    qtbot.addWidget(place)
    place.show()
    notices = Notices(place)
    notices.show_problem(problem)
    (card,) = notices._cards

    def fits() -> bool:
        labels = [label for label in card.findChildren(Label) if label.isVisible() and label.text()]
        room = all(label.height() >= label.heightForWidth(label.width()) for label in labels)
        inside = all(card.rect().contains(label.geometry()) for label in labels)
        return len(labels) == 2 and room and inside and labels[0].width() > 0.6 * card.width()

    qtbot.waitUntil(fits)
    if problem.details:
        more = next(button for button in card.findChildren(QAbstractButton) if button.text() == "Details")
        more.click()
        text = card.findChild(QPlainTextEdit)
        assert text is not None
        qtbot.waitUntil(
            lambda: fits() and card.rect().contains(text.geometry()) and notices.rect().contains(card.geometry())
        )
