"""A field to search by typing, with the glass that says so."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from studio.widgets import theme
from studio.widgets.icons import icon

GLASS = 16


class SearchField(QLineEdit):
    """A line whose glass stands in the middle of its height; the actions of Qt do not under a stylesheet."""

    def __init__(self, name: str, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(True)
        self.setTextMargins(theme.tokens().px(GLASS + 4), 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The field, and the glass."""
        super().paintEvent(event)
        side = theme.tokens().px(GLASS)
        painter = QPainter(self)
        icon("magnifying-glass", "muted").paint(
            painter, QRect(theme.tokens().px(9), (self.height() - side) // 2, side, side)
        )
        painter.end()
