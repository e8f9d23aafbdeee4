"""The dock at the bottom: the ribbon of the panel in front, live while a job runs and kept steps afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.core.branches import Tree
from studio.core.events import Cancelled, Event, Failed, Finished, Paused, Started, Stepped
from studio.core.request import ResumePoint
from studio.core.steps import Step
from studio.store import StepStore
from studio.ui.docks import SideDock
from studio.ui.kept_rows import KeptRow, KeptRows
from studio.widgets import theme
from studio.widgets.branch_list import BranchList
from studio.widgets.ribbon import Ribbon
from studio.widgets.text import Label

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
    paused: bool = False
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
        self._kept = KeptRows(self)
        self._kept.read.connect(self._arrived)
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
        row.setContentsMargins(theme.S, 0, 0, 0)
        row.setSpacing(0)
        beside = QVBoxLayout()
        beside.setContentsMargins(0, theme.S, 0, theme.S)
        beside.addWidget(self.branches)
        row.addLayout(beside)
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
        self._kept.use(store, resumed)
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

    def knows(self, panel: str) -> bool:
        """True once somebody said what is on the ribbon of a panel, be it nothing."""
        return panel in self._rows

    def all_shown(self) -> dict[str, str]:
        """The names of the kept steps on the ribbons, by panel."""
        return {panel: row.steps_id for panel, row in self._rows.items() if row.steps_id}

    def show_steps(self, panel: str, steps_id: str, word: str = "step", *, paused: bool = False) -> None:
        """Put kept steps on a panel's row; "" empties it. A running row that is asked for again goes on. Of a `paused`
        job the rest is still to come.
        """
        row = self._rows.get(panel)
        if row is not None and row.steps_id == steps_id and (row.running or (row.steps and row.paused == paused)):
            return
        branched = self._kept.left_at(steps_id) if steps_id else None
        self._rows[panel] = Row(steps_id, word=word, branched=branched, paused=paused)
        if steps_id:
            self._kept.ask(panel, steps_id)  # what was shown stays until it is read: nothing flashes
        else:
            self._kept.forget(panel)
            if panel == self._front:
                self._draw()

    def _arrived(self, panel: str, kept: KeptRow) -> None:
        """A row was read. What a running job said meanwhile is newer."""
        row = self._rows.get(panel)
        if row is None or row.steps_id != kept.steps_id:
            return
        first = min((step.index for step in row.steps if step.index > self._inherited(row)), default=None)
        live = [step for step in row.steps if first is not None and step.index >= first]
        steps = [step for step in kept.steps if first is None or step.index < first] + live
        changed = first is None or len(steps) != len(row.steps)
        row.steps = steps
        row.total = max((step.total for step in steps), default=row.total)
        if not row.running:
            row.note = kept.note
        if panel == self._front and changed:
            self._draw()
        elif panel == self._front:
            self._show_body()  # drawn already, and perhaps looked back at

    @staticmethod
    def _inherited(row: Row) -> int:
        return row.branched.index if row.branched is not None else -1

    def follow(self, panel: str, event: Event, word: str) -> None:
        """Let a running job of `panel` write its row. One whose steps have no name ("") makes none, and what is shown
        stays.
        """
        if not word:
            return
        match event:
            case Started(job_id=job_id):
                self._missed.pop(panel, None)
                if self._looking_back(panel):
                    self._missed[panel] = job_id
                    return
                self._rows[panel] = self._begun(panel, job_id, word)
                if panel == self._front:
                    self._draw()
            case Stepped(job_id=job_id, step=step):
                self._add(panel, job_id, step, word)
            case Finished() | Cancelled() | Failed() | Paused():
                if self._missed.get(panel) == event.job_id:
                    del self._missed[panel]
                row = self._rows.get(panel)
                if row is not None and row.steps_id == event.job_id:
                    row.running, row.paused = False, isinstance(event, Paused)
                    if panel == self._front and (len(row.steps) < row.total or not row.steps) and not row.paused:
                        self._draw()  # the places of steps that never came are taken away

    def _add(self, panel: str, job_id: str, step: Step, word: str) -> None:
        row = self._rows.get(panel)
        if row is None or row.steps_id != job_id:
            if self._looking_back(panel) or (row is not None and row.running):
                return
            row = self._rows[panel] = self._begun(panel, job_id, word)
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

    def _begun(self, panel: str, job_id: str, word: str) -> Row:
        """The row of a job that starts: with the steps it goes on from, its own or those of another, as far as they
        are at hand; the rest is read.
        """
        old, branched = self._rows.get(panel), self._kept.left_at(job_id)
        steps: list[Step] = []
        if old is not None and old.steps_id == job_id:
            steps = old.steps
        elif old is not None and branched is not None and old.steps_id == branched.steps:
            steps = [step for step in old.steps if step.index <= branched.index]
        total = max((step.total for step in steps), default=0)
        self._kept.ask(panel, job_id)
        return Row(job_id, steps, word, total, running=True, branched=branched)

    def _looking_back(self, panel: str) -> bool:
        """The artist studies a step of another run: a job that starts meanwhile must not take it away."""
        row = self._rows.get(panel)
        return panel == self._front and row is not None and not row.running and self.ribbon.current() >= 0

    def has_steps(self, steps_id: str) -> bool:
        """True where steps are kept under this name."""
        return self._kept.there(steps_id)

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
            self.ribbon.set_steps(row.steps, row.word, total=row.total if row.paused else 0)
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
            self._rows[self._front] = self._begun(self._front, missed, word)
            self._draw()
        self.step_shown.emit(None)

    def _branch(self, index: int) -> None:
        row = self._rows.get(self._front)
        if row is not None and any(step.index == index for step in row.steps):
            # The branch is what is to be seen next: the chosen step must not hold it off the ribbon.
            self.ribbon.let_go()
            self.branch_wanted.emit(row.steps_id, index)

    def _to_parent(self) -> None:
        row = self._rows.get(self._front)
        if row is not None and row.branched is not None:
            self.line_wanted.emit(row.branched.steps)
