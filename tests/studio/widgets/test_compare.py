"""Two pictures compared with mouse and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.widgets.compare import CompareView, Way


def plain(color: str, width: int = 40, height: int = 30) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB888)
    image.fill(QColor(color))
    return image


@pytest.fixture
def view(qtbot) -> CompareView:
    made = CompareView()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    qtbot.waitExposed(made)
    made.set_pair(plain("#ff0000"), plain("#0000ff"), ("a", "b"))
    made.setFocus()
    QApplication.processEvents()
    return made


def colour(view: CompareView, across: float, down: float = 0.3) -> str:
    place = view.pane.rects()[0]
    image = view.pane.grab().toImage()
    ratio = image.devicePixelRatio()
    x, y = place.left() + place.width() * across, place.top() + place.height() * down
    return image.pixelColor(round(x * ratio), round(y * ratio)).name()


def test_the_slider_shows_one_before_and_the_other_behind_it(view: CompareView) -> None:
    assert colour(view, 0.25) == "#ff0000"
    assert colour(view, 0.75) == "#0000ff"
    place = view.pane.rects()[0]
    spot = QPoint(round(place.left() + place.width() * 0.1), round(place.center().y()))
    QTest.mouseClick(view.pane, Qt.MouseButton.LeftButton, pos=spot)
    assert colour(view, 0.25) == "#0000ff"
    assert "10 %" in view.accessibleDescription()
    QTest.keyClick(view, Qt.Key.Key_End)
    assert colour(view, 0.9) == "#ff0000"
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.pane.split == pytest.approx(0.98)
    QTest.keyClick(view, Qt.Key.Key_X)
    assert colour(view, 0.1) == "#0000ff"


def test_side_by_side_and_difference(view: CompareView) -> None:
    QTest.keyClick(view, Qt.Key.Key_2)
    one, two = view.pane.rects()
    assert one.right() < two.left()
    assert view.buttons[Way.SIDE].isChecked()
    view.set_pair(plain("#646464"), plain("#646e64"), ("a", "b"))
    QTest.mouseClick(view.buttons[Way.DIFFERENCE], Qt.MouseButton.LeftButton)
    assert colour(view, 0.5) == "#002800"  # 10 of 255, four times as strong
    view.set_pair(plain("#646464"), plain("#646464"), ("a", "b"))
    assert colour(view, 0.5) == "#000000"
    assert "identical" in view.accessibleDescription()


def test_pictures_of_other_sizes_are_stretched(view: CompareView) -> None:
    view.set_pair(plain("#ff0000"), plain("#ff0000", 80, 60), ("a", "b"))
    QTest.keyClick(view, Qt.Key.Key_3)
    assert colour(view, 0.9, 0.9) == "#000000"
    assert "stretched" in view.accessibleDescription()


def test_escape_closes_and_letters_stay_here(view: CompareView, qtbot) -> None:
    with qtbot.waitSignal(view.closed):
        QTest.keyClick(view, Qt.Key.Key_Escape)
