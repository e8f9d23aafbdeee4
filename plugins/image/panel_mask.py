"""Repaint: a mask over the picture on the canvas; Generate makes anew what is painted over, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.api import Artifact, Input, PanelHost, ParamSpec, Problem, Request, describe, media
from studio.widgets import theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.fields import SliderField
from studio.widgets.mask_layer import LARGEST, SMALLEST, MaskLayer
from studio.widgets.text import Label

from .document import fit_size
from .panel_easel import Easel
from .panel_stage import Stage
from .params import ImageParams

HOW = "Paint over what shall be made anew; the rest stays as it is."


class MaskBar(Card):
    """Brush, eraser, size, how much may change, and the way out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("plain", parent)
        self.brush = IconButton("paint-brush", "Brush", help="Paint over  B")
        self.eraser = IconButton("eraser", "Eraser", help="Take away  E, or the right button")
        for tool in (self.brush, self.eraser):
            tool.setCheckable(True)
        self.size = SliderField(
            ParamSpec(
                "brush", "integer", 48, "Brush size", minimum=SMALLEST, maximum=LARGEST, slider=(4, 256), unit="px"
            )
        )
        spec = next(s for s in describe(ImageParams) if s.name == "strength")
        self.strength = SliderField(
            replace(spec, default=0.9, label="Change", help="How much of what was there may go.")
        )
        self.invert = IconButton("circle-half", "Invert the mask")
        self.clear = IconButton("trash", "Clear the mask")
        self.done = Button("Done", "quiet", name="Leave the mask", help="Leave the mask  Esc")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.M, theme.S, theme.S, theme.S)
        row.setSpacing(theme.S)
        row.addWidget(self.brush)
        row.addWidget(self.eraser)
        for field in (self.size, self.strength):
            field.setFixedWidth(theme.tokens().px(190))
            row.addWidget(field)
        row.addWidget(self.invert)
        row.addWidget(self.clear)
        row.addWidget(self.done)
        self.setAccessibleName("Repaint")
        self.hide()


