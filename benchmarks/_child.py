"""Runs a benchmark in a process of its own, on a screen of its own where the machine has none to spare."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from _tell import MARK, tell

from studio.testing import screen

__all__ = ["figures_of", "machine", "quick", "surroundings", "tell"]


@contextlib.contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """The environment for a process with a window: a virtual screen if there can be one, so that nothing on a real
    one disturbs the figures; otherwise offscreen.
    """
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as home, tempfile.TemporaryDirectory() as compiled:
        extra = {
            "STUDIO_HOME": home,
            "OMP_WAIT_POLICY": "PASSIVE",
            "HF_HUB_OFFLINE": "1",
            "PYTHONPYCACHEPREFIX": compiled,  # Python's usual cache, at a place that is surely writable
        }
        if sys.platform == "linux" and not screen.lacking():
            with screen.VirtualScreen((1366, 768)) as virtual:
                yield _as_usual({**virtual.environment, **extra})
        else:
            yield _as_usual({**os.environ, "QT_QPA_PLATFORM": "offscreen", **extra})


def _as_usual(environment: dict[str, str]) -> dict[str, str]:
    """Some containers tell Python to compile everything at each start anew."""
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def figures_of(code: str, environment: Mapping[str, str], *, limit: float = 300) -> dict[str, Any]:
    """Run Python code that prints one line of figures with `tell`; what it told."""
    here = str(Path(__file__).resolve().parent)
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {here!r}); {code}"],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=limit,
    )
    lines = [line for line in result.stdout.splitlines() if line.startswith(MARK)]
    if not lines:
        raise SystemExit(f"the measured process ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    told: dict[str, Any] = json.loads(lines[-1].removeprefix(MARK))
    return told


def quick() -> bool:
    """Whether a short run was asked for: fewer rounds and smaller pictures, for a look in between."""
    return "--quick" in sys.argv


def machine() -> str:
    """One line about where the figures are from."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
