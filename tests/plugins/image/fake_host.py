"""A scriptable PanelHost: it keeps what a panel asks for and lets a test play the jobs, with real files behind."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage

from studio.api import (
    Artifact,
    Cancelled,
    Changed,
    DeviceStatus,
    Event,
    Failed,
    Finished,
    Input,
    Job,
    JobState,
    Model,
    Preview,
    Problem,
    Progressed,
    Recipe,
    Request,
    Started,
    Step,
    Stepped,
    StudioError,
    media,
)

STARTER = Model(
    "starter/pictures",
    "Starter pictures",
    "diffusers/StableDiffusionPipeline",
    Path("/nowhere"),
    size=50_000_000,
    sha256="a" * 64,
    licence="Free to use for anything",
    origin="Trained by this project",
    bundled=True,
)
OTHER = Model("models/other", "Other", "diffusers/StableDiffusionPipeline", Path("/nowhere"), sha256="b" * 64)


def png(color: str, size: tuple[int, int] = (64, 64)) -> bytes:
    """A picture of one colour as a PNG file."""
    image = QImage(*size, QImage.Format.Format_RGB888)
    image.fill(QColor(color))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def preview(red: int, green: int = 0, blue: int = 0, side: int = 8) -> Preview:
    """A preview of one colour."""
    return Preview(media.RGB, bytes((red, green, blue)) * side * side, side, side)


@dataclass
class Undo:
    """An entry of the window's undo stack."""

    text: str
    undo: Callable[[], None]
    redo: Callable[[], None]


