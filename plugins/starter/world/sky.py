"""Sky and weather: what stands above the land, and what falls in front of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QLinearGradient, QPainterPath, QPen

from .brush import Brush, polygon, qcolor, shade
from .frame import HORIZON, Frame
from .palette import RGB, Air, mix, scale
from .scene import Scene


def draw_sky(
    brush: Brush, scene: Scene, air: Air, rng: np.random.Generator, sun: tuple[float, float], frame: Frame
) -> None:
    """The sky from its colour to its birds; `sun` is where the sun or moon stands."""
    painter = brush.painter
    if brush.cut:
        # Paper has no gradients: four torn sheets of sky.
        right, top = frame.wide + 6, frame.top - 4
        brush.fill(polygon([(-4, top), (right, top), (right, 262), (-4, 262)]), air.sky[0])
        for k, y in enumerate(map(frame.aloft, (44, 86, 126))):
            part = (k + 1) / 3
            colour = mix(air.sky[0], air.sky[1], part * 2) if part < 0.5 else mix(air.sky[1], air.sky[2], part * 2 - 1)
            path = QPainterPath(QPointF(-12, 268))
            a = rng.random() * 18 - 9
            path.lineTo(-12, y + a)
            path.cubicTo(frame.across(70), y - 14 - a, frame.across(150), y + 16 + a, frame.wide + 12, y - a)
            path.lineTo(frame.wide + 12, 268)
            path.closeSubpath()
            brush.fill(path, colour, lift=2.5)
    else:
        gradient = QLinearGradient(0, frame.top, 0, HORIZON)
        keep = 0.5
        for place, colour in zip((0.0, 0.55, 1.0), air.sky, strict=True):
            gradient.setColorAt(place, qcolor(brush.tone(colour, keep)))
        painter.fillRect(QRectF(-4, frame.top - 4, frame.wide + 8, frame.high + 8), QBrush(gradient))
    if scene.sky == "stars" or (air.night and scene.weather == "clear"):
        _stars(brush, rng, frame, 60 if scene.sky == "stars" else 16, scene.sky == "stars")
    if scene.sky == "aurora":
        _aurora(brush, rng, frame)
    if scene.sky == "rainbow":
        _rainbow(brush, rng, frame)
    if scene.moon != "none":
        _shine(brush, scene, air, sun)
    if scene.weather != "clear" and scene.weather != "fog":
        count = {"cloudy": 5, "rain": 6, "storm": 7, "snowfall": 5}[scene.weather]
        _clouds(brush, scene, air, rng, frame, frame.overhead(count))
    if scene.sky == "birds":
        _birds(brush, air, rng, frame)


def _stars(brush: Brush, rng: np.random.Generator, frame: Frame, count: int, big: bool) -> None:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    for x, y, s in rng.random((frame.overhead(count), 3)).tolist():
        r = 0.9 + (1.3 if big else 0.6) * s
        x, y = x * frame.wide, frame.aloft(y * 140)
        if big and s > 0.72:
            r *= 2.1
            path.addPolygon(polygon([(x, y - r * 1.8), (x + r * 0.5, y - r * 0.5), (x + r * 1.8, y),
                (x + r * 0.5, y + r * 0.5), (x, y + r * 1.8), (x - r * 0.5, y + r * 0.5), (x - r * 1.8, y),
                (x - r * 0.5, y - r * 0.5), (x, y - r * 1.8)]))  # fmt: skip
        else:
            path.addEllipse(QRectF(x - r, y - r, 2 * r, 2 * r))
    brush.veil(path, (255, 250, 226), 1.0 if brush.lined else 0.92)


def _aurora(brush: Brush, rng: np.random.Generator, frame: Frame) -> None:
    painter, up, right = brush.painter, frame.aloft, frame.wide + 12
    x, x2 = frame.across(70), frame.across(150)
    tints: tuple[RGB, ...] = ((96, 240, 170), (84, 208, 226), (178, 120, 240))
    first = int(rng.random() * 3)
    for k in range(3):
        a, b, c = (rng.random(3) * 40).tolist()
        path = QPainterPath(QPointF(-10, up(60 + a - k * 14)))
        path.cubicTo(x, up(10 + b), x2, up(110 - c - k * 10), right, up(40 + a - k * 8))
        path.lineTo(right, up(120 + b))
        path.cubicTo(x2, up(170 - c), x, up(90 + b), -10, up(140 + a))
        path.closeSubpath()
        box = path.boundingRect()
        gradient = QLinearGradient(0, box.top(), 0, box.bottom())
        tint = tints[(first + k) % 3] if k else tints[0]
        gradient.setColorAt(0.0, qcolor(tint, 0.0))
        gradient.setColorAt(0.45, qcolor(tint, 0.6))
        gradient.setColorAt(1.0, qcolor(tint, 0.0))
        painter.setBrush(QBrush(gradient))
        painter.drawPath(path)


def _rainbow(brush: Brush, rng: np.random.Generator, frame: Frame) -> None:
    painter = brush.painter
    x, y, r = frame.wide / 2 + rng.random() * 60 - 30, 190.0, 128 + rng.random() * 24
    r *= min(1.0, (y - frame.top) / y)  # under a low sky it is smaller, or its top were cut off
    bands = ((232, 72, 72), (246, 150, 60), (250, 220, 80), (96, 190, 100), (70, 130, 220), (140, 90, 200))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for k, band in enumerate(bands):
        painter.setPen(QPen(qcolor(band, 0.72), 5.2))
        painter.drawEllipse(QPointF(x, y), r - k * 4.6, r - k * 4.6)
    painter.setPen(Qt.PenStyle.NoPen)


def _shine(brush: Brush, scene: Scene, air: Air, sun: tuple[float, float]) -> None:
    x, y = sun
    if scene.moon == "sun":
        colour: RGB = {"dawn": (255, 244, 206), "day": (255, 240, 150), "sunset": (255, 214, 110)}[scene.time]
        if not brush.cut:
            brush.glow(x, y, 74, mix(colour, (255, 255, 255), 0.3), 0.55)
        radius = 21.0 if scene.time != "day" else 18.0
    else:
        colour, radius = (250, 244, 214), 18.0
        if not brush.cut:
            brush.glow(x, y, 54, (214, 224, 255), 0.35)
    disc = QPainterPath()
    disc.addEllipse(QPointF(x, y), radius, radius)
    if scene.moon == "crescent":
        bite = QPainterPath()
        bite.addEllipse(QPointF(x + 9, y - 5), radius * 0.92, radius * 0.92)
        disc = disc.subtracted(bite)
    brush.fill(disc, colour, lift=2, keep=0.9)
    if scene.moon == "full" and not brush.lined:
        for dx, dy, r in ((-5, -4, 3.6), (5, 3, 4.4), (-2, 8, 2.4)):
            brush.glow(x + dx, y + dy, r, (196, 190, 170), 0.7)


def cloud(x: float, y: float, size: float, shape: list[float]) -> QPainterPath:
    """One cumulus with a flat foot."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    a, b, c = shape[:3]
    for dx, dy, r in ((-0.62, -0.16, 0.24 + 0.06 * a), (-0.22, -0.32, 0.34 + 0.08 * b), (0.24, -0.26, 0.3 + 0.08 * c),
                      (0.64, -0.14, 0.22 + 0.06 * a)):  # fmt: skip
        path.addEllipse(QPointF(x + dx * size, y + dy * size), r * size, r * size * 0.86)
    path.addRoundedRect(QRectF(x - 0.86 * size, y - 0.26 * size, 1.72 * size, 0.3 * size), 0.14 * size, 0.14 * size)
    return path.simplified()


