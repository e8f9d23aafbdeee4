"""A workbench for tests of the engine: real plugins, real files, a real child process or a thread, and no window."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.core import media
from studio.core.artifact import Artifact, Output
from studio.core.errors import StudioError
from studio.core.events import Changed, Event
from studio.core.job import Job, JobState
from studio.core.model import Model
from studio.core.recipe import Recipe
from studio.core.request import ModelRef, Request
from studio.engine import Engine, InlineWorker, Mailbox, PluginHost, ProcessWorker, host_command
from studio.store import Project
from studio.store.journal import JobJournal
from studio.store.steps import StepStore, StepWriter

PLUGINS = Path(__file__).parents[2] / "plugins_for_tests"
WORKING = PLUGINS / "working"
BROKEN = PLUGINS / "broken"


class Files:
    """Artifacts as the store keeps them, without its index: the file first, then its JSON beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.full = False
        self.delay = 0.0

    def keep(self, output: Output, /, *, job: str = "", title: str = "", steps: str = "") -> Artifact:
        time.sleep(self.delay)
        if self.full:
            raise StudioError("The disk is full.", "Make room, then try again.")
        sha = hashlib.sha256(output.data).hexdigest()
        path = self.folder / f"{sha}{media.suffix(output.media)}"
        for target, data in (
            (path, output.data),
            (
                path.with_suffix(".json"),
                json.dumps(
                    {
                        "media": output.media,
                        "recipe": output.recipe.to_json(),
                        "job": job,
                        "title": title,
                        "steps": steps,
                        "created": time.time(),
                        "name": path.name,
                    }
                ).encode(),
            ),
        ):
            temporary = target.with_name(f"{target.name}.part")
            temporary.write_bytes(data)
            temporary.rename(target)
        found = self.get(sha)
        assert found is not None
        return found

    def add(self, data: bytes) -> str:
        sha = hashlib.sha256(data).hexdigest()
        (self.folder / f"{sha}.png").write_bytes(data)
        return sha

    def all(self) -> tuple[Artifact, ...]:
        return tuple(self._read(path) for path in sorted(self.folder.glob("*.json")))

    def _read(self, path: Path) -> Artifact:
        data = json.loads(path.read_text())
        return Artifact(
            path.stem,
            data["media"],
            self.folder / data["name"],
            Recipe.from_json(data["recipe"]),
            data["created"],
            data["title"],
            job=data["job"],
            steps=data["steps"],
        )

    def get(self, artifact_id: str, /) -> Artifact | None:
        path = self.folder / f"{artifact_id}.json"
        return self._read(path) if path.exists() else None

    def path_of(self, sha256: str, /) -> Path | None:
        return next((path for path in self.folder.glob(f"{sha256}.*") if path.suffix != ".json"), None)

    def find(self, request_digest: str, /) -> tuple[Artifact, ...]:
        return tuple(
            a for a in self.all() if a.recipe and not a.partial and a.recipe.request.digest() == request_digest
        )

    def of_job(self, job_id: str, /) -> tuple[Artifact, ...]:
        return tuple(artifact for artifact in self.all() if artifact.job == job_id)


class Models:
    """Two models in no need of weights."""

    def __init__(self) -> None:
        self.hashed: list[str] = []
        self.hash_takes = 0.0
        self.known = {
            "test/words": Model("test/words", "Words", "test/lm", Path("words"), licence="CC0-1.0"),
            "test/odd": Model("test/odd", "Odd", "other/lm", Path("odd")),
            "test/bad": Model("test/bad", "Bad", "test/lm", Path("bad"), problem="it is a pickle."),
        }
        self.on_disk: dict[str, Model] = {}
        """What nobody has looked for yet."""

    def models(self) -> tuple[Model, ...]:
        return tuple(self.known.values())

    def get(self, model_id: str, /) -> Model | None:
        return self.known.get(model_id)

    def scan(self) -> tuple[Model, ...]:
        self.known |= self.on_disk
        return self.models()

    def sha256(self, model_id: str, /) -> str:
        time.sleep(self.hash_takes)
        self.hashed.append(model_id)
        sha = hashlib.sha256(model_id.encode()).hexdigest()
        self.known[model_id] = replace(self.known[model_id], sha256=sha)
        return sha


