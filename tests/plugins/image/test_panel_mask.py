"""Repaint by hand: paint over the picture, generate, leave; every stroke can be undone."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from plugins.image.panel import ImagePanel
from studio.api import media
from tests.plugins.image.fake_host import FakeHost
from tests.plugins.image.panel_bench import click, named


def finished(panel: ImagePanel, host: FakeHost, qtbot: QtBot, size: tuple[int, int] = (256, 256)) -> str:
    click(qtbot, named(panel, "Generate"))
    host.start(host.last_job)
    artifact = host.finish(host.last_job, size=size)
    qtbot.waitUntil(lambda: panel.artifact_id() == artifact.id)
    qtbot.waitUntil(lambda: not panel.stage.canvas.view.picture_rect().isEmpty())
    return artifact.id


def paint(panel: ImagePanel, qtbot: QtBot, *, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    """A press in the middle of the picture."""
    layer, view = panel.masking.layer, panel.stage.canvas.view
    place = view.picture_rect().center().toPoint()
    qtbot.mousePress(layer, button, pos=place)
    qtbot.mouseRelease(layer, button, pos=place)


def white(image: QImage) -> int:
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    return sum(value > 127 for value in bytes(grey.constBits()))


def test_what_is_painted_over_goes_along_with_the_picture(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    picture = finished(panel, host, qtbot)
    click(qtbot, named(panel, "Repaint"))
    assert panel.masking.is_open()
    paint(panel, qtbot)
    click(qtbot, named(panel, "Generate"))
    request = host.requests[-1]
    inputs = {item.name: item for item in request.inputs}
    assert inputs["image"].sha256 == picture
    mask = host.artifact(inputs["mask"].sha256)
    assert mask is not None
    image = QImage(str(mask.path))
    assert image.size().toTuple() == (256, 256)
    radius = panel.masking.layer.brush / 2
    assert abs(white(image) - 3.14159 * radius**2) < 0.1 * 3.14159 * radius**2
    assert request.params["strength"] == 0.9
    assert (request.params["width"], request.params["height"]) == (256, 256)


def test_generate_again_goes_on_from_the_same_picture_until_one_paints_over_the_new_one(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot
) -> None:
    picture = finished(panel, host, qtbot)
    click(qtbot, named(panel, "Repaint"))
    paint(panel, qtbot)
    click(qtbot, named(panel, "Generate"))
    host.start(host.last_job)
    second = host.finish(host.last_job, "blue", size=(256, 256)).id
    qtbot.waitUntil(lambda: panel.artifact_id() == second)
    click(qtbot, named(panel, "Generate"))
    assert host.requests[-1].inputs[0].sha256 == picture
    host.start(host.last_job)
    third = host.finish(host.last_job, "green", size=(256, 256)).id
    qtbot.waitUntil(lambda: panel.artifact_id() == third)
    paint(panel, qtbot)
    click(qtbot, named(panel, "Generate"))
    assert host.requests[-1].inputs[0].sha256 == third


def test_strokes_are_undone_and_erased(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    finished(panel, host, qtbot)
    host.commands["mask"]()
    layer = panel.masking.layer
    paint(panel, qtbot)
    full = white(layer.mask())
    assert full
    host.undo[-1].undo()
    assert layer.is_empty()
    host.undo[-1].redo()
    assert white(layer.mask()) == full
    layer.set_brush(layer.brush // 2)
    paint(panel, qtbot, button=Qt.MouseButton.RightButton)
    assert 0 < white(layer.mask()) < full
    assert not layer.erasing
    click(qtbot, named(panel, "Invert the mask"))
    assert white(layer.mask()) > 256 * 256 / 2
    click(qtbot, named(panel, "Clear the mask"))
    assert layer.is_empty()


def test_an_empty_mask_asks_for_nothing(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    finished(panel, host, qtbot)
    host.commands["mask"]()
    before = len(host.requests)
    click(qtbot, named(panel, "Generate"))
    assert len(host.requests) == before
    assert panel.stage.card.isVisible()


def test_escape_leaves_and_the_mask_is_found_again(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    finished(panel, host, qtbot)
    host.commands["mask"]()
    paint(panel, qtbot)
    qtbot.keyClick(panel.masking.layer, Qt.Key.Key_Escape)
    assert not panel.masking.is_open()
    click(qtbot, named(panel, "Generate"))
    assert host.requests[-1].inputs == ()
    host.finish(host.last_job, "blue", size=(256, 256))
    host.commands["mask"]()
    assert not panel.masking.layer.is_empty()


def test_without_a_picture_there_is_nothing_to_repaint(panel: ImagePanel, host: FakeHost) -> None:
    host.commands["mask"]()
    assert not panel.masking.is_open()
    assert host.said == ["There is no finished picture to repaint"]


def test_a_picture_of_another_shape_is_worked_on_at_a_size_the_model_likes(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot, tmp_path: Path
) -> None:
    finished(panel, host, qtbot, (900, 450))
    host.commands["mask"]()
    qtbot.mouseClick(panel.masking.layer, Qt.MouseButton.LeftButton, pos=QPoint(300, 250))
    paint(panel, qtbot)
    click(qtbot, named(panel, "Generate"))
    params = host.requests[-1].params
    assert abs(params["width"] / params["height"] - 2) < 0.1
    assert params["width"] % 8 == 0
    assert host.requests[-1].inputs[1].media == media.PNG
