"""Builds every object once and joins them; nothing on the way to the first window imports torch or a pipeline."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import locale
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import studio
from studio.core.errors import StudioError
from studio.core.values import frozen
from studio.engine import Engine, Mailbox, PluginHost, ProcessWorker, Worker, host_command, shipped_models
from studio.store import MODEL_PLACES, ModelPlaces, ModelShelf, Places, Project, SessionStore, SettingsStore, bundled

# isort: split
# After what knows no Qt: PySide reads the source text of every module that is imported after itself.
from PySide6.QtCore import QObject, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from studio.ui import projects
from studio.ui.actions import apply_appearance
from studio.ui.app_icon import app_icon
from studio.ui.bridge import Bridge
from studio.ui.crash import CrashReporter, StartDialog
from studio.ui.main_window import MainWindow
from studio.ui.pages.plugins import DISABLED
from studio.ui.preferences import APPEARANCE, COMPUTER, Appearance, Computer
from studio.ui.services import Services
from studio.widgets.feeder import Feeder

_LOG = logging.getLogger("studio.app")
_QT = logging.getLogger("studio.qt")
MakeWorker = Callable[[PluginHost], Worker]


@frozen
class Options:
    """How Studio is started. `plugins` takes the place of the user's plugin folder. `worker` makes what runs the jobs:
    a process of its own unless said otherwise. `warm` lets it load the usual model in the background.
    """

    project: Path | None = None
    plugins: Path | None = None
    bundled: Path | None = None
    safe_mode: bool = False
    entry_points: bool = True
    worker: MakeWorker | None = None
    warm: bool = False


class Studio(QObject):
    """The program: `window`, the `services` of the open project, and `close()`, which ends everything."""

    def __init__(self, places: Places, options: Options) -> None:
        """Raises StudioError where the project cannot be opened; nothing is left running then."""
        super().__init__()
        self.places = places
        self.options = options
        self._bundled = options.bundled or bundled() / "plugins"
        self._settings = SettingsStore(places.config / "settings.json")
        self._session = SessionStore(places.config / "session.json")
        self._computer = self._settings.get(COMPUTER, Computer)
        apply_appearance(self._settings.get(APPEARANCE, Appearance))
        self._started: set[int] = set()
        project = Project.open(project_folder(places, options, self._session))
        self._plugins = self._load_plugins()
        self._models = self._load_models()
        self._bridge = Bridge(self)
        self.window = MainWindow(self._services(project), self._bridge, switch=self._switch, left=self._leave)
        self.window.painted.connect(self._painted)
        self.window.closed.connect(self.close)
        self._feeder = Feeder(threads=1)
        self._feeder.ready.connect(lambda _key, _models: self.window.models_changed())
        self._closed = False

    @property
    def services(self) -> Services:
        """Those of the project that is open now."""
        return self.window.services

    def start(self) -> None:
        """Start the queue. Done by itself once the window is on the screen; calling it twice does nothing."""
        engine = self.services.engine
        if self._closed or id(engine) in self._started:
            return
        self._started.add(id(engine))
        try:
            engine.start()
        except StudioError as error:
            self.window.report(error)
            return
        self.window.started()
        self._feeder.ask("models", self._models.scan)
        if self.options.warm and self._computer.warm:
            QTimer.singleShot(300, self, self._warm)

    def close(self) -> None:
        """Close the window without a question and end everything that runs."""
        if self._closed:
            return
        self._closed = True
        self.window.let_go_for_good()
        self.window.close()
        self._feeder.close()
        self._leave(self.services)
        self.window.deleteLater()

    # --- building ---

    def _load_plugins(self) -> PluginHost:
        safe = self.options.safe_mode
        disabled = [] if safe else self._session.get(DISABLED, [])
        user = None if safe else self.options.plugins or self.places.plugins
        plugins = PluginHost(
            self._bundled,
            user,
            disabled=[str(name) for name in disabled] if isinstance(disabled, list) else [],
            entry_points=self.options.entry_points and not safe,
        )
        plugins.load()
        return plugins

    def _load_models(self) -> ModelShelf:
        shipped = shipped_models(self._plugins.models().values())
        shelf = ModelShelf((), shipped, self.places.cache)
        # The shipped models are known in some ms; a large folder takes seconds, and waits for the helper thread.
        shelf.scan()
        folders = [self.places.models]
        if self._computer.models_folder:
            folders.append(Path(self._computer.models_folder).expanduser())
        shelf.folders = tuple(folders)
        shelf.places = ModelPlaces(self.places.config / MODEL_PLACES)
        return shelf

    def _services(self, project: Project) -> Services:
        mailbox = Mailbox(self._bridge.ring)
        engine = Engine(
            plugins=self._plugins,
            mailbox=mailbox,
            journal=project.queue,
            artifacts=project.artifacts,
            steps=project.steps,
            models=self._models,
            settings=self._settings.values,
            worker=self._worker,
        )
        self._bridge.attach(mailbox)
        return Services(
            places=self.places,
            project=project,
            engine=engine,
            plugins=self._plugins,
            mailbox=mailbox,
            settings=self._settings,
            session=self._session,
            models=self._models,
            version=studio.__version__,
        )

    def _worker(self) -> Worker:
        if self.options.worker is not None:
            return self.options.worker(self._plugins)
        plugins = self._plugins
        command = host_command(
            plugins.bundled,
            plugins.user,
            disabled=plugins.disabled,
            entry_points=plugins.entry_points,
            budget=self._computer.memory * 2**30,
        )
        return ProcessWorker(command)

    # --- running ---

    def _painted(self) -> None:
        # Not in the paint event itself: starting threads and reading the queue may wait until the window is up.
        QTimer.singleShot(0, self, self.start)

    def _switch(self, folder: Path) -> Services:
        services = self._services(Project.open(folder))
        QTimer.singleShot(0, self, self.start)
        return services

    def _leave(self, services: Services) -> None:
        started = id(services.engine) in self._started
        self._started.discard(id(services.engine))
        if started:
            services.engine.close(timeout=2.0)
        services.project.close()

    def _warm(self) -> None:
        if self._closed:
            return
        for offer in self._plugins.panels().values():
            for name in offer.spec.generators:
                generator = self._plugins.generators().get(f"{offer.plugin.id}.{name}")
                if generator is None or not generator.spec.warm:
                    continue
                fitting = [m for m in self._models.models() if m.fits(generator.spec.models)]
                self.services.engine.warm(generator.id, fitting[0].id if fitting else "")
                return


def project_folder(places: Places, options: Options, session: SessionStore) -> Path:
    """The project to open: the one asked for, the last one if it is still there, or the first one ever."""
    if options.project is not None:
        return options.project
    last = Path(str(session.get(projects.LAST, "")))
    if last.is_absolute() and (last / "project.json").is_file():
        return last
    return places.first_project


def build(places: Places, options: Options | None = None) -> Studio:
    """A whole Studio on a QApplication that exists already, not yet shown. Raises StudioError."""
    return Studio(places, options or Options())


def in_process(plugins: PluginHost) -> Worker:
    """A worker in the window's own process, for debugging and small machines."""
    # By name: the window's side must not import what may import torch.
    worker: Worker = import_module("studio.generation_host").inline_worker(plugins)
    return worker


