"""Where a picture lies in a view: the arithmetic of fitting, zooming and panning, without any painting."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF

SMALLEST, LARGEST = 0.02, 64.0


class Placement:
    """`zoom` is in device pixels for each picture pixel; `ratio` in device pixels for each widget pixel.

    While `fitted`, the picture follows the size of the view with `margin` widget pixels around it.
    """

    def __init__(self) -> None:
        self.target = QSize()
        self.room = QSizeF(1, 1)
        self.ratio = 1.0
        self.margin = 0
        self.zoom = 1.0
        self.fitted = True
        self._center = QPointF()

    def set_target(self, size: QSize) -> None:
        """Lay out for a picture of this size, in picture pixels."""
        self.target = QSize(size)
        self._center = QPointF(size.width() / 2, size.height() / 2)
        self.settle()

    def fit(self) -> None:
        """Show the whole picture, now and after every change of the view."""
        self.fitted = True
        self.settle()

    def zoom_to(self, zoom: float, at: QPointF) -> None:
        """Zoom to a factor; the place of the picture under `at` (widget pixels) stays there."""
        fixed = self.to_picture(at)
        self.fitted = False
        self.zoom = min(max(zoom, SMALLEST), LARGEST)
        self._center = fixed - (at - QPointF(self.room.width() / 2, self.room.height() / 2)) / self.scale()
        self.settle()

    def pan(self, by: QPointF) -> None:
        """Move the picture by widget pixels."""
        self.fitted = False
        self._center -= by / self.scale()
        self.settle()

    def scale(self) -> float:
        """Widget pixels for each picture pixel."""
        return self.zoom / self.ratio

    def rect(self) -> QRectF:
        """Where the picture is, in widget pixels; its corner on a whole device pixel, or 100 % would be blurred."""
        scale = self.scale()
        left = self.room.width() / 2 - self._center.x() * scale
        top = self.room.height() / 2 - self._center.y() * scale
        left, top = round(left * self.ratio) / self.ratio, round(top * self.ratio) / self.ratio
        return QRectF(left, top, self.target.width() * scale, self.target.height() * scale)

    def to_picture(self, point: QPointF) -> QPointF:
        """A place in the widget as a place in the picture, in picture pixels."""
        return (point - self.rect().topLeft()) / self.scale()

    def to_widget(self, point: QPointF) -> QPointF:
        """A place in the picture as a place in the widget."""
        return self.rect().topLeft() + point * self.scale()

    def settle(self) -> None:
        """Fit again, or keep a part of the picture in sight so that panning cannot lose it."""
        if self.target.isEmpty():
            return
        width, height = self.target.width(), self.target.height()
        if self.fitted:
            across = max(self.room.width() - 2 * self.margin, 16) / width
            down = max(self.room.height() - 2 * self.margin, 16) / height
            self.zoom = min(max(min(across, down) * self.ratio, SMALLEST), LARGEST)
            self._center = QPointF(width / 2, height / 2)
        else:
            self._center = QPointF(
                self._held(self._center.x(), width, self.room.width()),
                self._held(self._center.y(), height, self.room.height()),
            )

    def _held(self, center: float, length: int, room: float) -> float:
        reach = room / 2 / self.scale()
        slack = min(length / 4, reach)
        return min(max(center, -reach + slack), length + reach - slack)
