"""From a scene to its picture: RGB, a few milliseconds each, the same bytes for the same scene and shape."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from .brush import Brush
from .frame import SQUARE, Frame
from .objects import SIZE, draw_thing
from .palette import air as air_of
from .patterns import draw_pattern
from .places import PLACE, Land
from .scene import WATER, Scene, Thing
from .sky import draw_sky, draw_weather, sun_place
from .styles import blank, finish, pixel_art

LOOK = 2
"""Counts up when scenes come to look otherwise: what was learned or kept of the old ones is drawn anew."""
PIXEL = 4
"""How many picture pixels one pixel of pixel art takes."""
SPOT = {"left": 62.0, "centre": 128.0, "right": 194.0}


def _stand(brush: Brush, land: Land, scene: Scene, thing: Thing, x: float, ground: float, size: float) -> float:
    """Give a thing something to stand on, and return the height of its foot."""
    air = land.air
    if scene.place in WATER and thing.kind == "sailboat":
        return ground - (6 if scene.place == "sea" else 26)
    if scene.place == "sea":
        isle = QPainterPath(QPointF(x - size * 0.72, ground + 8))
        isle.quadTo(x - size * 0.4, ground - 14, x, ground - 12)
        isle.quadTo(x + size * 0.44, ground - 13, x + size * 0.72, ground + 8)
        isle.closeSubpath()
        brush.fill(isle, air.lit((214, 190, 136)), to=air.lit((150, 128, 96)), lift=2)
        return ground - 8
    if not brush.lined:
        shadow = QPainterPath()
        shadow.addEllipse(QPointF(x + 3, ground), size * 0.46, size * 0.06)
        brush.veil(shadow, (24, 28, 48), 0.24)
    return ground


def _draw_things(brush: Brush, land: Land, scene: Scene, ground: float) -> list[tuple[float, float, float]]:
    """Draw what stands in the foreground; returns centre x, centre y and size of each thing."""
    boxes, rng, frame = [], land.rng, land.frame
    for thing in scene.things:
        a, b, c, d = rng.random(4).tolist()
        size = SIZE[thing.kind] * (0.94 + 0.16 * a) * (0.9 if len(scene.things) > 1 else 1.0)
        x = frame.across(SPOT[thing.position]) + (b - 0.5) * 18
        if frame.wide < SQUARE.wide:
            x = min(max(x, 0.62 * size), frame.wide - 0.62 * size)  # whole, even between near edges
        if thing.kind == "balloon":
            y = max(frame.aloft(108 + 24 * c), 108 + 24 * c + frame.top)  # whole, even under a low sky
        else:
            y = _stand(brush, land, scene, thing, x, ground + 8 * c, size)
        draw_thing(brush, thing.kind, thing.colour, land.air, x, y, size, d < 0.5)
        boxes.append((x, y - size * 0.5 - frame.top, size))
    return boxes


def _paint(scene: Scene, painter: QPainter, rng: np.random.Generator, frame: Frame) -> list[tuple[float, float, float]]:
    if scene.pattern:
        draw_pattern(Brush(painter, scene.style, None), scene, rng, frame)
        return []
    air = air_of(scene.time, scene.weather, rng)
    brush = Brush(painter, scene.style, air)
    sun = sun_place(scene, rng, frame)
    draw_sky(brush, scene, air, rng, sun, frame)
    land = Land(brush, air, rng, sun[0] if scene.moon != "none" else -1.0, frame)
    ground = PLACE[scene.place](land)
    boxes = _draw_things(brush, land, scene, ground)
    draw_weather(brush, scene, air, rng, frame)
    return boxes


def render_with_boxes(scene: Scene, frame: Frame = SQUARE) -> tuple[np.ndarray, list[tuple[float, float, float]]]:
    """The picture, and centre x, centre y and size of every thing in it (training looks harder there)."""
    rng = np.random.default_rng([scene.seed, 2])
    pixelated = scene.style == "pixel art"
    shrink = PIXEL if pixelated else 1
    canvas = blank(frame.wide // shrink, frame.high // shrink)
    painter = QPainter(canvas)
    if pixelated:
        painter.scale(1 / PIXEL, 1 / PIXEL)
    else:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(Qt.PenStyle.NoPen))
    painter.translate(0.0, -frame.top)
    boxes = _paint(scene, painter, rng, frame)
    painter.end()
    raw = np.frombuffer(canvas.constBits(), np.uint8).reshape(canvas.height(), canvas.width(), 4)
    if pixelated:
        return np.ascontiguousarray(pixel_art(raw, PIXEL)[..., ::-1]), boxes
    return finish(raw, scene.style, rng), boxes


def render(scene: Scene, frame: Frame = SQUARE) -> np.ndarray:
    """The picture of a scene, [high, wide, 3] bytes; both sides are multiples of 8."""
    return render_with_boxes(scene, frame)[0]
