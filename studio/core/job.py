"""The Job: a Request on its way, and the states it may go through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from studio.core.errors import Problem
from studio.core.request import Request
from studio.core.values import frozen


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True where nothing more will happen unless somebody asks for a retry."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


_NEXT = {
    JobState.QUEUED: {JobState.RUNNING, JobState.PAUSED, JobState.CANCELLED, JobState.FAILED, JobState.DONE},
    JobState.RUNNING: {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.PAUSED, JobState.QUEUED},
    JobState.PAUSED: {JobState.QUEUED, JobState.CANCELLED},
    JobState.DONE: set(),
    JobState.FAILED: {JobState.QUEUED},
    JobState.CANCELLED: {JobState.QUEUED},
}


@frozen
class Job:
    """A request in the queue. `id` is 32 hex digits; `title` is what the queue page shows; `origin` is the id of the
    panel (or "cli") it came from; `document` the document it belongs to. Times are seconds since 1970, 0.0 while
    unknown. `artifacts` are the ids of what it made. A job with an `until` (0 … 1) pauses by itself when that share of
    its steps is done; those of one contact sheet share a `sheet`. A job with a `verify` keeps nothing: it makes the
    artifact of that id again, to compare.
    """

    id: str
    request: Request
    title: str = ""
    origin: str = ""
    document: str = ""
    state: JobState = JobState.QUEUED
    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    problem: Problem | None = None
    artifacts: tuple[str, ...] = ()
    until: float = 0.0
    verify: str = ""
    sheet: str = ""

    def to(self, state: JobState, **changes: Any) -> Job:
        """The job in its next state. Raises ValueError for a step the life of a job does not have."""
        if state not in _NEXT[self.state]:
            raise ValueError(f"a job cannot go from {self.state} to {state}")
        return replace(self, state=state, **changes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as the queue keeps it on disk."""
        problem = self.problem
        return {
            "id": self.id,
            "request": self.request.to_json(),
            "title": self.title,
            "origin": self.origin,
            "document": self.document,
            "state": str(self.state),
            "created": self.created,
            "started": self.started,
            "ended": self.ended,
            "problem": None if problem is None else [problem.message, problem.hint, problem.details],
            "artifacts": list(self.artifacts),
            "until": self.until,
            "verify": self.verify,
            "sheet": self.sheet,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Job:
        """The opposite of `to_json`. Raises KeyError, TypeError or ValueError."""
        problem = data.get("problem")
        return cls(
            id=str(data["id"]),
            request=Request.from_json(data["request"]),
            title=str(data.get("title", "")),
            origin=str(data.get("origin", "")),
            document=str(data.get("document", "")),
            state=JobState(data.get("state", "queued")),
            created=float(data.get("created", 0.0)),
            started=float(data.get("started", 0.0)),
            ended=float(data.get("ended", 0.0)),
            problem=None if not problem else Problem(*map(str, problem)),
            artifacts=tuple(str(a) for a in data.get("artifacts") or ()),
            until=float(data.get("until", 0.0)),
            verify=str(data.get("verify", "")),
            sheet=str(data.get("sheet", "")),
        )
