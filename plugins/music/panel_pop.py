"""A button that shows a value and opens a menu of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
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


class TaskButton(PopButton):
    """What the model is to do; `chosen` carries another task."""

    chosen = Signal(str)

    def __init__(self, titles: Mapping[str, str]) -> None:
        super().__init__("Task", "What the model is to do")
        self._titles = titles
        self._shown: tuple[tuple[str, ...], str] | None = None

    def show_tasks(self, tasks: Sequence[str], chosen: str) -> None:
        """What can be asked for now, and what is."""
        if (tuple(tasks), chosen) == self._shown:
            return  # asked for with every step of a drag
        self._shown = (tuple(tasks), chosen)
        self.menu_.clear()
        for task in tasks:
            self.menu_.addAction(self._titles[task], lambda task=task: self.chosen.emit(task))
        self.show_value(self._titles[chosen])
        self.setEnabled(len(tasks) > 1)
