"""What the window gives to one panel: the PanelHost of the public API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from PySide6.QtGui import QUndoCommand, QUndoStack

from studio.core.artifact import Artifact
from studio.core.device import DeviceStatus
from studio.core.errors import StudioError
from studio.core.job import Job
from studio.core.model import Model
from studio.core.request import Request
from studio.ui.commands import Command, Commands
from studio.ui.documents import Documents
from studio.ui.receiving import Receiving
from studio.ui.services import Services

T = TypeVar("T")


class Surroundings(Protocol):
    """What a panel's host needs of the window."""

    services: Services
    commands: Commands
    documents: Documents

    def show_steps(self, panel: str, steps: str) -> None:
        """Put kept steps on the ribbon of a panel."""

    def export(self, artifact_id: str) -> None:
        """Open the export dialog."""

    def panels_for(self, media: str) -> Sequence[tuple[str, str]]:
        """(id, title) of the panels that take a media type."""

    def send_to(self, artifact: Artifact, panel_id: str) -> None:
        """Give an artifact to a panel as an input."""

    def send_words(self, origin: str, text: str, media: str) -> bool:
        """Give words to another panel that makes such media."""

    def report(self, error: StudioError) -> None:
        """Show an error card."""

    def say(self, text: str) -> None:
        """A passing remark."""

    def name_of(self, panel: str) -> str:
        """The panel's title."""


class Change(QUndoCommand):
    """A change that was already made when it came onto the stack."""

    def __init__(self, text: str, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        super().__init__(text)
        self._undo = undo
        self._redo = redo
        self._fresh = True

    def undo(self) -> None:
        """Take it back."""
        self._undo()

    def redo(self) -> None:
        """Make it again. Qt calls this once when the entry is pushed, for a change that is there already."""
        if self._fresh:
            self._fresh = False
            return
        self._redo()


class ShellPanelHost:
    """The PanelHost of one panel. `panel_id` is "<plugin id>.<panel or generator name>"."""

    def __init__(self, panel_id: str, stack: QUndoStack, surroundings: Surroundings) -> None:
        self._id = panel_id
        self._plugin = panel_id.partition(".")[0]
        self._stack = stack
        self._around = surroundings
        self._receiving: Receiving | None = None

    @property
    def panel_id(self) -> str:
        return self._id

    @property
    def _services(self) -> Services:
        return self._around.services

    def submit(self, request: Request, *, title: str = "", again: bool = False) -> str:
        job = self._services.engine.submit(request, title=title, origin=self._id, document=self._id, again=again)
        return job.id

    def cancel(self, job_id: str) -> None:
        self._services.engine.cancel(job_id)

    def jobs(self) -> Sequence[Job]:
        jobs = [job for job in self._services.engine.jobs() if job.origin == self._id and not job.state.ended]
        return sorted(jobs, key=lambda job: job.state != "running")

    def job(self, job_id: str) -> Job | None:
        job = self._services.engine.job(job_id)
        return job if job is not None and job.origin == self._id else None

    def models(self, generator: str) -> Sequence[Model]:
        offer = self._services.plugins.generators().get(f"{self._plugin}.{generator}")
        if offer is None:
            return ()
        fitting = [model for model in self._services.models.models() if model.fits(offer.spec.models)]
        return sorted(fitting, key=lambda model: (not model.bundled, model.title.casefold()))

    def added_models(self, generator: str) -> Sequence[Model]:
        offer = self._services.plugins.generators().get(f"{self._plugin}.{generator}")
        if offer is None:
            return ()
        fitting = [model for model in self._services.models.models() if model.fits(offer.spec.adds)]
        return sorted(fitting, key=lambda model: model.title.casefold())

    def device(self) -> DeviceStatus:
        return self._services.engine.device

    def artifact(self, artifact_id: str) -> Artifact | None:
        return self._services.project.artifacts.get(artifact_id)

    def bring_in(self, source: Path | bytes, *, media: str = "", title: str = "") -> Artifact:
        return self._services.project.artifacts.bring_in(source, media=media, title=title)

    def take_in(
        self,
        source: Path | bytes | Callable[[], bytes],
        then: Callable[[Artifact], None],
        *,
        failed: Callable[[StudioError], None] | None = None,
        media: str = "",
        title: str = "",
    ) -> None:
        if self._receiving is None:
            self._receiving = Receiving(self._stack)
        artifacts = self._services.project.artifacts
        self._receiving.take(
            source, lambda what: artifacts.bring_in(what, media=media, title=title), then, failed or self.report
        )

    def settings(self, settings: type[T]) -> T:
        return self._services.settings.get(f"{self._plugin}.{settings.__name__}", settings)

    def remember(self, key: str, value: Any) -> None:
        self._services.session.set(f"panel/{self._id}/{key}", value)

    def recall(self, key: str, default: Any = None) -> Any:
        return self._services.session.get(f"panel/{self._id}/{key}", default)

    def changed(self) -> None:
        self._around.documents.changed(self._id)

    def add_undo(self, text: str, *, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        self._stack.push(Change(text, undo, redo))

    def add_command(
        self, name: str, title: str, run: Callable[[], None], *, shortcut: str = "", icon: str = ""
    ) -> None:
        self._around.commands.add(
            Command(
                f"{self._id}.{name}",
                title,
                run,
                shortcuts=(shortcut,) if shortcut else (),
                icon=icon,
                group=self._around.name_of(self._id),
                panel=self._id,
            )
        )

    def show_steps(self, steps: str) -> None:
        self._around.show_steps(self._id, steps)

    def export(self, artifact_id: str) -> None:
        self._around.export(artifact_id)

    def takers(self, artifact_id: str) -> Sequence[tuple[str, str]]:
        artifact = self.artifact(artifact_id)
        found = () if artifact is None else self._around.panels_for(artifact.media)
        return tuple((panel, title) for panel, title in found if panel != self._id)

    def send(self, artifact_id: str, panel_id: str) -> None:
        artifact = self.artifact(artifact_id)
        if artifact is not None:
            self._around.send_to(artifact, panel_id)

    def send_words(self, text: str, media: str = "image/*") -> bool:
        return self._around.send_words(self._id, text, media)

    def report(self, error: StudioError) -> None:
        self._around.report(error)

    def say(self, text: str) -> None:
        self._around.say(text)
