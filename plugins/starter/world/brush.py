"""The brush: how each style puts one shape on the canvas. Places and objects draw through it and know no style."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QLinearGradient, QPainter, QPainterPath, QPen, QPolygonF, QRadialGradient

from .palette import INK, RGB, Air, mix, scale

Shape = QPainterPath | QPolygonF


def polygon(points: Sequence[tuple[float, float]]) -> QPolygonF:
    """A closed polygon through these points."""
    return QPolygonF([QPointF(x, y) for x, y in points])


def qcolor(colour: RGB, alpha: float = 1.0) -> QColor:
    """A Qt colour, clipped to what it can hold."""
    r, g, b = colour
    return QColor(max(0, min(255, int(r))), max(0, min(255, int(g))), max(0, min(255, int(b))), int(alpha * 255))


class Brush:
    """Fills shapes in one style on one painter."""

    def __init__(self, painter: QPainter, style: str, air: Air | None) -> None:
        self.painter = painter
        self.style = style
        self.lined = style == "line art"
        self.cut = style == "paper cut"
        self.smooth = style in ("flat", "watercolour", "oil", "pixel art")
        night = air is not None and air.night
        # Line art by night is a light pen on dark paper: grey hatching would read as bad weather.
        self.paper: RGB = (30, 36, 66) if night else (252, 249, 242)
        self.ink: RGB = (214, 222, 246) if night else INK
        self._pen = QPen(qcolor(self.ink), 2.2)
        self._pen.setCosmetic(True)
        self._pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self._none = QPen(Qt.PenStyle.NoPen)
        painter.setPen(self._none)

    def tone(self, colour: RGB, keep: float = 0.42) -> RGB:
        """The colour as this style's paint shows it."""
        if self.lined:
            return mix(self.paper, colour, keep)
        if self.cut:
            return mix(colour, (250, 244, 232), 0.06)
        return colour

    def _draw(self, shape: Shape) -> None:
        if isinstance(shape, QPolygonF):
            self.painter.drawPolygon(shape)
        else:
            self.painter.drawPath(shape)

    def fill(
        self,
        shape: Shape,
        colour: RGB,
        *,
        to: RGB | None = None,
        lift: float = 0.0,
        line: bool = True,
        keep: float = 0.42,
    ) -> None:
        """Fill one shape; `to` is its colour at the bottom, `lift` how far paper stands off what lies below,
        `line` whether a pen would draw its outline, `keep` how much of the colour line art keeps."""
        painter = self.painter
        if self.cut and lift > 0.0:
            self.shadow(shape, lift)
        first = self.tone(colour, keep)
        if to is None or self.cut:
            painter.setBrush(QBrush(qcolor(first)))
        else:
            box = shape.boundingRect()
            gradient = QLinearGradient(0, box.top(), 0, box.bottom())
            gradient.setColorAt(0, qcolor(first))
            gradient.setColorAt(1, qcolor(self.tone(to, keep)))
            painter.setBrush(QBrush(gradient))
        if self.lined and line:
            painter.setPen(self._pen)
            self._draw(shape)
            painter.setPen(self._none)
        else:
            self._draw(shape)

    def shadow(self, shape: Shape, lift: float) -> None:
        """The soft shadow a sheet of paper throws on the sheet below: three faint copies stand in for a blur."""
        painter = self.painter
        painter.setBrush(QBrush(QColor(20, 16, 40, 34)))
        for part in (0.5, 1.0, 1.6):
            painter.save()
            painter.translate(lift * part * 0.6, lift * part)
            self._draw(shape)
            painter.restore()

    def veil(self, shape: Shape, colour: RGB, alpha: float) -> None:
        """A translucent shape: light, fog, glass, a highlight."""
        if self.lined:
            alpha *= 0.7
        self.painter.setBrush(QBrush(qcolor(colour, alpha)))
        self._draw(shape)

    def glow(self, x: float, y: float, radius: float, colour: RGB, alpha: float) -> None:
        """Light around a lamp, a sun, a moon."""
        gradient = QRadialGradient(x, y, radius)
        gradient.setColorAt(0, qcolor(colour, alpha))
        gradient.setColorAt(0.4, qcolor(colour, alpha * 0.4))
        gradient.setColorAt(1, qcolor(colour, 0.0))
        self.painter.setBrush(QBrush(gradient))
        self.painter.drawEllipse(QPointF(x, y), radius, radius)

    def stroke(self, shape: QPainterPath | QPolygonF, colour: RGB, width: float, alpha: float = 1.0) -> None:
        """An open line."""
        painter = self.painter
        pen = QPen(qcolor(self.ink if self.lined else colour, alpha), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if isinstance(shape, QPolygonF):
            painter.drawPolyline(shape)
        else:
            painter.drawPath(shape)
        painter.setPen(self._none)


def shade(colour: RGB, by: float) -> RGB:
    """The colour in shade (`by` below 1) or in light (above 1)."""
    if by <= 1.0:
        return scale(colour, (by, by, min(1.0, by * 1.04)))
    return mix(colour, (255, 250, 235), by - 1.0)
