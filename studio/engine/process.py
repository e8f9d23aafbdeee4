"""The worker as a child process: a crash, a device error or a hang in it never touches the window."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import studio
from studio.engine.frames import Frame, FrameError, pack, unpack

if TYPE_CHECKING:  # 5 ms of each start; imported on the thread that starts the process
    import subprocess

SCRATCH = "studio-host-"
_LOG_BYTES = 64 * 1024


def host_command(
    bundled: Path,
    user: Path | None = None,
    *,
    disabled: Collection[str] = (),
    entry_points: bool = True,
    budget: int = 0,
) -> list[str]:
    """The command line of a generation host with the same plugins as `PluginHost(bundled, user, …)`.

    `budget` is what its model pool may keep, in bytes; 0 leaves it to the host.
    """
    # -P: whatever lies in the current folder must not be imported in place of a library.
    command = [sys.executable, "-P", "-m", "studio.generation_host", "--plugins", str(bundled)]
    if user is not None:
        command += ["--user-plugins", str(user)]
    for plugin in sorted(disabled):
        command += ["--disable", plugin]
    if not entry_points:
        command.append("--no-entry-points")
    if budget:
        command += ["--budget", str(budget)]
    return command


def remove_scratch(folder: str) -> None:
    """Remove what a killed generation host has left. Only a folder that bears its name: the path came from the host."""
    if Path(folder).name.startswith(SCRATCH):
        shutil.rmtree(folder, ignore_errors=True)


class ProcessWorker:
    """Runs `command` and speaks frames over its standard input and output.

    The process is started by a thread of its own (from the window's thread it would cost 114 to 326 ms of stillness);
    what it writes to its standard error is kept, the last 64 kB of it, for the details of a crash.
    """

    def __init__(
        self, command: Sequence[str], *, grace: float = 5.0, environment: Mapping[str, str] | None = None
    ) -> None:
        self.grace = grace
        self._command = list(command)
        self._environment = dict(environment or {})
        self._outbox: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False
        self._words: deque[bytes] = deque()
        self._threads: list[threading.Thread] = []
        self._deliver: Callable[[Frame], None] = lambda frame: None
        self._ended: Callable[[str, int | None], None] = lambda reason, code: None

    @property
    def pid(self) -> int | None:
        """The process's id, None before it has started."""
        process = self._process
        return None if process is None else process.pid

    def start(self, deliver: Callable[[Frame], None], ended: Callable[[str, int | None], None]) -> None:
        """Begin to start the process."""
        self._deliver, self._ended = deliver, ended
        self._thread(self._run, "studio-host-start")

    def send(self, frame: Frame) -> None:
        """Send a frame as soon as the process takes it."""
        self._outbox.put(frame)

    def kill(self) -> None:
        """End the process at once."""
        with self._lock:
            self._killed = True
            process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()
        self._outbox.put(None)

    def close(self, timeout: float) -> None:
        """Ask the process to end, and kill it where it has not after `timeout` seconds."""
        self._outbox.put(Frame("stop"))
        process = self._process
        if process is not None:
            import subprocess

            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout)
        self.kill()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=2.0)

    # --- threads ------------------------------------------------------------------------------------------------------

    def _thread(self, work: Callable[[], None], name: str) -> threading.Thread:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _run(self) -> None:
        """Start the process, then bring it what is sent."""
        import subprocess

        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=self._child_environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            self._ended(f"{self._command[0]}: {error}", None)
            return
        with self._lock:
            self._process = process
            killed = self._killed
        if killed:
            process.kill()
        assert process.stdin is not None
        assert process.stderr is not None
        errors = process.stderr
        drain = self._thread(lambda: self._drain(errors), "studio-host-errors")
        self._thread(lambda: self._read(process, drain), "studio-host-read")
        self._write(process.stdin)

    def _child_environment(self) -> dict[str, str]:
        root = str(Path(studio.__file__).resolve().parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8", **self._environment}

    def _write(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError), pipe:  # a broken pipe: the reading thread tells that the process ended
            while (frame := self._outbox.get()) is not None:
                for piece in pack(frame):
                    _write_all(pipe, piece)

    def _drain(self, pipe: IO[bytes]) -> None:
        size = 0
        with contextlib.suppress(OSError), pipe:
            while piece := pipe.read(4096):
                self._words.append(piece)
                size += len(piece)
                while size > _LOG_BYTES:
                    size -= len(self._words.popleft())

    def _read(self, process: subprocess.Popen[bytes], drain: threading.Thread) -> None:
        import subprocess

        assert process.stdout is not None
        trouble = ""
        try:
            with process.stdout as pipe:
                while (frame := unpack(lambda size: _read_whole(pipe, size))) is not None:
                    self._deliver(frame)
        except (FrameError, OSError) as error:
            trouble = f"{error}\n"
        try:
            code = process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            process.kill()  # without its line it is of no use, whatever it still does
            code = process.wait()
        self._outbox.put(None)
        drain.join(timeout=1.0)  # a grandchild may hold the pipe open
        words = b"".join(tuple(self._words)).decode("utf-8", errors="replace")
        self._ended(f"{trouble}exit code {code}\n{words}".strip(), code)


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) :]


def _read_whole(pipe: IO[bytes], size: int) -> bytes:
    """`size` bytes, fewer only at the end."""
    piece = pipe.read(size) or b""
    if len(piece) == size:
        return piece
    pieces, got = [piece], len(piece)
    while piece and got < size:
        piece = pipe.read(size - got) or b""
        pieces.append(piece)
        got += len(piece)
    return b"".join(pieces)
