"""The panel's jobs: each writes a take, which shows as ghosts while it comes and is kept or dropped at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from studio.api import Artifact, Job, PanelHost, Preview, Problem, Request, StudioError

from .document import MEDIA, Score
from .panel_sheet import Region, Sheet
from .panel_take_jobs import TakeJobs
from .params import read_cells
from .takes import Change, change_between, fading, ghosts_of, take_in

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Take:
    """One run of the model over the score `before`; `after` is what it has written so far."""

    job: str
    request: Request
    before: Score
    regions: tuple[Region, ...] = ()
    state: Literal["waiting", "running", "done"] = "waiting"
    after: Score | None = None
    artifact: Artifact | None = None
    change: Change | None = field(default=None, repr=False)

    @property
    def task(self) -> str:
        """What was asked for."""
        return str(self.request.params.get("task", "piece"))

    def take(self, score: Score) -> None:
        """The model has written more."""
        self.after = score
        self.change = change_between(self.before, score)

    def merged(self, score: Score) -> Score:
        """`score` as it would be with this take in it."""
        if self.after is None or self.change is None:
            return score
        return self.after if self.task == "piece" else take_in(score, self.change)


class Takes(TakeJobs[Take]):
    """The takes over one score."""

    def __init__(self, host: PanelHost, sheet: Sheet, read: Callable[[Artifact], Score | None]) -> None:
        super().__init__(host, sheet)
        self._sheet, self._read = sheet, read
        self.adopt_all()

    def score(self) -> Score:
        """What is to be heard: the score with the take one looks at."""
        take = self.current()
        return self._sheet.score if take is None else take.merged(self._sheet.score)

    # What is done

    def submit(self, request: Request, *, before: Score, regions: tuple[Region, ...], title: str) -> None:
        """Queue a request. Raises StudioError where it is refused."""
        job = self._host.submit(request, title=title, again=True)
        self.takes = [take for take in self.takes if take.task == str(request.params.get("task"))]
        self.takes.append(Take(job, request, before, regions))
        self.place = len(self.takes) - 1
        self._host.changed()
        self._say()

    def step(self, by: int) -> None:
        """Look at another take."""
        if self.takes:
            self.place = (self.place + by) % len(self.takes)
            self._say()

    def keep(self) -> None:
        """Take the one that is looked at into the score: one entry of the undo stack."""
        take = self.current()
        if take is None or take.after is None:
            return
        for other in self.running():
            if other is not take:
                self._host.cancel(other.job)
        if take.state != "done":
            self._host.cancel(take.job)
        words = {"piece": "composing", "continue": "going on", "add": "adding a track", "vary": "a variation"}
        merged = take.merged(self._sheet.score)
        self.takes, self.place = [], 0
        self._sheet.set_ghosts(None)
        self._sheet.edit(words.get(take.task, "writing bars anew"), merged)
        self._say()
        self.settled.emit(take)

    # What is heard of the jobs

    def _looked(self, take: Take, preview: Preview | None) -> None:
        if preview is None or preview.media != MEDIA:
            return
        try:
            take.take(Score.from_bytes(preview.data))
        except StudioError as error:
            self.failed.emit(Problem.of(error))
            return
        if take is self.current():
            self._show()
            self.turned.emit()

    def _ended(self, take: Take, artifacts: tuple[Artifact, ...]) -> None:
        self._host.changed()
        for artifact in artifacts:
            score = self._read(artifact)
            if score is not None:
                take.artifact = artifact
                take.take(score)
        if take.after is None or take.change is None or take.change.empty:
            self._forget(take.job)
            return
        if take is self.current() and take.task == "piece" and not self._sheet.score.note_count:
            self.keep()
        else:
            self._say()

    def _taken_up(self, job: Job) -> Take:
        return self._take_of(job.request, job.id)

    def _take_of(self, request: Request, job: str) -> Take:
        """A take of an earlier sitting: what it was asked over came along with the request."""
        before, regions = self._sheet.score, dict[tuple[int, int], list[str]]()
        try:
            for item in request.inputs[:1]:
                given = self._host.artifact(item.sha256)
                before = (None if given is None else self._read(given)) or before
            for track, first, last in read_cells(str(request.params.get("cells", ""))):
                regions.setdefault((first, last), []).append(track)
        except StudioError as error:
            _log.info("a take of an earlier sitting: %s", error)
        found = tuple(Region(first, last, tuple(names)) for (first, last), names in regions.items())
        return Take(job, request, before, found)

    # From one sitting to the next

    def waiting(self) -> list[list[str]]:
        """The jobs of the takes that nobody has kept or dropped yet, and what they have made ("": nothing so far)."""
        return [[take.job, "" if take.artifact is None else take.artifact.id] for take in self.takes]

    def bring_back(self, waiting: Iterable[object]) -> None:
        """Takes of an earlier sitting to choose from."""
        for row in waiting:
            match row:
                case [str(job), str(result)] if all(take.job != job for take in self.takes):
                    artifact = self._made_by(job, result)
                    if artifact is not None and artifact.recipe is not None:
                        take = self._take_of(artifact.recipe.request, job)
                        take.state = "done"
                        self.takes.append(take)
                        self._ended(take, (artifact,))
        self._say()

    def _show(self) -> None:
        take = self.current()
        if take is None or take.change is None:
            self._sheet.set_ghosts(None)
        elif take.task == "piece":
            whole = frozenset(self._sheet.score.home_track)
            self._sheet.set_ghosts(take.after, whole)
        else:
            self._sheet.set_ghosts(ghosts_of(take.change), fading(self._sheet.score, take.change))
