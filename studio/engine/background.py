"""One thread for what may wait for the disk, so that the engine's own thread always answers."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Background:
    """Does one thing after another, in the order in which they were given."""

    def __init__(self, name: str) -> None:
        self._todo: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._starting = threading.Lock()

    def do(self, work: Callable[[], None]) -> None:
        """Have `work()` done; it must not raise. The first call starts the thread."""
        self._todo.put(work)
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()

    def close(self, timeout: float) -> None:
        """Finish what was given, for at most `timeout` seconds."""
        self._todo.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while (work := self._todo.get()) is not None:
            work()
            del work  # while waiting, nothing of the last work must be held
