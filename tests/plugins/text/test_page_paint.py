"""What is painted anew of the page when a part of it changes."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPixmap
from pytestqt.qtbot import QtBot

from plugins.text.editor_paint import Tint
from tests.plugins.text.page_bench import Desk, desk  # noqa: F401 - fixture

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # the offscreen one, of windows


def page(desk: Desk, whole: QPixmap) -> QImage:  # noqa: F811
    """The page's part of a picture of its window."""
    viewport = desk.editor.viewport()
    area = QRect(viewport.mapTo(desk.editor.window(), QPoint(0, 0)), viewport.size())
    return whole.toImage().convertToFormat(QImage.Format.Format_RGB32).copy(area)


def test_a_ghost_and_a_letter_leave_the_screen_as_a_whole_paint_would(desk: Desk, qtbot: QtBot) -> None:  # noqa: F811
    desk.type("She said no twice and then again.\nNobody heard her.\nThe end of it all.")
    desk.editor.tints = [Tint(at, at + 9, QColor(200, 60, 40, 120)) for at in (2, 36, 55)]
    desk.editor.setCursorWidth(0)
    desk.editor.move_to(8)
    desk.go_on()
    window = desk.editor.window()

    def same() -> bool:
        return page(desk, window.screen().grabWindow(window.winId())) == page(desk, window.grab())

    seen = []
    for text in (" h", " had", " had not been there at all", " had not been there at all " * 5, " had\n\nnot", " h"):
        desk.look(text)
        qtbot.waitUntil(same)
        seen.append(page(desk, window.grab()))
    assert all(one != other for one, other in itertools.pairwise(seen)), "the ghost is to be seen"
    desk.type("!")
    qtbot.waitUntil(same)
