"""The dock at the bottom: the ribbon of the panel in front, live while a job runs and kept steps afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from studio.core.branches import Tree
from studio.core.errors import StudioError
from studio.core.events import Cancelled, Event, Failed, Finished, Paused, Started, Stepped
from studio.core.request import ResumePoint
from studio.core.steps import Step
from studio.store import StepStore
from studio.ui.docks import SideDock
from studio.widgets import theme
from studio.widgets.branch_list import BranchList
from studio.widgets.ribbon import Ribbon
from studio.widgets.text import Label

_LOG = logging.getLogger(__name__)
DEEPEST = 50
"""Branches of branches that are followed back; recipes of foreign files may go round in circles."""
NOTHING = "Each step appears here while something is made. Look back at it, and go on from it."


@dataclass(slots=True)
class Row:
    """What one panel has on the ribbon: the name of the kept steps (a job id), the steps, what a step is called, and
    where it left another generation.
    """

    steps_id: str = ""
    steps: list[Step] = field(default_factory=list)
    word: str = "step"
    total: int = 0
    running: bool = False
    branched: ResumePoint | None = None
    note: str = ""


class RibbonDock(SideDock):
    """Remembers a row of steps for each panel and shows that of the panel in front.

    Emits `step_shown(Step | None)` while the artist looks back, `branch_wanted(steps id, index)`, and
    `line_wanted(steps id)` for another generation of the same tree. `row_drawn(steps id)` follows every new row.
    """

    step_shown = Signal(object)
    branch_wanted = Signal(str, int)
    line_wanted = Signal(str)
    row_drawn = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("ribbon", "Ribbon", parent)
        self.setAllowedAreas(Qt.DockWidgetArea.BottomDockWidgetArea | Qt.DockWidgetArea.TopDockWidgetArea)
        self._rows: dict[str, Row] = {}
        self._missed: dict[str, str] = {}
        self._front = ""
        self._store: StepStore | None = None
        self._resumed: Callable[[str], ResumePoint | None] = lambda _job: None
        self.ribbon = Ribbon()
        self._empty = Label(NOTHING, "hint", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(theme.L, 0, theme.L, 0)
        self._body = QStackedWidget(self)
        self._body.setProperty("surface", "window")
        self._body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._body.addWidget(self._empty)
        self.branches = BranchList()
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(theme.S, theme.S, 0, theme.XS)
        row.setSpacing(0)
        row.addWidget(self.branches)
        row.addWidget(self.ribbon, 1)
        self._body.addWidget(both)
        self.setWidget(self._body)
        self.ribbon.selected.connect(self._select)
        self.ribbon.released_to_result.connect(self._release)
        self.ribbon.branch_requested.connect(self._branch)
        self.ribbon.parent_wanted.connect(self._to_parent)

    def use(self, store: StepStore, resumed: Callable[[str], ResumePoint | None]) -> None:
        """Read kept steps from here from now on; what was shown of another project is forgotten. `resumed` says where
        the generation of kept steps left another one.
        """
        self._store = store
        self._resumed = resumed
        self._rows.clear()
        self._missed.clear()
        self.ribbon.clear()
        self.branches.show_tree(Tree(), "")
        self._show_body()

    def set_front(self, panel: str) -> None:
        """Show the row of another panel."""
        if panel == self._front:
            return
        self._front = panel
        self._draw()

    def shown(self, panel: str) -> str:
        """The name of the kept steps that a panel has on its ribbon, or ""."""
        row = self._rows.get(panel)
        return row.steps_id if row is not None else ""

    def show_steps(self, panel: str, steps_id: str, word: str = "step") -> None:
        """Put kept steps on a panel's row; "" empties it. A running row that is asked for again goes on."""
        row = self._rows.get(panel)
        if row is not None and row.steps_id == steps_id and (row.running or row.steps):
            return
        self._rows[panel] = self._kept(steps_id, word)
        if panel == self._front:
            self._draw()

    def _kept(self, steps_id: str, word: str, *, running: bool = False, deep: int = 0) -> Row:
        """The row of kept steps, with those it has from before it branched."""
        if not steps_id or self._store is None:
            return Row(steps_id, [], word)
        branched, note = self._resumed(steps_id), ""
        steps: tuple[Step, ...] = ()
        try:
            kept = self._store.row(steps_id)
            steps, note = kept.steps, " ".join(kept.notes)
            if branched is not None and kept.branched is None and deep < DEEPEST:
                # Nobody has noted the branch (yet): the steps before it are still those of the other row.
                before = self._kept(branched.steps, word, deep=deep + 1).steps
                steps = (*(step for step in before if step.index <= branched.index), *steps)
        except (StudioError, OSError) as error:
            _LOG.info("no steps of %s", steps_id, exc_info=error)
            note = str(error)
        total = max((step.total for step in steps), default=0) if running else len(steps)
        return Row(steps_id, list(steps), word, total, running, branched, note)

    def follow(self, panel: str, event: Event, word: str) -> None:
        """Let a running job of `panel` write its row."""
        match event:
            case Started(job_id=job_id):
                self._missed.pop(panel, None)
                if self._looking_back(panel):
                    self._missed[panel] = job_id
                    return
                self._rows[panel] = self._begun(job_id, word)
                if panel == self._front:
                    self._draw()
            case Stepped(job_id=job_id, step=step):
                self._add(panel, job_id, step, word)
            case Finished() | Cancelled() | Failed() | Paused():
                if self._missed.get(panel) == event.job_id:
                    del self._missed[panel]
                row = self._rows.get(panel)
                if row is not None and row.steps_id == event.job_id:
                    row.running = False
                    if panel == self._front and len(row.steps) < row.total:
                        self._draw()  # the places of steps that never came are taken away

    def _add(self, panel: str, job_id: str, step: Step, word: str) -> None:
        row = self._rows.get(panel)
        if row is None or row.steps_id != job_id:
            if self._looking_back(panel) or (row is not None and row.running):
                return
            row = self._rows[panel] = self._kept(job_id, word, running=True)
        first = row.total != step.total or not row.steps
        row.total = step.total
        if row.steps and row.steps[-1].index >= step.index:  # a job that goes on does some of its steps again
            row.steps = [known for known in row.steps if known.index < step.index]
        row.steps.append(step)
        if panel != self._front:
            return
        if first:
            self._draw()
        else:
            self.ribbon.add(step)

    def _begun(self, job_id: str, word: str) -> Row:
        """The row of a job that starts: empty, or with the steps it goes on from, its own or those of another."""
        row = self._kept(job_id, word, running=True)
        row.note = ""  # that nothing is kept of it yet is no news
        return row

    def _looking_back(self, panel: str) -> bool:
        """The artist studies a step of another run: a job that starts meanwhile must not take it away."""
        row = self._rows.get(panel)
        return panel == self._front and row is not None and not row.running and self.ribbon.current() >= 0

    def has_steps(self, steps_id: str) -> bool:
        """True where steps are kept under this name."""
        return bool(self._kept(steps_id, "step").steps)

    def _show_body(self) -> None:
        row = self._rows.get(self._front)
        self._body.setCurrentIndex(1 if row is not None and (row.steps or row.running) else 0)
        note = "" if row is None else row.note
        self._empty.setText(note or NOTHING)
        self.ribbon.set_note(note)

    def _draw(self) -> None:
        row = self._rows.get(self._front)
        self._show_body()
        if row is None or not row.steps_id:
            self.ribbon.clear()
        elif row.running:
            self.ribbon.begin(row.total, row.word)
            for step in row.steps:
                self.ribbon.add(step)
        else:
            self.ribbon.set_steps(row.steps, row.word)
        self.ribbon.set_branched(row.branched.index if row is not None and row.branched is not None else -1)
        self.row_drawn.emit("" if row is None else row.steps_id)

    def _select(self, index: int) -> None:
        row = self._rows.get(self._front)
        step = next((step for step in row.steps if step.index == index), None) if row is not None else None
        self.step_shown.emit(step)

    def _release(self) -> None:
        """Back to the result; a run that started while the artist looked back comes onto the ribbon now."""
        missed = self._missed.pop(self._front, "")
        if missed:
            word = self._rows[self._front].word if self._front in self._rows else "step"
            self._rows[self._front] = self._kept(missed, word, running=True)
            self._draw()
        self.step_shown.emit(None)

    def _branch(self, index: int) -> None:
        row = self._rows.get(self._front)
        if row is not None and row.steps_id:
            # The branch is what is to be seen next: the chosen step must not hold it off the ribbon.
            self.ribbon.let_go()
            self.branch_wanted.emit(row.steps_id, index)

    def _to_parent(self) -> None:
        row = self._rows.get(self._front)
        if row is not None and row.branched is not None:
            self.line_wanted.emit(row.branched.steps)