# --- the program ------------------------------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window and stay until it is closed; the exit code."""
    options = _parse(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    places = Places.default()
    _log_to(places.data / "logs")
    app = application()
    qInstallMessageHandler(_qt_message)
    running: list[Studio] = []
    reporter = CrashReporter(
        places.data / "logs",
        lambda: _facts(running),
        lambda: running[0].window if running else None,
        version=studio.__version__,
    )
    reporter.install()
    opened = _open(places, options)
    if opened is None:
        return 1
    running.append(opened)
    opened.window.painted.connect(_settle)
    opened.window.show()
    try:
        return app.exec()
    finally:
        gc.enable()
        opened.close()
        reporter.remove()
        qInstallMessageHandler(None)


def _settle() -> None:
    """What the start has made stays: later looks for garbage pass over it, 100,000 objects."""
    gc.freeze()
    gc.enable()


def application() -> QApplication:
    """The QApplication, named and with numbers that every library reads the same way."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(["studio"])
    # Qt sets the user's locale; in a German one, C libraries would then read "0.5" as 0.
    locale.setlocale(locale.LC_NUMERIC, "C")
    app.setApplicationName("studio")
    app.setApplicationDisplayName("Studio")
    app.setDesktopFileName("studio")
    app.setWindowIcon(app_icon())
    return app


def _parse(argv: Sequence[str]) -> Options:
    if not argv:  # as nearly always: the parser costs 0.005 s
        return Options(warm=True)
    import argparse

    parser = argparse.ArgumentParser(prog="studio", description=studio.__doc__)
    parser.add_argument("--project", type=Path, metavar="FOLDER", help="open this project, or make one there")
    parser.add_argument("--plugins", type=Path, metavar="FOLDER", help="look for plugins here, not in your own folder")
    parser.add_argument("--safe-mode", action="store_true", help="use only the plugins that come with Studio")
    parser.add_argument("--in-process", action="store_true", help="run models inside the window's process")
    parser.add_argument("--version", action="version", version=f"Studio {studio.__version__}")
    given = parser.parse_args(argv)
    return Options(
        project=given.project,
        plugins=given.plugins,
        safe_mode=given.safe_mode,
        worker=in_process if given.in_process else None,
        warm=True,
    )


def _open(places: Places, options: Options) -> Studio | None:
    """Build Studio; where the project cannot be opened, ask until it can or the artist gives up."""
    while True:
        try:
            return build(places, options)
        except StudioError as error:
            _LOG.info("not opened: %s", error)
            asked = project_folder(places, options, SessionStore(places.config / "session.json"))
            choice = StartDialog(error, asked).exec()
            if choice == StartDialog.QUIT:
                return None
            if choice == StartDialog.OTHER:
                folder = projects.ask_new(None, Path.home())
                options = replace(options, project=folder or options.project)


class _Rotating(logging.FileHandler):
    """Begins the file anew at 1 MB and keeps the three before it. That of the library brings network and pickle code
    into every start.
    """

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if self.stream is not None and self.stream.tell() > 1_000_000:
            self.stream.close()
            with contextlib.suppress(OSError):
                for number in (2, 1, 0):
                    old = Path(f"{self.baseFilename}.{number}" if number else self.baseFilename)
                    if old.exists():
                        old.replace(f"{self.baseFilename}.{number + 1}")
            self.stream = self._open()


def _log_to(folder: Path) -> None:
    """Log into a file that stays small. A folder that cannot be written leaves the program without one."""
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handler = _Rotating(folder / "studio.log", encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
        # A native crash leaves its traceback there; the file must stay open for that.
        faulthandler.enable((folder / "native-crash.log").open("a"))
    console = logging.StreamHandler()
    console.setLevel(logging.ERROR)
    root.addHandler(console)


_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _qt_message(kind: QtMsgType, context: Any, message: str) -> None:
    _QT.log(_LEVELS.get(kind, logging.WARNING), "%s (%s)", message, context.category)


def _facts(running: list[Studio]) -> str:
    import platform

    lines = [f"Locale {locale.getlocale()}, {platform.machine()}"]
    if running:
        services = running[0].services
        lines.append(f"Device {services.engine.device.name or 'unknown'}")
        lines += [
            f"Plugin {info.id} {info.manifest.version if info.manifest else '?'}: {info.status} {info.stage}"
            for info in services.plugins.plugins
        ]
    return "\n".join(lines)
