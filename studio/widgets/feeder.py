"""Work that must not hold up the window: done on a small pool of threads, answered as signals, newest wish first."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from PySide6.QtCore import QCoreApplication, QMutex, QMutexLocker, QObject, QRunnable, Qt, QThreadPool, Signal
from shiboken6 import isValid

from studio.core.errors import StudioError

log = logging.getLogger(__name__)


class Feeder(QObject):
    """Runs calls off the window's thread. `ready(key, result)` and `failed(key, error)` arrive in the window's thread.

    The newest wish is served first and only the newest `depth` are remembered: who scrolls through ten thousand
    pictures wants those in sight, not those that went by. A wish asked again under its key replaces the older one.
    """

    ready = Signal(object, object)
    failed = Signal(object, object)
    _come = Signal(bool, object, object)
    _over = Signal()

    def __init__(self, *, threads: int = 1, depth: int = 300) -> None:
        super().__init__()
        self._wishes: OrderedDict[Hashable, Callable[[], Any]] = OrderedDict()
        self._lock = QMutex()
        self._depth = depth
        self._closed = False
        self._busy: set[Hashable] = set()
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(threads)
        self._pool.setExpiryTimeout(2000)
        self._come.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._over.connect(self._leave, Qt.ConnectionType.QueuedConnection)

    def serve(self, owner: QObject) -> Feeder:
        """Close with `owner`: a thread must never answer to a widget that is gone."""
        owner.destroyed.connect(self.close)
        return self

    def ask(self, key: Hashable, call: Callable[[], Any]) -> None:
        """Have `call` done soon. `key` comes back with the answer."""
        if self._closed:
            return
        with QMutexLocker(self._lock):
            if key in self._busy:
                return
            known = self._wishes.pop(key, None) is not None
            self._wishes[key] = call
            while len(self._wishes) > self._depth:
                self._wishes.popitem(last=False)
        if not known:
            self._pool.start(_Turn(self))

    def forget(self) -> None:
        """Drop all wishes that nobody has begun."""
        with QMutexLocker(self._lock):
            self._wishes.clear()

    def close(self) -> None:
        """Answer nothing any more. What runs ends by itself: an export of some seconds must not hold up a dialog."""
        with QMutexLocker(self._lock):
            self._closed = True
            self._wishes.clear()
            busy = bool(self._busy)
        app = QCoreApplication.instance()
        if busy and app is not None:
            # Nothing else may hold this object any more, and its thread must not outlive it.
            self.setParent(app)
        elif isValid(self._pool):  # Qt takes it away first when the program ends
            self._pool.waitForDone()

    def _leave(self) -> None:
        self._pool.waitForDone()
        self.setParent(None)

    def wait(self) -> None:
        """Return when every wish has been served (its answer may still be on its way)."""
        self._pool.waitForDone()

    def serve_one(self) -> None:
        """Do the newest wish in the calling thread."""
        with QMutexLocker(self._lock):
            if not self._wishes:
                return
            key, call = self._wishes.popitem(last=True)
            self._busy.add(key)
        try:
            self._answer(key, call)
        finally:
            with QMutexLocker(self._lock):
                self._busy.discard(key)
                leaving = self._closed and not self._busy
            if leaving:
                self._over.emit()

    def _answer(self, key: Hashable, call: Callable[[], Any]) -> None:
        try:
            result = call()
        except StudioError as error:
            self._say(key, error, good=False)
        except Exception as error:
            log.info("could not prepare %s", key, exc_info=True)
            self._say(key, error, good=False)
        else:
            self._say(key, result, good=True)

    def _say(self, key: Hashable, value: object, *, good: bool) -> None:
        if not self._closed:
            self._come.emit(good, key, value)

    def _deliver(self, good: bool, key: object, value: object) -> None:
        """In the window's thread: who waits may have gone while the answer was on its way."""
        if not self._closed:
            (self.ready if good else self.failed).emit(key, value)


class _Turn(QRunnable):
    """One turn of a pool thread: the newest wish at the moment it begins, not the one that started it."""

    def __init__(self, feeder: Feeder) -> None:
        super().__init__()
        self._feeder = feeder

    def run(self) -> None:
        self._feeder.serve_one()