class Bench:
    """An engine with everything around it. `live` is "process" or "inline"; the folder may hold an earlier bench's.
    With a `project` the real store takes the place of `Files`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        live: str = "process",
        bundled: Path = WORKING,
        user: Path | None = None,
        grace: float = 5.0,
        journal: Any = None,
        worker: Callable[[], Any] | None = None,
        project: Project | None = None,
    ) -> None:
        self.folder = folder
        self.plugins = PluginHost(bundled, user, entry_points=False)
        self.plugins.load()
        self.mail = threading.Event()
        self.mailbox = Mailbox(self.mail.set)
        self.artifacts: Any = Files(folder / "artifacts") if project is None else project.artifacts
        self.steps = StepStore(folder / "steps") if project is None else project.steps
        journal = journal or (JobJournal(folder) if project is None else project.queue)
        self.models = Models()
        self.settings: dict[str, dict[str, dict[str, Any]]] = {}
        self.events: list[Event] = []
        self.workers: list[Any] = []
        self._live, self._grace, self._worker_of = live, grace, worker
        self.command = host_command(bundled, user, entry_points=False)
        self.engine = Engine(
            plugins=self.plugins,
            mailbox=self.mailbox,
            journal=journal,
            artifacts=self.artifacts,
            steps=self.steps,
            models=self.models,
            settings=lambda plugin: self.settings.get(plugin, {}),
            worker=self._make_worker,
        )

    def _make_worker(self) -> Any:
        if self._worker_of is not None:
            worker = self._worker_of()
        elif self._live == "inline":
            worker = InlineWorker(self.plugins, StepWriter, status=lambda: ("Bench", 1, 2), grace=self._grace)
        else:
            worker = ProcessWorker(self.command, grace=self._grace)
        self.workers.append(worker)
        return worker

    @property
    def host(self) -> ProcessWorker:
        """The worker of now."""
        worker = self.workers[-1]
        assert isinstance(worker, ProcessWorker)
        return worker

    def __enter__(self) -> Bench:
        self.engine.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()

    # --- asking -------------------------------------------------------------------------------------------------------

    def tiny(self, *, seed: int = 1, **params: Any) -> Request:
        return Request("tiny.picture", params, seed)

    def text(self, *, seed: int = 1, model: str = "test/words", **params: Any) -> Request:
        return Request("tokens.text", params, seed, ModelRef(model))

    def storm(self, mood: str) -> Request:
        return Request("stormy.storm", {"mood": mood})

    def submit(self, request: Request, **options: Any) -> str:
        return self.engine.submit(request, **options).id

    def job(self, job_id: str) -> Job:
        job = self.engine.job(job_id)
        assert job is not None
        return job

    # --- waiting ------------------------------------------------------------------------------------------------------

    def until(self, what: Callable[[], Any], *, seconds: float = 40.0) -> Any:
        """Drain the mailbox until `what()` is true, and return it."""
        deadline = time.monotonic() + seconds
        while True:
            self.events += self.mailbox.drain()
            answer = what()
            if answer:
                return answer
            assert time.monotonic() < deadline, f"nothing came of it; events: {self.events[-12:]}"
            self.mail.wait(0.05)
            self.mail.clear()

    def of(self, job_id: str, kind: type | None = None) -> list[Any]:
        """The events of a job so far, perhaps of one kind."""
        return [e for e in self.events if e.job_id == job_id and (kind is None or isinstance(e, kind))]

    def wait_for(self, job_id: str, kind: type, *, times: int = 1) -> Any:
        """Wait for an event of a job, and return the last of them."""
        self.until(lambda: len(self.of(job_id, kind)) >= times)
        return self.of(job_id, kind)[-1]

    def wait_state(self, job_id: str, state: JobState) -> Job:
        self.until(lambda: self.job(job_id).state is state)
        return self.job(job_id)

    def states(self, job_id: str) -> list[str]:
        """The states a job went through, as the mailbox told."""
        return [str(e.job.state) for e in self.of(job_id, Changed) if e.job is not None]
