"""The bar below a canvas: the prompt, and the button that everything is about."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button, Card
from studio.widgets.prompt import PromptEdit


class PromptBar(Card):
    """A PromptEdit (`prompt`) with the Generate button (`button`). `submitted` is either of them."""

    submitted = Signal()

    def __init__(
        self,
        *,
        placeholder: str = "Describe what you want to see",
        accessible_name: str = "Prompt",
        action: str = "Generate",
        limit: int = 20_000,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("field", parent)
        self.prompt = PromptEdit(accessible_name, placeholder=placeholder, limit=limit, bare=True)
        self.button = Button(f"{action}   Ctrl ↵", "primary", icon="sparkle", name=action)
        self.button.setAccessibleDescription("Ctrl+Enter")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(theme.L), theme.px(theme.S), theme.px(theme.S), theme.px(theme.S))
        row.setSpacing(theme.px(theme.M))
        row.addWidget(self.prompt, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignBottom)
        self.setFocusProxy(self.prompt)
        self.prompt.installEventFilter(self)
        self.prompt.submitted.connect(self.submitted)
        self.button.clicked.connect(self.submitted)

    def put_beside(self, widget: QWidget) -> None:
        """Give `widget` a place between the words and the button."""
        row = self.layout()
        assert isinstance(row, QHBoxLayout)
        row.insertWidget(row.count() - 1, widget, 0, Qt.AlignmentFlag.AlignBottom)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The whole bar shows the focus of its prompt."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            theme.style(self, "lit", event.type() == QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)
