"""A sound server of one's own, that plays into nothing and can be recorded. Needs pulseaudio and parec."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np


class Recorder(threading.Thread):
    """Everything the null sink plays, with the time at which each piece came."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._process = subprocess.Popen(
            ["parec", "-d", "studio.monitor", "--raw", "--format=float32le", "--rate=48000", "--channels=2",
             "--latency-msec=5"],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        self.pieces: list[tuple[float, bytes]] = []
        self.start()

    def run(self) -> None:
        assert self._process.stdout is not None
        while piece := os.read(self._process.stdout.fileno(), 1 << 16):
            self.pieces.append((time.perf_counter(), piece))

    def end(self) -> np.ndarray:
        self._process.terminate()
        self.join(5)
        data = b"".join(piece for _, piece in self.pieces)
        return np.frombuffer(data[: len(data) // 8 * 8], np.float32).reshape(-1, 2).T


@contextlib.contextmanager
def _server() -> Iterator[None]:
    """A PulseAudio with nothing but a null sink, which this process and its children play to."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ.update(XDG_RUNTIME_DIR=folder, PULSE_RUNTIME_PATH=str(place / "pulse"), HOME=folder)
        (place / "pulse").mkdir(mode=0o700)
        started = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "-L",
             "module-null-sink sink_name=studio rate=48000 format=float32le channels=2", "-L",
             "module-native-protocol-unix"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(2)
        try:
            yield
        finally:
            started.terminate()
            started.wait(5)


def measure(about: str | None, work: Callable[[argparse.Namespace], int], *, load: int | None = None) -> int:
    """Do `work` beside a server, with what the command line says of `--seconds`, and of `--load` where that has a
    value of its own. What a program is to end with.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seconds", type=float, default=60.0)
    if load is not None:
        parser.add_argument("--load", type=int, default=load)
    options = parser.parse_args()
    if not (shutil.which("pulseaudio") and shutil.which("parec")):
        print("sound: pulseaudio is not here, nothing is measured")
        return 0
    with _server():
        return work(options)
