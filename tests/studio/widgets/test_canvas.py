"""The canvas: pictures and previews in one place, zoom and pan by hand, drops, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QContextMenuEvent, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from studio.core import media
from studio.core.steps import Preview
from studio.widgets import theme
from studio.widgets.canvas import Canvas


@pytest.fixture
def canvas(qtbot) -> Canvas:
    made = Canvas(title="No picture yet", text="Press Generate.")
    qtbot.addWidget(made)
    made.resize(640, 480)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    return made


def plain(width: int, height: int, color: str = "#ff0000") -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    return image


def board(size: int) -> QImage:
    """Black and white, pixel by pixel."""
    rows = [bytes([0, 255] * (size // 2)), bytes([255, 0] * (size // 2))]
    data = b"".join(rows[y % 2] for y in range(size))
    return QImage(data, size, size, size, QImage.Format.Format_Grayscale8).convertToFormat(QImage.Format.Format_RGB32)


def seen(canvas: Canvas) -> set[str]:
    """The colours of the picture as painted."""
    place = canvas.view.picture_rect().toAlignedRect().adjusted(2, 2, -2, -2).intersected(canvas.view.rect())
    image = canvas.view.grab().toImage()
    points = [(x, y) for x in range(place.left(), place.right(), 5) for y in range(place.top(), place.bottom(), 7)]
    return {image.pixelColor(x, y).name() for x, y in points}


def red(width: int, height: int) -> Preview:
    return Preview(media.RGB, b"\xff\x00\x00" * width * height, width, height)


def test_empty_it_says_what_to_do_and_has_its_name(canvas: Canvas, said) -> None:
    assert canvas.empty.isVisible()
    assert said(canvas.view) == ("Canvas", "No picture yet")


def test_a_picture_is_fitted_and_stays_fitted(canvas: Canvas) -> None:
    canvas.set_image(plain(400, 200))
    assert not canvas.empty.isVisible()
    before = canvas.view.picture_rect()
    assert canvas.view.rect().contains(before.toAlignedRect())
    assert before.width() / before.height() == pytest.approx(2)
    canvas.resize(900, 700)
    after = canvas.view.picture_rect()
    assert after.width() > before.width()
    assert after.center().x() == pytest.approx(canvas.view.width() / 2, abs=1)


def test_it_says_size_and_zoom(canvas: Canvas, said, qtbot) -> None:
    canvas.set_image(plain(400, 200))
    canvas.view.setFocus()
    qtbot.keyClick(canvas.view, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert said(canvas.view)[1] == "400 × 200, 100 %"
    assert canvas.zoom() == 1.0
    qtbot.keyClick(canvas.view, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert canvas.view.is_fitted()


def test_at_100_percent_every_pixel_is_shown_once(canvas: Canvas) -> None:
    canvas.set_image(board(64))
    canvas.actual_size()
    shown = canvas.view.grab().toImage()
    corner = canvas.view.picture_rect().topLeft()
    assert corner == QPointF(corner.toPoint())
    for x, y in ((0, 0), (1, 0), (5, 8), (63, 63)):
        assert shown.pixelColor(corner.toPoint() + QPoint(x, y)) == board(64).pixelColor(x, y)


def test_far_in_pixels_are_squares_and_near_they_are_smooth(canvas: Canvas) -> None:
    canvas.set_image(board(64))
    canvas.view.set_zoom(5.0)
    assert seen(canvas) == {"#000000", "#ffffff"}
    canvas.view.set_zoom(1.5)
    assert len(seen(canvas)) > 2


def test_a_small_preview_stands_where_the_result_will_stand(canvas: Canvas) -> None:
    canvas.set_target(512, 256)
    assert canvas.set_preview(red(32, 16))
    place = canvas.view.picture_rect()
    assert canvas.view.target() == QSize(512, 256)
    assert seen(canvas) == {"#ff0000"}
    canvas.view.set_zoom(1.3)
    canvas.view.pan(QPointF(20, 10))
    place = canvas.view.picture_rect()
    canvas.set_preview(red(64, 32))
    assert canvas.view.picture_rect() == place
    canvas.set_image(plain(512, 256, "#00ff00"))
    assert canvas.view.picture_rect() == place
    assert seen(canvas) == {"#00ff00"}


def test_previews_are_never_squares(canvas: Canvas) -> None:
    data = bytes(value for index in range(64) for value in [255 * ((index + index // 8) % 2)] * 3)
    canvas.set_target(512, 512)
    canvas.set_preview(Preview(media.RGB, data, 8, 8))
    canvas.view.set_zoom(4.0)
    assert len(seen(canvas)) > 10


@pytest.mark.parametrize(
    "preview",
    [
        Preview(media.RGB, b"too short", 32, 32),
        Preview(media.RGB, b"", 0, 0),
        Preview(media.RGB, b"x" * 300, -10, -10),
        Preview(media.RGB, b"", 1 << 30, 1 << 30),
        Preview(media.PNG, b"no png"),
        Preview(media.TEXT, b"words"),
    ],
)
def test_what_is_no_picture_is_refused_and_changes_nothing(canvas: Canvas, preview: Preview) -> None:
    canvas.set_image(plain(40, 40))
    assert not canvas.set_preview(preview)
    assert seen(canvas) == {"#ff0000"}


def test_a_huge_picture_shrunk_keeps_its_thin_lines_even(canvas: Canvas) -> None:
    canvas.set_image(board(2000))
    greys = {QColor(name).red() for name in seen(canvas)}
    assert all(100 < grey < 156 for grey in greys)


def test_holes_show_a_checkerboard_that_belongs_to_the_theme(canvas: Canvas, qapp: QApplication) -> None:
    image = QImage(64, 64, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    canvas.set_image(image)
    assert seen(canvas) == {theme.DARK.check_light, theme.DARK.check_dark}
    theme.apply(qapp, "light")
    assert seen(canvas) == {theme.LIGHT.check_light, theme.LIGHT.check_dark}


def test_the_wheel_zooms_at_the_mouse(canvas: Canvas) -> None:
    canvas.set_image(plain(400, 400))
    at = QPointF(250, 180)
    under = canvas.view.to_picture(at)
    before = canvas.zoom()
    for _ in range(3):
        QTest.wheelEvent(canvas.windowHandle(), at, QPoint(0, 120))
    assert canvas.zoom() > before * 1.3
    now = canvas.view.to_picture(at)
    assert (now.x(), now.y()) == pytest.approx((under.x(), under.y()), abs=1)
    assert not canvas.view.is_fitted()


def test_zooming_passes_through_100_percent(canvas: Canvas) -> None:
    canvas.set_image(plain(1000, 1000))
    seen_zooms = []
    for _ in range(12):
        canvas.view.zoom_by(1.2)
        seen_zooms.append(canvas.zoom())
    assert 1.0 in seen_zooms


def test_zoom_is_bounded(canvas: Canvas) -> None:
    canvas.set_image(plain(100, 100))
    canvas.view.set_zoom(1e9)
    assert canvas.zoom() == 64
    canvas.view.set_zoom(1e-9)
    assert canvas.zoom() == 0.02
    canvas.view.grab()


def test_space_and_drag_pans(canvas: Canvas, qtbot) -> None:
    canvas.set_image(plain(2000, 2000))
    canvas.actual_size()
    canvas.view.setFocus()
    before = canvas.view.picture_rect().topLeft()
    QTest.keyPress(canvas.view, Qt.Key.Key_Space)
    qtbot.mousePress(canvas.view, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    qtbot.mouseMove(canvas.view, QPoint(250, 180))
    qtbot.mouseRelease(canvas.view, Qt.MouseButton.LeftButton, pos=QPoint(250, 180))
    QTest.keyRelease(canvas.view, Qt.Key.Key_Space)
    assert canvas.view.picture_rect().topLeft() - before == QPointF(-50, -20)


def test_middle_drag_pans_and_the_picture_cannot_be_lost(canvas: Canvas, qtbot) -> None:
    canvas.set_image(plain(2000, 2000))
    canvas.actual_size()
    for _ in range(30):
        qtbot.mousePress(canvas.view, Qt.MouseButton.MiddleButton, pos=QPoint(10, 10))
        qtbot.mouseMove(canvas.view, QPoint(500, 400))
        qtbot.mouseRelease(canvas.view, Qt.MouseButton.MiddleButton, pos=QPoint(500, 400))
    assert canvas.view.picture_rect().intersects(canvas.view.rect().toRectF())


def test_double_click_goes_between_the_whole_and_its_pixels(canvas: Canvas, qtbot) -> None:
    canvas.set_image(plain(2000, 2000))
    qtbot.mouseDClick(canvas.view, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    assert canvas.zoom() == 1.0
    qtbot.mouseDClick(canvas.view, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    assert canvas.view.is_fitted()


def drop(canvas: Canvas, data: QMimeData) -> bool:
    place, copy = QPoint(100, 100), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, copy, data, left, none)
    enter.ignore()
    QApplication.sendEvent(canvas.view, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(canvas.view, QDropEvent(QPointF(place), copy, data, left, none))
    return True


def test_dropped_files_arrive_as_paths(canvas: Canvas, tmp_path: Path) -> None:
    got = []
    canvas.dropped.connect(got.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a b.png")), QUrl("https://example.invalid/x.png")])
    data.setImageData(plain(4, 4))
    assert drop(canvas, data)
    assert got == [[tmp_path / "a b.png"]]


def test_a_dropped_picture_without_a_file_arrives_as_a_picture(canvas: Canvas) -> None:
    got = []
    canvas.dropped.connect(got.append)
    data = QMimeData()
    data.setImageData(plain(4, 3))
    assert drop(canvas, data)
    assert [(type(image), image.size()) for image in got] == [(QImage, QSize(4, 3))]


def test_dropped_words_and_web_addresses_are_not_taken(canvas: Canvas) -> None:
    data = QMimeData()
    data.setText("words")
    assert not drop(canvas, data)
    data = QMimeData()
    data.setUrls([QUrl("https://example.invalid/x.png")])
    assert not drop(canvas, data)


def test_dragged_out_it_is_a_picture_and_a_file(canvas: Canvas, tmp_path: Path) -> None:
    assert canvas.view.drag_data() is None
    canvas.set_image(plain(40, 30))
    assert not canvas.view.drag_data().hasUrls()
    canvas.set_file(tmp_path / "x.png")
    data = canvas.view.drag_data()
    assert data.hasImage()
    assert [Path(url.toLocalFile()) for url in data.urls()] == [tmp_path / "x.png"]
    canvas.set_file(lambda: tmp_path / "y.png")
    assert canvas.view.drag_data().urls()[0].toLocalFile().endswith("y.png")


def test_dragging_the_picture_starts_a_drag_and_dragging_beside_it_does_not(
    canvas: Canvas, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged = []
    monkeypatch.setattr("PySide6.QtGui.QDrag.exec", lambda self, *args: dragged.append(self.mimeData().hasImage()))
    canvas.set_image(plain(100, 400))
    for start in (QPoint(5, 5), canvas.view.rect().center()):
        qtbot.mousePress(canvas.view, Qt.MouseButton.LeftButton, pos=start)
        qtbot.mouseMove(canvas.view, start + QPoint(60, 0))
        qtbot.mouseRelease(canvas.view, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 0))
    assert dragged == [True]


def test_the_panel_fills_the_menu(canvas: Canvas, qtbot) -> None:
    chosen = []
    canvas.menu_requested.connect(lambda menu: menu.addAction("Copy", lambda: chosen.append("Copy")))
    place = QPoint(50, 50)
    mouse = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(canvas.view, QContextMenuEvent(mouse, place, canvas.view.mapToGlobal(place)))
    menu = canvas.view.findChild(QMenu)
    qtbot.waitUntil(menu.isVisible)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert chosen == ["Copy"]


def test_before_and_after(canvas: Canvas) -> None:
    canvas.set_image(plain(40, 40))
    canvas.view.set_compare(plain(40, 40, "#0000ff"))
    canvas.view.compare(True)
    assert seen(canvas) == {"#0000ff"}
    canvas.view.compare(False)
    assert seen(canvas) == {"#ff0000"}


def test_taking_the_picture_away_brings_the_empty_state_back(canvas: Canvas, said) -> None:
    canvas.set_image(plain(40, 40))
    canvas.set_image(None)
    assert canvas.empty.isVisible()
    assert said(canvas.view)[1] == "No picture yet"
    QTest.wheelEvent(canvas.windowHandle(), QPointF(50, 50), QPoint(0, 120))
    assert canvas.image() is None