def _clouds(brush: Brush, scene: Scene, air: Air, rng: np.random.Generator, frame: Frame, count: int) -> None:
    heavy = scene.weather in ("rain", "storm")
    base: RGB = (255, 255, 255)
    if heavy:
        base = (150, 158, 176) if scene.weather == "rain" else (96, 100, 124)
    light = air.light if not air.night else (0.42, 0.47, 0.66)
    colour = mix(scale(base, light), air.sky[1], 0.2 if not heavy else 0.1)
    under = mix(shade(colour, 0.82), air.sky[1], 0.3)
    spots = rng.random((count, 6)).tolist()
    for k in range(count):
        a, b, *rest = spots[k]
        size = (26 + 18 * rest[3]) * (1.35 if heavy else 1.0)
        x = (k + 0.15 + 0.7 * a) * frame.wide / count
        y = frame.aloft(22 + b * 74 if not heavy else 18 + b * 50)
        brush.fill(cloud(x, y, size, rest), colour, to=under, lift=3, keep=0.6)
    if scene.weather == "storm":
        x, y = frame.across(60) + rng.random() * frame.across(136), frame.aloft(62.0)
        bolt = [
            (x, y),
            (x - 15, y + 46),
            (x - 3, y + 44),
            (x - 17, y + 96),
            (x + 14, y + 34),
            (x + 2, y + 36),
            (x + 15, y),
        ]
        brush.glow(x - 2, y + 40, 60, (255, 250, 220), 0.4)
        brush.fill(polygon(bolt), (255, 244, 150), lift=2, keep=0.95)


