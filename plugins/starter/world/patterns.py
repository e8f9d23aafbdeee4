"""Abstract pictures: two colours in a plain ornament."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from .brush import Brush, polygon, shade
from .frame import Frame
from .palette import NAMED
from .scene import Scene


def _around(count: int, reach: float) -> range:
    """From so many before the middle to as many behind it, more where the frame reaches further."""
    count = math.ceil(count * reach)
    return range(-count, count + 1)


def _stripes(rng: np.random.Generator, reach: float) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    width = 18 + rng.random() * 16
    half = 240 * reach
    for k in _around(16, reach):
        path.addRect(QRectF(-half, k * 2 * width, 2 * half, width))
    return path, True


def _waves(rng: np.random.Generator, reach: float) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    width, swing, length = 20 + rng.random() * 12, 8 + rng.random() * 10, 70 + rng.random() * 60
    xs = [10 * k for k in _around(24, reach)]
    for k in _around(8, reach):
        y = k * 2 * width
        top = [(float(x), y + swing * math.sin(math.tau * x / length)) for x in xs]
        path.addPolygon(polygon([*top, *((x, y + width) for x, y in reversed(top))]))
        path.closeSubpath()
    return path, True


def _circles(rng: np.random.Generator, reach: float) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    x, y, width = rng.random() * 150 - 75, rng.random() * 150 - 75, 13 + rng.random() * 10
    for k in range(1, 1 + math.ceil(16 * reach)):
        path.addEllipse(QPointF(x, y), k * width, k * width)
    return path, False


def _checks(rng: np.random.Generator, reach: float) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    side = 24 + rng.random() * 22
    for i in _around(9, reach):
        for j in _around(9, reach):
            if (i + j) % 2 == 0:
                path.addRect(QRectF(i * side, j * side, side, side))
    return path, rng.random() < 0.4


def _dots(rng: np.random.Generator, reach: float) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    gap = 34 + rng.random() * 22
    r = gap * (0.26 + 0.1 * rng.random())
    for i in _around(8, reach):
        for j in _around(8, reach):
            path.addEllipse(QPointF(i * gap + (gap / 2 if j % 2 else 0), j * gap), r, r)
    return path, rng.random() < 0.4


def _rays(rng: np.random.Generator, reach: float) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    x, y, count = rng.random() * 140 - 70, rng.random() * 140 - 70, 9 + int(rng.random() * 6)
    start, far = rng.random(), 400 * reach
    for k in range(count):
        a, b = (k + start) * math.tau / count, (k + start + 0.5) * math.tau / count
        path.addPolygon(
            polygon(
                [(x, y), (x + far * math.cos(a), y + far * math.sin(a)), (x + far * math.cos(b), y + far * math.sin(b))]
            )
        )
        path.closeSubpath()
    return path, False


def _triangles(rng: np.random.Generator, reach: float) -> tuple[QPainterPath, bool]:
    path = QPainterPath()
    side = 40 + rng.random() * 26
    high = side * 0.866
    for j in _around(6, reach):
        for i in _around(6, reach):
            x, y = i * side + (side / 2 if j % 2 else 0), j * high
            path.addPolygon(polygon([(x - side / 2, y + high / 2), (x, y - high / 2), (x + side / 2, y + high / 2)]))
            path.closeSubpath()
    return path, False


def _spiral(rng: np.random.Generator, reach: float) -> tuple[QPainterPath, bool]:
    cx, cy, gap = rng.random() * 100 - 50, rng.random() * 100 - 50, 30 + rng.random() * 16
    start, way = rng.random() * math.tau, 1 if rng.random() < 0.5 else -1
    turns = [start + k * math.tau / 28 for k in range(28 * math.ceil(8 * reach))]

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


def draw_pattern(brush: Brush, scene: Scene, rng: np.random.Generator, frame: Frame) -> None:
    """Fill the canvas with the scene's ornament: its first colour lies on its second."""
    first, second = (NAMED[c] for c in scene.colours)
    low = 0.85
    brush.fill(
        polygon([(-8, frame.top - 8), (frame.wide + 8, frame.top - 8), (frame.wide + 8, 264), (-8, 264)]),
        shade(second, 1.06),
        to=shade(second, 0.9),
        keep=low,
        line=False,
    )
    path, turn = _MAKERS[scene.pattern](rng, frame.reach)
    painter = brush.painter
    painter.save()
    painter.translate(frame.wide / 2, frame.top + frame.high / 2)
    if turn:
        painter.rotate(float(rng.integers(0, 8)) * 22.5)
    brush.fill(path, first, lift=2, keep=low)
    painter.restore()
