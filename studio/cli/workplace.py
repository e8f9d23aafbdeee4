"""What a command works with: the plugins, models, settings and project of the window, built the same way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.engine import Engine, Mailbox, PluginHost, ProcessWorker, Worker, host_command, shipped_models
from studio.generation_host import inline_worker
from studio.store import (
    MODEL_PLACES,
    JobJournal,
    Library,
    ModelShelf,
    Places,
    Project,
    SessionStore,
    SettingsStore,
    bundled,
)
from studio.ui.preferences import COMPUTER, Computer

DISABLED = "plugins/disabled"
LAST_PROJECT = "projects/last"
FIRST_PROJECT = "My studio"


@dataclass(frozen=True, slots=True)
class Workplace:
    """The long-lived objects of a command. Nothing of it loads torch or Qt."""

    places: Places
    plugins: PluginHost
    settings: SettingsStore
    models: ModelShelf
    computer: Computer
    last_project: Path

    @classmethod
    def set_up(cls, *, plugins_folder: Path | None = None, safe_mode: bool = False) -> Workplace:
        """As the window does it, with the artist's own settings and plugins."""
        places = Places.default()
        settings = SettingsStore(places.config / "settings.json")
        session = SessionStore(places.config / "session.json")
        computer = settings.get(COMPUTER, Computer)
        off = [] if safe_mode else session.get(DISABLED, [])
        plugins = PluginHost(
            bundled() / "plugins",
            None if safe_mode else plugins_folder or places.plugins,
            disabled=[str(name) for name in off] if isinstance(off, list) else [],
            entry_points=not safe_mode,
        )
        plugins.load()
        folders = [places.models]
        if computer.models_folder:
            folders.append(Path(computer.models_folder).expanduser())
        shipped = shipped_models(plugins.models().values())
        models = ModelShelf(folders, shipped, places.cache, places=places.config / MODEL_PLACES)
        last = Path(str(session.get(LAST_PROJECT, "")))
        if not (last.is_absolute() and (last / "project.json").is_file()):
            last = places.first_project.with_name(FIRST_PROJECT)
        return cls(places, plugins, settings, models, computer, last)

    def worker(self, *, in_process: bool) -> Worker:
        """What runs the jobs: a generation host of its own as for the window, or a thread of this process. The
        pictures are the same.
        """
        if in_process:
            worker: Worker = inline_worker(self.plugins)
            return worker
        plugins = self.plugins
        return ProcessWorker(
            host_command(
                plugins.bundled,
                plugins.user,
                disabled=plugins.disabled,
                entry_points=plugins.entry_points,
                budget=self.computer.memory * 2**30,
            )
        )

    @contextmanager
    def engine(self, project: Project, mailbox: Mailbox, *, in_process: bool) -> Iterator[Engine]:
        """An engine over the project's artifacts, with a queue of its own: jobs that wait in the window's queue are
        the window's.
        """
        with tempfile.TemporaryDirectory(prefix="studio-cli-", ignore_cleanup_errors=True) as queue:
            engine = Engine(
                plugins=self.plugins,
                mailbox=mailbox,
                journal=JobJournal(Path(queue)),
                artifacts=project.artifacts,
                steps=project.steps,
                models=self.models,
                settings=self.settings.values,
                worker=lambda: self.worker(in_process=in_process),
                others=[job.id for job in project.queue.load()[0]],
            )
            engine.start()
            try:
                yield engine
            finally:
                engine.close()

    @contextmanager
    def project(self, folder: Path | None, *, may_be_scratch: bool) -> Iterator[tuple[Project, StudioError | None]]:
        """The project in `folder`, or the one the window opened last. Where that one is in use and `may_be_scratch`, a
        project for this once, with the reason. Raises StudioError.
        """
        with ExitStack() as stack:
            reason: StudioError | None = None
            try:
                project = Project.open(folder or self.last_project)
            except StudioError as error:
                if folder is not None or not may_be_scratch:
                    raise
                reason = error
                scratch = stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="studio-cli-", ignore_cleanup_errors=True)
                )
                project = Project.open(Path(scratch) / "scratch")
            stack.callback(project.close)
            yield project, reason

    @contextmanager
    def library(self, folder: Path | None) -> Iterator[Library]:
        """The library of a project for reading, also while a window has the project open. Raises StudioError."""
        where = folder or self.last_project
        if not (where / "project.json").is_file():
            raise StudioError(
                f"There is no project in {where}.", "Give one with --project, or start Studio to make the first one."
            )
        with tempfile.TemporaryDirectory(prefix="studio-cli-", ignore_cleanup_errors=True) as cache:
            try:
                project = Project.open(where)
            except StudioError:
                library = Library(where / "artifacts", Path(cache))
                try:
                    library.refresh()
                    yield library
                finally:
                    library.close()
                return
            with project:
                project.library.refresh()
                yield project.library
