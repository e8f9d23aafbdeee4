"""The lines of a tree of generations: where each left another one, and bringing one of them to front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.core.artifact import Artifact
from studio.core.errors import StudioError
from studio.core.request import Request, ResumePoint

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


class Lines:
    """Answers from the queue and the library of the project that is open."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def request(self, steps_id: str) -> Request | None:
        """What was asked for where these steps came from; None where nobody knows any more."""
        services = self._window.services
        job = services.engine.job(steps_id)
        if job is not None:
            return job.request
        found = self.results(steps_id)
        return found[-1].recipe.request if found and found[-1].recipe is not None else None

    def results(self, steps_id: str) -> tuple[Artifact, ...]:
        """What came of the generation with these steps."""
        return self._window.services.project.artifacts.of_job(steps_id)

    def left_at(self, steps_id: str) -> ResumePoint | None:
        """Where the generation with these steps left another one."""
        request = self.request(steps_id)
        return None if request is None else request.resume

    def show(self, steps_id: str) -> None:
        """Bring a generation to front: its result on the canvas, its steps on the ribbon."""
        window = self._window
        found = self.results(steps_id)
        slot = window.front_slot()
        if slot is not None and found:
            window.panels.guard(slot, lambda: slot.panel.show_result(found[-1]))
        elif slot is not None and not window.ribbon.has_steps(steps_id):
            window.report(
                StudioError("Nothing of this generation is left.", "Its result and its steps were removed before.")
            )
            return
        window.show_steps(window.front, steps_id)
