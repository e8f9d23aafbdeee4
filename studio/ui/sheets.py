"""Contact sheets: many seeds to a share of their steps, over their panel; the chosen go on, the others stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject

from studio.core import media
from studio.core.artifact import Artifact
from studio.core.errors import StudioError
from studio.core.events import Cancelled, Event, Failed, Finished, Paused, Previewed, Started, Stepped
from studio.core.request import SEED_LIMIT, Request
from studio.core.steps import Preview
from studio.widgets.pictures import load_image, preview_image

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow
    from studio.widgets.contact_sheet import ContactSheet

_SMALL = 512


class Sheets(QObject):
    """One sheet at a time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._sheet: ContactSheet | None = None
        self._asked: tuple[str, Request, str] | None = None
        self._jobs: list[str] = []
        self._promoted: set[str] = set()

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
        from studio.widgets.contact_sheet import ContactSheet

        self._asked = (slot.id, asked[0], asked[1])
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
        from studio.widgets.contact_sheet import Cell

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
        self._jobs = [job.id for job in jobs]
        self._sheet.fill([Cell(job.id, job.request.seed) for job in jobs])

    def follow(self, event: Event) -> None:
        """What the jobs of the sheet say."""
        sheet = self._sheet
        if event.job_id in self._promoted:
            if isinstance(event, Paused):
                self._window.services.engine.resume(event.job_id)
            elif isinstance(event, (Finished, Failed, Cancelled)):
                self._promoted.discard(event.job_id)
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
        engine = self._window.services.engine
        jobs, self._jobs = self._jobs, []
        self.close()
        for job_id in jobs:
            job = engine.job(job_id)
            if job is None or job.state.ended or job_id in chosen:
                continue
            engine.cancel(job_id)
        for job_id in chosen:
            # One that is not there yet goes on as soon as it is.
            self._promoted.add(job_id)
            engine.resume(job_id)
        self._window.say("The chosen one is finished now" if len(chosen) == 1 else "The chosen ones are finished now")

    def close(self) -> None:
        """Put the sheet away; what was not chosen stops."""
        sheet, self._sheet = self._sheet, None
        jobs, self._jobs = self._jobs, []
        for job_id in jobs:
            job = self._window.services.engine.job(job_id)
            if job is not None and not job.state.ended:
                self._window.services.engine.cancel(job_id)
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


def _picture(artifacts: tuple[Artifact, ...]) -> object:
    pictures = [artifact for artifact in artifacts if media.kind(artifact.media) == "image"]
    return load_image(pictures[0].path, largest=_SMALL) if pictures else None
