"""Folders that nobody may write to, also where the tests are run by root or on Windows."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# Root may write anywhere by two rights, which a process can give up for the program it becomes (capabilities(7)).
_WITHOUT_RIGHTS = """
import ctypes, os, sys
DROP_FROM_BOUNDING_SET, OVERRIDE, READ_SEARCH = 24, 1, 2
for right in (OVERRIDE, READ_SEARCH):
    if ctypes.CDLL(None).prctl(DROP_FROM_BOUNDING_SET, right, 0, 0, 0):
        sys.exit("root does not let go of its rights")
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def python() -> list[str]:
    """The command of a Python to which the system's rules on files apply, whoever runs it."""
    if sys.platform.startswith("linux") and os.geteuid() == 0:
        return [sys.executable, "-c", _WITHOUT_RIGHTS]
    return [sys.executable]


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """A new folder at `folder` that may be read but not written to."""
    folder.mkdir()
    everyone = "*S-1-1-0"
    if sys.platform == "win32":  # folders have no read-only flag there
        subprocess.run(["icacls", str(folder), "/deny", f"{everyone}:(WD,AD)"], check=True, capture_output=True)
    else:
        folder.chmod(0o555)
    try:
        yield folder
    finally:
        if sys.platform == "win32":
            subprocess.run(["icacls", str(folder), "/remove:d", everyone], check=True, capture_output=True)
        else:
            folder.chmod(0o755)
