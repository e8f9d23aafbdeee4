"""How Studio looks: the two sets of tokens, the bundled font, and `apply`, which puts them on the application.

What is current lives on the QApplication itself (as properties), so that there is no state of ours to get out of step.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

import studio
from studio.core.values import frozen

Mode = Literal["dark", "light", "system"]
Motion = Literal["system", "on", "off"]

BASE = 13
"""Pixels of body text at 100 %."""
XS, S, M, L, XL = 4, 8, 12, 16, 24
"""The spacings, in pixels at 100 %; `Tokens.px` scales them."""

_THEME, _MODE, _BASE, _MOTION, _FONTS, _FOLLOWS = (
    "studio_theme",
    "studio_theme_mode",
    "studio_font_base",
    "studio_motion",
    "studio_fonts",
    "studio_follows_system",
)


@frozen
class Tokens:
    """Every colour and size of a theme. Colours are "#rrggbb"; sizes are logical pixels derived from `body`.

    `hint` is for what need not be read in the dark theme; whatever must be read is `text` or `muted`.
    `canvas` surrounds pictures. `wash` is the accent as a quiet background.
    """

    name: str
    window: str
    surface: str
    field: str
    hover: str
    line: str
    text: str
    muted: str
    hint: str
    accent: str
    accent_hover: str
    on_accent: str
    wash: str
    canvas: str
    track: str
    danger: str
    danger_wash: str
    warning: str
    success: str
    check_light: str
    check_dark: str
    body: int = BASE

    @property
    def label(self) -> int:
        """Pixels of label text (12 at 100 %)."""
        return round(self.body * 12 / 13)

    @property
    def small(self) -> int:
        """Pixels of hint text (11 at 100 %)."""
        return round(self.body * 11 / 13)

    @property
    def title(self) -> int:
        """Pixels of the title of a page or an empty state."""
        return round(self.body * 17 / 13)

    def px(self, pixels: float) -> int:
        """A length given for 100 % at the size of the current text."""
        return max(1, round(pixels * self.body / BASE)) if pixels else 0

    def color(self, role: str) -> QColor:
        """The token called `role` as a colour. Raises AttributeError for a name that is no token."""
        return QColor(getattr(self, role))


DARK = Tokens(
    name="dark",
    window="#151515",
    surface="#1c1c1d",
    field="#252526",
    hover="#303032",
    line="#333336",
    text="#ececee",
    muted="#a5a5ab",
    hint="#6f6f77",
    accent="#7b8cff",
    accent_hover="#93a1ff",
    on_accent="#0d1030",
    wash="#272b45",
    canvas="#151515",
    track="#38383b",
    danger="#ff8a80",
    danger_wash="#3a2422",
    warning="#e8b45a",
    success="#7cc48f",
    check_light="#8a8a8c",
    check_dark="#6e6e70",
)

LIGHT = Tokens(
    name="light",
    window="#e4e4e5",
    surface="#f3f3f4",
    field="#ffffff",
    hover="#e2e2e5",
    line="#cfcfd3",
    text="#1b1b1d",
    muted="#56565c",
    hint="#66666d",
    accent="#4453d4",
    accent_hover="#3544c2",
    on_accent="#ffffff",
    wash="#dfe2f9",
    canvas="#d9d9da",
    track="#c9c9cd",
    danger="#b3261e",
    danger_wash="#fae4e2",
    warning="#7d5200",
    success="#1f6b37",
    check_light="#f0f0f0",
    check_dark="#d2d2d2",
)


def resources() -> Path:
    """The folder of fonts and icons, in an installed wheel or in a checkout."""
    package = Path(studio.__file__).parent
    bundled = package / "bundled" / "resources"
    return bundled if bundled.is_dir() else package.parent / "resources"


def tokens() -> Tokens:
    """The tokens that are on the application now; DARK before `apply`."""
    app = QApplication.instance()
    if app is None:
        return DARK
    return _tokens(str(app.property(_THEME)), int(app.property(_BASE) or BASE))


@lru_cache(maxsize=8)
def _tokens(name: str, body: int) -> Tokens:
    """Kept: the first window asks a thousand times."""
    return replace(LIGHT if name == "light" else DARK, body=body)


def apply(app: QApplication, mode: Mode = "dark", *, base: int = BASE, motion: Motion = "system") -> None:
    """Dress the application. `base` is the size of body text in pixels (13 is 100 %, 26 is 200 %), within 9 … 40.

    May be called again at any time: every widget follows. With mode "system" the theme follows the desktop.
    """
    from studio.widgets.stylesheet import stylesheet

    load_fonts(app)
    app.setProperty(_MODE, mode)
    app.setProperty(_BASE, min(max(int(base), 9), 40))
    app.setProperty(_MOTION, motion)
    hints = QGuiApplication.styleHints()
    if mode == "system":
        hints.unsetColorScheme()
        if not app.property(_FOLLOWS):
            app.setProperty(_FOLLOWS, True)
            hints.colorSchemeChanged.connect(partial(_follow, app))
        light = hints.colorScheme() == Qt.ColorScheme.Light
    else:
        light = mode == "light"
        hints.setColorScheme(Qt.ColorScheme.Light if light else Qt.ColorScheme.Dark)
    app.setProperty(_THEME, "light" if light else "dark")
    current = tokens()
    # The style of the desktop ignores parts of a stylesheet; Fusion draws the same everywhere.
    if app.property("studio_style") is None:
        app.setStyle("Fusion")
        app.setProperty("studio_style", "Fusion")
    sheet = stylesheet(current, resources() / "icons" / current.name)
    if sheet != app.styleSheet():  # each of these polishes every widget there is
        app.setFont(font(current.body))
        app.setPalette(palette(current))
        app.setStyleSheet(sheet)


def _follow(app: QApplication, _scheme: object = None) -> None:
    if app.property(_MODE) == "system":
        apply(app, "system", base=app.property(_BASE), motion=app.property(_MOTION))


def load_fonts(app: QApplication) -> None:
    """Make Inter and Literata known to Qt, once. Without the files the font of the desktop is used."""
    if app.property(_FONTS):
        return
    app.setProperty(_FONTS, True)
    for path in sorted((resources() / "fonts").glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(path))


def font(pixels: int, *, weight: QFont.Weight = QFont.Weight.Normal, tabular: bool = False) -> QFont:
    """The font of the window at a size in pixels; `tabular` gives all digits one width."""
    made = QFont()
    made.setFamilies(["Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans", "sans-serif"])
    made.setPixelSize(pixels)
    made.setWeight(weight)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if tabular:
        made.setFeature(QFont.Tag.fromString("tnum"), 1)
    return made


def serif(pixels: int) -> QFont:
    """The typeface for long texts at a size in pixels."""
    made = QFont()
    made.setFamilies(["Literata", "Georgia", "Charter", "Noto Serif", "DejaVu Serif", "serif"])
    made.setPixelSize(pixels)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


def palette(current: Tokens) -> QPalette:
    """The tokens as a QPalette, for everything that paints without a stylesheet."""
    made = QPalette()
    role = QPalette.ColorRole
    pairs = {
        role.Window: current.surface,
        role.WindowText: current.text,
        role.Base: current.field,
        role.AlternateBase: current.surface,
        role.Text: current.text,
        role.Button: current.field,
        role.ButtonText: current.text,
        role.BrightText: current.danger,
        role.ToolTipBase: current.hover,
        role.ToolTipText: current.text,
        role.PlaceholderText: current.hint,
        role.Highlight: current.accent,
        role.HighlightedText: current.on_accent,
        role.Accent: current.accent,
        role.Link: current.accent,
        role.LinkVisited: current.accent,
        role.Light: current.hover,
        role.Midlight: current.hover,
        role.Mid: current.line,
        role.Dark: current.line,
        role.Shadow: current.window,
    }
    for key, value in pairs.items():
        made.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, key, QColor(current.hint))
    return made


def px(pixels: float) -> int:
    """A length given for 100 % at the size of the current text."""
    return tokens().px(pixels)


def motion(milliseconds: int) -> int:
    """How long a movement may take: never over 150 ms, and 0 where the person or the desktop wants none."""
    app = QApplication.instance()
    wish = app.property(_MOTION) if app is not None else "off"
    if wish == "off" or (wish != "on" and not QApplication.isEffectEnabled(Qt.UIEffect.UI_General)):
        return 0
    return min(milliseconds, 150)


def tone(widget: QWidget, name: str) -> None:
    """Give a label one of the voices of the stylesheet: title, heading, label, hint, error or "" for body text."""
    style(widget, "tone", name)


def style(widget: QWidget, key: str, value: object) -> None:
    """Set a property that the stylesheet looks at, and have the widget drawn anew by it."""
    if widget.property(key) == value:
        return
    widget.setProperty(key, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1 … 21 (WCAG 2.2, "relative luminance")."""

    def luminance(name: str) -> float:
        color = QColor(name)
        parts = [color.redF(), color.greenF(), color.blueF()]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)
