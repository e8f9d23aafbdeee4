"""The way from `python3 main.py` to a running Studio: environment, system, then the program itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from studio.setup import system
from studio.setup.environment import Environment
from studio.setup.words import SetupError, complain, say


def start(script: str, arguments: Sequence[str]) -> int:
    """Start Studio from the checkout that `script` lies in. Returns the exit code; on POSIX it only returns for
    `--check` and for errors, because this process becomes Studio.
    """
    environment = Environment(Path(script).resolve().parent)
    try:
        if "--check" in arguments:
            return _check(environment)
        if wants_window(arguments):
            system.screen()  # said before the packages are fetched, not after
        environment.prepare()
        if wants_window(arguments):
            system.ready_for_window()
    except SetupError as error:
        complain(error)
        return 1
    except KeyboardInterrupt:
        complain(SetupError("Stopped. Start again to go on where it was."))
        return 130
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read by torch's OpenMP when it loads, in whichever process
    return hand_over([str(environment.python), "-m", "studio", *arguments])


def wants_window(arguments: Sequence[str]) -> bool:
    """False for the commands that print and end (`generate`, `models`, `--help` …)."""
    if {"-h", "--help", "--version"} & set(arguments):
        return False
    return not arguments or arguments[0].startswith("-") or Path(arguments[0]).exists()


def hand_over(command: Sequence[str]) -> int:
    """Become `command`. Windows has no exec that a terminal waits for, so there we stay and pass the exit code on."""
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(command[0], list(command))
    with subprocess.Popen(command) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:  # Ctrl+C reaches the child as well, which decides what to do
                continue


def _check(environment: Environment) -> int:
    say(f"Python        {sys.version.split()[0]} ({sys.executable})")
    ready = environment.ready()
    say(f"Packages      {'ready' if ready else 'to be installed'} in {environment.folder}")
    if sys.platform != "linux":
        return 0 if ready else 1
    platform = system.platform_of(os.environ)
    say(f"Screen        {platform or 'none (neither DISPLAY nor WAYLAND_DISPLAY is set)'}")
    needs: tuple[system.Need, ...] = ("qt", "wayland") if platform == "wayland" else ("qt", "xcb")
    lacking = system.missing(needs)
    say(f"System        {'complete' if not lacking else 'lacks ' + ', '.join(part.name for part in lacking)}")
    extra = system.missing(["sound", "fonts"])
    say(f"Optional      {'complete' if not extra else 'lacks ' + ', '.join(part.name for part in extra)}")
    if lacking or extra:
        say(f"Install with  {system.paste_line([*lacking, *extra])}")
    return 0 if ready and not lacking else 1
