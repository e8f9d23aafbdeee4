"""What pages know of one thing, as rows of a name and a value that can be marked and copied."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy

from studio.widgets import theme
from studio.widgets.text import Label


class Facts(QGridLayout):
    """Names at the left, values at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalSpacing(theme.M)
        self.setVerticalSpacing(6)
        self.setColumnStretch(1, 1)

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these instead of what was shown."""
        while (item := self.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, (name, value) in enumerate(rows):
            label = words("label")
            label.setText(name)
            label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Minimum)
            text = words("", selectable=True)
            text.setText(value)
            text.setAccessibleName(f"{name}: {value}")
            text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            self.addWidget(label, number, 0, Qt.AlignmentFlag.AlignTop)
            self.addWidget(text, number, 1)


def words(tone: str, *, selectable: bool = False) -> Label:
    """A label that wraps; what is `selectable` can be marked by mouse and keyboard."""
    label = Label("", tone, wrap=True)
    if selectable:
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        label.setCursor(Qt.CursorShape.IBeamCursor)
    return label
