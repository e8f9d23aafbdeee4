"""How a picture is drawn at any scale: smooth or pixel by pixel, with a checkerboard behind its holes."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QPixmap

from studio.widgets import theme

CELL = 8


class PictureBrush:
    """Draws pictures and keeps what is costly to make: the checkerboard of the theme and the last reduced picture."""

    def __init__(self) -> None:
        self._checker: tuple[str, QPixmap] | None = None
        self._reduced: tuple[tuple[int, int, int], QImage] | None = None

    def paint(self, painter: QPainter, image: QImage, place: QRectF, clip: QRectF, *, smooth: bool) -> None:
        """Draw `image` so that it fills `place`, as far as that lies in `clip` (both in logical pixels)."""
        if image.hasAlphaChannel():
            painter.save()
            painter.setBrushOrigin(place.topLeft())
            painter.fillRect(place, QBrush(self._checkerboard()))
            painter.restore()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        shown = place.intersected(clip)
        if shown.isEmpty():
            return
        x, y = image.width() / place.width(), image.height() / place.height()
        ratio = painter.device().devicePixelRatioF()
        if smooth and max(x, y) / ratio > 1.5:
            self._paint_reduced(painter, image, place, ratio)
            return
        source = QRectF(
            (shown.left() - place.left()) * x, (shown.top() - place.top()) * y, shown.width() * x, shown.height() * y
        )
        painter.drawImage(shown, image, source)

    def _paint_reduced(self, painter: QPainter, image: QImage, place: QRectF, ratio: float) -> None:
        """Bilinear drawing skips pixels when it shrinks by more than a half; scale by area instead, once."""
        size = QSize(max(round(place.width() * ratio), 1), max(round(place.height() * ratio), 1))
        key = (image.cacheKey(), size.width(), size.height())
        if self._reduced is None or self._reduced[0] != key:
            mode = Qt.TransformationMode.SmoothTransformation
            self._reduced = (key, image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode))
        painter.drawImage(place, self._reduced[1])

    def _checkerboard(self) -> QPixmap:
        current = theme.tokens()
        if self._checker is None or self._checker[0] != current.name:
            made = QPixmap(CELL * 2, CELL * 2)
            made.fill(current.color("check_light"))
            painter = QPainter(made)
            painter.fillRect(QRect(0, 0, CELL, CELL), current.color("check_dark"))
            painter.fillRect(QRect(CELL, CELL, CELL, CELL), current.color("check_dark"))
            painter.end()
            self._checker = (current.name, made)
        return self._checker[1]
