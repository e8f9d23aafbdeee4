"""The ribbon: the steps of a run as they come, to look back at and to branch from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.steps import Step
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.ribbon_strip import Strip
from studio.widgets.text import ElidedLabel, SteadyLabel

WORDS = "Branch from here"
BRANCH = "Continue from this step with the settings as they are now  Ctrl+B"


class Ribbon(QWidget):
    """`begin`, then `add` while a job runs; or `set_steps` for a kept run. While nothing is chosen it follows the run.

    `selected` carries the index of a step that is to be shown, `released_to_result` says that the result is to be
    shown again, `branch_requested` carries the step to continue from, `parent_wanted` asks for the generation that the
    one on show branched from.
    """

    selected = Signal(int)
    released_to_result = Signal()
    branch_requested = Signal(int)
    parent_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._can_branch = False
        self._note = ""
        self.strip = Strip()
        self._count = SteadyLabel("", "label")
        self._hint = ElidedLabel("drag to look back", "hint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._branch = Button(
            WORDS,
            icon="git-branch",
            help=BRANCH,
        )
        self._parent = Button(
            "Original",
            "quiet",
            icon="arrow-bend-up-left",
            name="Back to the original",
            help="Show the generation that this one branched from",
        )
        self._parent.hide()
        keep = self._branch.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._branch.setSizePolicy(keep)
        top = QHBoxLayout()
        top.setSpacing(theme.px(theme.M))
        top.addWidget(self._count)
        top.addWidget(self._parent)
        top.addWidget(self._hint, 1)
        top.addWidget(self._branch)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.L), theme.px(theme.S), theme.px(theme.L), theme.px(theme.XS))
        column.setSpacing(theme.px(theme.XS))
        column.addLayout(top)
        column.addWidget(self.strip, 1)
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusProxy(self.strip)
        self.strip.picked.connect(self._picked)
        self._branch.clicked.connect(self.ask_branch)
        self._parent.clicked.connect(self.parent_wanted)
        self._describe()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for the button's words, its sign is enough."""
        super().resizeEvent(event)
        words = self._branch.fontMetrics().horizontalAdvance(WORDS) + theme.px(56)
        self._branch.setText(WORDS if self.width() > self._count.width() + words + theme.px(48) else "")

    def begin(self, total: int, title: str = "step") -> None:
        """A run begins: empty places for `total` steps (0 where nobody knows how many), each called a `title`."""
        self.strip.begin(total, title)
        self._describe()
        self._count.settle()

    def add(self, step: Step) -> None:
        """A step came. The view follows it unless somebody is looking back."""
        if step.total > self.strip.steps.rowCount() and self.strip.steps.last() < 0:
            self.strip.begin(step.total, self.strip.steps.title)
        self.strip.put(step)
        self._describe()

    def set_steps(self, steps: Sequence[Step], title: str = "", *, total: int = 0) -> None:
        """Show a kept run; nothing is chosen, the result stays on show. `total` where more steps are still to come."""
        total = max(total, max((step.index + 1 for step in steps), default=0))
        self.strip.begin(total, title or self.strip.steps.title)
        self.strip.put_all(steps)
        self._describe()

    def set_branched(self, index: int) -> None:
        """Mark where the run left another one: steps 0 … `index` belong to that one; -1 for a run of its own."""
        self.strip.set_branched(index)
        self._describe()

    def set_forks(self, forks: Mapping[int, int]) -> None:
        """Mark where other generations left this one: how many, by the last step they share with it."""
        self.strip.set_forks(forks)

    def set_note(self, text: str) -> None:
        """What is to be known about steps that are missing; "" for nothing."""
        self._note = text
        self._describe()

    def let_go(self) -> None:
        """Choose nothing any more without saying so: what comes next is followed."""
        with QSignalBlocker(self):
            self.strip.choose(-1)

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

    def may_branch(self) -> bool:
        """True where `ask_branch` would do something."""
        return not self._why_not()

    def _why_not(self) -> str:
        """Why one cannot go on from the step with the outline; "" where one can."""
        step = self.step(self.strip.shown())
        if not self._can_branch or step is None:
            return "There is no step to go on from"
        # After the last step there is nothing left to go on with.
        if step.total and step.index + 1 >= step.total:
            return "Nothing comes after the last step: choose an earlier step first"
        return "" if step.has_state else "What is needed to go on from this step was not kept"

    def ask_branch(self) -> None:
        """What a press on "Branch from here" does."""
        if self.may_branch():
            self.branch_requested.emit(self.strip.shown())

    def _describe(self) -> None:
        steps, row = self.strip.steps, self.strip.shown()
        shown = steps.step(row)
        name = steps.title[:1].upper() + steps.title[1:]
        if shown is None:
            count = f"{steps.rowCount()} {steps.title}s" if steps.rowCount() else ""
        else:
            count = f"{name} {row + 1} of {steps.rowCount()}"
        if steps.branched >= 0:
            count = f"{count}, branched after {steps.title} {steps.branched + 1}".lstrip(", ")
        if count != self._count.text():
            self._count.setText(count)
        self._parent.setVisible(steps.branched >= 0)
        said = count or "No steps yet"
        if said != self.strip.accessibleDescription():
            self.strip.setAccessibleDescription(said)
        self._hint.setVisible(shown is not None)
        hint = self._hint_now(row)
        if hint != self._hint.text():
            self._hint.setText(hint)
        why = self._why_not()
        self._branch.setVisible(self._can_branch and shown is not None)
        self._branch.setEnabled(not why)
        if self._branch.toolTip() != (why or BRANCH):
            self._branch.setToolTip(why or BRANCH)

    def _hint_now(self, row: int) -> str:
        if self.current() >= 0:
            return "Esc: back to the result"
        if self._note:
            return self._note
        return "drag to look back" if self.strip.steps.expected(row) is None else "warmer is less expected"
