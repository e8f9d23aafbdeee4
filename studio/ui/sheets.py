"""Contact sheets: many seeds to a share of their steps, over their panel; the chosen go on, the others stop."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QImage

from studio.core import media
from studio.core.artifact import Artifact
from studio.core.errors import StudioError
from studio.core.events import Cancelled, Event, Failed, Finished, Paused, Previewed, Started, Stepped
from studio.core.job import Job, JobState
from studio.core.request import SEED_LIMIT, Request
from studio.core.steps import Preview
from studio.store import StepStore
from studio.widgets.feeder import Feeder
from studio.widgets.pictures import load_image, preview_image

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow
    from studio.ui.panels import Slot
    from studio.widgets.contact_sheet import ContactSheet

_SMALL = 512
_STATES = {
    JobState.QUEUED: "waiting",
    JobState.RUNNING: "running",
    JobState.PAUSED: "ready",
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "failed",
}


class Sheets(QObject):
    """One sheet at a time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._sheet: ContactSheet | None = None
        self._asked: tuple[str, Request, str] | None = None
        self._jobs: list[str] = []
        self._name = ""
        self._feeder = Feeder().serve(window)
        self._feeder.ready.connect(self._arrived)

    @property
    def sheet(self) -> ContactSheet | None:
        """The sheet that is open."""
        return self._sheet

    def possible(self) -> bool:
        """True where the panel in front could fill a sheet."""
        return self._sheet is None and self._window.front_slot() is not None

    def open(self) -> None:
        """Ask how many, over the panel in front."""
        window, slot = self._window, self._window.front_slot()
        if slot is None:
            return
        asked = window.panels.ask(slot, slot.panel.next_request, None)
        if asked is None:
            window.say("This panel has nothing to make a contact sheet of")
            return
        self._asked = (slot.id, asked[0], asked[1])
        self._cover(slot)

    def reopen(self) -> None:
        """A sheet of the panel in front that nobody has chosen from yet, perhaps of an earlier sitting, comes back."""
        window, slot = self._window, self._window.front_slot()
        if slot is None or self._sheet is not None:
            return
        jobs = next((jobs for jobs in reversed(window.services.engine.sheets()) if jobs[0].origin == slot.id), ())
        if not jobs:
            return
        self._cover(slot)
        self._fill(jobs)
        store = window.services.project.steps
        for job in jobs:
            self._feeder.ask(job.id, partial(_last_look, store, job.id))

    def _cover(self, slot: Slot) -> None:
        from studio.widgets.contact_sheet import ContactSheet

        self._sheet = sheet = ContactSheet(slot.panel)
        sheet.begin_wanted.connect(self._begin)
        sheet.finish_wanted.connect(self._finish)
        sheet.closed.connect(self.close)
        slot.panel.installEventFilter(self)
        sheet.setGeometry(slot.panel.rect())
        sheet.show()
        sheet.raise_()
        sheet.setFocus()

    def _begin(self, count: int, share: float) -> None:
        if self._asked is None or self._sheet is None:
            return
        panel, request, title = self._asked
        seeds = [(request.seed + number) % SEED_LIMIT for number in range(count)]
        try:
            jobs = self._window.services.engine.contact_sheet(
                request, seeds, until=share, title=title, origin=panel, document=panel
            )
        except StudioError as error:
            self.close()
            self._window.report(error)
            return
        self._fill(jobs)

    def _fill(self, jobs: Sequence[Job]) -> None:
        from studio.widgets.contact_sheet import Cell

        if self._sheet is not None and jobs:
            self._jobs, self._name = [job.id for job in jobs], jobs[0].sheet
            self._sheet.fill([Cell(job.id, job.request.seed, _STATES[job.state]) for job in jobs])

    def _arrived(self, job: str, image: object) -> None:
        """What a job of an earlier sitting looked like last; what it says now is newer."""
        sheet = self._sheet
        if sheet is not None and image is not None and sheet.image(job) is None:
            sheet.change(job, image=image)

    def follow(self, event: Event) -> None:
        """What the jobs of the sheet say."""
        sheet = self._sheet
        if sheet is None or event.job_id not in self._jobs:
            return
        match event:
            case Started():
                sheet.change(event.job_id, state="running")
            case Stepped(step=step):
                self._look(event.job_id, step.preview)
            case Previewed(preview=preview):
                self._look(event.job_id, preview)
            case Paused():
                sheet.change(event.job_id, state="ready")
            case Finished(artifacts=artifacts):
                sheet.change(event.job_id, state="done", marked=False, image=_picture(artifacts))
            case Failed() | Cancelled():
                sheet.change(event.job_id, state="failed", marked=False)

    def _look(self, job: str, preview: Preview | None) -> None:
        image = preview_image(preview) if preview is not None else None
        if image is not None and self._sheet is not None:
            self._sheet.change(job, image=image)

    def _finish(self, chosen: list[str]) -> None:
        name = self._name
        self.put_away()
        self._window.services.engine.choose(name, chosen)
        self._window.say("The chosen one is finished now" if len(chosen) == 1 else "The chosen ones are finished now")

    def close(self) -> None:
        """Put the sheet away; all of it stops."""
        name = self._name
        self.put_away()
        if name:
            self._window.services.engine.choose(name, ())

    def put_away(self) -> None:
        """Show it no longer. Nothing was chosen: it comes back with its panel, at the next start too."""
        sheet, self._sheet = self._sheet, None
        self._jobs, self._name, self._asked = [], "", None
        self._feeder.forget()
        if sheet is not None:
            panel = sheet.parentWidget()
            if panel is not None:
                panel.removeEventFilter(self)
                panel.setFocus()
            sheet.hide()
            sheet.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the panel whatever its size."""
        sheet = self._sheet
        panel = sheet.parentWidget() if sheet is not None else None
        if sheet is not None and panel is not None and watched is panel and event.type() == QEvent.Type.Resize:
            sheet.setGeometry(panel.rect())
        return False


def _last_look(store: StepStore, job: str) -> QImage | None:
    """The newest preview among the kept steps of a job; away from the window's thread."""
    try:
        looks = [step.preview for step in store.read(job) if step.preview is not None]
    except (StudioError, OSError):
        return None
    return preview_image(looks[-1]) if looks else None


def _picture(artifacts: tuple[Artifact, ...]) -> object:
    pictures = [artifact for artifact in artifacts if media.kind(artifact.media) == "image"]
    return load_image(pictures[0].path, largest=_SMALL) if pictures else None
