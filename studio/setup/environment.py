"""The project's own Python environment: `.venv` beside pyproject.toml, with the packages of constraints.txt in it.

Everything can be interrupted at any time and started again: what is there already is not fetched twice, and the
environment only counts as ready once a stamp was written last.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.setup import system
from studio.setup.words import Say, SetupError, say

ROOM = 4 * 2**30
"""Bytes that must be free: 1.7 GB installed on Linux without CUDA, as much again while wheels are unpacked."""

SILENCE = 15.0
"""Seconds without a word from pip after which we say that we are still at it."""


@dataclass(frozen=True)
class Environment:
    """The environment of a checkout at `root`. `extras` are those of pyproject.toml that it must hold ("dev")."""

    root: Path
    extras: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it lives."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def log(self) -> Path:
        """Everything pip said, for a bug report."""
        return self.folder / "setup.log"

    @property
    def active(self) -> bool:
        """True in a process that runs inside it."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def requirements(self) -> list[str]:
        """What pyproject.toml asks for."""
        with (self.root / "pyproject.toml").open("rb") as file:
            project = tomllib.load(file)["project"]
        wanted = list(project["dependencies"])
        for extra in self.extras:
            wanted += project["optional-dependencies"][extra]
        return wanted

    def stamp(self) -> str:
        """Changes whenever something else would have to be installed."""
        constraints = (self.root / "constraints.txt").read_text("utf-8")
        # The resolved interpreter, because a system upgrade may put another Python behind the same link.
        text = "\n".join([*self.requirements(), constraints, str(self.python.resolve()), str(self.root)])
        return hashlib.sha256(text.encode()).hexdigest()

    def ready(self) -> bool:
        """True where nothing has to be done."""
        return self.python.exists() and self._stamps().get(",".join(self.extras)) == self.stamp()

    def prepare(self, *, tell: Say = say) -> None:
        """Make it ready. Raises SetupError in words for people."""
        if self.ready():
            return
        refuse_impossible_machines()
        started = time.monotonic()
        if not self._usable():
            self._make(tell=tell)
        if shutil.disk_usage(self.folder).free < ROOM and not self._stamps():
            raise SetupError(
                f"There is too little room on the disk of {self.root}.",
                f"Studio's packages need {ROOM / 2**30:.0f} GB free while they are installed: make room first.",
            )
        self._install(tell=tell)
        self._point_at_checkout()
        self._write_stamps()
        tell(f"Ready after {time.monotonic() - started:.0f} s.")

    # --- the stamp -------------------------------------------------------------------------------------------------

    def _stamps(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / "studio-setup.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write_stamps(self) -> None:
        # What holds the extras holds the plain requirements too: both come from the same constraints.
        stamps = {",".join(extras): Environment(self.root, extras).stamp() for extras in {(), self.extras}}
        path = self.folder / "studio-setup.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({**self._stamps(), **stamps}), "utf-8")
        fresh.replace(path)

    # --- the steps -------------------------------------------------------------------------------------------------

    def _usable(self) -> bool:
        """True where the interpreter runs, is new enough and still the one the folder was made for; a moved or a
        half-made folder is not.
        """
        probe = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            answer = subprocess.run([self.python, "-c", probe], capture_output=True, text=True, timeout=60)
            made_for = re.search(r"^version\s*=\s*(\d+)\.(\d+)", (self.folder / "pyvenv.cfg").read_text("utf-8"), re.M)
        except (OSError, subprocess.TimeoutExpired):
            return False
        if made_for is None or answer.stdout.strip() != f"{made_for[1]}.{made_for[2]}":
            return False
        return (int(made_for[1]), int(made_for[2])) >= (3, 11)

    def _make(self, *, tell: Say) -> None:
        if self.active:
            raise SetupError(
                f"The environment {self.folder} is for another Python and in use right now.",
                "Run the same command with the Python that is outside of it (python3).",
            )
        tell(f"Making a Python environment in {self.folder} (nothing outside this folder is changed).")
        if self.folder.exists():
            shutil.rmtree(self.folder)
        result = subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", self.folder], capture_output=True, text=True
        )
        if result.returncode and not self._venv_from_apt(tell=tell):
            raise SetupError(
                f"Python could not make an environment in {self.folder}: {result.stderr.strip()[-500:]}",
                _venv_hint(),
            )

    def _venv_from_apt(self, *, tell: Say) -> bool:
        return _apt_python_part("venv", tell=tell) and (
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.folder]).returncode == 0
        )

    def _pip(self, *, tell: Say) -> list[str]:
        """The command that installs into the environment. Debian's Python comes without ensurepip, and often without
        pip; any pip from 22.3 can install into an environment that has none (`pip --python`).
        """
        inside = [str(self.python), "-m", "pip"]
        if _works([*inside, "--version"]):
            return inside
        if _works([str(self.python), "-m", "ensurepip", "--version"]):
            tell("Adding pip to it.")
            if _works([str(self.python), "-m", "ensurepip", "--default-pip"]):
                return inside
        outside = [sys.executable, "-m", "pip", "--python", str(self.python)]
        if _works([*outside, "--version"]):
            return outside
        if _apt_python_part("pip", tell=tell) and _works([*outside, "--version"]):
            return outside
        raise SetupError(f"{sys.executable} has neither ensurepip nor pip 22.3 or newer.", _venv_hint())

    def _install(self, *, tell: Say) -> None:
        command = [*self._pip(tell=tell), "install", "--disable-pip-version-check", "--no-input"]
        # Wheels only: building from source needs compilers, and runs code that nobody pinned.
        command += ["--progress-bar", "off", "--only-binary", ":all:", "-c", str(self.root / "constraints.txt")]
        known = bool(self._stamps())
        tell(
            "Bringing the packages up to date."
            if known
            else "Fetching packages, once: 1 GB, or 3 GB where torch comes with CUDA."
        )
        lines = _follow([*command, *self.requirements()], log=self.log, tell=tell)
        if lines is not None:
            raise SetupError("The packages could not be installed.", _explain(lines, log=self.log))

    def _point_at_checkout(self) -> None:
        """Make `import studio` work in the environment from any folder: the generation host and `python -m studio`."""
        found = next(iter(self.folder.glob("lib/python*/site-packages")), self.folder / "Lib" / "site-packages")
        (found / "studio-checkout.pth").write_text(f"{self.root}\n", "utf-8")


