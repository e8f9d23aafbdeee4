"""Making a result again to see whether it comes out the same, and saying so in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.core.errors import Problem, StudioError
from studio.core.events import Cancelled, Event, Failed, Verified
from studio.core.verdict import Answer

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


class Verifying:
    """Follows the jobs it asked for and those of an earlier sitting alike."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._mine: dict[str, str] = {}

    def verify(self, artifact_id: str) -> None:
        """Queue the making of an artifact again."""
        window = self._window
        artifact = window.services.project.artifacts.get(artifact_id)
        try:
            job = window.services.engine.verify(artifact_id)
        except StudioError as error:
            window.report(error)
            return
        self._mine[job.id] = artifact.title if artifact is not None else ""
        window.notices.say("It is made again now, to be compared. Nothing is added to the library.")

    def follow(self, event: Event) -> None:
        """Say what came of it."""
        if isinstance(event, Verified):
            verdict = event.verdict
            if verdict.answer is Answer.IDENTICAL:
                self._window.notices.say(verdict.text)
            else:
                first, _, rest = verdict.text.partition(". ")
                self._window.notices.show_problem(Problem(f"{first}.".replace("..", "."), rest))
            self._window.say(verdict.text.partition(".")[0].partition(":")[0])
            self._mine.pop(event.job_id, None)
        elif isinstance(event, Failed) and event.job_id in self._mine:
            del self._mine[event.job_id]
            self._window.notices.show_problem(event.problem)
        elif isinstance(event, Cancelled):
            self._mine.pop(event.job_id, None)
