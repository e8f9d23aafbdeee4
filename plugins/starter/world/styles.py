"""What a style does to the finished drawing: paper and pigment, brush strokes, pixels.

The textures are made once for each shape from fixed seeds and looked up afterwards, since a picture has a few
milliseconds.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QTransform

from .frame import SIDE, Frame

BANK = 6
"""Textures of each kind; with flips they give 24 different papers."""


def smooth_noise(rng: np.random.Generator, cells: int, frame: Frame) -> np.ndarray:
    """Noise between -1 and 1 of [high, wide] that changes over 256 / `cells` pixels (cubic between the cells)."""

    def steps(side: int) -> tuple[np.ndarray, np.ndarray]:
        t = np.arange(side) * cells / SIDE
        i = t.astype(int)
        f = t - i
        return i, np.stack(
            [(1 - f) ** 3 / 6, (3 * f**3 - 6 * f**2 + 4) / 6, (-3 * f**3 + 3 * f**2 + 3 * f + 1) / 6, f**3 / 6]
        )

    (y, down), (x, over) = steps(frame.high), steps(frame.wide)
    grid = rng.random((y[-1] + 4, x[-1] + 4)) * 2 - 1
    rows = sum(down[k][:, None] * grid[y + k] for k in range(4))
    full = sum(over[k][None, :] * rows[:, x + k] for k in range(4))
    return (full / np.abs(full).max()).astype(np.float32)


@cache
def _washes(frame: Frame) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For watercolour: where each pixel looks (its edge wobbles), how much pigment lies there, and bare paper."""
    out = []
    wide, high = frame.wide, frame.high
    y, x = np.mgrid[0:high, 0:wide]
    for k in range(BANK):
        rng = np.random.default_rng([k, 101])
        noise = partial(smooth_noise, rng, frame=frame)
        dx = noise(22) * 2.6 + noise(9) * 2.6
        dy = noise(22) * 2.6 + noise(9) * 2.6
        look = np.clip(y + dy, 0, high - 1).astype(np.int32) * wide + np.clip(x + dx, 0, wide - 1).astype(np.int32)
        pigment = 1.0 + 0.09 * noise(6) + 0.055 * noise(18) + 0.02 * noise(64)
        rim = 7.5 + 4.5 * noise(12) + 1.6 * noise(40)
        inside = np.minimum(np.minimum(x, wide - 1 - x), np.minimum(y, high - 1 - y)) - rim
        bare = np.clip(inside / 2.2 + 0.5, 0, 1)
        # Pigment gathers where a wash dries: a darker line along its edge.
        pigment -= 0.12 * np.exp(-(((inside - 3.0) / 2.0) ** 2))
        out.append((look, pigment.astype(np.float32)[..., None], bare.astype(np.float32)[..., None]))
    return out


def _stroke_path(long: float, wide: float) -> QPainterPath:
    path = QPainterPath(QPointF(-long, 0))
    path.cubicTo(-long * 0.6, -wide * 1.1, long * 0.5, -wide * 0.9, long, -wide * 0.2)
    path.cubicTo(long * 0.6, wide * 1.1, -long * 0.6, wide, -long, 0)
    return path


@cache
def _strokes(frame: Frame) -> list[tuple[np.ndarray, np.ndarray]]:
    """For oil: the pixel each stroke took its colour from, and the relief of the paint, coarse and fine."""
    out, wide, high = [], frame.wide, frame.high
    area = wide * high
    for k in range(BANK):
        for long, broad, count in ((12.0, 3.6, 2600), (4.4, 1.7, 9000)):
            rng = np.random.default_rng([k, int(long), 102])
            ids, relief = (QImage(wide, high, QImage.Format.Format_RGB32) for _ in range(2))
            ids.fill(QColor(255, 255, 255))
            relief.fill(QColor(128, 128, 128))
            flow = smooth_noise(rng, 4, frame)
            paint_ids, paint_relief = QPainter(ids), QPainter(relief)
            paint_relief.setRenderHint(QPainter.RenderHint.Antialiasing)
            path = _stroke_path(long, broad)
            spots = rng.random((round(count * area / SIDE**2), 4)) * (wide, high, 1, 1)
            for x, y, a, b in spots.tolist():
                centre = int(y) * wide + int(x)
                turn = QTransform().translate(x, y).rotate(70 * float(flow[int(y), int(x)]) + 26 * (a - 0.5) - 12)
                shape = turn.map(path)
                paint_ids.fillPath(shape, QColor(centre >> 16, (centre >> 8) & 255, centre & 255))
                level = int(128 + 44 * (b - 0.5))
                paint_relief.fillPath(shape, QColor(level, level, level))
            paint_ids.end()
            paint_relief.end()
            raw = np.frombuffer(ids.constBits(), np.uint32).reshape(high, wide) & 0xFFFFFF
            own = np.arange(area, dtype=np.uint32).reshape(high, wide)
            look = np.where(raw >= area, own, raw).astype(np.int32)
            height = np.frombuffer(relief.constBits(), np.uint8).reshape(high, wide, 4)[..., 0].astype(np.float32)
            light = 1.0 + (height - 128.0) / 128.0 * 0.32
            out.append((look, light[..., None].astype(np.float32)))
    return out


