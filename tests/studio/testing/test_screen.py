"""The screen that nobody sees comes up, is usable by several at once, and goes away."""

from __future__ import annotations

import subprocess
import sys

import pytest

from studio.testing import screen

pytestmark = pytest.mark.skipif(bool(screen.lacking()), reason=f"no virtual screen here: {screen.lacking()}")

PROBE = """
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
size = application.primaryScreen().size()
print(application.platformName(), size.width(), size.height())
"""


def test_two_screens_at_once() -> None:
    with screen.VirtualScreen((1366, 768)) as small, screen.VirtualScreen((2560, 1440)) as large:
        assert small.environment["DISPLAY"] != large.environment["DISPLAY"]
        answers = [
            subprocess.run(
                [sys.executable, "-c", PROBE], env=one.environment, capture_output=True, text=True, timeout=60
            ).stdout.split()
            for one in (small, large)
        ]
        processes = [*small._running, *large._running]
    assert answers == [["xcb", "1366", "768"], ["xcb", "2560", "1440"]]
    assert all(process.returncode is not None for process in processes)
