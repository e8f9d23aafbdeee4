"""The land: one function for each place, painting from the horizon to the viewer's feet."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPolygonF

from .brush import Brush, polygon, shade
from .frame import Frame
from .palette import RGB, Air, mix


@dataclass(frozen=True)
class Land:
    """What a place gets to draw with."""

    brush: Brush
    air: Air
    rng: np.random.Generator
    glint: float
    """Where the sun or moon stands, for its path on water; negative without one."""
    frame: Frame

    def some(self, low: float, high: float) -> float:
        return low + (high - low) * self.rng.random()


def ridge(
    land: Land, base: float, swing: float, *, rough: float = 0.0, waves: tuple[float, float] = (1.0, 3.0)
) -> list[tuple[float, float]]:
    """The skyline of a hill from left to right: two slow waves, and with `rough` a jagged edge."""
    rng = land.rng
    a, b, _c, _d = (rng.random(4) * math.tau).tolist()
    f, g = land.some(*waves) * 0.0245, land.some(*waves) * 0.049
    step = 8 if rough else 16
    places = range(-8, land.frame.wide + 9, step)
    noise = ((rng.random(max(40, len(places))) - 0.5) * 2 * rough).tolist() if rough else None
    points = []
    for i, x in enumerate(places):
        y = base - swing * (0.62 * math.sin(f * x + a) + 0.38 * math.sin(g * x + b))
        if noise:
            y -= noise[i]
        points.append((float(x), y))
    return points


def smooth_body(points: list[tuple[float, float]], right: float) -> QPainterPath:
    """The land under a rounded skyline, down to a corner at `right`."""
    path = QPainterPath(QPointF(-12, 268))
    path.lineTo(*points[0])
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        path.quadTo(x0, y0, (x0 + x1) / 2, (y0 + y1) / 2)
    path.lineTo(*points[-1])
    path.lineTo(right, 268)
    path.closeSubpath()
    return path


def hill(
    land: Land, base: float, swing: float, colour: RGB, far: float, waves: tuple[float, float] = (0.6, 2.0)
) -> None:
    """One rounded hill across the picture."""
    air = land.air
    shape = smooth_body(ridge(land, base, swing, waves=waves), land.frame.wide + 12)
    land.brush.fill(shape, air.lit(shade(colour, 1.1), far), to=air.lit(shade(colour, 0.78), far * 0.6), lift=4)


def peaks(land: Land, base: float, high: float, colour: RGB, far: float, count: int, *, snow: bool) -> None:
    """A row of pointed mountains, `count` in the width of the square, lit from one side, with snow on top."""
    rng, air, brush, wide_frame = land.rng, land.air, land.brush, land.frame.wide
    count = land.frame.along(count)
    lit, dark = air.lit(shade(colour, 1.12), far), air.lit(shade(colour, 0.74), far)
    white = air.lit((246, 248, 255), far * 0.7)
    width = wide_frame / count * 1.15
    order = rng.permutation(count)
    tall = rng.random(count).tolist()
    lean = rng.random(count).tolist()
    for k in order.tolist():
        x = (k + 0.5) * wide_frame / count + (lean[k] - 0.5) * 20
        top = base - high * (0.62 + 0.38 * tall[k])
        wide = width * (0.75 + 0.35 * tall[k])
        left, right = (x - wide, base + 70), (x + wide, base + 70)
        brush.fill(polygon([left, (x, top), right]), lit, to=air.lit(colour, far * 1.2), lift=4)
        brush.fill(
            polygon([(x, top), right, (x + wide * 0.12, base + 70), (x + wide * 0.1, top + 40)]),
            dark,
            line=False,
            to=air.lit(shade(colour, 0.8), far * 1.2),
        )
        if snow:
            h = (base - top) * 0.36
            w = wide * h / (base + 70 - top)
            cap = [(x, top), (x + w, top + h), (x + w * 0.5, top + h * 0.72), (x + w * 0.1, top + h * 1.15),
                   (x - w * 0.4, top + h * 0.74), (x - w, top + h)]  # fmt: skip
            brush.fill(polygon(cap), white, line=False)


def pine(x: float, y: float, size: float) -> QPolygonF:
    """A fir tree of three tiers, foot at (x, y)."""
    w = size * 0.3
    return polygon([
        (x, y - size), (x + w * 0.5, y - size * 0.62), (x + w * 0.28, y - size * 0.62), (x + w * 0.8, y - size * 0.32),
        (x + w * 0.4, y - size * 0.32), (x + w, y), (x - w, y), (x - w * 0.4, y - size * 0.32),
        (x - w * 0.8, y - size * 0.32), (x - w * 0.28, y - size * 0.62), (x - w * 0.5, y - size * 0.62),
    ])  # fmt: skip


def pines(land: Land, y: float, size: float, colour: RGB, far: float, count: int) -> None:
    """A row of firs, one path so that it costs one fill."""
    rng, air, count = land.rng, land.air, land.frame.along(count)
    path = QPainterPath()
    path.setFillRule(path.fillRule().WindingFill)
    jitter = rng.random((count, 3)).tolist()
    for k in range(count):
        a, b, c = jitter[k]
        path.addPolygon(pine((k + a) * land.frame.wide / count, y + b * 8, size * (0.7 + 0.5 * c)))
        path.closeSubpath()
    land.brush.fill(path, air.lit(shade(colour, 1.15), far), to=air.lit(shade(colour, 0.8), far), lift=3)


def scatter(land: Land, top: float, bottom: float, count: int, size: float, colour: RGB, alpha: float = 1.0) -> None:
    """Little dots on the ground, smaller in the distance: flowers, stones, lights."""
    path = QPainterPath()
    for a, b in land.rng.random((land.frame.along(count), 2)).tolist():
        near = b * b
        r = size * (0.45 + 0.75 * near)
        path.addEllipse(QRectF(a * land.frame.wide - r, top + (bottom - top) * near - r * 0.8, 2 * r, 1.6 * r))
    land.brush.veil(path, land.brush.tone(colour, 0.8), alpha)


def water(land: Land, top: float, bottom: float, colour: RGB) -> None:
    """Water from its far edge to its near one: it mirrors the sky, and the sun's path lies on it."""
    air, brush, rng = land.air, land.brush, land.rng
    far = mix(air.lit(colour), air.sky[2], 0.5)
    near = mix(air.lit(shade(colour, 0.72)), air.sky[0], 0.25)
    path = QPainterPath()
    path.addRect(QRectF(-4, top, land.frame.wide + 8, bottom - top))
    brush.fill(path, far, to=near, line=True, lift=3)
    lines = QPainterPath()
    for a, b, c in rng.random((land.frame.along(16), 3)).tolist():
        depth = b * b
        w, h = 10 + 34 * depth * c + 8, 1.2 + 2.2 * depth
        lines.addRoundedRect(
            QRectF(a * (land.frame.wide + 24) - 24, top + 5 + (bottom - top - 8) * depth, w, h), h / 2, h / 2
        )
    brush.veil(lines, mix(far, (255, 255, 255), 0.4), 0.4)
    if land.glint >= 0:
        path = QPainterPath()
        for k in range(9):
            depth = (k + 1) / 9
            w = (10 + 26 * depth) * (0.6 + 0.6 * rng.random())
            y = top + 3 + (bottom - top - 6) * depth * 0.9
            path.addRoundedRect(QRectF(land.glint - w / 2, y, w, 2.4 + depth), 1.4, 1.4)
        brush.veil(path, mix(air.sky[2], (255, 250, 225), 0.7), 0.75)