@cache
def _grains(frame: Frame) -> list[np.ndarray]:
    """The tooth of drawing paper."""
    out = []
    for k in range(BANK):
        rng = np.random.default_rng([k, 103])
        grain = 1.0 + 0.018 * smooth_noise(rng, 80, frame) + 0.014 * smooth_noise(rng, 20, frame)
        out.append(grain.astype(np.float32)[..., None])
    return out


def _frame_of(image: np.ndarray) -> Frame:
    return Frame(image.shape[1], image.shape[0])


def _flips(array: np.ndarray, how: int) -> np.ndarray:
    if how & 1:
        array = array[:, ::-1]
    return array[::-1] if how & 2 else array


def _watercolour(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    k, how = int(rng.integers(BANK)), int(rng.integers(4))
    look, pigment, bare = _washes(_frame_of(image))[k]
    # The lookup itself is not flipped (its indices are absolute), only pigment and paper are.
    packed = np.ascontiguousarray(image).view(np.uint32).reshape(-1)
    wet = np.take(packed, look).view(np.uint8).reshape(image.shape)[..., :3].astype(np.float32)
    # Thin paint: the white of the paper shines through, more where the colour is light.
    wet = 255.0 - (255.0 - wet) * (0.86 * _flips(pigment, how))
    # A softened copy shifts the tone near edges, as a wash that bled.
    paper = np.float32((236, 246, 250))
    mask = _flips(bare, how)
    return paper + (wet - paper) * mask


def _oil(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    k = int(rng.integers(BANK))
    strokes, (high, wide) = _strokes(_frame_of(image)), image.shape[:2]
    (coarse, light), (fine, light_fine) = strokes[2 * k : 2 * k + 2]
    packed = np.ascontiguousarray(image).view(np.uint32).reshape(-1)
    # A painter covers the plain with a broad brush and takes a small one where something is.
    grey = image[..., 1].astype(np.int16)
    cells = grey.reshape(high // 8, 8, wide // 8, 8)
    busy = (cells.max((1, 3)) - cells.min((1, 3))) > 26
    mask = busy.repeat(8, 0).repeat(8, 1)
    look = np.where(mask, fine, coarse)
    out = np.take(packed, look).view(np.uint8).reshape(image.shape)[..., :3].astype(np.float32)
    # Paint is richer than print.
    mean = out.mean(axis=2, keepdims=True)
    out = mean + (out - mean) * 1.12
    return out * np.where(mask[..., None], 1.0 + (light_fine - 1.0) * 0.7, light)


def _grain(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    grain = _flips(_grains(_frame_of(image))[int(rng.integers(BANK))], int(rng.integers(4)))
    return image[..., :3].astype(np.float32) * grain


def pixel_art(small: np.ndarray, by: int) -> np.ndarray:
    """[h, w, 4] bytes to [h*by, w*by, 3]: few colours in clear bands, hard pixels.

    No dither: it is the same in every cell of the latents, and a decoder of convolutions, which sees cells that are all
    alike, cannot know where in a cell it is.
    """
    step = 28.0
    few = np.round(small[..., :3].astype(np.float32) / step) * step
    return np.clip(few, 0, 255).astype(np.uint8).repeat(by, 0).repeat(by, 1)


def finish(image: np.ndarray, style: str, rng: np.random.Generator) -> np.ndarray:
    """[h, w, 4] bytes in Qt's order (blue first) to [h, w, 3] RGB bytes, in that style."""
    if style == "watercolour":
        out = _watercolour(image, rng)
    elif style == "oil":
        out = _oil(image, rng)
    elif style in ("paper cut", "line art"):
        out = _grain(image, rng)
    else:
        return np.ascontiguousarray(image[..., 2::-1])
    return np.ascontiguousarray(np.clip(out, 0, 255).astype(np.uint8)[..., ::-1])


def blank(wide: int, high: int) -> QImage:
    """An empty canvas, never uninitialised: that memory is what black skies were made of."""
    canvas = QImage(wide, high, QImage.Format.Format_RGB32)
    canvas.fill(Qt.GlobalColor.white)
    return canvas
