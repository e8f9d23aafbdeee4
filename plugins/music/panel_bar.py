"""The bar under the roll: what the model will do, the button that does it, and the takes to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.text import ElidedLabel, Label

from .panel_pop import PopButton, TaskButton
from .params import TASKS


class ActionBar(Card):
    """`task_chosen` carries a task, `submitted` is Generate; the takes ask to be looked at, kept or dropped."""

    submitted = Signal()
    task_chosen = Signal(str)
    part_chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("field", parent)
        self._parts: tuple[object, object] | None = None
        self.task = TaskButton(TASKS)
        self.task.chosen.connect(self.task_chosen)
        self.part = PopButton("Part", "What the new track plays")
        self.words = ElidedLabel("", "label")
        self.generate = Button("Compose   Ctrl ↵", "primary", icon="sparkle", name="Generate")
        self.generate.setAccessibleDescription("Ctrl+Enter")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(theme.M), theme.px(theme.S), theme.px(theme.S), theme.px(theme.S))
        row.setSpacing(theme.px(theme.M))
        row.addWidget(self.task)
        row.addWidget(self.part)
        row.addWidget(self.words, 1)
        row.addWidget(self.generate)
        self.generate.clicked.connect(self.submitted)
        for button in (self.task, self.part, self.generate):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus in the roll: Space plays
        self.part.hide()

    def show_parts(self, parts: Sequence[tuple[str, Sequence[str]]], chosen: tuple[str, str] | None) -> None:
        """The parts a new track can play, each with its instruments; nothing where the task is another."""
        self.part.setVisible(chosen is not None)
        if chosen is None or (tuple(parts), chosen) == self._parts:
            return
        self._parts = (tuple(parts), chosen)
        self.part.menu_.clear()
        for role, instruments in parts:
            inside = self.part.menu_.addMenu(role[:1].upper() + role[1:])
            for name in instruments:
                inside.addAction(name, lambda role=role, name=name: self.part_chosen.emit(role, name))
        self.part.show_value(f"{chosen[0][:1].upper()}{chosen[0][1:]}: {chosen[1]}")

    def say(self, words: str) -> None:
        """One line about what will happen, or what has."""
        self.words.setText(words)

    def show_busy(self, busy: bool) -> None:
        """A second press queues another take."""
        self.generate.setText("Another   Ctrl ↵" if busy else "Compose   Ctrl ↵")

    def set_possible(self, possible: bool) -> None:
        """No model, no music."""
        self.generate.setEnabled(possible)


class TakesBar(Card):
    """Floats over the roll while there is something to decide: ‹ 2 of 3 ›, listen, keep, drop."""

    stepped = Signal(int)
    kept = Signal()
    dropped = Signal()
    again = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("plain", parent)
        self.words = Label("")
        self.count = Label("", "label")
        self.previous = IconButton("caret-left", "Previous take")
        self.next = IconButton("caret-right", "Next take")
        self.more = Button("Again", "quiet", icon="arrows-clockwise", help="Write another take")
        self.keep = Button("Keep", "primary", icon="check", help="Take this one into the piece  Enter")
        self.drop = IconButton("x", "Drop the takes")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(theme.L), theme.px(theme.S), theme.px(theme.S), theme.px(theme.S))
        row.setSpacing(theme.px(theme.S))
        for part in (self.words, self.more, self.previous, self.count, self.next, self.keep, self.drop):
            row.addWidget(part)
        self.previous.clicked.connect(lambda: self.stepped.emit(-1))
        self.next.clicked.connect(lambda: self.stepped.emit(1))
        self.more.clicked.connect(self.again)
        self.keep.clicked.connect(self.kept)
        self.drop.clicked.connect(self.dropped)
        self.hide()

    def show_takes(self, words: str, place: int, count: int) -> None:
        """`place` counts from 0; nothing to decide hides the bar."""
        self.setVisible(count > 0)
        self.words.setText(words)
        self.count.setText(f"{place + 1} of {count}")
        self.setAccessibleName(f"{words}: take {place + 1} of {count}")
        for part in (self.previous, self.next, self.count):
            part.setVisible(count > 1)
        self.place_over()

    def place_over(self) -> None:
        """At the lower edge, in the middle."""
        parent = self.parentWidget()
        if parent is None or self.isHidden():
            return
        self.adjustSize()
        lift = theme.tokens().px(20)
        self.move(max(0, (parent.width() - self.width()) // 2), max(0, parent.height() - self.height() - lift))
        self.raise_()
