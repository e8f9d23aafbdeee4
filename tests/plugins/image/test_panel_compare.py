"""Comparing pictures in the image panel, and pictures of the library on its canvas."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from plugins.image.panel import ImagePanel
from studio.api import Request, ResumePoint
from studio.widgets.compare import CompareView
from tests.plugins.image.fake_host import FakeHost, png
from tests.plugins.image.panel_bench import colour, generate, make_picture, shown


def test_two_pictures_are_compared_by_one_key(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    make_picture(qtbot, panel, host, "red")
    host.commands["compare"]()
    assert "no other picture" in host.said[-1]
    for color in ("green", "blue"):
        make_picture(qtbot, panel, host, color)
    qtbot.waitUntil(lambda: shown(panel) == colour("blue"))
    assert host.shortcuts["C"] == "compare"
    host.commands["compare"]()
    qtbot.waitUntil(lambda: bool(panel.findChildren(CompareView)))
    view = panel.findChild(CompareView)
    assert view.isVisible()
    assert view.pane.left.pixelColor(3, 3).name() == QColor("green").name()  # what was on show before
    assert view.pane.right.pixelColor(3, 3).name() == QColor("blue").name()
    strip = panel.stage.strip
    place = strip.visualRect(strip.tiles.index(2)).center()
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: view.pane.right.pixelColor(3, 3).name() == QColor("red").name())
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not panel.findChildren(CompareView))
    assert panel.stage.canvas.view.hasFocus()


def test_a_branch_is_compared_with_what_it_left(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    make_picture(qtbot, panel, host, "red")
    parent = host.last_job
    make_picture(qtbot, panel, host, "green")
    panel.branch(parent, 3)
    host.start(host.last_job)
    host.finish(host.last_job, "blue")
    qtbot.waitUntil(lambda: shown(panel) == colour("blue"))
    host.commands["compare"]()
    qtbot.waitUntil(lambda: bool(panel.findChildren(CompareView)))
    view = panel.findChild(CompareView)
    assert view.pane.left.pixelColor(3, 3).name() == QColor("red").name()
    generate(qtbot, panel)
    host.start(host.last_job)  # something new is on the canvas: the comparison makes way
    qtbot.waitUntil(lambda: not panel.findChildren(CompareView))


def test_a_picture_of_the_library_comes_onto_the_canvas(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    kept = host.keep(png("orange"), request=Request("image.diffusion", {"prompt": "old"}, 5), job="longago")
    panel.show_result(kept)
    qtbot.waitUntil(lambda: shown(panel) == colour("orange"))
    assert panel.artifact_id() == kept.id
    assert host.ribbon[-1] == "longago"
    panel.branch("longago", 2)  # what it was made from is known
    assert host.requests[-1].resume == ResumePoint("longago", 2)
