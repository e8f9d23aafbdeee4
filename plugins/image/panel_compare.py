"""Comparing over the canvas: the picture on show, and the one it grew from, came after, or stands beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QImage

from studio.api import Artifact, PanelHost
from studio.widgets.text import shorten

from .panel_easel import Easel
from .panel_gallery import Gallery
from .panel_stage import Stage

if TYPE_CHECKING:
    from studio.widgets.compare import CompareView


class Comparison(QObject):
    """While it is open, choosing another picture compares that one with the first."""

    def __init__(self, host: PanelHost, stage: Stage, easel: Easel, gallery: Gallery) -> None:
        super().__init__(stage)
        self._host, self._stage, self._easel, self._gallery = host, stage, easel, gallery
        self._before: list[str] = []
        self._pair: tuple[Artifact, Artifact] | None = None
        self.view: CompareView | None = None
        easel.turned.connect(self._turned)
        easel.run_shown.connect(self.close)
        gallery.arrived.connect(self._arrived)
        stage.canvas.installEventFilter(self)

    def is_open(self) -> bool:
        """True while two pictures are compared."""
        return self.view is not None

    def toggle(self) -> None:
        """Compare the picture on show with the likeliest other one, or end it."""
        if self.is_open():
            self.close()
            return
        here = self._easel.artifact()
        other = None if here is None else self._other(here)
        if here is None or other is None:
            self._host.say("There is no other picture to compare with yet")
        else:
            self.open(other, here)

    def open(self, one: Artifact, other: Artifact) -> None:
        """Compare two pictures, `one` on the left."""
        self._pair = (one, other)
        for artifact in self._pair:
            if self._gallery.whole(artifact.id) is None:
                self._gallery.ask(artifact)
        self._show()

    def close(self) -> None:
        """Back to the canvas."""
        view, self.view, self._pair = self.view, None, None
        if view is not None:
            had_focus = view.hasFocus() or view.isAncestorOf(view.window().focusWidget() or view.window())
            view.hide()
            view.deleteLater()
            if had_focus:
                self._stage.canvas.setFocus()

    def _other(self, here: Artifact) -> Artifact | None:
        """The picture it branched from, else the one that was on show before, else its neighbour in the strip."""
        keys = [key for key in self._stage.strip.tiles.keys() if key != here.id]  # noqa: SIM118 - not a mapping
        found = [artifact for key in keys if (artifact := self._host.artifact(key)) is not None]
        resume = None if here.recipe is None else here.recipe.request.resume
        for artifact in found:
            if resume is not None and resume.steps in (artifact.job, artifact.steps):
                return artifact
        for name in reversed(self._before):
            artifact = self._host.artifact(name) if name != here.id else None
            if artifact is not None:
                return artifact
        return found[0] if found else None

    def _turned(self, artifact_id: str) -> None:
        if artifact_id:
            self._before = [*(name for name in self._before if name != artifact_id), artifact_id][-2:]
        here = self._easel.artifact()
        if self._pair is None or here is None:
            return
        if here.id not in (self._pair[0].id, self._pair[1].id):
            self.open(self._pair[0], here)

    def _arrived(self, artifact_id: str, image: QImage | None) -> None:
        if self._pair is None or artifact_id not in (self._pair[0].id, self._pair[1].id):
            return
        if image is None:
            self.close()
            self._host.say("The file of one of the two cannot be read any more")
        else:
            self._show()

    def _show(self) -> None:
        if self._pair is None:
            return
        images = [self._gallery.whole(artifact.id) for artifact in self._pair]
        if images[0] is None or images[1] is None:
            return
        if self.view is None:
            from studio.widgets.compare import CompareView

            self.view = CompareView(self._stage.canvas)
            self.view.closed.connect(self.close)
            self.view.setGeometry(self._stage.canvas.rect())
            self.view.show()
            self.view.raise_()
            self.view.setFocus()
        names = [shorten(artifact.title, 60) or "Picture" for artifact in self._pair]
        if names[0] == names[1]:
            names = [f"{name} ({side})" for name, side in zip(names, ("before", "on show"), strict=True)]
        self.view.set_pair(images[0], images[1], (names[0], names[1]))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the canvas whatever its size."""
        if self.view is not None and watched is self._stage.canvas and event.type() == QEvent.Type.Resize:
            self.view.setGeometry(self._stage.canvas.rect())
        return super().eventFilter(watched, event)
