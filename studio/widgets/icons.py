"""Icons by name from the Phosphor family, coloured by a role of the theme and drawn anew whenever the theme changes."""

from __future__ import annotations

import importlib.util
import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap, QPixmapCache
from PySide6.QtWidgets import QAbstractButton

from studio.widgets import theme

_LOG = logging.getLogger(__name__)
SIZE = 20
"""Pixels of an icon at 100 %."""
UNKNOWN = "puzzle-piece"
"""Drawn where a plugin names an icon that does not exist."""


def icon(name: str, role: str = "text") -> QIcon:
    """The icon called `name` ("image", "music-notes"; a "-fill" or "-bold" ending picks that cut).

    `role` is a colour token. The colour is looked up when the icon is drawn, so it follows the theme by itself.
    """
    return QIcon(_Engine(name, role))


def put(button: QAbstractButton, name: str, *, role: str = "text", size: int = SIZE, gap: int = 0) -> None:
    """Put an icon on a button, `size` pixels at 100 %, with a `gap` to its right beyond the 4 pixels Qt leaves."""
    button.setIcon(icon(name, role))
    edge = theme.px(size)
    button.setIconSize(QSize(edge + theme.px(gap), edge))


def known(name: str) -> bool:
    """True where the family has an icon of that name."""
    return _glyph(name) is not None


def _glyph(name: str) -> str | None:
    code = _family()[1].get(name)
    return None if code is None else chr(int(code, 16))


@lru_cache(maxsize=1)
def _family() -> tuple[str, Mapping[str, str]]:
    """The font's name as Qt knows it, and its glyphs by name; nothing where the package has moved its files.

    QtAwesome's two files are read as they are. To import it costs 0.13 s, a quarter of a start: it brings all names of
    Qt with it, and loads eleven more families.
    """
    found = importlib.util.find_spec("qtawesome")
    folder = Path(found.origin).parent / "fonts" if found is not None and found.origin is not None else Path()
    fonts, maps = sorted(folder.glob("phosphor-*.ttf")), sorted(folder.glob("phosphor-charmap-*.json"))
    if not fonts or not maps:
        _LOG.warning("the icons are missing from %s", folder)
        return "", {}
    names = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(fonts[-1])))
    glyphs: dict[str, str] = json.loads(maps[-1].read_text(encoding="utf-8"))
    return (names[0] if names else ""), glyphs


def _font(pixels: int) -> QFont:
    made = QFont(_family()[0])
    made.setPixelSize(pixels)
    return made


class _Engine(QIconEngine):
    """Draws one glyph in the colour that its role has at that moment."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def _color(self, mode: QIcon.Mode) -> str:
        current = theme.tokens()
        role = "hint" if mode == QIcon.Mode.Disabled else self._role
        return str(getattr(current, role, current.text))

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        if rect.isEmpty():
            return
        glyph = _glyph(self._name) or _glyph(UNKNOWN) or ""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setPen(QColor(self._color(mode)))
        painter.setFont(_font(min(rect.width(), rect.height())))
        side = Qt.AlignmentFlag.AlignLeft if rect.width() > rect.height() else Qt.AlignmentFlag.AlignHCenter
        painter.drawText(QRectF(rect), side | Qt.AlignmentFlag.AlignVCenter, glyph)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        if size.isEmpty():
            return QPixmap()
        key = f"studio/{self._name}/{self._color(mode)}/{size.width()}x{size.height()}"
        found = QPixmap()
        if QPixmapCache.find(key, found):
            return found
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        QPixmapCache.insert(key, made)
        return made
