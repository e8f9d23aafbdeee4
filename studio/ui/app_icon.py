"""The program's icon: a ribbon whose steps come out of the noise. Drawn, so that it is sharp at every size."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPixmap

SIZES = (16, 24, 32, 48, 64, 128, 256)
_TILES = 3
_NOISE = (111, 89, 120, 153, 76, 79, 175, 138, 82)


def app_icon() -> QIcon:
    """The icon in all usual sizes."""
    icon = QIcon()
    for size in SIZES:
        icon.addPixmap(draw(size))
    return icon


def draw(size: int) -> QPixmap:
    """The icon, `size` pixels a side."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#1c1c1d"))
    painter.drawRoundedRect(QRectF(0, 0, size, size), size * 0.22, size * 0.22)
    margin, gap = size * 0.14, size * 0.05
    side = (size - 2 * margin - 2 * gap) / _TILES
    for row in range(_TILES):
        for column in range(_TILES):
            clear = (row * _TILES + column) / (_TILES * _TILES - 1)
            tile = QRectF(margin + column * (side + gap), margin + row * (side + gap), side, side)
            _tile(painter, tile, clear, _NOISE[row * _TILES + column])
    painter.end()
    return pixmap


def _tile(painter: QPainter, tile: QRectF, clear: float, grey: int) -> None:
    accent = QColor("#7b8cff")
    blend = [round(grey + (part - grey) * clear) for part in (accent.red(), accent.green(), accent.blue())]
    fill = QLinearGradient(tile.topLeft(), tile.bottomRight())
    fill.setColorAt(0, QColor(*blend))
    fill.setColorAt(1, QColor(*blend).darker(100 + round(25 * (1 - clear))))
    painter.setBrush(fill)
    radius = tile.width() * (0.08 + 0.2 * clear)
    painter.drawRoundedRect(tile, radius, radius)
