"""A screen that nobody sees: Xvfb with a window manager and, on request, an accessibility bus. For tests on Linux."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

PROGRAMS = ("Xvfb",)
BUS_PROGRAMS = ("dbus-daemon",)


def lacking(*, accessibility: bool = False) -> str:
    """Why there can be no such screen here, or ""."""
    wanted = PROGRAMS + (BUS_PROGRAMS if accessibility else ())
    absent = [name for name in wanted if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed"
    if accessibility and not any(place.exists() for place in _LAUNCHERS):
        return "at-spi2-core not installed"
    return ""


_LAUNCHERS = tuple(
    Path(place) / "at-spi-bus-launcher" for place in ("/usr/libexec", "/usr/lib/at-spi2-core", "/usr/lib")
)


class VirtualScreen:
    """A screen of `size` pixels, as a context manager; `environment` is for the programs that shall use it.

    With `accessibility`, a session bus and the AT-SPI registry run as well, and toolkits are told to speak to them.
    """

    def __init__(self, size: tuple[int, int] = (1366, 768), *, accessibility: bool = False) -> None:
        self.size = size
        self.environment: dict[str, str] = {}
        self._accessibility = accessibility
        self._running: list[subprocess.Popen[bytes]] = []
        self._folder = tempfile.TemporaryDirectory(prefix="studio-screen-")

    def __enter__(self) -> VirtualScreen:
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        self._folder.cleanup()

    def _start(self) -> None:
        environment = {key: value for key, value in os.environ.items() if key not in _NOT_PASSED_ON}
        environment |= {"QT_QPA_PLATFORM": "xcb", "XDG_RUNTIME_DIR": self._folder.name, "LIBGL_ALWAYS_SOFTWARE": "1"}
        self.environment = environment
        width, height = self.size
        read, write = os.pipe()
        # The server chooses a free number itself and tells it, so that several can start at once.
        server = [
            "Xvfb",
            "-displayfd",
            str(write),
            "-screen",
            "0",
            f"{width}x{height}x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ]
        self._run(server, environment, keep=(write,))
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        environment["DISPLAY"] = f":{number}"
        if shutil.which("openbox"):  # without a window manager no window gets the keyboard
            self._run(["openbox", "--sm-disable"], environment)
        if self._accessibility:
            self._start_bus(environment)

    def _start_bus(self, environment: dict[str, str]) -> None:
        socket = Path(self._folder.name) / "bus"
        self._run(["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address=unix:path={socket}"], environment)
        _wait_for(socket.exists, "the session bus")
        environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={socket}"
        environment |= {"QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "GTK_MODULES": "", "QT_ACCESSIBILITY": "1"}
        launcher = next(str(place) for place in _LAUNCHERS if place.exists())
        self._run([launcher, "--launch-immediately"], environment)

    def _run(self, command: list[str], environment: Mapping[str, str], *, keep: tuple[int, ...] = ()) -> None:
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            command,
            env=dict(environment),
            pass_fds=keep,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )
        self._running.append(process)


_NOT_PASSED_ON = {"DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_SESSION_TYPE", "NO_AT_BRIDGE"}


def _wait_for(there: Callable[[], bool], what: str, *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not start within {seconds:.0f} s")
        time.sleep(0.02)
