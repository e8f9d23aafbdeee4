"""Text that somebody else wrote."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from studio.widgets.text import ElidedLabel, Label, shorten, soften, tip

MARKUP = "<b>x</b><img src='http://example.invalid/x.png'>"


def test_shorten_keeps_what_fits_and_marks_what_is_missing() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abcdef", 4) == "abc…"
    assert len(shorten("x" * 1000, 400)) == 400


def test_soften_breaks_long_words_only() -> None:
    assert soften("a normal sentence, with words") == "a normal sentence, with words"
    softened = soften("x" * 200)
    assert max(len(part) for part in softened.split("\u200b")) == 40
    assert softened.replace("\u200b", "") == "x" * 200


@pytest.mark.timeout(20)
def test_a_million_letters_in_a_label(qtbot) -> None:
    label = Label("x" * 1_000_000, wrap=True)
    qtbot.addWidget(label)
    label.resize(200, 100)
    label.show()
    label.grab()
    assert len(label.text()) < 5000
    assert label.heightForWidth(200) > 40


def test_labels_never_show_markup(qtbot) -> None:
    for label in (Label(MARKUP), ElidedLabel(MARKUP)):
        qtbot.addWidget(label)
        assert label.textFormat() == Qt.TextFormat.PlainText


def test_tips_are_escaped_and_wrap() -> None:
    assert tip("") == ""
    assert "<img" not in tip(MARKUP)
    assert tip("A few words") == "A few words"
    assert tip("A sentence. " * 20).startswith("<p")


def test_an_elided_label_takes_little_room_and_says_the_whole_in_its_tip(qtbot) -> None:
    label = ElidedLabel("a very long name of a picture that does not fit at all")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.minimumSizeHint().width() < 40
    assert "does not fit" in label.toolTip()
    label.resize(800, 20)
    assert label.toolTip() == ""