class Masking(QObject):
    """Opens over the finished picture on the canvas. `closed` says that the artist left it."""

    closed = Signal()

    def __init__(self, host: PanelHost, stage: Stage, easel: Easel) -> None:
        super().__init__(stage)
        self._host, self._stage, self._easel = host, stage, easel
        self.layer = MaskLayer(stage.canvas.view)
        self.bar = MaskBar(stage.canvas)
        self.words = Label(HOW, "muted", parent=stage.canvas)
        self.words.hide()
        self._source: Artifact | None = None
        self._shown: Artifact | None = None
        self._kept: tuple[QImage, str] | None = None
        layer, bar = self.layer, self.bar
        bar.brush.clicked.connect(lambda: layer.set_erasing(False))
        bar.eraser.clicked.connect(lambda: layer.set_erasing(True))
        bar.size.changed.connect(lambda value: layer.brush == value or layer.set_brush(value))
        bar.invert.clicked.connect(layer.invert)
        bar.clear.clicked.connect(layer.clear)
        bar.done.clicked.connect(self.close)
        layer.painted.connect(self._painted)
        layer.brush_changed.connect(self._show_brush)
        layer.left.connect(self.close)
        stage.canvas.view.view_changed.connect(self.place)
        stage.tools.repaint_wanted.connect(self.toggle)
        easel.turned.connect(lambda _artifact: self.look_at(easel.artifact()))

    def is_open(self) -> bool:
        """True while a mask is painted."""
        return self.bar.isVisible()

    def toggle(self) -> None:
        """Paint a mask over the picture on the canvas, or leave it."""
        if self.is_open():
            self.close()
        else:
            self.open(self._easel.artifact())

    def is_ready(self) -> bool:
        """True where Generate can go on; otherwise it is said what is missing."""
        if self.is_open() and self.layer.is_empty():
            self._stage.show_problem(Problem("Nothing is painted over.", HOW))
            return False
        return True

    def open(self, artifact: Artifact | None) -> None:
        """Paint over this picture."""
        size = _size_of(artifact)
        if artifact is None or size is None:
            self._host.say("There is no finished picture to repaint")
            return
        self._source = self._shown = artifact
        self.layer.begin(size)
        self.bar.show()
        self.bar.raise_()
        self.words.setVisible(self.layer.is_empty())
        self._show_brush()
        self.place()

    def close(self) -> None:
        """Leave; the mask is there again when one comes back to the same size."""
        if self.is_open():
            self.layer.hide()
            self.bar.hide()
            self.words.hide()
            self.closed.emit()

    def look_at(self, artifact: Artifact | None) -> None:
        """Another picture is on the canvas; the next stroke goes over that one."""
        self._shown = artifact
        if self.is_open() and _size_of(artifact) != self.layer.mask().size():
            self.close()

    def requests(self, requests: tuple[Request, ...]) -> tuple[Request, ...]:
        """These requests, of the picture and the mask."""
        source = self._source
        if not self.is_open() or source is None:
            return requests
        mask = self._mask_id()
        self.layer.dim(True)
        size = self.layer.mask().size()
        inputs = (Input("image", source.media, source.id), Input("mask", media.PNG, mask))
        return tuple(
            replace(request, inputs=inputs).with_params(
                strength=self.bar.strength.value(), **_work_size(size, request.params)
            )
            for request in requests
        )

    def _mask_id(self) -> str:
        now = self.layer.mask()
        if self._kept is None or self._kept[0] != now:
            self._kept = (now, self._host.bring_in(self.layer.png(), media=media.PNG, title="Mask").id)
        return self._kept[1]

    def _painted(self, before: QImage) -> None:
        after = self.layer.mask()
        self.words.hide()
        if self._shown is not None and _size_of(self._shown) == after.size():
            self._source = self._shown
        self._host.add_undo(
            "painting the mask", undo=lambda: self.layer.set_mask(before), redo=lambda: self.layer.set_mask(after)
        )

    def _show_brush(self) -> None:
        self.bar.brush.setChecked(not self.layer.erasing)
        self.bar.eraser.setChecked(self.layer.erasing)
        if self.bar.size.value() != self.layer.brush:
            self.bar.size.set_value(self.layer.brush)

    def place(self) -> None:
        """At the upper edge, in the middle."""
        if not self.is_open():
            return
        room = self._stage.canvas.rect()
        self.bar.adjustSize()
        self.bar.move(max(theme.M, (room.width() - self.bar.width()) // 2), theme.M)
        self.words.adjustSize()
        self.words.move((room.width() - self.words.width()) // 2, self.bar.geometry().bottom() + theme.M)
        self.words.raise_()


def _size_of(artifact: Artifact | None) -> QSize | None:
    if artifact is None:
        return None
    width, height = artifact.facts.get("width"), artifact.facts.get("height")
    if isinstance(width, int) and isinstance(height, int):
        return QSize(width, height)
    size = QImageReader(str(artifact.path)).size()
    return size if size.isValid() else None


def _work_size(size: QSize, params: Any) -> dict[str, int]:
    """The size the model works in: the picture's own where it can, else about the size that is set, in its shape."""
    specs = {spec.name: spec for spec in describe(ImageParams)}
    area = int(params.get("width", 512)) * int(params.get("height", 512))
    multiple = specs["width"].multiple
    low, high = int(specs["width"].minimum or 64), int(specs["width"].maximum or 4096)
    fits = all(side % multiple == 0 and low <= side <= high for side in (size.width(), size.height()))
    if fits and size.width() * size.height() <= 1.5 * area:
        return {"width": size.width(), "height": size.height()}
    width, height = fit_size(size.width(), size.height(), area=area, multiple=multiple, low=low, high=high)
    return {"width": width, "height": height}
