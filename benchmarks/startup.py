"""How much it costs until the window is on the screen, against a bare PySide6 window with docks.

CPU seconds of the window's process, from its start to the first painted window; wall seconds beside them. The goal is
to stay near the bare window: an artist who opens the program to make one picture should not wait for it.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from _child import figures_of, machine, surroundings, tell

ROUNDS = 5
GOAL_RATIO = 6.0

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
    """Studio itself, as the first start of a new user."""
    from PySide6.QtCore import QTimer

    from studio.app import Options, application, build
    from studio.store import Places

    app = application()
    studio = build(Places.default(), Options(warm=True))

    def done() -> None:
        tell(cpu=time.process_time(), modules=_loaded())
        QTimer.singleShot(0, finish)

    def finish() -> None:
        studio.close()
        app.exit()

    studio.window.painted.connect(done)
    studio.window.show()
    app.exec()


def _loaded() -> int:
    import sys

    return len(sys.modules)


def measure(code: str, environment: dict[str, str]) -> tuple[float, float, int]:
    """Median CPU and wall seconds over some rounds, after one that fills the disk's and Python's caches."""
    figures_of(code, environment)
    cpu, wall, modules = [], [], 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        told = figures_of(code, environment)
        wall.append(time.perf_counter() - started)
        cpu.append(told["cpu"])
        modules = told["modules"]
    return statistics.median(cpu), statistics.median(wall), modules


def main() -> int:
    """Print the figures; 1 where the goal is missed."""
    with surroundings() as environment:
        bare_cpu, bare_wall, bare_modules = measure(BARE, environment)
        real_cpu, real_wall, real_modules = measure(REAL, environment)
    print(f"start-up: {machine()}")
    print(f"  bare window   {bare_cpu:.2f} CPU s   {bare_wall:.2f} s until it has ended   {bare_modules} modules")
    print(f"  Studio        {real_cpu:.2f} CPU s   {real_wall:.2f} s until it has ended   {real_modules} modules")
    ratio = real_cpu / bare_cpu
    print(f"  ratio         {ratio:.1f} (goal: at most {GOAL_RATIO:.0f})")
    return 0 if ratio <= GOAL_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
