"""What the plain pages have in common: a title, a row of controls, and a column that scrolls and stays readable."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.text import Label

WIDEST = 760


class Page(QWidget):
    """A title with a hint below and room for `tools` beside it; put the content into `body`."""

    def __init__(self, title: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "window")
        self.setAccessibleName(title)
        inside = QWidget()
        inside.setMaximumWidth(theme.tokens().px(WIDEST))
        inside.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.tools = QHBoxLayout()
        self.tools.setSpacing(theme.S)
        words = QVBoxLayout()
        words.setSpacing(theme.XS)
        words.addWidget(Label(title, "title"))
        if hint:
            words.addWidget(Label(hint, "muted", wrap=True))
        head = QHBoxLayout()
        head.setSpacing(theme.L)
        head.addLayout(words, 1)
        head.addLayout(self.tools)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.M)
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.XL)
        column.setSpacing(theme.L)
        column.addLayout(head)
        column.addLayout(self.body)
        column.addStretch(1)
        outside = QWidget()
        row = QHBoxLayout(outside)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(inside, 100)
        row.addStretch(1)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(outside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.area)


def empty(layout: QVBoxLayout | QHBoxLayout) -> None:
    """Take all widgets out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
