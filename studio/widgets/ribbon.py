"""The ribbon: the steps of a run as they come, to look back at and to branch from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.steps import Step
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.ribbon_strip import Strip
from studio.widgets.text import Label


class Ribbon(QWidget):
    """`begin`, then `add` while a job runs; or `set_steps` for a kept run. While nothing is chosen it follows the run.

    `selected` carries the index of a step that is to be shown, `released_to_result` says that the result is to be
    shown again, `branch_requested` carries the step to continue from.
    """

    selected = Signal(int)
    released_to_result = Signal()
    branch_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._can_branch = False
        self.strip = Strip()
        self._count = Label("", "label")
        self._hint = Label("drag to look back", "hint")
        self._branch = Button(
            "Branch from here", icon="git-branch", help="Continue from this step with the settings as they are now"
        )
        keep = self._branch.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._branch.setSizePolicy(keep)
        top = QHBoxLayout()
        top.setSpacing(theme.px(theme.M))
        top.addWidget(self._count)
        top.addStretch(1)
        top.addWidget(self._hint)
        top.addWidget(self._branch)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.L), theme.px(theme.S), theme.px(theme.L), theme.px(theme.S))
        column.setSpacing(theme.px(theme.S))
        column.addLayout(top)
        column.addWidget(self.strip, 1)
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusProxy(self.strip)
        self.strip.picked.connect(self._picked)
        self._branch.clicked.connect(self._ask_branch)
        self._describe()

    def begin(self, total: int, title: str = "step") -> None:
        """A run begins: empty places for `total` steps (0 where nobody knows how many), each called a `title`."""
        self.strip.begin(total, title)
        self._describe()

    def add(self, step: Step) -> None:
        """A step came. The view follows it unless somebody is looking back."""
        if step.total > self.strip.steps.rowCount() and self.strip.steps.last() < 0:
            self.strip.begin(step.total, self.strip.steps.title)
        self.strip.put(step)
        self._describe()

    def set_steps(self, steps: Sequence[Step], title: str = "") -> None:
        """Show a kept run; nothing is chosen, the result stays on show."""
        total = max((step.index + 1 for step in steps), default=0)
        self.strip.begin(total, title or self.strip.steps.title)
        self.strip.put_all(steps)
        self._describe()

    def clear(self) -> None:
        """Nothing to look back at."""
        self.begin(0, "step")

    def step(self, index: int) -> Step | None:
        """A step by its index, or None where it has not come."""
        return self.strip.steps.step(index)

    def count(self) -> int:
        """How many places there are, come or coming."""
        return self.strip.steps.rowCount()

    def current(self) -> int:
        """The index of the chosen step, or -1 while the ribbon follows the run or shows the result."""
        return self.strip.chosen()

    def select(self, index: int) -> None:
        """Choose a step, as a click on it does; -1 goes back to the result."""
        self.strip.choose(index)

    def can_branch(self) -> bool:
        """True where the panel knows how to continue from a step."""
        return self._can_branch

    def set_can_branch(self, on: bool) -> None:
        """Offer "Branch from here" at steps that have their state."""
        self._can_branch = on
        self._describe()

    def sizeHint(self) -> QSize:
        """The header and thumbnails of a comfortable size."""
        current = theme.tokens()
        return QSize(current.px(600), current.px(118))

    def minimumSizeHint(self) -> QSize:
        """The header and thumbnails that can still be told apart."""
        current = theme.tokens()
        return QSize(current.px(240), current.px(92))

    def _picked(self, row: int) -> None:
        self._describe()
        if row >= 0:
            self.selected.emit(row)
        else:
            self.released_to_result.emit()

    def _ask_branch(self) -> None:
        step = self.step(self.strip.shown())
        if step is not None and step.has_state:
            self.branch_requested.emit(step.index)

    def _describe(self) -> None:
        steps, row = self.strip.steps, self.strip.shown()
        shown = steps.step(row)
        name = steps.title[:1].upper() + steps.title[1:]
        if shown is None:
            self._count.setText(f"{steps.rowCount()} {steps.title}s" if steps.rowCount() else "")
        else:
            self._count.setText(f"{name} {row + 1} of {steps.rowCount()}")
        said = self._count.text() or "No steps yet"
        if said != self.strip.accessibleDescription():
            self.strip.setAccessibleDescription(said)
        self._hint.setVisible(shown is not None)
        self._hint.setText("drag to look back" if self.current() < 0 else "Esc: back to the result")
        self._branch.setVisible(self._can_branch and shown is not None and shown.has_state)