def _mountains(land: Land) -> float:
    rock: RGB = ((112, 122, 158), (126, 112, 140), (98, 126, 140))[int(land.some(0, 3))]
    peaks(land, 150, 96, rock, 0.85, 3 + int(land.some(0, 2)), snow=True)
    peaks(land, 176, 82, shade(rock, 0.86), 0.4, 2 + int(land.some(0, 2)), snow=True)
    hill(land, 190, 8, (76, 128, 84), 0.2)
    pines(land, 206, 30, (44, 96, 74), 0.12, 12)
    hill(land, 212, 6, (96, 158, 84), 0.0)
    return 228


def _forest(land: Land) -> float:
    green: RGB = ((48, 108, 78), (58, 116, 62), (40, 104, 92))[int(land.some(0, 3))]
    pines(land, 168, 74, shade(green, 1.1), 0.85, 13)
    pines(land, 184, 86, green, 0.5, 10)
    hill(land, 186, 5, (70, 126, 70), 0.3)
    pines(land, 206, 92, shade(green, 0.8), 0.15, 7)
    hill(land, 206, 7, (82, 140, 70), 0.0)
    return 228


def _sea(land: Land) -> float:
    top = land.some(136, 150)
    if land.rng.random() < 0.45:
        points = [(x, y + top - 4) for x, y in ((-10, 8), (20, -8), (52, -16), (88, -6), (120, 8))]
        dx = land.some(-30, land.frame.wide - 106)
        land.brush.fill(polygon([(x + dx, y) for x, y in points]), land.air.lit((98, 122, 132), 0.9))
    water(land, top, 262, (32, 116, 172))
    return 214


