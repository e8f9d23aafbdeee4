"""Abstract pictures: two colours in a plain ornament."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from .brush import Brush, polygon, shade
from .palette import NAMED
from .scene import Scene


def _stripes(rng: np.random.Generator) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    width = 18 + rng.random() * 16
    for k in range(-16, 17):
        path.addRect(QRectF(-240, k * 2 * width, 480, width))
    return path, True


def _waves(rng: np.random.Generator) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    width, swing, length = 20 + rng.random() * 12, 8 + rng.random() * 10, 70 + rng.random() * 60
    xs = range(-240, 241, 10)
    for k in range(-8, 9):
        y = k * 2 * width
        top = [(float(x), y + swing * math.sin(math.tau * x / length)) for x in xs]
        path.addPolygon(polygon([*top, *((x, y + width) for x, y in reversed(top))]))
        path.closeSubpath()
    return path, True


def _circles(rng: np.random.Generator) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    x, y, width = rng.random() * 150 - 75, rng.random() * 150 - 75, 13 + rng.random() * 10
    for k in range(1, 17):
        path.addEllipse(QPointF(x, y), k * width, k * width)
    return path, False


def _checks(rng: np.random.Generator) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    side = 24 + rng.random() * 22
    for i in range(-9, 10):
        for j in range(-9, 10):
            if (i + j) % 2 == 0:
                path.addRect(QRectF(i * side, j * side, side, side))
    return path, rng.random() < 0.4


def _dots(rng: np.random.Generator) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    gap = 34 + rng.random() * 22
    r = gap * (0.26 + 0.1 * rng.random())
    for i in range(-8, 9):
        for j in range(-8, 9):
            path.addEllipse(QPointF(i * gap + (gap / 2 if j % 2 else 0), j * gap), r, r)
    return path, rng.random() < 0.4


def _rays(rng: np.random.Generator) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    x, y, count = rng.random() * 140 - 70, rng.random() * 140 - 70, 9 + int(rng.random() * 6)
    start = rng.random()
    for k in range(count):
        a, b = (k + start) * math.tau / count, (k + start + 0.5) * math.tau / count
        path.addPolygon(
            polygon(
                [(x, y), (x + 400 * math.cos(a), y + 400 * math.sin(a)), (x + 400 * math.cos(b), y + 400 * math.sin(b))]
            )
        )
        path.closeSubpath()
    return path, False


def _triangles(rng: np.random.Generator) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    side = 40 + rng.random() * 26
    high = side * 0.866
    for j in range(-6, 7):
        for i in range(-6, 7):
            x, y = i * side + (side / 2 if j % 2 else 0), j * high
            path.addPolygon(polygon([(x - side / 2, y + high / 2), (x, y - high / 2), (x + side / 2, y + high / 2)]))
            path.closeSubpath()
    return path, False


def _spiral(rng: np.random.Generator) -> tuple[QPainterPath, bool]:
    cx, cy, gap = rng.random() * 100 - 50, rng.random() * 100 - 50, 30 + rng.random() * 16
    start, way = rng.random() * math.tau, 1 if rng.random() < 0.5 else -1
    turns = [start + k * math.tau / 28 for k in range(28 * 8)]

    def arm(shift: float) -> list[tuple[float, float]]:
        radii = [((t - start) / math.tau + shift) * gap for t in turns]
        return [(cx + r * math.cos(t * way), cy + r * math.sin(t * way)) for r, t in zip(radii, turns, strict=True)]

    path = QPainterPath()
    path.addPolygon(polygon([*arm(0.0), *reversed(arm(0.5))]))
    path.closeSubpath()
    return path, False


_MAKERS = {
    "stripes": _stripes, "waves": _waves, "circles": _circles, "checks": _checks, "dots": _dots, "rays": _rays,
    "triangles": _triangles, "spiral": _spiral,
}  # fmt: skip


def draw_pattern(brush: Brush, scene: Scene, rng: np.random.Generator) -> None:
    """Fill the canvas with the scene's ornament: its first colour lies on its second."""
    first, second = (NAMED[c] for c in scene.colours)
    low = 0.85
    brush.fill(
        polygon([(-8, -8), (264, -8), (264, 264), (-8, 264)]),
        shade(second, 1.06),
        to=shade(second, 0.9),
        keep=low,
        line=False,
    )
    path, turn = _MAKERS[scene.pattern](rng)
    painter = brush.painter
    painter.save()
    painter.translate(128, 128)
    if turn:
        painter.rotate(float(rng.integers(0, 8)) * 22.5)
    brush.fill(path, first, lift=2, keep=low)
    painter.restore()
