"""A mask painted over the canvas with a brush: what shall be made anew."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.widgets import theme
from studio.widgets.canvas_view import CanvasView

SMALLEST, LARGEST = 2, 1024
TINT, DIM = 0.5, 0.1


class MaskLayer(QWidget):
    """Lies over a CanvasView while a mask is painted; hidden, it costs nothing.

    `painted` follows each finished stroke with the mask before it; `brush_changed` the brush or its size; `left` is
    Escape.
    """

    painted = Signal(object)
    brush_changed = Signal()
    left = Signal()

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._mask = QImage()
        self._tint = QImage()
        self._before: QImage | None = None
        self._last: QPointF | None = None
        self._here: QPointF | None = None
        self._panned: QPointF | None = None
        self._was_erasing = False
        self._space = False
        self.brush = 48
        """Diameter in picture pixels."""
        self.erasing = False
        self.dimmed = False
        """Hardly to be seen, so that what was made under it is; until the next stroke."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setAccessibleName("Mask")
        self.setAccessibleDescription("Paint over what shall be made anew. [ and ] change the brush, E erases.")
        view.view_changed.connect(self._follow)
        self.hide()

    # The mask

    def begin(self, size: QSize) -> None:
        """An empty mask for a picture of that size, unless there is one of it already."""
        if self._mask.size() != size:
            self.set_mask(QImage())
            self._mask = QImage(size, QImage.Format.Format_Grayscale8)
            self._mask.fill(0)
            self._colour()
        self._follow()
        self.show()
        self.raise_()
        self.setFocus()

    def mask(self) -> QImage:
        """White where it is painted over (Format_Grayscale8)."""
        return QImage(self._mask)

    def set_mask(self, mask: QImage) -> None:
        """Another mask: undo brings one back."""
        self._mask = QImage(mask)
        self._colour()

    def clear(self) -> None:
        """Nothing is painted over."""
        before = self.mask()
        self._mask.fill(0)
        self._colour()
        self.painted.emit(before)

    def invert(self) -> None:
        """Everything else."""
        before = self.mask()
        self._mask.invertPixels()
        self._colour()
        self.painted.emit(before)

    def is_empty(self) -> bool:
        """True where nothing is painted over."""
        if self._mask.isNull():
            return True
        data = self._mask.constBits()
        return data is None or not any(bytes(data))

    def png(self) -> bytes:
        """The mask as a file."""
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self._mask.save(buffer, "PNG")
        return bytes(data.data())

    def _colour(self) -> None:
        colour = theme.tokens().color("accent")
        self._tint = QImage(self._mask.size(), QImage.Format.Format_ARGB32)
        if not self._mask.isNull():
            self._tint.fill(colour)
            self._tint.setAlphaChannel(self._mask)
        self.update()

    # The brush

    def set_brush(self, pixels: float) -> None:
        """Another diameter."""
        self.brush = int(min(LARGEST, max(SMALLEST, pixels)))
        self.brush_changed.emit()
        self.update()

    def dim(self, on: bool) -> None:
        """Step back, or come to the front again."""
        self.dimmed = on
        self.update()

    def set_erasing(self, on: bool) -> None:
        """Take away instead of painting."""
        self.erasing = on
        self.brush_changed.emit()

    def _stroke(self, place: QPointF) -> None:
        if self._view.picture_rect().isEmpty():
            return  # the picture is still being read from the disk
        a = self._view.to_picture(self._last if self._last is not None else place)
        b = self._view.to_picture(place)
        white = not self.erasing
        colour = theme.tokens().color("accent")
        for image, ink in ((self._mask, QColor(255, 255, 255) if white else QColor(0, 0, 0)), (self._tint, colour)):
            painter = QPainter(image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if image is self._tint and not white:
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
            if a == b:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(ink)
                painter.drawEllipse(a, self.brush / 2, self.brush / 2)
            else:
                painter.setPen(QPen(ink, self.brush, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawLine(a, b)
            painter.end()
        self._last = place
        self.update()

    # Painting and hands

    def _follow(self) -> None:
        if self.size() != self._view.size():
            self.resize(self._view.size())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The tinted mask, and the ring of the brush."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self._tint.isNull():
            painter.setOpacity(DIM if self.dimmed else TINT)
            painter.drawImage(self._view.picture_rect(), self._tint)
            painter.setOpacity(1)
        if self._here is not None and not self._space:
            radius = self.brush / 2 * self._view.picture_rect().width() / max(1, self._mask.width())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for ink, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255, 230), 1.2)):
                painter.setPen(QPen(ink, width, Qt.PenStyle.DashLine if self.erasing else Qt.PenStyle.SolidLine))
                painter.drawEllipse(self._here, radius, radius)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Paint with the left button, take away with the right one; the middle one or Space pans."""
        if event.button() == Qt.MouseButton.MiddleButton or self._space:
            self._panned = event.position()
            return
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        self._before = self.mask()
        self.dimmed = False
        self._was_erasing = self.erasing
        if event.button() == Qt.MouseButton.RightButton:
            self.erasing = True
        self._stroke(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on."""
        self._here = event.position()
        if self._panned is not None:
            self._view.pan(event.position() - self._panned)
            self._panned = event.position()
        elif self._before is not None:
            self._stroke(event.position())
        else:
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The stroke is done."""
        self._panned, self._last = None, None
        before, self._before = self._before, None
        if before is not None:
            self.erasing = self._was_erasing
            self.painted.emit(before)

    def leaveEvent(self, event: object) -> None:
        """No ring outside."""
        self._here = None
        self.update()

    def contextMenuEvent(self, event: object) -> None:
        """The right button takes away; there is no menu here."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Alt changes the brush; otherwise the canvas zooms."""
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            turn = event.angleDelta().y() or event.angleDelta().x()
            self.set_brush(self.brush * 1.15 ** (turn / 120))
            event.accept()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space pans."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self.update()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space is let go."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.setCursor(Qt.CursorShape.BlankCursor)
            self.update()
        else:
            super().keyReleaseEvent(event)
