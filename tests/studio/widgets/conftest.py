"""The dark theme at 100 % under every test of a widget, and names as assistive technology reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from studio.widgets import theme

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform says of every window with a size hint that it has no window manager to tell."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


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
