"""Whether anybody looks at the running job: previews are made only then."""

from __future__ import annotations

from studio.engine import Engine


class Gaze:
    """Tells the engine when somebody begins or ceases to look at a job, once each time."""

    def __init__(self) -> None:
        self._told: tuple[str, bool] = ("", False)

    def turn(self, engine: Engine, job_id: str, seen: bool) -> None:
        """`job_id` runs now ("" for none), and is seen or not."""
        if job_id and (job_id, seen) != self._told:
            self._told = (job_id, seen)
            engine.look(job_id, seen)