def refuse_impossible_machines() -> None:
    """Say so at once where some package has no build for this machine, instead of after a long download."""
    if sys.maxsize < 2**32:
        raise SetupError("This is a 32-bit Python.", "Install a 64-bit Python 3.11 or newer.")
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        raise SetupError(
            "torch is no longer made for Macs with an Intel processor (or this Python runs under Rosetta).",
            "On an Apple silicon Mac install the universal Python from python.org and use it.",
        )
    if sys.platform == "linux":
        libc, version = platform.libc_ver()
        if libc != "glibc":
            raise SetupError("Qt and torch are made for systems with glibc; this one has another C library.")
        if tuple(int(part) for part in version.split(".")[:2]) < (2, 34):
            raise SetupError(
                f"Qt 6.11 needs glibc 2.34 or newer; this system has {version}.",
                "Debian 12, Ubuntu 22.04, Fedora 35 and everything newer will do.",
            )


def _works(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0


def _apt_python_part(part: str, *, tell: Say) -> bool:
    """python3-venv or python3-pip, where Python is the system's own and we may install."""
    own = Path(sys.executable).resolve().parent == Path("/usr/bin")
    return own and system.may_install() and system.apt_install([f"python3-{part}"], tell=tell)


def _venv_hint() -> str:
    if shutil.which("apt-get"):
        return "Paste this, then start again:\n    sudo apt-get install -y python3-venv python3-pip"
    return "Install your system's package for Python's venv and pip (python3-venv, python3-pip), then start again."


def _follow(command: Sequence[str], *, log: Path, tell: Say) -> list[str] | None:
    """Run pip, turning its chatter into a few plain lines; None where it worked, else its last lines."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=environment,
        encoding="utf-8",
        errors="replace",
    )

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line.rstrip())
        lines.put(None)

    reader = threading.Thread(target=read, name="pip's words", daemon=True)
    reader.start()
    seen: list[str] = []
    started = time.monotonic()
    try:
        with log.open("a", encoding="utf-8") as record:
            while True:
                try:
                    line = lines.get(timeout=SILENCE)
                except queue.Empty:
                    tell(f"  still at it ({time.monotonic() - started:.0f} s)")
                    continue
                if line is None:
                    break
                record.write(line + "\n")
                seen.append(line)
                if words := in_plain_words(line):
                    tell(f"  {words}")
    except BaseException:
        process.kill()
        raise
    finally:
        code = process.wait()
        reader.join()
        if process.stdout is not None:
            process.stdout.close()
    return None if code == 0 else seen[-40:]


_FETCHED = re.compile(r"\s*(?:Downloading|Using cached) (?:\S*/)?([A-Za-z0-9_.]+?)-\d\S*\.whl(?:\.metadata)? \((.+)\)")


def in_plain_words(line: str) -> str:
    """What a line of pip's means to a person, or "" where it means nothing to them."""
    if (match := _FETCHED.match(line)) and ".metadata" not in line and match[2].endswith(("MB", "GB")):
        return f"{match[1].replace('_', '-')} ({match[2]})"
    if line.startswith("Installing collected packages:"):
        return f"unpacking {line.count(',') + 1} packages, which takes a minute"
    return ""


def _explain(lines: Sequence[str], *, log: Path) -> str:
    text = "\n".join(lines)
    offline = ("NewConnectionError", "Temporary failure in name resolution", "getaddrinfo failed", "ConnectTimeout")
    if "No space left" in text or "Errno 28" in text:
        hint = "The disk is full. Make room and start again: what was fetched is kept."
    elif any(word in text for word in offline):
        hint = "The package index could not be reached. Check the connection and start again: what was fetched is kept."
    elif match := re.search(r"(?:No matching distribution found for|ERROR: Cannot install) ([A-Za-z0-9_.-]+)", text):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        hint = (
            f"There is no {match[1]} for Python {version} on this system ({platform.machine()}). "
            "Python 3.11, 3.12 and 3.13 on 64-bit Linux, Windows and Apple silicon are known to work."
        )
    else:
        hint = "Start again: what was fetched is kept. If it fails in the same way, the reason is in these lines."
    telling = [line for line in lines if line.startswith("ERROR")] or [line for line in lines if line.strip()]
    last = "\n".join("    " + line for line in telling[-6:])
    return f"{hint}\n{last}\nThe whole story: {log}"
