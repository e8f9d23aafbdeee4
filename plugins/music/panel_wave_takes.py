"""The jobs of the sound panel: each makes an alternative that is seen and heard in place, and kept or dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from PySide6.QtCore import Signal

from studio.api import Artifact, Job, PanelHost, Preview, Problem, Request, Step, StudioError, media

from . import wave_edit as edits
from .panel_take_jobs import TakeJobs
from .panel_wave_sheet import WaveSheet
from .wave import Clip, Voice, Wave, whole
from .wave_tape import Tape

UNDO = {
    "new": "a new sound",
    "insert": "adding a new sound",
    "repaint": "making a range anew",
    "extend": "going on",
    "front": "a new beginning",
}


@dataclass(slots=True)
class WaveTake:
    """One run of a model over the document `before`. `span` is what it was asked to make anew, `offset` the frame of
    `before` at which the sound it was given begins.
    """

    job: str
    request: Request
    task: str
    before: Wave
    span: tuple[int, int]
    offset: int = 0
    state: Literal["waiting", "running", "done"] = "waiting"
    artifact: Artifact | None = None
    tape: Tape | None = field(default=None, repr=False)
    look: Preview | None = field(default=None, repr=False)
    words: str = ""

    def merged(self, now: Wave) -> tuple[Wave, tuple[int, int]] | None:
        """`now` with this take in it, and where that is; None where it cannot be laid over it any more."""
        if self.artifact is None or self.tape is None:
            return None
        name, made = self.artifact.id, self.tape
        if self.task == "new":
            title = self.artifact.title or now.title
            fresh = Wave(made.rate, made.channels, whole(name, made.frames), title=title)
            return fresh, (0, made.frames)
        wide = replace(now, channels=max(now.channels, made.channels))
        if self.task == "insert":
            place = edits.carried(self.before, now, self.span[0], self.span[0])
            at = min(now.length, self.span[0] if place is None else place[0])
            return edits.insert(wide, at, whole(name, made.frames)), (at, at + made.frames)
        facts = self.artifact.facts
        first = facts.get("first_frame", 0 if self.task == "front" else self.span[0] - self.offset)
        last = facts.get("last_frame", made.frames)
        if not (isinstance(first, int) and isinstance(last, int) and 0 <= first < last <= made.frames):
            return None
        clip = Clip(last - first, (Voice(name, first),))
        if self.task == "extend":
            return edits.replaced(wide, now.length, now.length, (clip,)), (now.length, now.length + clip.length)
        if self.task == "front":
            return edits.replaced(wide, 0, 0, (clip,)), (0, clip.length)
        place = edits.carried(self.before, now, *self.span)
        if place is None:
            return None
        fresh = edits.replaced(wide, *place, (clip,))
        return replace(fresh, regions=wide.regions, markers=wide.markers), (place[0], place[0] + clip.length)

    def expected(self) -> tuple[int, int]:
        """Where it will be, before it is there."""
        if self.task == "extend":
            seconds = float(self.request.params.get("seconds", 0))
            return self.before.length, self.before.length + round(seconds * self.before.rate)
        return self.span


class WaveTakes(TakeJobs[WaveTake]):
    """The takes over one sound; `finished` brings one that can be heard."""

    finished = Signal(object)

    def __init__(self, host: PanelHost, sheet: WaveSheet) -> None:
        super().__init__(host, sheet)
        self._sheet = sheet
        sheet.rewritten.connect(self._show)
        self.adopt_all()

    def ready(self) -> list[WaveTake]:
        """Those that can be heard."""
        return [take for take in self.takes if take.tape is not None]

    # What is done

    def submit(self, take: WaveTake, title: str) -> None:
        """Queue its request. Raises StudioError where it is refused."""
        take.job = self._host.submit(take.request, title=title, again=True)
        self.takes = [t for t in self.takes if (t.task, t.span) == (take.task, take.span)]
        self.takes = [t for t in self.takes if t.job != take.job]
        self.takes.append(take)
        if len(self.ready()) == 0:
            self.place = len(self.takes) - 1
        self._host.changed()
        self._say()

    def step(self, by: int) -> None:
        """Look at another take."""
        there = [i for i, take in enumerate(self.takes) if take.tape is not None]
        if there:
            now = there.index(self.place) if self.place in there else -1
            self.place = there[(now + by) % len(there)]
            self._say()

    def keep(self) -> None:
        """Take the one that is looked at into the document: one entry of the undo stack."""
        take = self.current()
        if take is None or take.tape is None:
            return
        found = take.merged(self._sheet.wave)
        if found is None:
            self.failed.emit(
                Problem("What was to be made anew was edited meanwhile.", "Undo those edits, then keep this take.")
            )
            return
        self.cancel()
        self.takes, self.place = [], 0
        self._sheet.set_ghost(None)
        wave, span = found
        self._sheet.edit(UNDO.get(take.task, "a take"), wave, select=(0, 0) if take.task == "new" else span)
        self._say()
        self.settled.emit(take)

    # What is heard of the jobs

    def _stepped(self, take: WaveTake, step: Step) -> None:
        take.words = f"Step {step.index + 1} of {step.total}" if step.total else f"Step {step.index + 1}"
        super()._stepped(take, step)

    def _looked(self, take: WaveTake, preview: Preview | None) -> None:
        if preview is not None:
            take.look = preview
        if take is self.current():
            self.turned.emit()

    def _ended(self, take: WaveTake, artifacts: tuple[Artifact, ...]) -> None:
        sounds = [artifact for artifact in artifacts if media.kind(artifact.media) == "audio"]
        if not sounds:
            self._forget(take.job)
            return
        take.artifact = sounds[-1]
        self._host.changed()
        rate = 0 if take.task == "new" else take.before.rate
        self._sheet.tapes.decode(take.artifact, rate, lambda tape: self._heard(take, tape), self._broken)
        self._say()

    def _broken(self, error: StudioError) -> None:
        self.failed.emit(Problem.of(error))

    def _heard(self, take: WaveTake, tape: Tape) -> None:
        if take not in self.takes or take.artifact is None:
            return
        take.tape, take.look = tape, None
        self._sheet.shelf.put(take.artifact.id, tape)
        self.finished.emit(take)
        if take.task == "new" and not self._sheet.wave.length:
            self.place = self.takes.index(take)
            self.keep()
            return
        current = self.current()
        if current is None or current.tape is None:
            self.place = self.takes.index(take)
        self._say()

    def _taken_up(self, job: Job) -> WaveTake:
        params = job.request.params
        front = params.get("task") == "extend" and params.get("side") == "front"
        task = "front" if front else str(params.get("task", "new"))
        span = (int(params.get("first_frame", 0)), int(params.get("last_frame", 0)))
        return WaveTake(job.id, job.request, task, self._sheet.wave, span)

    def asked(self) -> dict[str, list[Any]]:
        """What all takes were asked for, as plain JSON by job: what is on its way, and what nobody has kept yet."""
        return {
            take.job: [
                *(take.task, *take.span, take.offset, "" if take.artifact is None else take.artifact.id),
                None if take.before is self._sheet.wave else take.before.to_json(),
            ]
            for take in self.takes
        }

    def bring_back(self, asked: Mapping[str, Any]) -> None:
        """The document of an earlier sitting is there, and what its takes were asked for (`asked`)."""
        for job, said in asked.items():
            match said:
                case [str(task), int(first), int(last), int(offset), *more]:
                    self._bring_back(job, (task, (first, last), offset), [*more, "", None][:2])
        self._say()

    def _bring_back(self, job: str, said: tuple[str, tuple[int, int], int], more: list[Any]) -> None:
        take = next((take for take in self.takes if take.job == job), None)
        artifact = self._made_by(job, str(more[0])) if take is None else None
        if artifact is not None and artifact.recipe is not None:
            take = WaveTake(job, artifact.recipe.request, "", self._sheet.wave, (0, 0), state="done")
            self.takes.append(take)
        if take is None:
            return
        take.task, take.span, take.offset = said
        try:
            take.before = Wave.from_json(more[1]) if isinstance(more[1], dict) else self._sheet.wave
        except StudioError:
            take.before = self._sheet.wave  # as it is now is better than nothing
        if artifact is not None:
            self._sheet.tapes.want(sorted(take.before.sources), take.before.rate)
            self._ended(take, (artifact,))

    def _show(self) -> None:
        take = self.current()
        if take is None:
            self._sheet.set_ghost(None)
            return
        found = take.merged(self._sheet.wave)
        if found is not None:
            self._sheet.set_ghost(*found)
        else:
            waits = take.tape is None and take.task not in ("insert", "front")
            self._sheet.set_ghost(None, take.expected() if waits else None)
