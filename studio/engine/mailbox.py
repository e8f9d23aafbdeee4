"""Where events wait for the window: a slow window never slows the model, a fast model never floods the window."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from studio.core.events import Event, Previewed, Progressed


class Mailbox:
    """State events stay in order and none is lost. A Previewed is a whole snapshot and a Progressed a whole status, so
    of these only the newest of each job waits here.

    `on_mail` is called on the thread that puts, when the first event comes into the empty mailbox.
    """

    def __init__(self, on_mail: Callable[[], None] | None = None) -> None:
        self._on_mail = on_mail
        self._lock = threading.Lock()
        self._events: OrderedDict[Hashable, Event] = OrderedDict()
        self._numbers = itertools.count()
        self._taken: list[Callable[[str], None]] = []

    def put(self, event: Event) -> None:
        """Leave an event. Never blocks."""
        with self._lock:
            first = not self._events
            if isinstance(event, (Previewed, Progressed)):
                key: Hashable = (type(event), event.job_id)
                self._events.pop(key, None)
            else:
                key = next(self._numbers)
            self._events[key] = event
        if first and self._on_mail is not None:
            self._on_mail()

    def drain(self) -> list[Event]:
        """Take everything, oldest first."""
        with self._lock:
            events = list(self._events.values())
            self._events.clear()
        for event in events:
            if isinstance(event, Previewed):
                for callback in self._taken:
                    callback(event.job_id)
        return events

    def on_preview_taken(self, callback: Callable[[str], None]) -> None:
        """Have `callback(job_id)` called on the draining thread whenever a preview was taken out."""
        self._taken.append(callback)
