"""The main window: puts the bars, the rail, the docks and the centre together and says who hears what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeyEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from studio.core.artifact import Artifact
from studio.core.errors import Problem, StudioError
from studio.core.events import Cancelled, Event, Failed, Finished, Unsaved
from studio.ui import projects
from studio.ui.actions import Actions
from studio.ui.bridge import Bridge
from studio.ui.commands import Commands
from studio.ui.documents import Documents
from studio.ui.dropping import DropZone
from studio.ui.exchange import Exchange
from studio.ui.gaze import Gaze
from studio.ui.inspector_dock import InspectorDock
from studio.ui.job_status import JobStatus
from studio.ui.keys import FocusKeys
from studio.ui.layout import WindowLayout
from studio.ui.leaving import may_leave
from studio.ui.lines import Lines
from studio.ui.navigation import Navigation
from studio.ui.notices import Notices
from studio.ui.palette import Palette
from studio.ui.palette_entries import entries
from studio.ui.panels import Panels, Slot
from studio.ui.rail import Rail
from studio.ui.rest import Rest
from studio.ui.ribbon_dock import RibbonDock
from studio.ui.services import Services
from studio.ui.session import Session
from studio.ui.sheets import Sheets
from studio.ui.status_bar import StatusBar
from studio.ui.style import dress
from studio.ui.topbar import TopBar
from studio.ui.verifying import Verifying
from studio.ui.window_commands import add_commands
from studio.ui.window_parts import centre_of, rail_bar

SHOW_PLUGINS = "Show plugins"


class MainWindow(QMainWindow):
    """Implements `Shell` for the pages and `Surroundings` for the panels.

    `switch(folder)` opens another project and gives its Services, or raises StudioError; `left(services)` lets go of
    the one before. `painted` is emitted once, when the window is on the screen for the first time; `closed` once,
    when it is gone.
    """

    painted = Signal()
    closed = Signal()
    settings_changed = Signal(str)

    def __init__(
        self,
        services: Services,
        bridge: Bridge,
        *,
        switch: Callable[[Path], Services],
        left: Callable[[Services], None],
    ) -> None:
        super().__init__()
        self.services = services
        self.bridge = bridge
        self._switch, self._left = switch, left
        self.places = Navigation(self)
        self._gaze = Gaze()
        self._painted = self._closed = False
        self.session = Session(services.session, self)
        self.commands = Commands(self)
        self.panels = Panels(self, self)
        self._build()
        add_commands(self)
        self.topbar.describe()
        self._join()
        dress(self._dressed)
        self._fill()
        self.layout_memory.restore()

    # --- putting together ---

    def _build(self) -> None:
        self.setObjectName("mainWindow")
        self.setAccessibleName("Studio")
        self.setMinimumSize(720, 480)
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.topbar = TopBar(self.commands, self)
        self.setMenuWidget(self.topbar)
        self.rail = Rail()
        bar = rail_bar(self.rail, self)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)
        centre, self.stack = centre_of(self)
        self.setCentralWidget(centre)
        self.notices = Notices(centre)
        self.inspector = InspectorDock(self)
        self.ribbon = RibbonDock(self)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.inspector)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.ribbon)
        self.status = StatusBar(self)
        self.setStatusBar(self.status)
        self.job_status = JobStatus(self.status, self._word_of, self)
        self.palette_box = Palette(
            self,
            lambda: entries(self),
            recent=[str(name) for name in self.session.get("palette/recent", [])],
            used=lambda names: self.session.set("palette/recent", names),
        )
        self.drops = DropZone(self, centre)
        self._dressed: list[QWidget] = [self.topbar, bar, self.status, self.palette_box, self.drops.veil]
        self.exchange = Exchange(self)
        self.lines = Lines(self)
        self.rest = Rest(self)
        self.sheets = Sheets(self)
        self.verifying = Verifying(self)
        self.acts = Actions(self)
        self.layout_memory = WindowLayout(self)
        self._keys = FocusKeys(self, in_panel=self.places.holds, toggle_sides=self.acts.toggle_sides)

    def _join(self) -> None:
        self.bridge.happened.connect(self._tell)
        self.bridge.delivered.connect(self.job_status.count)
        self.bridge.delivered.connect(self.topbar.show_possible)
        self.job_status.counted.connect(self._show_count)
        self.rail.chosen.connect(self.show_place)
        self.status.pause_wanted.connect(self.rest.pause)
        self.topbar.palette_wanted.connect(self.palette_box.open)
        self.documents = self._make_documents()
        self.panels.broke.connect(self._panel_broke)
        self.panels.changed.connect(self._show_places)
        self.services.plugins.listen(self.panels.plugins_changed)
        self._stop_settings = self.services.settings.listen(self.settings_changed.emit)
        self.settings_changed.connect(self.acts.apply_setting)
        undo = self.panels.undo
        for signal in (undo.canUndoChanged, undo.canRedoChanged, undo.undoTextChanged, undo.redoTextChanged):
            signal.connect(lambda _new: self._show_undo())
        self.ribbon.step_shown.connect(self._show_step)
        self.drops.dropped.connect(self.exchange.take_drop)

    def _fill(self) -> None:
        """Show the project that `services` holds."""
        project = self.services.project
        projects.remember(self.session, project.folder)
        self.setWindowTitle(f"{project.name} – Studio")
        self.topbar.set_project(project.name)
        self.topbar.set_saved("saved")
        self.ribbon.use(project.steps, self.lines.left_at)
        self.job_status.use(self.services.engine)
        self._show_places()
        self.places.draw_recent()
        self._show_undo()

    def _show_places(self) -> None:
        self.places.draw_rail()
        self._show_count(*self.job_status.counts)

    # --- places ---

    @property
    def front(self) -> str:
        """The panel or page that is shown."""
        return self.places.front

    def front_slot(self) -> Slot | None:
        """The panel that is shown, if it is one."""
        return self.places.slot()

    def name_of(self, panel: str) -> str:
        """A panel's title."""
        return self.panels.title(panel)

    def show_place(self, name: str) -> None:
        """Bring a panel or a page to front, building it the first time."""
        self.places.show(name)

    def place_changed(self) -> None:
        """Another place is in front."""
        if self.front == "plugins":
            self.notices.settle(SHOW_PLUGINS)
        self._show_undo()
        self._look()
        self.sheets.reopen()
        self.layout_memory.touch()

    # --- events of jobs ---

    def _tell(self, event: Event) -> None:
        self.job_status.tell(event)
        self.rest.follow(event)
        self.verifying.follow(event)
        self.panels.tell(event)
        self.sheets.follow(event)
        if isinstance(event, Unsaved):
            self.notices.show_problem(event.problem)
        origin = self.panels.origin(event.job_id)
        if origin:
            self.ribbon.follow(origin, event, self._word_of(event.job_id))
            if isinstance(event, (Finished, Cancelled, Failed)) and origin == self.front:
                self.lines.draw()
        self._look()

    def _word_of(self, job_id: str) -> str:
        job = self.services.engine.job(job_id)
        return self.panels.word(job.request.generator) if job is not None else "step"

    def _look(self) -> None:
        running = self.job_status.running
        in_sight = self.isVisible() and not self.isMinimized()
        self._gaze.turn(self.services.engine, running, in_sight and self.panels.origin(running) == self.front)

    def _show_count(self, waiting: int, busy: bool) -> None:
        count = waiting + busy
        if (button := self.rail.button("queue")) is not None:
            button.set_badge(str(count) if count else "", f"{waiting} waiting" if waiting else "")

    def _show_step(self, step: object) -> None:
        slot = self.front_slot()
        if slot is not None:
            self.panels.guard(slot, lambda: slot.panel.show_step(step))  # type: ignore[arg-type]

    def show_steps(self, panel: str, steps: str) -> None:
        """Put kept steps on the ribbon of a panel; "" empties it."""
        self.lines.put(panel, steps)

    # --- what pages and panels may ask for ---

    @property
    def widget(self) -> QWidget:
        """The window as the parent of dialogs."""
        return self

    def panels_for(self, media: str) -> Sequence[tuple[str, str]]:
        """(id, title) of the panels that take a media type."""
        return self.panels.accepting(media)

    def send_to(self, artifact: Artifact, panel_id: str) -> None:
        """Give an artifact to a panel as an input."""
        self.exchange.send(artifact, panel_id)

    def use_recipe(self, artifact: Artifact) -> None:
        """Bring back everything an artifact's recipe says."""
        self.exchange.use_recipe(artifact)

    def show_result(self, artifact: Artifact) -> None:
        """Bring its recipe back and put its kept steps on the ribbon."""
        self.exchange.use_recipe(artifact)

    def import_files(self, paths: Sequence[Path]) -> None:
        """What dropping files on the window does."""
        self.exchange.take_drop(paths, from_inside=False)

    def export(self, artifact_id: str) -> None:
        """Open the export dialog for an artifact."""
        self.acts.export(artifact_id)

    def send_words(self, origin: str, text: str, media: str) -> bool:
        """Give words to another panel that makes such media."""
        return self.exchange.send_words(origin, text, media)

    def verify(self, artifact_id: str) -> None:
        """Make an artifact again and say whether it came out the same."""
        self.verifying.verify(artifact_id)

    def report(self, error: StudioError) -> None:
        """Show an error card."""
        self.notices.show_problem(Problem.of(error))

    def say(self, text: str) -> None:
        """A passing remark."""
        self.status.say(text)

    def _panel_broke(self, problem: Problem) -> None:
        self.notices.show_problem(problem, action=SHOW_PLUGINS, act=lambda: self.show_place("plugins"))

    def _show_undo(self) -> None:
        self.topbar.show_possible()
        self.topbar.show_undo_of(self.panels.undo if self.front_slot() is not None else None)

    def started(self) -> None:
        """The queue is loaded: show what waits in it."""
        self.lines.learn()
        self.sheets.reopen()
        self.job_status.find_paused()
        self.job_status.count()
        for notice in self.services.project.notices:
            self.notices.say(notice)

    def models_changed(self) -> None:
        """There are other models than before."""
        self.panels.refresh_models()
        self.places.follow_models()

    # --- projects ---

    def use_project(self, folder: Path) -> bool:
        """Open another project in this window. False where it cannot be opened, or what is here cannot be left."""
        if folder == self.services.project.folder:
            return True
        if not may_leave(self, "open another project"):
            return False
        try:
            new = self._switch(folder)
        except StudioError as error:
            self.report(error)
            return False
        old, front = self.services, self.front
        self._let_go()
        self.services = new
        self.documents = self._make_documents()
        self._fill()
        self._left(old)
        self.lines.learn()
        self.show_place(front if front in {place.id for place in self.rail.places()} else self.rail.places()[0].id)
        return True

    def _make_documents(self) -> Documents:
        documents = Documents(self.services.project.documents, self)
        documents.standing.connect(lambda text, trouble: self.topbar.set_saved(text, trouble=trouble))
        documents.failed.connect(self.notices.show_problem)
        return documents

    def _let_go(self) -> None:
        """Take everything of the project away; documents are saved first."""
        self.sheets.put_away()
        self.documents.close()
        self.notices.clear()
        self.places.forget()
        self.documents.deleteLater()
        self._gaze = Gaze()

    # --- Qt ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape cancels the running job where nothing that has the focus needed it."""
        if event.key() == Qt.Key.Key_Escape and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.commands.run("job.cancel")
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme, and stop previews while minimised."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange) and hasattr(self, "_dressed"):
            dress(self._dressed)
        elif event.type() == QEvent.Type.WindowStateChange and hasattr(self, "job_status"):
            self._look()

    def showEvent(self, event: QShowEvent) -> None:
        """Previews are wanted again."""
        super().showEvent(event)
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._look()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Say once that the window is on the screen."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            self.painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once where something would be interrupted, save everything, then go."""
        if not self._closed:
            if not may_leave(self, "quit"):
                event.ignore()
                return
            self.let_go_for_good()
        event.accept()
        super().closeEvent(event)
        self.closed.emit()

    def let_go_for_good(self) -> None:
        """Save everything and stop listening; the window is of no more use."""
        if self._closed:
            return
        self._closed = True
        self.layout_memory.close()
        self._keys.close()
        self._stop_settings()
        self.bridge.close()
        self.palette_box.close_palette()
        self.job_status.close()
        self.exchange.close()
        self.lines.close()
        self._let_go()
        self.session.close()
