"""The image panel in a window with a host to script, and the hands that use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from plugins.image.panel import ImagePanel, make
from plugins.image.panel_strip import TILE, Tile
from tests.plugins.image.fake_host import FakeHost


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


@pytest.fixture
def panel(host: FakeHost, qtbot: QtBot) -> Iterator[ImagePanel]:
    yield build(host, qtbot)
    QGuiApplication.clipboard().clear()


def build(host: FakeHost, qtbot: QtBot) -> ImagePanel:
    panel = make(host)
    host.attend(panel.on_event)
    window = QWidget()
    panel.setParent(window)
    panel.inspector().setParent(window)
    window.resize(1300, 900)
    panel.setGeometry(0, 0, 980, 640)
    panel.inspector().setGeometry(980, 0, 320, 900)
    qtbot.addWidget(window)
    host.windows.append(window)  # pytest-qt holds it only weakly
    window.show()
    qtbot.waitExposed(window)
    panel.prompt_row.prompt.setFocus()
    return panel


def named(panel: ImagePanel, name: str, kind: type[QWidget] = QWidget) -> QWidget:
    """The one visible control with this accessible name."""
    found = [
        widget
        for root in (panel, panel.inspector())
        for widget in root.findChildren(kind)
        if widget.accessibleName() == name and widget.isVisible()
    ]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def type_into(qtbot: QtBot, widget: QWidget, text: str) -> None:
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(widget, text)
    qtbot.keyClick(widget, Qt.Key.Key_Tab)


def shown(panel: ImagePanel) -> str:
    """The colour in the middle of what the canvas shows."""
    image = panel.stage.canvas.image()
    return "" if image is None else image.pixelColor(image.width() // 2, image.height() // 2).name()


def colour(name: str) -> str:
    return QColor(name).name()


def tiles(panel: ImagePanel) -> list[Tile]:
    model = panel.stage.strip.tiles
    return [model.index(row).data(TILE) for row in range(model.rowCount())]


def generate(qtbot: QtBot, panel: ImagePanel) -> None:
    qtbot.keyClick(panel.prompt_row.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def make_picture(qtbot: QtBot, panel: ImagePanel, host: FakeHost, color: str) -> str:
    """Press Generate and let the job end with a picture of one colour; its artifact's id."""
    generate(qtbot, panel)
    host.start(host.last_job)
    artifact = host.finish(host.last_job, color)
    qtbot.waitUntil(lambda: shown(panel) == colour(color))
    return artifact.id


def drop(widget: QWidget, data: QMimeData) -> None:
    at = QPoint(widget.width() // 2, widget.height() // 2)
    action, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(at, action, data, button, none))
    QApplication.sendEvent(widget, QDropEvent(QPointF(at), action, data, button, none))


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data