def _beach(land: Land) -> float:
    top = land.some(136, 146)
    water(land, top, 220, (38, 158, 186))
    air, brush = land.air, land.brush
    tilt = land.some(-9, 9)
    foam = QPainterPath(QPointF(-12, 268))
    foam.lineTo(-12, 186 + tilt)
    across, right = land.frame.across, land.frame.wide + 12
    foam.cubicTo(across(80), 176 + tilt, across(150), 206 - tilt, right, 188 - tilt)
    foam.lineTo(right, 268)
    foam.closeSubpath()
    brush.fill(foam, air.lit((250, 252, 250)), line=False, lift=2)
    sand = foam.translated(0, 7)
    brush.fill(sand, air.lit((244, 220, 166)), to=air.lit((222, 186, 130)), lift=2)
    if land.rng.random() < 0.55:
        side = 1 if land.rng.random() < 0.5 else -1
        x = land.frame.wide / 2 + side * (land.frame.wide / 2 - 16)
        trunk = QPainterPath(QPointF(x, 232))
        trunk.quadTo(x - side * 4, 180, x - side * 22, 140)
        brush.stroke(trunk, air.lit((124, 88, 60)), 5)
        leaves = QPainterPath()
        leaves.setFillRule(leaves.fillRule().WindingFill)
        hx, hy = x - side * 22, 140.0
        for angle in (-160, -120, -70, -20, 15, 165):
            c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            ex, ey = hx + 36 * c, hy + 24 * s + 8
            leaves.moveTo(hx, hy)
            leaves.quadTo(hx + 20 * c, hy + 22 * s - 12, ex, ey)
            leaves.quadTo(hx + 18 * c, hy + 18 * s - 2, hx, hy)
        brush.fill(leaves, air.lit((56, 136, 74)))
    return 230


def _desert(land: Land) -> float:
    sand: RGB = ((232, 178, 104), (224, 158, 96), (238, 196, 128))[int(land.some(0, 3))]
    hill(land, 166, 12, sand, 0.7, (1.0, 2.2))
    hill(land, 184, 14, shade(sand, 0.92), 0.35, (1.0, 2.4))
    air, brush = land.air, land.brush
    for _ in range(land.frame.along(1 + int(land.some(0, 3)))):
        x, y, s = land.some(14, land.frame.wide - 14), land.some(184, 200), land.some(14, 24)
        path = QPainterPath(QPointF(x, y))
        path.lineTo(x, y - s * 1.5)
        path.moveTo(x - s * 0.5, y - s * 1.1)
        path.lineTo(x - s * 0.5, y - s * 0.7)
        path.lineTo(x, y - s * 0.6)
        path.moveTo(x + s * 0.5, y - s * 1.3)
        path.lineTo(x + s * 0.5, y - s * 0.9)
        path.lineTo(x, y - s * 0.8)
        brush.stroke(path, air.lit((66, 124, 78), 0.15), s * 0.26)
    hill(land, 208, 8, shade(sand, 1.06), 0.0, (0.6, 1.6))
    return 230


def _snow(land: Land) -> float:
    hill(land, 160, 12, (196, 212, 236), 0.6)
    pines(land, 182, 46, (70, 108, 112), 0.45, 10)
    hill(land, 182, 8, (224, 234, 248), 0.25)
    pines(land, 204, 60, (58, 96, 104), 0.1, 5)
    hill(land, 206, 7, (246, 250, 255), 0.0)
    return 230


