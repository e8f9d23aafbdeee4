"""Two parts of the main window that are only frames: the bar that holds the rail, and the centre."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QToolBar, QVBoxLayout, QWidget


def rail_bar(rail: QWidget, window: QMainWindow) -> QToolBar:
    """The bar on the left that cannot be moved, hidden or torn off."""
    bar = QToolBar("Rail", window)
    bar.setObjectName("railBar")
    bar.setMovable(False)
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    bar.toggleViewAction().setEnabled(False)
    if (row := bar.layout()) is not None:
        row.setContentsMargins(0, 0, 0, 0)
    bar.addWidget(rail)
    return bar


def centre_of(window: QMainWindow) -> tuple[QWidget, QStackedWidget]:
    """The centre of the window, and the stack of panels and pages in it."""
    centre = QWidget(window)
    centre.setProperty("surface", "canvas")
    centre.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    stack = QStackedWidget(centre)
    column = QVBoxLayout(centre)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(stack)
    return centre, stack
