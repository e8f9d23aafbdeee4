"""When sound is heard: the place that a full buffer delays, and how full it should be."""

from __future__ import annotations

from collections.abc import Callable

import psutil

from studio.widgets.sound_devices import BUFFER_SECONDS

LEAD_SECONDS = 0.1
"""How much waits in the device while the transport runs on an idle machine: an edit is heard this much later."""
LIVE_SECONDS = 0.04
"""How much waits while it stands, or somebody plays along: a key that is pressed is heard this much later."""
LIVE_MOST = 0.15
"""Later than this nobody can play: rather a hole."""
DIP = 0.5
"""Where less than this share of it was left, the machine is busy, and more is kept waiting from then on."""
CALM_SECONDS = 10.0
"""After so long without a dip a little less is kept waiting."""


def load() -> float:
    """How many programs want to run on each core, on average of the last minute."""
    return float(psutil.getloadavg()[0] / (psutil.cpu_count() or 1))


class Clock:
    """What is heard now, from what was written, how much waits in the buffer, and the computer's own clock.

    The buffer's level is known to some milliseconds only and changes in jumps; the clock runs evenly and follows it.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._offset: float | None = None

    def reset(self) -> None:
        """The output began anew or ran dry."""
        self._offset = None

    def tell(self, heard: float, now: float) -> None:
        """So many frames had been heard at `now` (seconds)."""
        offset = heard - now * self._rate
        if self._offset is None or abs(offset - self._offset) > self._rate * 0.1:
            self._offset = offset
        else:
            self._offset += (offset - self._offset) * 0.05

    def heard(self, now: float) -> float:
        """Frames heard at `now`."""
        return 0.0 if self._offset is None else self._offset + now * self._rate


MOST = BUFFER_SECONDS / LEAD_SECONDS
HOLD_SECONDS = 60.0
"""After a hole as much as there is room for is kept waiting for so long."""


class Lead:
    """How much should wait in the device: little while the machine keeps up, more once it was nearly late, and more
    from the start where `busy` (how many programs want each core) says that many want to run.
    """

    def __init__(self, busy: Callable[[], float] | None = None) -> None:
        self._busy = busy or load
        self._factor, self._reached, self._calm_since = 1.0, False, 0.0

    def begin(self, now: float) -> None:
        """A device is opened."""
        self._factor, self._reached = max(self._factor, self._least()), False
        self._calm_since = max(now, self._calm_since)

    def _least(self) -> float:
        return float(min(MOST, max(1.0, 2 * self._busy() - 1)))

    def seconds(self, *, live: bool) -> float:
        """With a key under somebody's finger less than while a piece plays by itself."""
        if live:
            return min(LIVE_MOST, LIVE_SECONDS * self._factor)
        return min(BUFFER_SECONDS, LEAD_SECONDS * self._factor)

    def tell(self, waiting: float, wanted: float, now: float) -> None:
        """So many seconds were waiting when a block was about to be written, of those that `seconds` had asked for."""
        if waiting >= wanted * 0.9:
            self._reached = True
        elif waiting < wanted * DIP and self._reached:
            # It has to fill up first: until then there is no second dip.
            self._factor, self._reached, self._calm_since = min(self._factor * 1.8, MOST), False, now
        if now - self._calm_since > CALM_SECONDS:
            self._factor, self._calm_since = max(self._least(), self._factor * 0.8), now

    def dry(self, now: float) -> bool:
        """There was a hole; True where it is the first for a while."""
        first = now >= self._calm_since
        self._factor, self._reached, self._calm_since = MOST, False, now + HOLD_SECONDS
        return first
