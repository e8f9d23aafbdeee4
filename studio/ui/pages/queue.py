"""The Queue page: what runs and what waits, to reorder, pause, cancel, try again and clear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from studio.core.errors import Problem, StudioError
from studio.core.events import Event
from studio.core.job import Job, JobState
from studio.ui.pages import wording
from studio.ui.pages.queue_list import QueueList
from studio.ui.pages.queue_model import WAITING, WORDS, QueueModel
from studio.ui.shell import Shell
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.empty import EmptyState
from studio.widgets.errors import ErrorCard
from studio.widgets.feeder import Feeder
from studio.widgets.icons import icon
from studio.widgets.text import Label, shorten

WIDTH = 300


class QueuePage(QWidget):
    """The list at the left, the chosen job with everything that can be done with it at the right."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._engine = shell.services.engine
        self._due = False
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Queue")
        self._feeder = Feeder().serve(self)
        self.model = QueueModel(self._engine, shell.services.project.library, self._feeder)
        self.list = QueueList(self.model)
        self.empty = EmptyState(
            "Nothing is waiting",
            "Whatever you generate stands here until it is done. You can queue as much as you like and go on working.",
            "Make a picture",
            icon="queue",
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.list)
        self.hold = Button("Hold the queue", icon="pause", help="Start nothing new; what runs goes on to its end.")
        self.hold.setCheckable(True)
        self.clear = Button("Clear finished", "quiet", icon="eraser", help="Their results stay in the library.")
        self.count = Label("", "muted")
        self.details = self._details()
        self._lay_out()
        self._join()
        self.reload()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.S)
        top.setContentsMargins(theme.L, 0, theme.L, 0)
        top.addWidget(self.hold)
        top.addWidget(self.count)
        top.addStretch(1)
        top.addWidget(self.clear)
        left = QVBoxLayout()
        left.setContentsMargins(0, theme.M, 0, 0)
        left.setSpacing(theme.S)
        left.addLayout(top)
        left.addWidget(self.stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self.details)

    def _details(self) -> QFrame:
        self.title = Label("", "heading", wrap=True)
        self.state = Label("", "muted", wrap=True)
        self.prompt = Label("", wrap=True)
        self.prompt.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.prompt.setAccessibleName("Prompt of the job")
        self.card = ErrorCard(Problem(""))
        self.card.hide()
        self.show_result = Button("Show the result", "primary", icon="image")
        self.pause = Button("Pause", icon="pause", help="It goes on later from the step it had reached.")
        self.resume = Button("Go on", icon="play")
        self.cancel = Button("Cancel job", icon="stop", help="What was made so far is kept.")
        self.retry = Button("Try again", icon="arrow-clockwise")
        self.up = Button("Move up", "quiet", icon="arrow-up", help="Alt+↑")
        self.down = Button("Move down", "quiet", icon="arrow-down", help="Alt+↓")
        self.remove = Button("Remove from the queue", "quiet", icon="trash")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        column.setSpacing(theme.S)
        for part in (self.title, self.state, self.card):
            column.addWidget(part)
        for button in self._buttons():
            column.addWidget(button)
        column.addSpacing(theme.S)
        column.addWidget(self.prompt)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        frame = QFrame()
        frame.setProperty("surface", "surface")
        frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        frame.setFixedWidth(theme.tokens().px(WIDTH))
        frame.setAccessibleName("Details")
        outer = QVBoxLayout(frame)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        frame.hide()
        return frame

    def _buttons(self) -> tuple[Button, ...]:
        return (
            self.show_result,
            self.retry,
            self.resume,
            self.pause,
            self.cancel,
            self.up,
            self.down,
            self.remove,
        )

    def _join(self) -> None:
        self._shell.bridge.happened.connect(self.on_event)
        self._shell.bridge.delivered.connect(self._catch_up)
        self.model.counted.connect(self._show_counts)
        self.model.modelAboutToBeReset.connect(self._remember_choice)
        self.model.modelReset.connect(self._choose_again)
        self.model.dataChanged.connect(lambda *_args: self._show_details())
        self.list.selectionModel().selectionChanged.connect(lambda _new, _old: self._show_details())
        self.list.moved.connect(self.move_job)
        self.list.remove_wanted.connect(self.cancel_or_remove)
        self.list.opened.connect(lambda _job: self.open_result())
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.empty.triggered.connect(self._go_make)
        self.hold.clicked.connect(lambda on: self._do(lambda: self._engine.hold(on)))
        self.clear.clicked.connect(lambda _checked=False: self._do(self._engine.clear_ended))
        self.show_result.clicked.connect(lambda _checked=False: self.open_result())
        self.pause.clicked.connect(
            lambda _checked=False: self._each(self._engine.pause, JobState.QUEUED, JobState.RUNNING)
        )
        self.resume.clicked.connect(lambda _checked=False: self._each(self._engine.resume, JobState.PAUSED))
        self.cancel.clicked.connect(lambda _checked=False: self._each(self._engine.cancel, *WAITING, JobState.RUNNING))
        self.retry.clicked.connect(lambda _checked=False: self.try_again())
        self.up.clicked.connect(lambda _checked=False: self.list.shift(-1))
        self.down.clicked.connect(lambda _checked=False: self.list.shift(1))
        self.remove.clicked.connect(lambda _checked=False: self._remove())

    # What is shown

    def changeEvent(self, event: QEvent) -> None:
        """The details grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "details"):
            self.details.setFixedWidth(theme.tokens().px(WIDTH))

    def showEvent(self, event: QShowEvent) -> None:
        """The list is only kept up to date while it is in sight."""
        super().showEvent(event)
        self.reload()

    def on_event(self, event: Event) -> None:
        """Follow what jobs say."""
        self._due = self.model.follow(event) or self._due

    def _catch_up(self) -> None:
        if self._due and self.isVisible():
            self.reload()

    def reload(self) -> None:
        """Ask the engine again."""
        self._due = False
        self.model.reload()

    def _remember_choice(self) -> None:
        self._chosen_before = [job.id for job in self.list.chosen()]

    def _choose_again(self) -> None:
        for name in self._chosen_before[:1]:
            self.list.choose(name)
        if not self.list.chosen():
            self._show_details()

    def _show_counts(self) -> None:
        jobs = self.model.jobs()
        waiting = len(self.model.waiting())
        held = self._engine.held
        self.stack.setCurrentWidget(self.list if jobs else self.empty)
        self.hold.setChecked(held)
        self.hold.setText("Let the queue run" if held else "Hold the queue")
        self.hold.set_icon("play" if held else "pause")
        self.hold.setAccessibleName("Hold the queue")
        words = f"{waiting:,} waiting" if waiting else ""
        self.count.setText(f"Held: nothing new is started. {words}" if held else words)
        self.clear.setEnabled(any(job.state.ended for job in jobs))
        self._show_details()

    def _show_details(self) -> None:
        chosen = self.list.chosen()
        self.details.setVisible(bool(chosen))
        if not chosen:
            return
        states = {job.state for job in chosen}
        one = chosen[0] if len(chosen) == 1 else None
        self.show_result.setVisible(one is not None and bool(one.artifacts))
        self.pause.setVisible(bool(states & {JobState.QUEUED, JobState.RUNNING}))
        self.resume.setVisible(JobState.PAUSED in states)
        self.cancel.setVisible(bool(states & {*WAITING, JobState.RUNNING}))
        self.retry.setVisible(bool(states & {JobState.FAILED, JobState.CANCELLED, JobState.DONE}))
        self.retry.setText("Make it again" if states == {JobState.DONE} else "Try again")
        for button in (self.up, self.down):
            button.setVisible(one is not None and one.state in WAITING)
        self.remove.setVisible(JobState.RUNNING not in states)
        problem = one.problem if one is not None else None
        self.card.setVisible(problem is not None)
        if problem is not None and self.card.problem() != problem:
            self.card.set_problem(problem)
        if one is None:
            self.title.setText(f"{len(chosen)} jobs")
            self.state.setText("")
            self.prompt.setText("")
        else:
            self._show_one(one)

    def _show_one(self, job: Job) -> None:
        self.title.setText(shorten(job.title, 120) or "Picture")
        at = wording.date_text(job.ended or job.started or job.created)
        self.state.setText(f"{WORDS[job.state]}  ·  {at}" if at else WORDS[job.state])
        prompt = wording.prompt_of(job.request, self._shell.services.plugins)
        self.prompt.setText("" if prompt == job.title else prompt)

    # What can be done

    def _do(self, call: Callable[[], object]) -> None:
        try:
            call()
        except StudioError as error:
            self._shell.report(error)
        self.reload()

    def _each(self, call: Callable[[str], object], *states: JobState) -> None:
        for job in self.list.chosen():
            if job.state in states:
                self._do(partial(call, job.id))

    def move_job(self, job_id: str, before: str | None) -> None:
        """Give a waiting job another place."""
        self._do(lambda: self._engine.move(job_id, before))
        self.list.choose(job_id)

    def try_again(self) -> None:
        """Run what failed or was cancelled again; make what is done once more."""
        self._each(self._engine.retry, JobState.FAILED, JobState.CANCELLED, JobState.DONE)

    def _remove(self) -> None:
        for job in self.list.chosen():
            if job.state in WAITING:
                self._do(partial(self._engine.cancel, job.id))
            if job.state != JobState.RUNNING:
                self._do(partial(self._engine.remove, job.id))

    def cancel_or_remove(self) -> None:
        """Delete: what runs is cancelled, everything else leaves the queue."""
        running = [job for job in self.list.chosen() if job.state == JobState.RUNNING]
        for job in running:
            self._do(partial(self._engine.cancel, job.id))
        if not running:
            self._remove()

    def open_result(self) -> None:
        """Show what the chosen job made in the panel that made it."""
        for job in self.list.chosen()[:1]:
            if not job.artifacts:
                return
            artifact = self._shell.services.project.artifacts.get(job.artifacts[-1])
            if artifact is not None:
                self._shell.show_result(artifact)
            else:
                self._shell.say("This result is not in the library any more")

    def _go_make(self) -> None:
        panels = self._shell.services.plugins.panels()
        first = min(panels, key=lambda name: panels[name].spec.order, default="")
        if first:
            self._shell.show_place(first)

    def _menu(self, at: QPoint) -> None:
        if not self.list.chosen():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button, sign in zip(self._buttons(), _SIGNS, strict=True):
            if not button.isHidden():
                menu.addAction(icon(sign), button.text(), button.click)
        menu.popup(self.list.viewport().mapToGlobal(at))


_SIGNS: Sequence[str] = ("image", "arrow-clockwise", "play", "pause", "stop", "arrow-up", "arrow-down", "trash")
