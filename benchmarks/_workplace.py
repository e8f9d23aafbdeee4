"""An engine over an empty project for the measured process: the program without its window."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core.events import Cancelled, Event, Failed, Finished
from studio.core.request import ModelRef, Request
from studio.engine import Engine, Mailbox, PluginHost, ProcessWorker, host_command, shipped_models
from studio.generation_host import inline_worker
from studio.store import ModelShelf, Project, SettingsStore, bundled


@dataclass
class Spied:
    """A worker that notes when which frame came from it."""

    worker: Any
    frames: list[tuple[float, str]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.worker, name)

    def start(self, deliver: Callable[[Any], None], ended: Callable[[str, int | None], None]) -> None:
        """Begin, with a look at the clock for every frame."""

        def noted(frame: Any) -> None:
            self.frames.append((time.perf_counter(), str(frame.kind)))
            deliver(frame)

        self.worker.start(noted, ended)


class Workplace:
    """Submits requests and waits for their events, which it takes out of the mailbox as soon as they come."""

    def __init__(self, engine: Engine, mailbox: Mailbox, models: ModelShelf, workers: list[Spied]) -> None:
        self.engine, self.models, self.workers = engine, models, workers
        self._mailbox = mailbox
        self.events: list[tuple[float, Event]] = []
        self._came = threading.Condition()
        self._ended = False
        self._rung = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def ring(self) -> None:
        """There is mail."""
        self._rung.set()

    def listen(self) -> None:
        """Begin to take events."""
        self._thread.start()

    def close(self) -> None:
        """Take no more."""
        self._ended = True
        self._rung.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._ended:
            self._rung.wait()
            self._rung.clear()
            found = self._mailbox.drain()
            with self._came:
                self.events += [(time.perf_counter(), event) for event in found]
                self._came.notify_all()

    def wait(self, wanted: Callable[[Event], bool], *, after: float = 0.0, limit: float = 600) -> tuple[float, Event]:
        """When an event came that is wanted. Raises SystemExit where none comes, or the job failed."""
        deadline = time.perf_counter() + limit
        seen = 0  # looking at all of them at every one that comes would cost more than what is measured
        with self._came:
            while True:
                while seen < len(self.events):
                    moment, event = self.events[seen]
                    seen += 1
                    if moment >= after and wanted(event):
                        return moment, event
                    if isinstance(event, Failed):
                        raise SystemExit(f"a job failed: {event.problem}")
                if not self._came.wait(max(0.0, deadline - time.perf_counter())):
                    raise SystemExit("a job did not come to its end")

    def ask(self, model: str, *, again: bool = True, seed: int = 7, **params: Any) -> str:
        """Submit a picture; the job's id."""
        found = self.models.get(model)
        assert found is not None, model
        self.events.clear()
        request = Request("image.diffusion", params, seed=seed, model=ModelRef(found.id, found.sha256))
        return self.engine.submit(request, again=again).id

    def picture(self, model: str, **params: Any) -> Finished:
        """Make one and wait for it."""
        job = self.ask(model, **params)
        _, event = self.wait(lambda one: isinstance(one, (Finished, Cancelled)) and one.job_id == job)
        assert isinstance(event, Finished)
        return event


@contextlib.contextmanager
def workplace(models: Path | None = None, *, precision: str, threads: int, host: bool) -> Iterator[Workplace]:
    """With the built-in models and those in the folder `models`. `host` runs jobs in a generation host, as the window
    does, else in this process.
    """
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        home = Path(folder)
        plugins = PluginHost(bundled() / "plugins", None, entry_points=False)
        plugins.load()
        shelf = ModelShelf(
            [] if models is None else [models], shipped_models(plugins.models().values()), home / "cache"
        )
        settings = SettingsStore(home / "settings.json")
        for name in ("image.ImageSettings", "text.TextSettings"):
            kind = plugins.settings()[name].spec.settings
            settings.set(name, kind(precision=precision, threads=threads, device="cpu"))
        project = Project.open(home / "project")
        workers: list[Spied] = []
        rings: list[Callable[[], None]] = []

        def worker() -> Any:
            made = ProcessWorker(host_command(plugins.bundled, None, entry_points=False))
            workers.append(Spied(made if host else inline_worker(plugins)))
            return workers[-1]

        mailbox = Mailbox(lambda: rings[0]())
        engine = Engine(
            plugins=plugins,
            mailbox=mailbox,
            journal=project.queue,
            artifacts=project.artifacts,
            steps=project.steps,
            models=shelf,
            settings=settings.values,
            worker=worker,
        )
        place = Workplace(engine, mailbox, shelf, workers)
        rings.append(place.ring)
        place.listen()
        engine.start()
        try:
            yield place
        finally:
            engine.close()
            place.close()
            project.close()
