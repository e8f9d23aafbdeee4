"""The dark theme at 100 % under every test of a widget, and names as assistive technology reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from studio.widgets import theme


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[QApplication]:
    theme.apply(qapp, "dark", motion="off")
    yield qapp
    if (qapp.property("studio_theme"), qapp.property("studio_font_base")) != ("dark", theme.BASE):
        theme.apply(qapp, "dark", motion="off")


@pytest.fixture
def said() -> Callable[[QWidget], tuple[str, str]]:
    """(name, description) of a widget, from the accessibility tree and not from the widget."""

    def ask(widget: QWidget) -> tuple[str, str]:
        interface = QAccessible.queryAccessibleInterface(widget)
        return interface.text(QAccessible.Text.Name), interface.text(QAccessible.Text.Description)

    return ask
