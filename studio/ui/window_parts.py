"""Two parts of the main window that are only frames: the bar that holds the rail, and the centre."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QToolBar, QVBoxLayout, QWidget


class RailBar(QToolBar):
    """Without a margin around its one widget: Qt takes that of the style anew with every theme, and only then."""

    def event(self, event: QEvent) -> bool:
        """Take the margin away whenever Qt may have put it there."""
        done = super().event(event)
        row = self.layout()
        if row is not None and event.type() in (QEvent.Type.StyleChange, QEvent.Type.Polish, QEvent.Type.Show):
            row.setContentsMargins(0, 0, 0, 0)
        return done


def rail_bar(rail: QWidget, window: QMainWindow) -> QToolBar:
    """The bar on the left that cannot be moved, hidden or torn off."""
    bar = RailBar("Rail", window)
    bar.setObjectName("railBar")
    bar.setMovable(False)
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    bar.toggleViewAction().setEnabled(False)
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
