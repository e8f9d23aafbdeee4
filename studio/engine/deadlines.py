"""Until when the worker is waited for while it does something that nothing can interrupt."""

from __future__ import annotations

import time
from dataclasses import dataclass

_IMPORT = 60.0
"""Seconds after which a host is killed that still imports the code of a job cancelled meanwhile."""
_WARM = 36.0
"""Graces that a job waits behind a warming that says nothing: to load a large model takes a minute or two, and a job
that needs the same is no sooner without it."""


@dataclass(slots=True)
class Deadlines:
    """Moments of `time.monotonic`, None where nobody waits: `busy` for the end of an import that nobody needs any more,
    `warm` for the end of a warming that a job waits behind.
    """

    busy: float | None = None
    warm: float | None = None

    @property
    def waits(self) -> bool:
        """True while what is waited for is no job's own work."""
        return self.busy is not None or self.warm is not None

    def patience(self, job: float | None) -> float | None:
        """Seconds until the first of them or that of the `job` is over; None for ever."""
        known = [moment for moment in (self.busy, self.warm, job) if moment is not None]
        return max(min(known) - time.monotonic(), 0.0) if known else None

    def await_import(self) -> None:
        """An import goes on that nobody needs any more."""
        self.busy = time.monotonic() + _IMPORT

    def await_warm(self, grace: float) -> None:
        """A job waits behind a warming, which has just begun or said something."""
        self.warm = time.monotonic() + _WARM * grace

    def over(self) -> bool:
        """Whether one of them is over; what is over is waited for once more, until the worker is killed at last."""
        now = time.monotonic()
        late = [name for name in ("busy", "warm") if (getattr(self, name) or now + 1) <= now]
        for name in late:
            setattr(self, name, now + _IMPORT)
        return bool(late)

    def clear(self) -> None:
        """The worker is free, or another one."""
        self.busy = self.warm = None
