"""What stands on the canvas: a picture being made, a finished one, or a step of the ribbon."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage

from studio.api import Artifact, PanelHost, Step

from .panel_gallery import Gallery
from .panel_runs import Run
from .panel_stage import Stage


class Easel(QObject):
    """Shows one thing at a time. `turned` is said when another finished picture (or none) is on show, `run_shown` when
    one that is being made is.

    While it follows, what begins next comes onto the canvas by itself; looking at something else ends that.
    """

    turned = Signal(str)
    run_shown = Signal()

    def __init__(self, host: PanelHost, stage: Stage, gallery: Gallery) -> None:
        super().__init__(stage)
        self._host = host
        self._stage = stage
        self._canvas = stage.canvas
        self._gallery = gallery
        self._run: Run | None = None
        self._artifact: Artifact | None = None
        self._with_start = False
        self.following = True
        self.scrubbing = False
        gallery.arrived.connect(self._arrived)
        self._canvas.set_file(self._file)
        self._show_tools()

    def artifact(self) -> Artifact | None:
        """The finished picture on show; None while a run or nothing is."""
        return self._artifact

    def shows(self, run: Run) -> bool:
        """True where this run is on show."""
        return self._run is run

    def is_empty(self) -> bool:
        """True where neither a picture nor a run has the canvas."""
        return self._run is None and self._artifact is None

    def show_run(self, run: Run, *, steps: bool = True) -> None:
        """Put a run on. Until its first preview the picture before it stays."""
        self._run, self._artifact = run, None
        self.run_shown.emit()
        self.scrubbing = False
        self._stage.strip.show_key(run.job)
        self._stage.show_badge("")
        if steps:
            self._host.show_steps(run.job)
        self.look(run)
        self._show_tools()

    def look(self, run: Run) -> None:
        """The run on show has a new preview."""
        if self._run is run and run.preview is not None and not self.scrubbing:
            self._canvas.set_target(*run.size())
            self._canvas.set_preview(run.preview)
            self._show_tools()

    def show_artifact(self, artifact: Artifact | None, *, steps: bool = True) -> None:
        """Put a finished picture on, or nothing."""
        self._run, self._artifact = None, artifact
        self.scrubbing = False
        name = "" if artifact is None else artifact.id
        self._stage.strip.show_key(name)
        self._stage.show_badge("Partial" if artifact is not None and artifact.partial else "")
        if artifact is None:
            self._canvas.set_image(None)
        else:
            self._show_whole(artifact)
        if steps:
            self._host.show_steps("" if artifact is None else artifact.steps or artifact.job)
        self._show_tools()
        self.turned.emit(name)

    def settle(self, artifact: Artifact, *, steps: bool) -> None:
        """The run on show has become `artifact`. A step that somebody is looking at stays on the canvas."""
        looking_back = self.scrubbing
        image = self._canvas.image()
        target = self._canvas.view.target()
        self.show_artifact(artifact, steps=steps and not looking_back)
        if looking_back and image is not None:
            self.scrubbing = True
            self._canvas.view.show_image(image, target, smooth=True)

    def show_step(self, step: Step | None) -> None:
        """A step of the ribbon where the picture is; None: the picture again."""
        self.scrubbing = step is not None
        if step is not None:
            if step.preview is not None:
                self._aim()
                self._canvas.set_preview(step.preview)
        elif self._run is not None:
            self.look(self._run)
        elif self._artifact is not None:
            self._show_whole(self._artifact)

    def show_start(self, image: QImage | None) -> None:
        """The picture to compare with."""
        self._canvas.view.set_compare(image)
        self._with_start = image is not None
        self._show_tools()

    def _aim(self) -> None:
        if self._run is not None:
            self._canvas.set_target(*self._run.size())
        elif self._artifact is not None:
            whole = self._gallery.whole(self._artifact.id)
            size = whole.size() if whole is not None else QSize(*_facts_size(self._artifact))
            self._canvas.set_target(size.width(), size.height())

    def _show_whole(self, artifact: Artifact) -> None:
        whole = self._gallery.whole(artifact.id)
        if whole is not None:
            self._canvas.set_image(whole)
        else:
            self._gallery.ask(artifact)

    def _arrived(self, artifact_id: str, image: QImage | None) -> None:
        if self._artifact is None or self._artifact.id != artifact_id or self.scrubbing:
            return
        if image is not None:
            self._canvas.set_image(image)
        else:
            self._canvas.set_image(None)
            self._stage.notice.say(
                "The file of this picture cannot be read any more. It may have been moved or deleted.", stay=True
            )
        self._show_tools()

    def _file(self) -> Path | None:
        return None if self._artifact is None else self._artifact.path

    def _show_tools(self) -> None:
        self._stage.tools.show_state(
            picture=not self._canvas.view.is_empty(),
            kept=self._artifact is not None,
            start=self._with_start,
        )


def _facts_size(artifact: Artifact) -> tuple[int, int]:
    width, height = artifact.facts.get("width"), artifact.facts.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else (0, 0)
