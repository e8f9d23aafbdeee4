"""Icons take the colour of their role, follow the theme, and never fail."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication

from studio.widgets import icons, theme
from studio.widgets.controls import IconButton


def inked(image: QImage) -> list[QColor]:
    """All colours that cover their pixel fully."""
    colors = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return [color for color in colors if color.alpha() == 255]


def drawn(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> list[QColor]:
    return inked(icon.pixmap(QSize(64, 64), 1.0, mode).toImage())


def test_the_colour_is_that_of_the_role_and_follows_the_theme(qapp: QApplication) -> None:
    icon = icons.icon("image", "accent")
    assert {color.name() for color in drawn(icon)} == {theme.DARK.accent}
    theme.apply(qapp, "light")
    assert {color.name() for color in drawn(icon)} == {theme.LIGHT.accent}


def test_disabled_icons_are_quiet() -> None:
    assert {color.name() for color in drawn(icons.icon("image"), QIcon.Mode.Disabled)} == {theme.DARK.hint}


def test_an_unknown_name_or_role_still_draws() -> None:
    assert not icons.known("no-such-icon")
    assert icons.known("music-notes")
    assert drawn(icons.icon("no-such-icon", "no such role")) == drawn(icons.icon("puzzle-piece"))


def test_sharp_on_dense_screens() -> None:
    pixmap = icons.icon("image").pixmap(QSize(20, 20), 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (40, 2.0)


def test_icons_on_buttons_grow_with_the_text(qapp: QApplication, qtbot) -> None:
    button = IconButton("x", "Dismiss")
    qtbot.addWidget(button)
    button.show()
    assert button.iconSize() == QSize(20, 20)
    theme.apply(qapp, "dark", base=26)
    assert button.iconSize() == QSize(40, 40)
