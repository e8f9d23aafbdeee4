"""The image panel's jobs: submitted together, followed one by one, shown on the easel and in the strip."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from studio.api import (
    Artifact,
    Cancelled,
    Changed,
    Event,
    Failed,
    Finished,
    Job,
    JobState,
    PanelHost,
    Paused,
    Preview,
    Previewed,
    Problem,
    Progressed,
    Request,
    Started,
    Stepped,
    media,
)
from studio.widgets.pictures import preview_image

from .panel_easel import Easel
from .panel_gallery import Gallery, tile_for
from .panel_runs import Batch, Run, State
from .panel_stage import Stage
from .panel_strip import Tile, small


class Jobs(QObject):
    """`busy` says whether anything is on its way, `finished` brings each picture that is done or partly done."""

    busy = Signal(bool)
    finished = Signal(object)

    def __init__(self, host: PanelHost, stage: Stage, easel: Easel, gallery: Gallery) -> None:
        super().__init__(stage)
        self._host = host
        self._stage = stage
        self._tiles = stage.strip.tiles
        self._easel = easel
        self._gallery = gallery
        self._runs: dict[str, Run] = {}
        self._was_busy = False
        for job in host.jobs():
            self._adopt(job)

    def any(self) -> bool:
        """True while anything is on its way."""
        return bool(self._runs)

    def submit(self, requests: Sequence[Request], title: str, *, before: str, what: str = "Generate") -> None:
        """Queue requests that belong together. Raises StudioError at the first that is refused."""
        batch = Batch(before=before, what=what)
        self._easel.following = True
        for request in requests:
            self._add(Run(self._host.submit(request, title=title), request, title, batch))

    def request_of(self, steps: str, results: Sequence[str]) -> Request | None:
        """The request whose steps go by that name, of a run or of one of the pictures `results`."""
        if steps in self._runs:
            return self._runs[steps].request
        for name in reversed(results):
            artifact = self._host.artifact(name)
            if artifact is not None and artifact.recipe is not None and steps in (artifact.steps, artifact.job):
                return artifact.recipe.request
        return None

    def refill(self) -> None:
        """Put what is on its way back into an emptied strip."""
        for run in self._runs.values():
            self._tiles.add(Tile(run.job, run.state, run.title))

    def show_key(self, key: str) -> None:
        """Put a tile of the strip on the canvas."""
        run = self._runs.get(key)
        if run is not None:
            self._easel.show_run(run)
            self._easel.following = True
            return
        artifact = self._host.artifact(key)
        self._easel.following = not self._runs
        if artifact is not None:
            self._easel.show_artifact(artifact)
        else:
            self._tiles.remove(key)
            self._stage.notice.say("This picture is not in the library any more.")

    def on_event(self, event: Event) -> None:
        """What a job says. Jobs of others are passed over."""
        if isinstance(event, Changed):
            self._changed(event)
        elif (run := self._runs.get(event.job_id)) is not None:
            self._follow(run, event)
        self._say_busy()

    def _say_busy(self) -> None:
        busy = any(not run.paused for run in self._runs.values())
        if busy != self._was_busy:
            self._was_busy = busy
            self.busy.emit(busy)

    def _follow(self, run: Run, event: Event) -> None:
        match event:
            case Started():
                self._started(run)
            case Progressed(message=message):
                if self._easel.shows(run):
                    self._stage.canvas.empty.set_words(message, "The first steps appear here in a moment.")
            case Stepped(step=step):
                run.fraction = (step.index + 1) / step.total if step.total else 0.0
                self._looked(run, step.preview)
            case Previewed(preview=preview):
                self._looked(run, preview)
            case Finished(artifacts=artifacts) | Cancelled(artifacts=artifacts):
                self._ended(run, artifacts)
            case Failed(problem=problem):
                self._failed(run, problem)
            case Paused():
                run.state, run.paused = "waiting", True
                self._tiles.change(run.job, state="waiting")

    def _add(self, run: Run) -> None:
        if run.job not in self._runs:
            self._runs[run.job] = run
            self._tiles.add(Tile(run.job, run.state, run.title))
            self._say_busy()

    def _changed(self, event: Changed) -> None:
        job = event.job
        if job is None:
            run = self._runs.pop(event.job_id, None)
            if run is not None:
                self._drop(run)
        elif job.origin == self._host.panel_id and not job.state.ended:
            self._adopt(job)

    def _adopt(self, job: Job) -> None:
        """Follow a job that was not submitted just now: of an earlier sitting, or tried again on the Queue page."""
        self._add(Run(job.id, job.request, job.title, Batch(before=self._on_show())))
        state: State = "running" if job.state == JobState.RUNNING else "waiting"
        self._runs[job.id].state, self._runs[job.id].paused = state, job.state == JobState.PAUSED
        self._tiles.change(job.id, state=state)

    def _on_show(self) -> str:
        artifact = self._easel.artifact()
        return "" if artifact is None else artifact.id

    def _started(self, run: Run) -> None:
        run.state, run.paused = "running", False
        self._tiles.change(run.job, state="running", fraction=0.0)
        if self._easel.following and not self._easel.scrubbing:
            self._easel.show_run(run, steps=False)

    def _looked(self, run: Run, preview: Preview | None) -> None:
        image = None if preview is None else preview_image(preview)
        if image is None:
            self._tiles.change(run.job, fraction=run.fraction)
            return
        run.preview = preview
        self._tiles.change(run.job, fraction=run.fraction, image=small(image))
        self._easel.look(run)

    def _ended(self, run: Run, artifacts: Sequence[Artifact]) -> None:
        self._runs.pop(run.job, None)
        pictures = [artifact for artifact in artifacts if media.kind(artifact.media) == "image"]
        if not pictures:
            self._drop(run)
            return
        newest = pictures[-1]
        at_once = run.state == "waiting" and self._easel.following and not self._easel.scrubbing
        wanted = at_once or self._easel.shows(run) or self._easel.is_empty()
        for artifact in pictures:
            self._tiles.remove(artifact.id)
            self._put_tile(run, artifact)
            self.finished.emit(artifact)
        self._note_for_undo(run.batch, newest)
        if wanted:
            # A request that was made before is answered without ever starting: its steps are not on the ribbon yet.
            self._easel.settle(newest, steps=at_once)
        else:
            self._gallery.ask(newest)

    def _put_tile(self, run: Run, artifact: Artifact) -> None:
        """The finished picture takes the place that the run had in the strip."""
        tile = tile_for(artifact)
        if self._tiles.row(run.job) >= 0:
            self._tiles.change(run.job, key=tile.key, state=tile.state, title=tile.title)
        else:
            self._tiles.add(tile)

    def _note_for_undo(self, batch: Batch, artifact: Artifact) -> None:
        """One press on Generate is one entry, however many pictures it made."""
        batch.last = artifact.id
        if not batch.noted:
            batch.noted = True
            self._host.add_undo(
                batch.what, undo=lambda: self._bring_back(batch.before), redo=lambda: self._bring_back(batch.last)
            )

    def _bring_back(self, artifact_id: str) -> None:
        self._easel.show_artifact(self._host.artifact(artifact_id) if artifact_id else None)

    def _failed(self, run: Run, problem: Problem) -> None:
        self._runs.pop(run.job, None)
        self._drop(run)
        self._stage.show_problem(problem, action="Try again")

    def _drop(self, run: Run) -> None:
        """A run that left nothing makes room for the picture before it."""
        self._tiles.remove(run.job)
        if self._easel.shows(run):
            self._bring_back(run.batch.last or run.batch.before)
