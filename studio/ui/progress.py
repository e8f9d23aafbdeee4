"""What the status bar says about a running job, in words, and how long it will probably take."""

from __future__ import annotations

import time
from collections.abc import Callable

from studio.core.events import Cancelled, Event, Failed, Finished, Paused, Progressed, Started, Stepped
from studio.core.values import frozen

_SMOOTH = 0.3
"""Weight of the newest step in the mean step time: steady enough to read, quick enough to follow a slower device."""


@frozen
class Report:
    """`text` as it stands on screen; `fraction` is 0 … 1, or None where unknown; `busy` while the job runs, `paused`
    where one waits to be gone on with.
    """

    text: str
    fraction: float | None = None
    busy: bool = False
    paused: bool = False


class JobProgress:
    """Follows the events of one job. `word` is what the generator calls a step ("step", "token", "bar")."""

    def __init__(self, word: str = "step", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._word = word
        self._clock = clock
        self._last: float | None = None
        self._mean: float | None = None
        self._index = 0
        self._total = 0

    def follow(self, event: Event) -> Report | None:
        """What to say after `event`; None where there is nothing new to say."""
        match event:
            case Started(device=device):
                self._last = None
                return Report(f"Starting on {device}" if device else "Starting", None, busy=True)
            case Progressed(message=message, fraction=fraction):
                return Report(message, fraction, busy=True)
            case Stepped(step=step):
                self._measure(step.index)
                self._index, self._total = step.index + 1, step.total
                return self._stepping()
            case Finished():
                return Report("Done", 1.0)
            case Failed(problem=problem):
                return Report(f"Failed: {problem.message}")
            case Cancelled(artifacts=artifacts):
                return Report("Cancelled, what was made so far is kept" if artifacts else "Cancelled")
            case Paused():
                at = f" at {self._word} {self._index} of {self._total}" if self._total else ""
                return Report(f"Paused{at}", paused=True)
        return None

    def _measure(self, index: int) -> None:
        now = self._clock()
        if self._last is not None and index > 0:
            took = now - self._last
            self._mean = took if self._mean is None else (1 - _SMOOTH) * self._mean + _SMOOTH * took
        self._last = now

    def _stepping(self) -> Report:
        word = self._word.capitalize()
        if not self._total:
            return Report(f"{word} {self._index}", None, busy=True)
        text = f"{word} {self._index} of {self._total}"
        left = self._total - self._index
        if self._mean is not None and left > 0:
            text += f", {time_left(self._mean * left)}"
        return Report(text, min(1.0, self._index / self._total), busy=True)


def time_left(seconds: float) -> str:
    """A duration as people say it: "about 3 s left", "about 2 min left"."""
    if seconds < 1:
        return "less than 1 s left"
    if seconds < 90:
        return f"about {round(seconds)} s left"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min left"
    return f"about {seconds / 3600:.1f} h left"


def in_bytes(number: int) -> str:
    """A size as people read it: "3.1 GB", "812 MB"."""
    value = float(max(0, number))
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def shared_unit(used: int, total: int) -> str:
    """Two sizes with one unit: "3.1 of 16 GB"."""
    first, second = in_bytes(used), in_bytes(total)
    if first.split()[1] == second.split()[1]:
        return f"{first.split()[0]} of {second}"
    return f"{first} of {second}"
