"""The worker on a thread of this process: for tests, for debugging and for machines too small for a second process."""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from studio.engine.frames import Frame
from studio.engine.plugins import PluginHost
from studio.engine.pool import ModelPool
from studio.engine.worker import SinkFactory, StatusSource, serve

DEFAULT_BUDGET = 4 * 2**30


class InlineWorker:
    """Runs the same loop as a generation host. A thread cannot be killed: a generator that never looks at its context
    keeps its thread, as a daemon, until the program ends; nobody listens to it any more.

    `prepare` runs first on the thread. `budget` is what the model pool may keep, in bytes.
    """

    def __init__(
        self,
        plugins: PluginHost,
        sink: SinkFactory,
        *,
        status: StatusSource | None = None,
        prepare: Callable[[], None] | None = None,
        relieve: Callable[[], None] | None = None,
        budget: int = DEFAULT_BUDGET,
        grace: float = 5.0,
    ) -> None:
        self.grace = grace
        self._plugins = plugins
        self._sink = sink
        self._status = status
        self._prepare = prepare
        self._relieve = relieve
        self._budget = budget
        self._inbox: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._deliver: Callable[[Frame], None] | None = None
        self._ended: Callable[[str, int | None], None] | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, deliver: Callable[[Frame], None], ended: Callable[[str, int | None], None]) -> None:
        """Begin to start."""
        self._deliver, self._ended = deliver, ended
        self._thread = threading.Thread(target=self._run, name="studio-worker", daemon=True)
        self._thread.start()

    def send(self, frame: Frame) -> None:
        """Send a frame to the loop."""
        self._inbox.put(frame)

    def kill(self) -> None:
        """Stop listening to the loop, and ask its job to stop."""
        self._inbox.put(None)
        self._leave("the job did not answer")

    def close(self, timeout: float) -> None:
        """End the loop."""
        self._inbox.put(Frame("stop"))
        if self._thread is not None:
            self._thread.join(timeout)
        self._leave("")

    def _run(self) -> None:
        try:
            if self._prepare is not None:
                self._prepare()
            with tempfile.TemporaryDirectory(prefix="studio-", ignore_cleanup_errors=True) as scratch:
                serve(
                    _Line(self),
                    self._plugins,
                    self._sink,
                    scratch=Path(scratch),
                    pool=ModelPool(self._budget),
                    status=self._status,
                    relieve=self._relieve,
                )
        finally:
            self._leave("the worker's thread ended")

    def _leave(self, reason: str) -> None:
        with self._lock:
            ended, self._deliver, self._ended = self._ended, None, None
        if ended is not None:
            ended(reason, None)

    def say(self, frame: Frame) -> None:
        """Bring a frame of the loop to the engine, unless the loop has been left."""
        with self._lock:
            deliver = self._deliver
        if deliver is not None:
            deliver(frame)

    def hear(self) -> Frame | None:
        """The next frame for the loop."""
        return self._inbox.get()


class _Line:
    """The loop's end of the line."""

    def __init__(self, worker: InlineWorker) -> None:
        self._worker = worker

    def receive(self) -> Frame | None:
        return self._worker.hear()

    def send(self, frame: Frame) -> None:
        self._worker.say(frame)