def _birds(brush: Brush, air: Air, rng: np.random.Generator, frame: Frame) -> None:
    path = QPainterPath()
    x, y = frame.across(60) + rng.random() * frame.across(130), frame.aloft(44 + rng.random() * 44)
    for a, b, c in (rng.random((5, 3)) - 0.5).tolist():
        bx, by, s = x + a * 96, y + b * 50, 7.5 + 4 * c
        path.moveTo(bx - s, by - s * 0.3)
        path.quadTo(bx - s * 0.4, by - s * 0.75, bx, by)
        path.quadTo(bx + s * 0.4, by - s * 0.75, bx + s, by - s * 0.3)
    brush.stroke(path, scale((52, 54, 74), 0.9), 2.4)


def draw_weather(brush: Brush, scene: Scene, air: Air, rng: np.random.Generator, frame: Frame) -> None:
    """Rain, snow and fog, in front of everything."""
    painter = brush.painter
    if scene.weather == "fog":
        for y, h, alpha in ((96, 70, 0.5), (140, 60, 0.55), (188, 80, 0.42)):
            y += rng.random() * 16 - 8
            gradient = QLinearGradient(0, y - h / 2, 0, y + h / 2)
            colour = brush.tone(mix(air.sky[2], air.sky[1], 0.3), 0.3)
            gradient.setColorAt(0, qcolor(colour, 0.0))
            gradient.setColorAt(0.5, qcolor(colour, alpha))
            gradient.setColorAt(1, qcolor(colour, 0.0))
            painter.fillRect(QRectF(-4, y - h / 2, frame.wide + 8, h), QBrush(gradient))
        return
    if scene.weather in ("rain", "storm"):
        slant = 7 + rng.random() * 5
        colour = brush.ink if brush.lined else mix(air.sky[2], (235, 242, 255), 0.65)
        painter.setPen(QPen(qcolor(colour, 0.5 if not brush.lined else 0.7), 1.8))
        drops = []
        for x, y in rng.random((_all_over(frame, 64), 2)).tolist():
            x, y = x * (frame.wide + 20), y * (frame.high + 14) + frame.top
            drops.append(QLineF(x, y - 10, x - slant, y + 14))
        painter.drawLines(drops)
        painter.setPen(Qt.PenStyle.NoPen)
    elif scene.weather == "snowfall":
        path = QPainterPath()
        for x, y, s in rng.random((_all_over(frame, 70), 3)).tolist():
            r = 1.5 + 1.9 * s * s
            x, y = x * (frame.wide + 4), y * (frame.high + 4) + frame.top
            path.addEllipse(QRectF(x - r, y - r, 2 * r, 2 * r))
        flake: RGB = (255, 255, 255)
        if brush.lined and not air.night:
            flake = (150, 170, 206)
        brush.veil(path, flake, 0.92)


def _all_over(frame: Frame, count: int) -> int:
    """As many as fall as thickly on this frame as `count` on the square."""
    return round(count * frame.wide * frame.high / 65536)


def sun_place(scene: Scene, rng: np.random.Generator, frame: Frame) -> tuple[float, float]:
    """Where the sun or moon stands: low at dawn and sunset, and not behind a balloon."""
    a, b = rng.random(2).tolist()
    x = frame.across(42) + frame.across(172) * a
    for thing in scene.things:
        if thing.kind == "balloon":
            x = {"left": 168, "centre": 34 if a < 0.5 else 206, "right": 44}[thing.position]
            x = frame.across(x) + 24 * (b - 0.5)
    y = 36 + 30 * b if scene.time in ("day", "night") else 92 + 30 * b
    return x, frame.aloft(y)
