"""How a step looks on the ribbon: a picture, a chip with words, the notes of a bar, a number, or an empty place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from studio.widgets import theme
from studio.widgets.ribbon_model import Look
from studio.widgets.ribbon_roll import draw_roll

if TYPE_CHECKING:
    from studio.widgets.ribbon_strip import Strip

INHERITED = 0.45
"""How strongly the steps from before a branch are drawn."""
SURPRISE = 7.0
"""Bits from which words are as warm as they get: less than one in a hundred."""


def warmth(expected: float) -> float:
    """0 for words that had to come … 1 for a surprise, by their information in bits."""
    return min(-math.log2(max(expected, 2**-SURPRISE)) / SURPRISE, 1.0)


def tint(expected: float) -> QColor:
    """The ground of a chip: cool where its words were expected, warm where they were not."""
    current = theme.tokens()
    cool, warm, part = current.color("wash"), current.color("danger_wash"), warmth(expected)
    ends = ((cool.red(), warm.red()), (cool.green(), warm.green()), (cool.blue(), warm.blue()))
    return QColor(*(round(a + (b - a) * part) for a, b in ends))


class StepPainter:
    """Draws the steps of a strip into its viewport."""

    def __init__(self, strip: Strip) -> None:
        self._strip = strip

    def paint(self, painter: QPainter, row: int) -> None:
        """Draw one step in its place."""
        strip, model = self._strip, self._strip.steps
        area, look = strip.area(row), model.look(row)
        if area.width() <= 0:
            return
        painter.save()
        if row <= model.branched and row != strip.shown():
            painter.setOpacity(INHERITED)
        if look is Look.PICTURE:
            self._picture(painter, area, row)
        elif look is Look.WORD:
            self._word(painter, area, row)
        else:
            self._card(painter, area, row, look)
        painter.restore()

    def mark(self, painter: QPainter, row: int, *, hovered: bool) -> None:
        """Draw what says something of a step: that it is on show, and where branches leave."""
        model, area = self._strip.steps, self._strip.area(row)
        if area.width() <= 0:
            return
        painter.save()
        self._outline(painter, area, row, hovered=hovered)
        if row == model.branched:
            self._branched(painter, area)
        elif row in model.forks:
            self._fork(painter, area)
        painter.restore()

    def _picture(self, painter: QPainter, area: QRect, row: int) -> None:
        path = QPainterPath()
        path.addRoundedRect(QRectF(area), theme.px(4), theme.px(4))
        painter.setClipPath(path)
        strip = self._strip
        painter.drawPixmap(area.topLeft(), strip.steps.pixmap(row, area.size(), strip.devicePixelRatioF()))
        painter.setClipping(False)

    def _card(self, painter: QPainter, area: QRect, row: int, look: Look) -> None:
        current, model = theme.tokens(), self._strip.steps
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current.color("surface" if look is Look.COMING else "field"))
        painter.drawRoundedRect(QRectF(area), current.px(4), current.px(4))
        if look is Look.ROLL:
            draw_roll(painter, area, model.roll(row), *model.pitches)
        elif look is Look.NUMBER:
            self._text(painter, area, row, str(row + 1))

    def _word(self, painter: QPainter, area: QRect, row: int) -> None:
        current, model = theme.tokens(), self._strip.steps
        expected, radius = model.expected(row), theme.px(4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current.color("field") if expected is None else tint(expected))
        painter.drawRoundedRect(QRectF(area), radius, radius)
        # Tokens of one word make one chip: its inner corners are square.
        if model.joined(row):
            painter.drawRect(QRect(area.left(), area.top(), radius, area.height()))
        if model.joined(row + 1):
            painter.drawRect(QRect(area.right() + 1 - radius, area.top(), radius, area.height()))
        left, right = self._strip.sides(row)
        self._text(painter, area.adjusted(left, 0, -right, 0), row, model.word(row))

    def _text(self, painter: QPainter, area: QRect, row: int, words: str) -> None:
        current = theme.tokens()
        read = self._strip.steps.expected(row) is not None or row == self._strip.shown()
        painter.setPen(current.color("text" if read else "muted"))
        painter.setFont(theme.font(current.label, tabular=True))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, words)

    def _branched(self, painter: QPainter, area: QRect) -> None:
        """Where the branch leaves: a line in the gap behind its last common step, with a knot on it."""
        color = theme.tokens().color("accent")
        x = area.right() + 1 + self._strip.gap / 2 - 0.5
        painter.setPen(QPen(color, 2))
        painter.drawLine(QPointF(x, area.top() - 1), QPointF(x, area.bottom() + 1))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(x, area.top() + 1), 3.0, 3.0)

    def _fork(self, painter: QPainter, area: QRect) -> None:
        """Where another generation left this one: a knot in the gap and a short way down and out."""
        color = theme.tokens().color("text")
        x, y = area.right() + 1 + self._strip.gap / 2 - 0.5, area.bottom() - theme.px(6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(x, y), 2.5, 2.5)
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        way = QPainterPath(QPointF(x, y))
        way.cubicTo(QPointF(x, area.bottom() + 3), QPointF(x + 1, area.bottom() + 3), QPointF(x + 7, area.bottom() + 3))
        painter.drawPath(way)

    def _outline(self, painter: QPainter, area: QRect, row: int, *, hovered: bool) -> None:
        strip, current, radius = self._strip, theme.tokens(), theme.px(4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if row == strip.shown():
            painter.setPen(QPen(current.color("accent"), 2))
            painter.drawRoundedRect(QRectF(area).adjusted(-1, -1, 1, 1), radius + 1, radius + 1)
            if strip.hasFocus():
                painter.setPen(QPen(current.color("text"), 1))
                painter.drawRoundedRect(QRectF(area).adjusted(1.5, 1.5, -1.5, -1.5), radius - 1, radius - 1)
        elif hovered and strip.steps.step(row) is not None:
            painter.setPen(QPen(current.color("muted"), 1))
            painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
