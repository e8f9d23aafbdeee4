"""The finished pictures at hand: read off the window's thread, a few kept whole, all of them small in the strip."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from studio.api import Artifact
from studio.widgets.feeder import Feeder
from studio.widgets.pictures import LARGEST, load_image
from studio.widgets.text import shorten

from .panel_strip import PICTURE, TILE, Strip, Tile, small

KEPT = 12
"""Whole pictures kept in memory, so that going to and fro in the strip compares them without a blink."""


class Gallery(QObject):
    """`arrived(artifact id, QImage | None)` brings a picture that was asked for; None where it cannot be read."""

    arrived = Signal(str, object)

    def __init__(self, strip: Strip, owner: QWidget) -> None:
        super().__init__(owner)
        self._strip = strip
        self._whole: OrderedDict[str, QImage] = OrderedDict()
        self._feeder = Feeder(threads=2).serve(owner)
        self._feeder.ready.connect(self._ready)
        self._feeder.failed.connect(lambda key, _error: self._ready(key, None))

    def recent(self, most: int = 8) -> list[tuple[str, str, QImage]]:
        """(artifact id, title, small picture) of the finished ones in the strip, newest first."""
        tiles = [self._strip.tiles.index(row).data(TILE) for row in range(self._strip.tiles.rowCount())]
        done = [tile for tile in tiles if isinstance(tile, Tile) and tile.state in ("done", "partial")]
        return [(tile.key, shorten(tile.title, 40) or "Picture", tile.image) for tile in done[:most]]

    def whole(self, artifact_id: str) -> QImage | None:
        """The picture if it is at hand."""
        if artifact_id in self._whole:
            self._whole.move_to_end(artifact_id)
        return self._whole.get(artifact_id)

    def ask(self, artifact: Artifact) -> None:
        """Have the whole picture read."""
        path = artifact.path
        self._feeder.ask(("whole", artifact.id), lambda: read(path))

    def refill(self, artifacts: Sequence[Artifact]) -> None:
        """Fill the strip with pictures of earlier, oldest first."""
        self._strip.tiles.clear()
        for artifact in artifacts:
            self._strip.tiles.add(tile_for(artifact))
            path = artifact.path
            self._feeder.ask(("small", artifact.id), lambda path=path: read(path, largest=2 * PICTURE))

    def add(self, artifact: Artifact) -> None:
        """Put a picture on top of the strip."""
        self._strip.tiles.remove(artifact.id)
        self._strip.tiles.add(tile_for(artifact))

    def wait(self) -> None:
        """Return when everything that was asked for has been read (tests)."""
        self._feeder.wait()

    def _ready(self, key: tuple[str, str], image: QImage | None) -> None:
        sort, artifact_id = key
        if image is not None:
            self._strip.tiles.change(artifact_id, image=small(image))
        if sort == "whole":
            if image is not None:
                self._whole[artifact_id] = image
                while len(self._whole) > KEPT:
                    self._whole.popitem(last=False)
            self.arrived.emit(artifact_id, image)


def read(path: Path, *, largest: int = LARGEST) -> QImage | None:
    """The picture in a file. Formats that Qt does not know here (AVIF, 16-bit TIFF) are read by the plugin's codec."""
    image = load_image(path, largest=largest)
    if image is not None:
        return image
    from .codec import open_picture

    picture = open_picture(path).convert("RGB")
    picture.thumbnail((largest, largest))
    width, height = picture.size
    return QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def tile_for(artifact: Artifact) -> Tile:
    """The tile of a finished picture."""
    return Tile(artifact.id, "partial" if artifact.partial else "done", shorten(artifact.title, 120))
