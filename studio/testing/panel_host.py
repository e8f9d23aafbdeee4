"""What a panel is given, without a window: records what the panel asks for, and plays events back to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from studio.core.artifact import Artifact
from studio.core.device import DeviceStatus
from studio.core.errors import StudioError
from studio.core.events import Changed, Event
from studio.core.job import Job, JobState
from studio.core.model import Model
from studio.core.params import parse
from studio.core.request import Request

T = TypeVar("T")


class _Hears(Protocol):
    def on_event(self, event: Event, /) -> None: ...


@dataclass
class Entry:
    """One entry of the undo stack."""

    text: str
    undo: Callable[[], None]
    redo: Callable[[], None]


@dataclass
class FakePanelHost:
    """Satisfies `studio.api.PanelHost`.

    `generators` maps a generator's name to its params dataclass: requests are checked as the engine would check them.
    Afterwards read `submitted` (job id and request), `said`, `errors`, `undo_stack`, `commands`, `exported`,
    `words_sent`, `sent`, `kept` (what `remember` got), `changes` (how often `changed()` was called) and `steps_shown`.
    """

    folder: Path
    panel_id: str = "test.panel"
    generators: Mapping[str, type] = field(default_factory=dict)
    usable_models: Sequence[Model] = ()
    usable_additions: Sequence[Model] = ()
    own_settings: Sequence[Any] = ()
    runs_on: DeviceStatus = field(default_factory=DeviceStatus)
    submitted: list[tuple[str, Request]] = field(default_factory=list)
    again: list[bool] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    errors: list[StudioError] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)
    undo_stack: list[Entry] = field(default_factory=list)
    commands: dict[str, Callable[[], None]] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    words_sent: list[tuple[str, str]] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    changes: int = 0
    steps_shown: str = ""
    _artifacts: dict[str, Artifact] = field(default_factory=dict)
    _jobs: dict[str, Job] = field(default_factory=dict)

    # --- what a panel calls -------------------------------------------------------------------------------------------

    def submit(self, request: Request, *, title: str = "", again: bool = False) -> str:
        """Record a request as a queued job."""
        name = request.generator.rpartition(".")[2]
        if self.generators:
            if name not in self.generators:
                raise StudioError(f"There is no generator {request.generator!r}.")
            parse(self.generators[name], request.params)
        job = f"{len(self.submitted):032x}"
        self.submitted.append((job, request))
        self.again.append(again)
        self._jobs[job] = Job(job, request, title=title, origin=self.panel_id)
        return job

    def cancel(self, job_id: str) -> None:
        """Record the wish."""
        self.cancelled.append(job_id)

    def jobs(self) -> Sequence[Job]:
        """The jobs that no played event has ended."""
        return [job for job in self._jobs.values() if not job.state.ended]

    def job(self, job_id: str) -> Job | None:
        """Any job that was submitted or played."""
        return self._jobs.get(job_id)

    def models(self, generator: str) -> Sequence[Model]:
        """Those that the test gave."""
        return self.usable_models

    def added_models(self, generator: str) -> Sequence[Model]:
        """Those that the test gave."""
        return self.usable_additions

    def device(self) -> DeviceStatus:
        """The one that the test gave."""
        return self.runs_on

    def artifact(self, artifact_id: str) -> Artifact | None:
        """One that was brought in or given."""
        return self._artifacts.get(artifact_id)

    def bring_in(self, source: Path | bytes, *, media: str = "", title: str = "") -> Artifact:
        """Keep a file under its hash and its ending."""
        data = source.read_bytes() if isinstance(source, Path) else source
        name = hashlib.sha256(data).hexdigest()
        path = self.folder / (name + (source.suffix if isinstance(source, Path) else ""))
        path.write_bytes(data)
        return self.give(Artifact(name, media or "image/png", path, title=title))

    def take_in(
        self,
        source: Path | bytes | Callable[[], bytes],
        then: Callable[[Artifact], None],
        *,
        failed: Callable[[StudioError], None] | None = None,
        media: str = "",
        title: str = "",
    ) -> None:
        """Keep a file under its hash and call back before this returns; a window does so later."""
        try:
            artifact = self.bring_in(source() if callable(source) else source, media=media, title=title)
        except (OSError, StudioError) as error:
            (failed or self.report)(error if isinstance(error, StudioError) else StudioError(str(error)))
        else:
            then(artifact)

    def settings(self, settings: type[T]) -> T:
        """The instance that the test gave, or one with all defaults."""
        return next((value for value in self.own_settings if isinstance(value, settings)), settings())

    def remember(self, key: str, value: Any) -> None:
        """Keep a value in memory."""
        self.kept[key] = value

    def recall(self, key: str, default: Any = None) -> Any:
        """What `remember` kept."""
        return self.kept.get(key, default)

    def changed(self) -> None:
        """Count."""
        self.changes += 1

    def add_undo(self, text: str, *, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        """Record an entry; call its functions to play the artist."""
        self.undo_stack.append(Entry(text, undo, redo))

    def add_command(
        self, name: str, title: str, run: Callable[[], None], *, shortcut: str = "", icon: str = ""
    ) -> None:
        """Record a command by its name."""
        assert name not in self.commands, f"there is a command {name} already"
        self.commands[name] = run

    def show_steps(self, steps: str) -> None:
        """Record which steps should be on the ribbon."""
        self.steps_shown = steps

    def export(self, artifact_id: str) -> None:
        """Record the wish."""
        self.exported.append(artifact_id)

    def takers(self, artifact_id: str) -> Sequence[tuple[str, str]]:
        """Nobody else is here."""
        return ()

    def send(self, artifact_id: str, panel_id: str) -> None:
        """Record the wish."""
        self.sent.append((artifact_id, panel_id))

    def send_words(self, text: str, media: str = "image/*") -> bool:
        """Record the words."""
        self.words_sent.append((media, text))
        return True

    def report(self, error: StudioError) -> None:
        """Record an error."""
        self.errors.append(error)

    def say(self, text: str) -> None:
        """Record a line."""
        self.said.append(text)

    # --- what a test calls --------------------------------------------------------------------------------------------

    def give(self, artifact: Artifact) -> Artifact:
        """Make an artifact known."""
        self._artifacts[artifact.id] = artifact
        return artifact

    def play(self, panel: _Hears, events: Iterable[Event]) -> None:
        """Let the panel hear events, as the bridge would bring them."""
        for event in events:
            if isinstance(event, Changed) and event.job is not None:
                self._jobs[event.job_id] = event.job
            panel.on_event(event)

    def end(self, job_id: str, state: JobState = JobState.DONE) -> None:
        """Take a job through its life, without events."""
        self._jobs[job_id] = self._jobs[job_id].to(JobState.RUNNING).to(state)