@dataclass
class FakeHost:
    """Jobs run when the test says so: `start`, `step`, `finish`, `fail`, `stop` tell the panel given to `attend`."""

    folder: Path
    known_models: list[Model] = field(default_factory=lambda: [STARTER])
    runs_on: DeviceStatus = field(default_factory=DeviceStatus)
    known_additions: list[Model] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    refuse: StudioError | None = None

    def __post_init__(self) -> None:
        self.artifacts: dict[str, Artifact] = {}
        self.submitted: list[tuple[str, Request, str]] = []
        self.waiting: dict[str, Job] = {}
        self.undo: list[Undo] = []
        self.said: list[str] = []
        self.commands: dict[str, Callable[[], None]] = {}
        self.shortcuts: dict[str, str] = {}
        self.ribbon: list[str] = []
        self.exported: list[str] = []
        self.others: list[tuple[str, str]] = []
        self.sent: list[tuple[str, str]] = []
        self.reported: list[StudioError] = []
        self.windows: list[object] = []
        self.changes = 0
        self._numbers = itertools.count(1)
        self._tell: Callable[[Event], None] = lambda event: None

    # What a test does

    def attend(self, tell: Callable[[Event], None]) -> None:
        """Who hears what jobs say."""
        self._tell = tell

    def tell(self, event: Event) -> None:
        """Say something."""
        self._tell(event)

    def keep(
        self, data: bytes, *, request: Request | None = None, job: str = "", state: str = "done", title: str = ""
    ) -> Artifact:
        """Put a file into the library."""
        name = hashlib.sha256(data).hexdigest()
        path = self.folder / f"{name}.png"
        path.write_bytes(data)
        image = QImage.fromData(data)
        recipe = None if request is None else Recipe(request, state=state)
        facts = {"width": image.width(), "height": image.height()} if not image.isNull() else {}
        kept = Artifact(name, media.PNG, path, recipe, 1.0, title, job=job, steps=job, facts=facts)
        self.artifacts[name] = kept
        return kept

    def start(self, job: str) -> None:
        """A worker takes the job."""
        self.waiting[job] = replace(self.waiting[job], state=JobState.RUNNING)
        self.tell(Changed(job, self.waiting[job]))
        self.tell(Started(job, "CPU"))

    def step(self, job: str, index: int, total: int, look: Preview | None) -> None:
        """A step is done."""
        self.tell(Stepped(job, Step(index, total, look, has_state=True)))

    def finish(self, job: str, color: str = "red", *, size: tuple[int, int] = (64, 64)) -> Artifact:
        """The job ends with a picture."""
        done = self.waiting.pop(job)
        artifact = self.keep(png(color, size), request=done.request, job=job, title=done.title)
        self.tell(Changed(job, replace(done, state=JobState.DONE)))
        self.tell(Finished(job, (artifact,), 1.0))
        return artifact

    def stop(self, job: str, color: str = "") -> Artifact | None:
        """The job is cancelled and leaves a partial picture, or nothing."""
        done = self.waiting.pop(job)
        artifact = self.keep(png(color), request=done.request, job=job, state="partial") if color else None
        self.tell(Changed(job, replace(done, state=JobState.CANCELLED)))
        self.tell(Cancelled(job, () if artifact is None else (artifact,)))
        return artifact

    def fail(self, job: str, problem: Problem) -> None:
        """The job fails."""
        done = self.waiting.pop(job)
        self.tell(Changed(job, replace(done, state=JobState.FAILED, problem=problem)))
        self.tell(Failed(job, problem))

    def progress(self, job: str, message: str) -> None:
        """The worker says what it does."""
        self.tell(Progressed(job, message, None))

    @property
    def requests(self) -> list[Request]:
        """What was asked for, in order."""
        return [request for _, request, _ in self.submitted]

    @property
    def last_job(self) -> str:
        """The id of the newest job."""
        return self.submitted[-1][0]

    # What a panel asks

    @property
    def panel_id(self) -> str:
        return "image.canvas"

    def submit(self, request: Request, *, title: str = "", again: bool = False) -> str:
        if self.refuse is not None:
            raise self.refuse
        job = f"job{next(self._numbers)}"
        self.submitted.append((job, request, title))
        self.waiting[job] = Job(job, request, title, self.panel_id)
        return job

    def cancel(self, job_id: str) -> None:
        self.said.append(f"cancel {job_id}")

    def jobs(self) -> Sequence[Job]:
        return tuple(self.waiting.values())

    def models(self, generator: str) -> Sequence[Model]:
        assert generator == "diffusion"
        return tuple(self.known_models)

    def added_models(self, generator: str) -> Sequence[Model]:
        assert generator == "diffusion"
        return tuple(self.known_additions)

    def artifact(self, artifact_id: str) -> Artifact | None:
        return self.artifacts.get(artifact_id)

    def take_in(self, source: Any, then: Any, *, failed: Any = None, media: str = "", title: str = "") -> None:
        try:
            artifact = self.bring_in(source() if callable(source) else source, media=media, title=title)
        except StudioError as error:
            (failed or self.report)(error)
        else:
            then(artifact)

    def bring_in(self, source: Path | bytes, *, media: str = "", title: str = "") -> Artifact:
        data = source if isinstance(source, bytes) else source.read_bytes()
        if QImage.fromData(data).isNull():
            raise StudioError("This is not a picture Studio can read.", "Try a PNG.")
        return self.keep(data, title=title)

    def device(self) -> DeviceStatus:
        return self.runs_on

    def settings(self, settings: type[Any]) -> Any:
        return settings()

    def remember(self, key: str, value: Any) -> None:
        self.memory[key] = value

    def recall(self, key: str, default: Any = None) -> Any:
        return self.memory.get(key, default)

    def changed(self) -> None:
        self.changes += 1

    def add_undo(self, text: str, *, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        self.undo.append(Undo(text, undo, redo))

    def add_command(
        self, name: str, title: str, run: Callable[[], None], *, shortcut: str = "", icon: str = ""
    ) -> None:
        assert title
        self.commands[name] = run
        if shortcut:
            self.shortcuts[shortcut] = name

    def show_steps(self, steps: str) -> None:
        self.ribbon.append(steps)

    def export(self, artifact_id: str) -> None:
        self.exported.append(artifact_id)

    def takers(self, artifact_id: str) -> Sequence[tuple[str, str]]:
        return self.others

    def send(self, artifact_id: str, panel_id: str) -> None:
        self.sent.append((artifact_id, panel_id))

    def report(self, error: StudioError) -> None:
        self.reported.append(error)

    def say(self, text: str) -> None:
        self.said.append(text)


def start_picture(artifact: Artifact) -> Input:
    """The input a request has that starts from an artifact."""
    return Input("image", artifact.media, artifact.id)
