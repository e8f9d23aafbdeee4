"""A button that shows a value and opens a menu of others."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QPushButton

from studio.widgets.text import tip


class PopButton(QPushButton):
    """A value that opens a menu."""

    def __init__(self, name: str, help: str) -> None:
        super().__init__()
        self.setProperty("kind", "chip")
        self.setAutoDefault(False)
        self._name = name
        self.setToolTip(tip(help))
        self.setAccessibleName(name)
        self.setAccessibleDescription(help)
        self.menu_ = QMenu(self)
        self.setMenu(self.menu_)

    def show_value(self, words: str) -> None:
        """What it says; a screen reader hears it with the name."""
        shown = f"{words}  ▾"
        if shown != self.text():
            self.setText(shown)
            self.setAccessibleDescription(words)
