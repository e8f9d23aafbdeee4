"""A row that goes on in the next line where there is no room."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.widgets.flow import Flow


def boxes(holder: QWidget) -> list[QWidget]:
    return holder.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)


def rows_at(qtbot: QtBot, holder: QWidget, width: int) -> list[list[str]]:
    holder.resize(width, 400)
    flow = holder.layout()
    assert flow is not None
    flow.activate()
    found: dict[int, list[str]] = {}
    for box in boxes(holder):
        if box.isVisible():
            assert box.geometry().right() < width
            found.setdefault(box.y(), []).append(box.objectName())
    return [found[y] for y in sorted(found)]


def test_it_breaks_where_the_width_ends_and_passes_over_what_is_hidden(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = Flow(holder, spacing=4)
    for name in "one", "two", "three", "four":
        box = QWidget()
        box.setObjectName(name)
        box.setFixedSize(100, 30)
        flow.addWidget(box)
    holder.show()
    assert rows_at(qtbot, holder, 412) == [["one", "two", "three", "four"]]
    assert rows_at(qtbot, holder, 411) == [["one", "two", "three"], ["four"]]
    assert (flow.heightForWidth(412), flow.heightForWidth(204), flow.heightForWidth(100)) == (30, 64, 132)
    boxes(holder)[1].hide()
    assert rows_at(qtbot, holder, 204) == [["one", "three"], ["four"]]
    assert (flow.sizeHint().width(), flow.minimumSize().width(), flow.count()) == (308, 100, 4)
    taken = flow.takeAt(0)
    assert taken is not None
    assert taken.widget().objectName() == "one"
    assert (flow.count(), flow.itemAt(9), flow.takeAt(9)) == (3, None, None)