def _city(land: Land) -> float:
    rng, air, brush = land.rng, land.air, land.brush
    tone: RGB = ((104, 118, 150), (140, 110, 122), (112, 130, 132))[int(land.some(0, 3))]
    for layer, (base, high, far, wide) in enumerate(((200, 104, 0.75, 22), (206, 78, 0.25, 30))):
        path, glass = QPainterPath(), QPainterPath()
        path.setFillRule(path.fillRule().WindingFill)
        x = -land.some(0, 16)
        while x < land.frame.wide:
            a, b, c = rng.random(3).tolist()
            w = wide * (0.7 + 0.6 * a)
            top = base - high * (0.45 + 0.55 * b)
            path.addRect(QRectF(x, top, w, 262 - top))
            if c < 0.3:
                path.addRect(QRectF(x + w * 0.3, top - 10, w * 0.4, 12))
            elif c > 0.8:
                path.addPolygon(polygon([(x, top), (x + w / 2, top - 14), (x + w, top), (x, top)]))
            if layer:
                columns = max(1, int(w // 9))
                for i in range(columns):
                    for j in range(int((base - top) // 12)):
                        if rng.random() < 0.62:
                            glass.addRect(QRectF(x + 4 + i * (w - 5) / columns, top + 6 + j * 12, 4.4, 6))
            x += w + (1.5 if layer else 0)
        shadeby = 1.0 if layer else 1.15
        brush.fill(path, air.lit(shade(tone, shadeby), far), to=air.lit(shade(tone, 0.78), far * 1.2), lift=4)
        lamp: RGB = (255, 214, 118) if air.night or air.light[2] < 0.66 else air.lit((206, 226, 240), 0.2)
        brush.veil(glass, lamp, 0.9)
    street = QPainterPath()
    street.addRect(QRectF(-4, 206, land.frame.wide + 8, 60))
    brush.fill(street, air.lit((108, 110, 122)), to=air.lit((82, 84, 98)), lift=3)
    dashes = QPainterPath()
    for k in range(land.frame.along(6)):
        dashes.addRect(QRectF(k * 48 - 10, 236, 24, 3.5))
    brush.veil(dashes, air.lit((244, 232, 196)), 0.8)
    return 230


def _meadow(land: Land) -> float:
    green: RGB = ((112, 176, 78), (136, 186, 80), (92, 168, 92))[int(land.some(0, 3))]
    hill(land, 160, 14, shade(green, 0.88), 0.75)
    hill(land, 178, 12, green, 0.4)
    hill(land, 198, 9, shade(green, 1.04), 0.0)
    bloom = ((240, 90, 110), (250, 214, 90), (252, 250, 244), (196, 130, 220))
    first = int(land.some(0, 4))
    scatter(land, 206, 254, 34, 3.6, land.air.named(bloom[first]))
    scatter(land, 206, 254, 26, 3.2, land.air.named(bloom[(first + 1) % 4]))
    return 228


def _lake(land: Land) -> float:
    peaks(land, 132, 60, (112, 130, 156), 0.8, 4, snow=land.rng.random() < 0.5)
    hill(land, 146, 6, (72, 124, 92), 0.5)
    pines(land, 160, 26, (44, 98, 78), 0.35, 15)
    water(land, 158, 262, (64, 138, 176))
    air, brush = land.air, land.brush
    side = 1 if land.rng.random() < 0.5 else -1
    middle = land.frame.wide / 2
    out = side * (middle + 12)
    shore = QPainterPath(QPointF(middle - out, 214))
    shore.quadTo(middle - side * land.frame.across(30), 226, middle + out, land.some(236, 248))
    shore.lineTo(middle + out, 268)
    shore.lineTo(middle - out, 268)
    shore.closeSubpath()
    brush.fill(shore, air.lit((104, 158, 88)), to=air.lit((78, 130, 74)), lift=3)
    return 222


def _canyon(land: Land) -> float:
    rng, air, brush = land.rng, land.air, land.brush
    rock: RGB = ((206, 106, 70), (196, 96, 84), (214, 130, 84))[int(land.some(0, 3))]
    for base, high, far, count in ((182, 78, 0.65, 3), (204, 66, 0.2, 2)):
        count = land.frame.along(count)
        for k in range(count):
            a, b, c = rng.random(3).tolist()
            x = (k + 0.2 + 0.6 * a) * land.frame.wide / count
            w, top = 28 + 26 * b, base - high * (0.55 + 0.45 * c)
            mesa = [(x - w - 18, base + 20), (x - w - 4, top + high * 0.4), (x - w, top), (x + w, top),
                    (x + w + 5, top + high * 0.4), (x + w + 20, base + 20)]  # fmt: skip
            brush.fill(polygon(mesa), air.lit(shade(rock, 1.12), far), to=air.lit(shade(rock, 0.8), far), lift=4)
            for j in range(2):
                y = top + high * (0.16 + 0.2 * j)
                grow = 3 * j + 1
                band = [(x - w - grow, y), (x + w + grow, y + 2), (x + w + grow + 1, y + 7), (x - w - grow - 1, y + 5)]
                brush.veil(polygon(band), air.lit(shade(rock, 0.62), far), 0.4)
        hill(land, base + 6, 4, shade(rock, 0.98 if far > 0.5 else 1.12), far * 0.7)
    return 230


PLACE: dict[str, Callable[[Land], float]] = {
    "mountains": _mountains, "forest": _forest, "sea": _sea, "beach": _beach, "desert": _desert, "snow": _snow,
    "city": _city, "meadow": _meadow, "lake": _lake, "canyon": _canyon,
}  # fmt: skip
"""Each paints its land and returns how far down a foreground thing stands."""
