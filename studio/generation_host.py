"""The generation host: the child process that holds torch and the models. Joins the worker's loop with the store."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    # The default spins between two parallel regions and costs 3 to 5 times the CPU where the cores are shared.
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
}
_LOCAL = ("127.0.0.1", "::1", "localhost")

NICE = 5
"""How much less of a core that others want too a generation gets: a third."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the window that started this process, until it says stop or is gone."""
    options = _options(arguments)
    os.environ.update(OFFLINE)  # before anything can import torch
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the window
    line = _take_the_line()
    _enable_fault_report()
    _step_back()
    from studio.engine.plugins import PluginHost
    from studio.engine.pool import ModelPool
    from studio.engine.process import SCRATCH
    from studio.engine.worker import serve
    from studio.store.steps import StepWriter

    _forward_logs(line)
    plugins = PluginHost(
        options.plugins, options.user_plugins, disabled=options.disable, entry_points=not options.no_entry_points
    )
    plugins.load()
    _refuse_network(plugins)
    gc.freeze()
    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH))  # from here on the window knows of it, and removes it

    def lost() -> None:
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(0)  # the main thread may be inside torch for minutes, and nobody waits for its result

    try:
        serve(
            line,
            plugins,
            StepWriter,
            scratch=scratch,
            pool=ModelPool(options.budget or memory() // 2),
            status=status,
            relieve=relieve,
            lost=lost,
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


def _options(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(prog="studio.generation_host", description=__doc__)
    parser.add_argument("--plugins", type=Path, required=True, help="folder of the bundled plugins")
    parser.add_argument("--user-plugins", type=Path, help="folder of the user's plugins")
    parser.add_argument("--disable", action="append", default=[], metavar="ID", help="a plugin to leave out")
    parser.add_argument("--no-entry-points", action="store_true", help="leave out plugins of installed packages")
    parser.add_argument("--budget", type=int, default=0, help="bytes that loaded models may keep; 0: half the memory")
    return parser.parse_args(arguments)


# --- the line to the window ------------------------------------------------------------------------------------------


class PipeLine:
    """The host's end of the two pipes."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target
        self._lock = threading.Lock()

    def receive(self) -> Any:
        """The next frame; None when the window is gone."""
        from studio.engine.frames import unpack

        return unpack(self._source.read)

    def send(self, frame: Any) -> None:
        """Send a frame; where the window is gone the listening thread notices it."""
        from studio.engine.frames import pack

        pieces = pack(frame)
        with self._lock:
            try:
                for piece in pieces:
                    self._target.write(piece)
                self._target.flush()
            except OSError:
                return


def _step_back() -> None:
    """Let the window and its sound go first: they need little, but at once. An idle machine loses nothing by it."""
    import psutil

    try:
        me = psutil.Process()
        me.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else min(19, me.nice() + NICE))
    except (psutil.Error, OSError):
        return


def _take_the_line() -> PipeLine:
    """Take the real standard input and output away from everybody else: a library's stray print goes to the standard
    error, and a plugin's `input()` finds nothing.
    """
    source, target = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for number in (source, target):
            msvcrt.setmode(number, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return PipeLine(os.fdopen(source, "rb"), os.fdopen(target, "wb"))


def _enable_fault_report() -> None:
    import faulthandler

    faulthandler.enable()  # a native crash leaves its Python traceback on the standard error


class _Forward(logging.Handler):
    """Log records of Studio and its plugins, on their way into the window's own log."""

    def __init__(self, line: PipeLine) -> None:
        super().__init__(logging.INFO)
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        from studio.engine.frames import Frame

        data = {"level": record.levelno, "name": record.name, "message": self.format(record)}
        self._line.send(Frame("log", data))


def _forward_logs(line: PipeLine) -> None:
    ours = logging.getLogger("studio")
    ours.setLevel(logging.INFO)
    ours.addHandler(_Forward(line))
    ours.propagate = False


# --- the network -----------------------------------------------------------------------------------------------------


def _refuse_network(plugins: Any) -> None:
    """Let nothing be looked up or connected to, unless a plugin that may do so is here. This keeps libraries from
    phoning home by mistake; it is no wall against a plugin that means harm.
    """
    if any(info.manifest and "network" in info.manifest.permissions for info in plugins.plugins if info.status == "ok"):
        return

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = arguments[0]
        elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
            host = arguments[1][0]
        else:
            return
        if host not in (None, "", *_LOCAL):
            raise PermissionError("Studio's generation host works without a network")

    sys.addaudithook(refuse)


# --- the device ------------------------------------------------------------------------------------------------------

_device: list[Any] = []


def memory() -> int:
    """The machine's memory in bytes."""
    import psutil

    return int(psutil.virtual_memory().total)


def status() -> tuple[str, int, int, int]:
    """The device's name, its used and total memory and how much of that this process would give back, in bytes; asks
    torch only where it is loaded already.
    """
    if "torch" in sys.modules and not _device:
        from studio.inference import devices

        _device.append(devices.pick())
        gc.freeze()  # what the libraries brought stays: full collections over it take up to 255 ms each
    if _device:
        from studio.inference import devices

        name, used, total = devices.status(_device[0])
        return name, used, total, devices.held(_device[0])
    import psutil

    now = psutil.virtual_memory()
    return "CPU", int(now.total - now.available), int(now.total), 0


def relieve() -> None:
    """Give back what torch keeps for later on a graphics card."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


# --- without a child process -----------------------------------------------------------------------------------------


def calm_start() -> None:
    """Load torch so that the window it happens in stays awake.

    Measured: `dlopen` of libtorch holds the interpreter for 270 to 470 ms, and full garbage collections over 410,000
    objects take up to 255 ms each. A foreign call releases the interpreter; so ctypes loads the libraries first.
    """
    import ctypes
    import importlib.util

    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None or "torch" in sys.modules:
        return
    os.environ.update(OFFLINE)
    folder = Path(spec.origin).parent / "lib"
    suffix = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
    prefix = "" if sys.platform == "win32" else "lib"
    for name in ("c10", "torch_cpu"):
        library = folder / f"{prefix}{name}{suffix}"
        if library.exists():
            try:
                ctypes.CDLL(str(library), mode=getattr(ctypes, "RTLD_GLOBAL", 0))
            except OSError:
                return
    gc.disable()
    try:
        importlib.import_module("torch")
    finally:
        gc.freeze()
        gc.enable()


def inline_worker(plugins: Any, *, grace: float = 5.0, prepare: Callable[[], None] | None = calm_start) -> Any:
    """A worker on a thread of this process, over the same loop and the same steps files."""
    from studio.engine.inline import InlineWorker
    from studio.store.steps import StepWriter

    return InlineWorker(
        plugins, StepWriter, status=status, relieve=relieve, prepare=prepare, budget=memory() // 2, grace=grace
    )


if __name__ == "__main__":
    sys.exit(main())
