"""Pausing a job, and doing the rest of it: with what the artist changed since, where something was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.core.errors import StudioError
from studio.core.events import Event, Paused
from studio.core.request import Request

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


class Rest:
    """Remembers for each paused job what its rest would have been at the pause, to tell whether it was edited."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._at_pause: dict[str, Request] = {}

    def follow(self, event: Event) -> None:
        """A job has paused: from now on what is changed in its panel is meant for its rest."""
        if isinstance(event, Paused):
            asked = self._asked(event.job_id)
            if asked is not None:
                self._at_pause[event.job_id] = asked

    def pause(self) -> None:
        """Pause the running job, or go on with the one that was paused."""
        status = self._window.job_status
        if status.running:
            self._window.services.engine.pause(status.running)
            status.pausing()
        elif status.paused:
            self.go_on(status.paused)

    def possible(self) -> bool:
        """True where `pause` would do something."""
        status = self._window.job_status
        return bool(status.running or status.paused)

    def go_on(self, job_id: str) -> None:
        """Do the rest of a paused job."""
        engine = self._window.services.engine
        then, now = self._at_pause.get(job_id), self._asked(job_id)
        try:
            if then is None or now is None or now == then:
                engine.resume(job_id)
            else:
                engine.edit(job_id, now)
                self._window.say("The rest is made with what you changed")
            self._at_pause.pop(job_id, None)
        except StudioError as error:
            self._window.report(error)

    def _asked(self, job_id: str) -> Request | None:
        """What the job's panel would ask for now, for the rest of that job."""
        window = self._window
        job = window.services.engine.job(job_id)
        slot = window.panels.opened(job.origin) if job is not None else None
        if job is None or slot is None:
            return None
        return window.panels.ask(slot, lambda: slot.panel.rest_of(job.request), None)
