"""What stands where there is nothing yet: what this place is for, and what to do next."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.widgets import icons, theme
from studio.widgets.controls import Button
from studio.widgets.text import Label


class EmptyState(QWidget):
    """An icon, a title, a sentence and at most one button, which says `triggered`."""

    triggered = Signal()

    def __init__(
        self, title: str, text: str = "", action: str = "", *, icon: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name = icon
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = Label(title, "title", wrap=True)
        self._text = Label(text, "muted", wrap=True)
        self.button = Button(action or " ", "", parent=self)
        self.button.setVisible(bool(action))
        self.button.clicked.connect(self.triggered)
        column = QVBoxLayout(self)
        column.setSpacing(theme.px(theme.S))
        column.setContentsMargins(theme.px(theme.XL), theme.px(theme.XL), theme.px(theme.XL), theme.px(theme.XL))
        column.addStretch(1)
        column.addWidget(self._picture)
        for label in (self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addSpacing(theme.px(theme.S))
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self._text.setVisible(bool(text))
        self._draw()

    def set_words(self, title: str, text: str = "", action: str = "") -> None:
        """Say something else."""
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.button.setText(action)
        self.button.setAccessibleName(action)
        self.button.setVisible(bool(action))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)

    def _draw(self) -> None:
        self._picture.setVisible(bool(self._name))
        if self._name:
            edge = theme.px(36)
            self._picture.setPixmap(icons.icon(self._name, "hint").pixmap(QSize(edge, edge), self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:
        """The icon is a drawing: draw it again in the new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._draw()
