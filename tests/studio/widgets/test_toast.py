"""The short message: where it stands, when it leaves, and what leaving means."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from studio.widgets.controls import Button
from studio.widgets.toast import Toast


@pytest.fixture
def place(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(800, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def button(toast: Toast, name: str) -> Button:
    return next(each for each in toast.findChildren(Button) if each.accessibleName() == name)


def test_its_button_acts_and_then_nothing_is_gone(place: QWidget, qtbot) -> None:
    toast, heard = Toast(place), []
    toast.say("Deleted.", action="Undo", act=lambda: heard.append("undone"), gone=lambda: heard.append("gone"))
    assert toast.text() == toast.accessibleName() == "Deleted."
    qtbot.mouseClick(button(toast, "Undo"), Qt.MouseButton.LeftButton)
    assert (heard, toast.text()) == (["undone"], "")


def test_what_leaves_or_gives_way_is_gone_once(place: QWidget) -> None:
    toast, heard = Toast(place), []
    toast.say("First", gone=lambda: heard.append(1))
    toast.say("Second", gone=lambda: heard.append(2))
    assert heard == [1]
    toast.leave()
    toast.leave()
    assert heard == [1, 2]


def test_long_words_wrap_and_it_stays_in_the_middle_of_the_edge(place: QWidget) -> None:
    toast = Toast(place, lift=36)
    toast.say("Short")
    low = toast.height()
    toast.say("It was brought back, with exceptions. " * 6, action="Show again", stay=True)
    place.resize(500, 300)
    assert toast.height() > low
    assert abs(toast.geometry().center().x() - place.rect().center().x()) <= 1
    assert toast.geometry().bottom() == place.height() - 37
    assert toast.width() <= 420
    words = toast.findChildren(Button)[0]
    assert words.geometry().right() < toast.width()
    toast.leave()
