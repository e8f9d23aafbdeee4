"""The things of the world, each a short list of shapes with a role; the role decides the colour.

Drawn in their own units: the foot stands at (0, 0), the top at about (0, -1). The named colour covers the larger
part of each thing, since a thing that only hints at its colour teaches nobody what "red" is.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPolygonF

from .brush import Brush, polygon, shade
from .palette import NAMED, RGB, Air

Part = tuple[QPainterPath | QPolygonF, str]


def _rect(x: float, y: float, w: float, h: float, r: float = 0.0) -> QPainterPath:
    path = QPainterPath()
    if r:
        path.addRoundedRect(QRectF(x, y, w, h), r, r)
    else:
        path.addRect(QRectF(x, y, w, h))
    return path


def _oval(cx: float, cy: float, rx: float, ry: float | None = None) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(cx, cy), rx, ry if ry is not None else rx)
    return path


def _poly(*points: tuple[float, float]) -> QPolygonF:
    return polygon(points)


def _union(*paths: QPainterPath) -> QPainterPath:
    out = paths[0]
    for path in paths[1:]:
        out = out.united(path)
    return out


def _curve(start: tuple[float, float], *cubics: tuple[float, ...]) -> QPainterPath:
    """A closed path of quadratic curves: each item is control x, control y, end x, end y."""
    path = QPainterPath(QPointF(*start))
    for cx, cy, x, y in cubics:
        path.quadTo(cx, cy, x, y)
    path.closeSubpath()
    return path


def _arch(x: float, y: float, w: float, h: float) -> QPainterPath:
    """A door or window with a round top; (x, y) is the middle of its foot."""
    path = QPainterPath(QPointF(x - w / 2, y))
    path.lineTo(x - w / 2, y - h + w / 2)
    path.arcTo(QRectF(x - w / 2, y - h, w, w), 180, -180)
    path.lineTo(x + w / 2, y)
    path.closeSubpath()
    return path


def _house() -> list[Part]:
    return [
        (_rect(0.2, -0.98, 0.12, 0.3), "stone"),
        (_rect(-0.42, -0.58, 0.84, 0.58), "main"),
        (_rect(0.16, -0.58, 0.26, 0.58), "shade"),
        (_poly((-0.54, -0.55), (0.0, -1.0), (0.54, -0.55)), "roof"),
        (_arch(-0.02, 0.0, 0.2, 0.34), "wood"),
        (_rect(-0.33, -0.42, 0.18, 0.18), "glass"),
        (_rect(0.16, -0.42, 0.18, 0.18), "glass"),
    ]


def _castle() -> list[Part]:
    wall = QPainterPath(QPointF(-0.36, 0))
    for i, x in enumerate((-0.36, -0.24, -0.12, 0.0, 0.12, 0.24)):
        top = -0.56 if i % 2 == 0 else -0.48
        wall.lineTo(x, top)
        wall.lineTo(x + 0.12, top)
    wall.lineTo(0.36, 0)
    wall.closeSubpath()
    return [
        (_rect(-0.13, -0.78, 0.26, 0.4), "shade"),
        (_poly((-0.18, -0.76), (0, -1.08), (0.18, -0.76)), "roof"),
        (wall, "main"),
        (_rect(-0.54, -0.68, 0.24, 0.68), "main"),
        (_rect(0.3, -0.68, 0.24, 0.68), "shade"),
        (_poly((-0.6, -0.66), (-0.42, -0.98), (-0.24, -0.66)), "roof"),
        (_poly((0.24, -0.66), (0.42, -0.98), (0.6, -0.66)), "roof"),
        (_arch(0.0, 0.0, 0.24, 0.32), "wood"),
        (_arch(-0.42, -0.36, 0.09, 0.16), "glass"),
        (_arch(0.42, -0.36, 0.09, 0.16), "glass"),
    ]


def _lighthouse() -> list[Part]:
    def band(top: float, bottom: float) -> QPolygonF:
        def half(y: float) -> float:
            return 0.15 + 0.09 * (1 + y / 0.86)

        return _poly((-half(top), top), (half(top), top), (half(bottom), bottom), (-half(bottom), bottom))

    return [
        (band(-0.82, 0.0), "cream"),
        (band(-0.82, -0.6), "main"),
        (band(-0.44, -0.2), "main"),
        (_poly((0.04, -0.82), (0.155, -0.82), (0.24, 0.0), (0.1, 0.0)), "dim"),
        (_rect(-0.2, -0.86, 0.4, 0.05), "dark"),
        (_rect(-0.12, -1.02, 0.24, 0.16), "lamp"),
        (_poly((-0.17, -1.01), (0, -1.18), (0.17, -1.01)), "main"),
        (_arch(0, 0, 0.14, 0.2), "wood"),
    ]


def _tree() -> list[Part]:
    crown = _union(_oval(0, -0.72, 0.34, 0.32), _oval(-0.24, -0.56, 0.24, 0.22), _oval(0.24, -0.56, 0.24, 0.22))
    return [
        (_curve((-0.09, 0.0), (-0.03, -0.2, -0.05, -0.5), (0.0, -0.5, 0.05, -0.5), (0.03, -0.2, 0.1, 0)), "wood"),
        (crown, "main"),
        (_union(_oval(0.14, -0.5, 0.28, 0.17), _oval(0.3, -0.6, 0.14, 0.16)).intersected(crown), "shade"),
        (_oval(-0.12, -0.82, 0.15, 0.12), "light"),
    ]


def _tent() -> list[Part]:
    return [
        (_poly((-0.6, 0), (-0.04, -0.8), (0.6, 0)), "shade"),
        (_poly((-0.6, 0), (-0.04, -0.8), (0.22, 0)), "main"),
        (_poly((-0.32, 0), (-0.12, -0.5), (0.02, 0)), "glass"),
        (_poly((-0.06, -0.8), (-0.04, -0.98), (0.16, -0.91), (-0.03, -0.84)), "cream"),
    ]


def _balloon() -> list[Part]:
    bag = _curve((-0.1, -0.34), (-0.44, -0.58, -0.42, -0.8), (-0.4, -1.18, 0, -1.2), (0.4, -1.18, 0.42, -0.8),
                 (0.44, -0.58, 0.1, -0.34))  # fmt: skip
    return [
        (_poly((-0.1, -0.34), (-0.07, -0.34), (-0.06, -0.14), (-0.08, -0.14)), "dark"),
        (_poly((0.1, -0.34), (0.07, -0.34), (0.06, -0.14), (0.08, -0.14)), "dark"),
        (bag, "main"),
        (_curve((-0.1, -0.34), (-0.32, -0.7, -0.24, -1.08), (-0.1, -1.2, 0.0, -1.2), (-0.24, -0.8, -0.03, -0.34)),
         "light"),
        (_curve((0.05, -0.34), (0.3, -0.7, 0.24, -1.08), (0.42, -0.94, 0.42, -0.8), (0.44, -0.58, 0.1, -0.34)),
         "shade"),
        (_rect(-0.1, -0.16, 0.2, 0.16, 0.03), "wood"),
    ]  # fmt: skip


def _sailboat() -> list[Part]:
    return [
        (_rect(-0.025, -1.05, 0.05, 0.9), "wood"),
        (_curve((0.04, -1.02), (0.46, -0.7, 0.5, -0.24), (0.3, -0.22, 0.04, -0.24), (0.04, -0.6, 0.04, -1.02)), "main"),
        (_curve((-0.05, -0.9), (-0.3, -0.6, -0.42, -0.24), (-0.2, -0.22, -0.05, -0.24), (-0.05, -0.5, -0.05, -0.9)),
         "light"),
        (_curve((-0.56, -0.18), (0, -0.14, 0.62, -0.2), (0.5, 0.04, 0.34, 0.04), (0, 0.05, -0.36, 0.04),
                (-0.5, 0.02, -0.56, -0.18)), "wood"),
    ]  # fmt: skip


def _windmill() -> list[Part]:
    parts: list[Part] = [
        (_poly((-0.2, -0.64), (0.2, -0.64), (0.3, 0), (-0.3, 0)), "main"),
        (_poly((0.05, -0.64), (0.2, -0.64), (0.3, 0), (0.1, 0)), "shade"),
        (_curve((-0.24, -0.62), (-0.2, -0.88, 0, -0.88), (0.2, -0.88, 0.24, -0.62)), "roof"),
        (_arch(0, 0, 0.16, 0.24), "wood"),
        (_oval(0, -0.42, 0.06), "glass"),
    ]
    for turn in range(4):
        angle = math.radians(turn * 90 + 34)
        c, s = math.cos(angle), math.sin(angle)

        def at(along: float, across: float, c: float = c, s: float = s) -> tuple[float, float]:
            return (along * c - across * s, -0.7 + along * s + across * c)

        parts.append((_poly(at(0, -0.02), at(0.5, -0.02), at(0.5, 0.12), at(0.14, 0.1), at(0.12, 0.02)), "cream"))
    parts.append((_oval(0, -0.7, 0.05), "dark"))
    return parts


def _car() -> list[Part]:
    return [
        (_curve((-0.34, -0.36), (-0.24, -0.66, -0.06, -0.66), (0.2, -0.66, 0.36, -0.36)), "main"),
        (_rect(-0.66, -0.4, 1.32, 0.3, 0.12), "main"),
        (_rect(-0.66, -0.22, 1.32, 0.12, 0.05), "shade"),
        (_poly((-0.25, -0.38), (-0.14, -0.58), (-0.02, -0.58), (-0.02, -0.38)), "glass"),
        (_poly((0.04, -0.38), (0.04, -0.58), (0.13, -0.58), (0.27, -0.38)), "glass"),
        (_oval(-0.36, -0.1, 0.15), "dark"),
        (_oval(0.36, -0.1, 0.15), "dark"),
        (_oval(-0.36, -0.1, 0.07), "cream"),
        (_oval(0.36, -0.1, 0.07), "cream"),
        (_oval(0.6, -0.29, 0.05), "lamp"),
    ]


def _mushroom() -> list[Part]:
    cap = _curve((-0.56, -0.44), (-0.5, -0.98, 0, -0.98), (0.5, -0.98, 0.56, -0.44), (0, -0.3, -0.56, -0.44))
    return [
        (_curve((-0.16, 0), (-0.1, -0.3, -0.14, -0.5), (0, -0.4, 0.14, -0.5), (0.1, -0.3, 0.18, 0)), "cream"),
        (cap, "main"),
        (_curve((-0.56, -0.44), (0, -0.56, 0.56, -0.44), (0, -0.3, -0.56, -0.44)), "shade"),
        (_oval(-0.2, -0.7, 0.1, 0.09), "dots"),
        (_oval(0.14, -0.82, 0.08, 0.06), "dots"),
        (_oval(0.28, -0.6, 0.08, 0.08), "dots"),
    ]


def _rocket() -> list[Part]:
    return [
        (_poly((-0.14, -0.34), (-0.38, 0.0), (-0.1, -0.1)), "dark"),
        (_poly((0.14, -0.34), (0.38, 0.0), (0.1, -0.1)), "dark"),
        (_curve((-0.16, -0.08), (-0.32, -0.7, 0, -1.18), (0.32, -0.7, 0.16, -0.08)), "main"),
        (_curve((0.06, -0.08), (0.2, -0.7, 0, -1.18), (0.32, -0.7, 0.16, -0.08)), "shade"),
        (_curve((-0.135, -0.86), (-0.08, -1.06, 0, -1.18), (0.08, -1.06, 0.135, -0.86)), "cream"),
        (_oval(0, -0.64, 0.11), "cream"),
        (_oval(0, -0.64, 0.075), "glass"),
        (_rect(-0.15, -0.1, 0.3, 0.06), "dark"),
    ]


def _cat() -> list[Part]:
    body = _curve((-0.3, 0), (-0.36, -0.42, -0.12, -0.56), (0.1, -0.6, 0.16, -0.5), (0.36, -0.36, 0.3, 0))
    head = _union(
        _oval(0.0, -0.7, 0.25, 0.21),
        QPainterPath(),
    )
    ears = QPainterPath()
    ears.addPolygon(_poly((-0.24, -0.72), (-0.22, -1.02), (-0.04, -0.86)))
    ears.closeSubpath()
    ears.addPolygon(_poly((0.24, -0.72), (0.22, -1.02), (0.04, -0.86)))
    ears.closeSubpath()
    tail = _curve((0.24, -0.02), (0.62, -0.06, 0.52, -0.46), (0.6, -0.5, 0.62, -0.4), (0.72, 0.04, 0.24, 0.0))
    return [
        (tail, "shade"),
        (body, "main"),
        (head.united(ears), "main"),
        (_oval(0.0, -0.2, 0.14, 0.19), "light"),
        (_oval(-0.1, -0.72, 0.04, 0.055), "dark"),
        (_oval(0.1, -0.72, 0.04, 0.055), "dark"),
        (_poly((-0.035, -0.63), (0.035, -0.63), (0, -0.585)), "dark"),
    ]


_MAKERS = {
    "house": _house, "castle": _castle, "lighthouse": _lighthouse, "tree": _tree, "tent": _tent,
    "balloon": _balloon, "sailboat": _sailboat, "windmill": _windmill, "car": _car, "mushroom": _mushroom,
    "rocket": _rocket, "cat": _cat,
}  # fmt: skip
# How tall each thing stands in the picture, in 1/256 of its side: much larger than life, because a latent
# cell is 16 pixels wide and a thing of three cells is a blot.
SIZE = {
    "house": 86, "castle": 100, "lighthouse": 108, "tree": 108, "tent": 82, "balloon": 84, "sailboat": 92,
    "windmill": 106, "car": 76, "mushroom": 84, "rocket": 98, "cat": 92,
}  # fmt: skip
_parts: dict[str, list[Part]] = {}


def draw_thing(brush: Brush, kind: str, colour: str, air: Air, x: float, y: float, size: float, flip: bool) -> None:
    """Draw a thing of that named colour with its foot at (x, y), `size` high, mirrored if `flip`."""
    parts = _parts.get(kind)
    if parts is None:
        parts = _parts[kind] = _MAKERS[kind]()
    main = air.named(NAMED[colour])
    if colour == "white":
        # White needs a shade with some colour in it, or it has no form.
        tints: dict[str, RGB] = {"main": main, "shade": shade(main, 0.84), "light": shade(main, 1.4)}
    else:
        tints = {"main": main, "shade": shade(main, 0.76), "light": shade(main, 1.28)}
    tints.update(
        roof=air.named(shade(NAMED[colour], 0.58) if colour != "white" else (112, 122, 146)),
        wood=air.lit((122, 78, 48)),
        stone=air.lit((150, 142, 138)),
        cream=air.lit((248, 240, 224)),
        dots=air.lit((255, 248, 238)) if colour != "white" else air.lit((226, 120, 110)),
        dark=air.lit((54, 50, 62)),
        lamp=(255, 236, 150),
        glass=(255, 220, 120) if air.night else air.lit((150, 196, 222)),
    )
    painter = brush.painter
    painter.save()
    painter.translate(x, y)
    painter.scale(-size if flip else size, size)
    if brush.cut:
        for path, role in parts:
            if role in ("main", "roof", "cream"):
                brush.shadow(path, 0.035)
    for path, role in parts:
        if role == "dim":
            brush.veil(path, (30, 30, 60), 0.16)
        elif role == "main" and brush.smooth:
            brush.fill(path, shade(tints["main"], 1.08), to=shade(tints["main"], 0.92))
        else:
            # Inner lights and shades are paint, not edges: a pen would leave them out.
            brush.fill(path, tints[role], line=role not in ("shade", "light"), keep=0.86)
    painter.restore()
    if air.night and kind in ("house", "castle", "tent", "lighthouse", "car", "rocket"):
        high = {"lighthouse": 0.94, "car": 0.3, "tent": 0.2, "rocket": 0.64}.get(kind, 0.36)
        brush.glow(x, y - size * high, size * (0.55 if kind == "lighthouse" else 0.38), (255, 214, 120), 0.4)
