"""How much it costs until the window is on the screen, against a bare PySide6 window with docks.

CPU seconds of the window's process, from its start to the end of its first paint: the whole program, as `python -m
studio` starts it, with its plugins and the image panel complete. The two take turns, so that what else the machine does
falls on both. The bare window imports nothing of Studio.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from _tell import tell

ROUNDS, QUICK_ROUNDS = 9, 3
GOAL_SECONDS, GOAL_RATIO = 0.5, 3.0

BARE = "import startup; startup.bare()"
REAL = "import startup; startup.real()"


def bare() -> None:
    """A main window with a toolbar, two docks and an editor, and nothing else."""
    from PySide6.QtCore import QObject, Qt, QTimer
    from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QPlainTextEdit, QToolBar, QWidget

    application = QApplication([])

    class Window(QMainWindow):
        def paintEvent(self, event: Any) -> None:
            super().paintEvent(event)
            QTimer.singleShot(0, done)

    def done() -> None:
        tell(cpu=time.process_time(), modules=_loaded())
        application.exit()

    window = Window()
    window.setCentralWidget(QPlainTextEdit())
    window.addToolBar(QToolBar("Rail", window))
    for area in (Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea):
        dock = QDockWidget(window)
        dock.setWidget(QWidget())
        window.addDockWidget(area, dock)
    window.resize(1366, 768)
    window.show()
    application.exec()
    assert isinstance(window, QObject)


def real() -> None:
    """Studio itself, by the same way as `python -m studio`."""
    from studio import cli

    load = cli.import_module

    def loaded(name: str) -> Any:
        program = load(name)
        if name != "studio.app":
            return program
        build = program.build

        def watched(*given: Any) -> Any:
            from PySide6.QtCore import Qt

            studio = build(*given)
            studio.window.painted.connect(lambda: done(studio), Qt.ConnectionType.QueuedConnection)
            return studio

        program.build = watched
        return program

    def done(studio: Any) -> None:
        tell(cpu=time.process_time(), modules=_loaded())
        studio.window.close()

    cli.import_module = loaded
    cli.main([])


def _loaded() -> int:
    return len(sys.modules)


def main() -> int:
    """Print the figures; 1 where a goal is missed."""
    import statistics

    from _child import figures_of, machine, quick, surroundings

    ways: dict[str, list[dict[str, float]]] = {BARE: [], REAL: []}
    with surroundings() as environment:
        for number in range(1 + (QUICK_ROUNDS if quick() else ROUNDS)):
            for code, found in ways.items():
                started = time.perf_counter()
                told = figures_of(code, environment)
                if number:  # the first round fills the disk's and Python's caches
                    found.append({**told, "wall": time.perf_counter() - started})
    bare_cpu, real_cpu = (statistics.median(one["cpu"] for one in found) for found in ways.values())
    print(f"start-up: {machine()}")
    for title, found in zip(("bare window", "Studio"), ways.values(), strict=True):
        cpu, wall = (statistics.median(one[name] for one in found) for name in ("cpu", "wall"))
        modules = int(found[-1]["modules"])
        print(f"  {title:<12}{cpu:6.3f} CPU s{wall:8.2f} s until it has ended{modules:6d} modules")
    ratio = real_cpu / bare_cpu
    good = real_cpu <= GOAL_SECONDS and ratio <= GOAL_RATIO
    goals = f"goals: {GOAL_SECONDS} CPU s and {GOAL_RATIO:.0f}"
    print(f"  ratio       {ratio:6.2f}      {goals}: {'kept' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
