"""Errors that are written for people, and the signals that stop a job."""

from __future__ import annotations

from studio.core.values import frozen


class StudioError(Exception):
    """Something a person can understand and act on.

    `message` says what happened in the artist's words, `hint` what to do next, `details` whatever a curious
    person or a bug report may want (shown behind a fold). Every other exception is a bug of ours or a plugin's.
    """

    def __init__(self, message: str, hint: str = "", *, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class JobCancelled(BaseException):
    """Raised inside a generator when its job was cancelled.

    A BaseException, so that a generator's `except Exception` cannot swallow it by accident.
    """


class JobPaused(JobCancelled):
    """Raised inside a generator when its job was paused; the step it is raised at has been kept."""


@frozen
class Problem:
    """An error as a value: it crosses processes, is stored with a job and is shown on an error card."""

    message: str
    hint: str = ""
    details: str = ""

    @classmethod
    def of(cls, error: BaseException, *, who: str = "", details: str = "") -> Problem:
        """Turn any exception into words. `who` names the part that failed, as in "The Image plugin"."""
        if isinstance(error, StudioError):
            return cls(error.message, error.hint, error.details or details)
        name = who or "Studio"
        return cls(
            f"{name} failed.",
            "Try again. If it happens again, copy the details and report them.",
            details or f"{type(error).__name__}: {error}",
        )

    def as_error(self) -> StudioError:
        """The same problem as an exception."""
        return StudioError(self.message, self.hint, details=self.details)
