"""The picture itself: zoom at the mouse, pan, checkerboard, previews that stand exactly where the result will stand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRectF, QSize, QSizeF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from studio.widgets import theme
from studio.widgets.picture_brush import PictureBrush
from studio.widgets.placement import Placement

CRISP = 2.0
"""Above this zoom every pixel is drawn as a square."""
MARGIN = 24


class CanvasView(QWidget):
    """Paints one picture. Zoom is in device pixels for each picture pixel: 1.0 shows every pixel once.

    The target size is the size that the picture has or will have; a smaller preview is stretched to it.
    """

    view_changed = Signal()
    dropped = Signal(object)
    menu_requested = Signal(QMenu)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._image: QImage | None = None
        self._compare: QImage | None = None
        self._comparing = False
        self._smooth = False
        self._place = Placement()
        self._pressed: QPoint | None = None
        self._panned: QPointF | None = None
        self._space = False
        self._over = False
        self._keyboard = False
        self._brush = PictureBrush()
        self.file_to_drag: Callable[[], Path | None] | None = None
        self.drag_out = True

    # what is shown

    def image(self) -> QImage | None:
        """The picture on show."""
        return self._image

    def target(self) -> QSize:
        """The size the view is laid out for, in picture pixels."""
        return QSize(self._place.target)

    def is_empty(self) -> bool:
        """True while there is nothing to show."""
        return self._image is None

    def show_image(self, image: QImage | None, target: QSize, *, smooth: bool) -> None:
        """Put a picture on, laid out as `target`; `smooth` for previews, which are never shown as squares."""
        moved = target != self._place.target
        self._image, self._smooth = image, smooth
        if image is None:
            self._place.fitted = True
        if moved:
            self._place.set_target(target)
            self._placed()
        else:
            self.update(self.picture_rect().toAlignedRect().adjusted(-2, -2, 2, 2))
        self._point()

    def set_compare(self, image: QImage | None) -> None:
        """The picture to show instead while `compare(True)`, for a look at before and after."""
        self._compare = image
        self.update()

    def compare(self, on: bool) -> None:
        """Show the other picture of `set_compare`, or the picture again."""
        if self._comparing != on:
            self._comparing = on
            self.update()

    # where it is shown

    def zoom(self) -> float:
        """Device pixels for each picture pixel."""
        return self._place.zoom

    def is_fitted(self) -> bool:
        """True while the picture follows the size of the window."""
        return self._place.fitted

    def fit(self) -> None:
        """Show the whole picture and keep doing so when the window changes."""
        self._place.fit()
        self._placed()

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom to a factor, keeping what is under `at` (in widget pixels; the middle by default) where it is."""
        if not self.is_empty():
            self._place.zoom_to(zoom, QPointF(self.width() / 2, self.height() / 2) if at is None else at)
            self._placed()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom in or out; passing 100 % stops there once."""
        now, wanted = self.zoom(), self.zoom() * factor
        if (now < 0.995 and wanted > 1.0) or (now > 1.005 and wanted < 1.0):
            wanted = 1.0
        self.set_zoom(wanted, at)

    def pan(self, by: QPointF) -> None:
        """Move the picture by widget pixels."""
        if not self.is_empty():
            self._place.pan(by)
            self._placed()

    def picture_rect(self) -> QRectF:
        """Where the picture is, in widget pixels."""
        return self._place.rect()

    def to_picture(self, point: QPointF) -> QPointF:
        """A place in the widget as a place in the picture, in picture pixels."""
        return self._place.to_picture(point)

    def to_widget(self, point: QPointF) -> QPointF:
        """A place in the picture as a place in the widget."""
        return self._place.to_widget(point)

    def _placed(self) -> None:
        self.update()
        self.view_changed.emit()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The surroundings, the checkerboard where the picture has holes, the picture."""
        painter = QPainter(self)
        current = theme.tokens()
        painter.fillRect(event.rect(), current.color("canvas"))
        image = self._compare if self._comparing and self._compare is not None else self._image
        if image is not None:
            smooth = self._smooth or self.zoom() < CRISP + 0.01 or image.size() != self._place.target
            self._brush.paint(painter, image, self.picture_rect(), QRectF(self.rect()), smooth=smooth)
        if self._over:
            painter.setPen(QPen(current.color("accent"), 2, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(6, 6, -6, -6), 10, 10)
        elif self.hasFocus() and self._keyboard:
            painter.setPen(QPen(current.color("accent"), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    # hands

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A fitted picture stays fitted; another keeps its middle."""
        super().resizeEvent(event)
        self._measure()

    def _measure(self) -> None:
        self._place.room = QSizeF(self.size())
        self._place.ratio = self.devicePixelRatioF()
        self._place.margin = theme.px(MARGIN)
        self._place.settle()
        self._placed()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the mouse."""
        turn = event.angleDelta().y()
        if self.is_empty() or not turn:
            event.ignore()
            return
        self.zoom_by(1.2 ** (turn / 120), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Pinch on a trackpad zooms too; a move to a denser screen measures anew."""
        if event.type() in (QEvent.Type.DevicePixelRatioChange, QEvent.Type.StyleChange):
            self._measure()
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.set_zoom(self.zoom() * math.exp(event.value()), event.position())
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The middle button, or Space with the left one, pans; the left one alone drags the picture out."""
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._panned = event.position()
        elif left:
            self._pressed = event.position().toPoint()
        self._keyboard = False
        self._point()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or begin to drag the picture out."""
        if self._panned is not None:
            self.pan(event.position() - self._panned)
            self._panned = event.position()
        elif self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            moved = (event.position().toPoint() - self._pressed).manhattanLength()
            inside = self.picture_rect().contains(QPointF(self._pressed))
            if moved >= QApplication.startDragDistance() and inside and self.drag_out:
                self._pressed = None
                self._start_drag()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._panned = self._pressed = None
        self._point()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Between the whole picture and its pixels."""
        if event.button() != Qt.MouseButton.LeftButton or self.is_empty():
            return
        if self.is_fitted():
            self.set_zoom(1.0, event.position())
        else:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space arms panning, arrows pan, + and - zoom, Ctrl+0 fits, Ctrl+1 shows pixels."""
        key, control = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        step = 48.0
        moves = {
            Qt.Key.Key_Left: QPointF(step, 0),
            Qt.Key.Key_Right: QPointF(-step, 0),
            Qt.Key.Key_Up: QPointF(0, step),
            Qt.Key.Key_Down: QPointF(0, -step),
        }
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space = True
                self._point()
        elif control and key == Qt.Key.Key_0:
            self.fit()
        elif control and key == Qt.Key.Key_1:
            self.set_zoom(1.0)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(1.25)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(0.8)
        elif key in moves and not self.is_empty():
            self.pan(moves[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space up ends panning."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._panned = None
            self._point()
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A ring shows where the keyboard brought one."""
        self._keyboard = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A Space held while the focus goes elsewhere is let go."""
        self._space = False
        self._point()
        super().focusOutEvent(event)
        self.update()

    def _point(self) -> None:
        if self._panned is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space and not self.is_empty():
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Let the panel fill a menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu_requested.emit(menu)
        if menu.isEmpty():
            menu.deleteLater()
        else:
            menu.popup(event.globalPos())

    # in and out

    def drag_data(self) -> QMimeData | None:
        """The picture as a drag or the clipboard carries it: its pixels, and its file where there is one."""
        if self._image is None:
            return None
        data = QMimeData()
        data.setImageData(self._image)
        path = self.file_to_drag() if self.file_to_drag is not None else None
        if path is not None:
            data.setUrls([QUrl.fromLocalFile(str(path))])
        return data

    def _start_drag(self) -> None:
        data = self.drag_data()
        if data is None or self._image is None:
            return
        drag = QDrag(self)
        drag.setMimeData(data)
        edge = theme.px(96)
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        drag.setPixmap(QPixmap.fromImage(self._image.scaled(edge, edge, keep, smooth)))
        drag.exec(Qt.DropAction.CopyAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and pictures are welcome, but not our own."""
        data = event.mimeData()
        if event.source() is not self and (data.hasImage() or any(url.isLocalFile() for url in data.urls())):
            self._over = True
            event.acceptProposedAction()
            self.update()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Still welcome."""
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Gone again."""
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        """Say what was dropped: files if there are any, because they may carry a recipe; otherwise the picture."""
        self._over = False
        self.update()
        data = event.mimeData()
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if files:
            self.dropped.emit(files)
        elif data.hasImage():
            image = data.imageData()
            if isinstance(image, QPixmap):
                image = image.toImage()
            if isinstance(image, QImage) and not image.isNull():
                self.dropped.emit(image)
