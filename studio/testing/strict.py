"""Strict tests, for plugins as for Studio: no network, no warnings in the log, nothing that is left running.

In a plugin's own conftest.py:

    pytest_plugins = ["studio.testing.strict"]

Every test then fails on a log record of WARNING or above that `@pytest.mark.expects_log("regex")` did not announce, on
a thread or timer that it left behind, and on any use of a network. `studio_home` gives it an empty home of its own.
"""

from __future__ import annotations

import gc
import logging
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line("markers", "expects_log(regex): this record of WARNING or above must come")
    config.addinivalue_line("markers", "allows_log(regex): this record of WARNING or above may come")


# --- no network ------------------------------------------------------------------------------------------------------


class NetworkUsed(AssertionError):
    """A test, or the code under test, tried to reach something over a network."""


def _guard(original: Any) -> Any:
    def connect(self: socket.socket, address: Any, *rest: Any) -> Any:
        local = self.family == getattr(socket, "AF_UNIX", None)
        # On Windows socket.socketpair() is made of two loopback sockets: multiprocessing and asyncio need it.
        pair = sys.platform == "win32" and address[0] in ("127.0.0.1", "::1")
        if not (local or pair):
            raise NetworkUsed(f"tried to connect to {address}")
        return original(self, address, *rest)

    return connect


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guard(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", _guard(socket.socket.connect_ex))
        yield


# --- no unexpected log records ---------------------------------------------------------------------------------------


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({record.exc_info[1]!r})"
        self.lines.append(text)


@pytest.fixture(autouse=True)
def _quiet_logs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail on any log record of WARNING or above that `@pytest.mark.expects_log("regex")` does not announce, and on an
    announced one that did not come. `allows_log` is for tests with chance in them, where it may come or not.
    """
    wanted = [str(marker.args[0]) for marker in request.node.iter_markers("expects_log")]
    allowed = wanted + [str(marker.args[0]) for marker in request.node.iter_markers("allows_log")]
    records = _Records()
    root = logging.getLogger()
    root.addHandler(records)
    yield
    root.removeHandler(records)
    stray = [line for line in records.lines if not any(re.search(pattern, line) for pattern in allowed)]
    missing = [pattern for pattern in wanted if not any(re.search(pattern, line) for line in records.lines)]
    assert not stray, "unexpected log records:\n" + "\n".join(stray)
    assert not missing, f"expected log records that did not come: {missing}"


# --- no leftover threads or timers -----------------------------------------------------------------------------------

PATIENCE = 3.0  # seconds that a thread may take to notice that it should end
_timers: WeakSet[Any] = WeakSet()


def _lingering(before: set[threading.Thread]) -> list[str]:
    """Threads that were started since and still run. Python's stand-ins for threads of Qt or torch do not count: they
    have no end that Python would notice; nor does the one that tqdm starts with its first bar of a process.
    """
    return [
        thread.name
        for thread in threading.enumerate()
        if thread not in before
        and not isinstance(thread, threading._DummyThread)
        and thread.is_alive()
        and thread.name != "tqdm_monitor"
    ]


@pytest.fixture(autouse=True)
def _no_leftover_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + PATIENCE
    while (names := _lingering(before)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not names, f"threads left running: {names}"
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QThreadPool

        pool = QThreadPool.globalInstance()
        assert pool.waitForDone(int(PATIENCE * 1000)), f"{pool.activeThreadCount()} pool tasks left running"


@pytest.fixture(scope="session", autouse=True)
def _watch_timers() -> Iterator[None]:
    """Remember every QTimer that Python code starts."""
    from PySide6.QtCore import QTimer

    start = QTimer.start

    def remember(self: QTimer, *args: Any) -> None:
        _timers.add(self)
        start(self, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QTimer, "start", remember)
        yield


def _ticking() -> list[Any]:
    from shiboken6 import isValid

    return [timer for timer in list(_timers) if isValid(timer) and timer.isActive()]


@pytest.fixture(autouse=True)
def _no_leftover_timers(_watch_timers: None) -> Iterator[None]:
    before = {id(timer) for timer in _ticking()}
    yield
    gc.unfreeze()  # what a program keeps for good ends with its test
    if not any(id(timer) not in before for timer in _ticking()):
        return
    from PySide6.QtCore import QCoreApplication, QEvent

    gc.collect()  # a window in a reference cycle still owns its timers
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    left = [timer for timer in _ticking() if id(timer) not in before]
    names = [f"{type(timer.parent()).__name__}, every {timer.interval()} ms" for timer in left]
    for timer in left:
        timer.stop()
    assert not names, f"timers left running (owner, interval): {names}"


@pytest.fixture(autouse=True)
def _no_leftover_widgets() -> Iterator[None]:
    """Windows of one test are gone before the next. `deleteLater` by itself only acts in an event loop, and each widget
    that is left makes each later change of the theme slower: after 1,600 tests one took 17 s.
    """
    before = _windows()
    yield
    from PySide6.QtCore import QCoreApplication, QEvent

    for number, window in _windows().items():
        if number not in before:
            window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture(scope="session", autouse=True)
def _empty_clipboard() -> Iterator[None]:
    """Without a screen the clipboard is a static object of Qt's. What a test copied would be freed by it after Python's
    end, and the process would die with SIGSEGV when all tests have passed.
    """
    yield
    if "PySide6.QtGui" in sys.modules:
        from PySide6.QtGui import QGuiApplication

        if QGuiApplication.instance() is not None:
            QGuiApplication.clipboard().clear()


def _windows() -> dict[int, Any]:
    """The windows that nobody owns, by the address of what they are in C++."""
    if "PySide6.QtWidgets" not in sys.modules:
        return {}
    from PySide6.QtWidgets import QApplication
    from shiboken6 import getCppPointer

    if QApplication.instance() is None:
        return {}
    return {getCppPointer(window)[0]: window for window in QApplication.topLevelWidgets() if window.parent() is None}


# --- fixtures --------------------------------------------------------------------------------------------------------


@pytest.fixture
def studio_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty STUDIO_HOME of this test's own."""
    home = tmp_path / "studio-home"
    monkeypatch.setenv("STUDIO_HOME", str(home))
    return home
