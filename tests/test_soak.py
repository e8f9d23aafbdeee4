"""Qt and this Python do not wear each other out.

PySide6 6.12.0 on Python 3.11 loses a reference to `None`, `True` or `False` with every signal and every call without a
result; after some thousand of them the interpreter aborts. The test runs in a process of its own, which may die.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

SOAK = """
import sys
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

class Bell(QObject):
    rang = Signal(bool)
    said = Signal(object)

application = QCoreApplication([])
bell = Bell()
heard = [0, 0]
bell.rang.connect(lambda on: heard.__setitem__(0, heard[0] + on))
bell.said.connect(lambda what: heard.__setitem__(1, heard[1] + (what is None)))
before = [sys.getrefcount(value) for value in (None, True, False)]
for turn in range(20_000):
    bell.rang.emit(True)
    bell.said.emit(None)
    bell.setProperty("turn", turn)  # gives back a bool
    bell.setObjectName("bell")      # gives back nothing
    bell.blockSignals(False)
    application.processEvents()
assert heard == [20_000, 20_000], heard
after = [sys.getrefcount(value) for value in (None, True, False)]
lost = [then - now for then, now in zip(before, after)]
assert max(lost) < 1_000, f"references to None, True, False lost: {lost}"
print("still here")
"""


def test_twenty_thousand_signals_and_calls() -> None:
    result = subprocess.run([sys.executable, "-c", SOAK], capture_output=True, text=True, timeout=100)
    assert result.stdout == "still here\n", f"exit {result.returncode}: {result.stderr[-2000:]}"
    assert result.returncode == 0


WINDOW = """
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

application = QApplication(["soak", "-platform", "offscreen"])
window = QWidget()
layout = QVBoxLayout(window)
label, button = QLabel(), QPushButton("Press")
layout.addWidget(label)
layout.addWidget(button)
pressed = []
button.clicked.connect(lambda on=False: pressed.append(on))
window.show()
for turn in range(20_000):
    label.setText(str(turn))
    button.click()
    if turn % 50 == 0:
        window.repaint()
        application.processEvents()
assert len(pressed) == 20_000
print("still here")
"""


@pytest.mark.timeout(200)
def test_twenty_thousand_clicks_on_a_window() -> None:
    result = subprocess.run([sys.executable, "-c", WINDOW], capture_output=True, text=True, timeout=180)
    assert result.stdout == "still here\n", f"exit {result.returncode}: {result.stderr[-2000:]}"
    assert result.returncode == 0
