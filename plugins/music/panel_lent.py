"""What a text or a picture that is sent here lends to the next piece."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImageReader

from studio.api import Artifact, media

from .mood import MOST, of_picture, of_text

SIDE = 24


def lent_by(artifact: Artifact) -> tuple[str, int] | None:
    """(mood, beats a minute), or None where nothing can be told."""
    kind = media.kind(artifact.media)
    if kind == "text":
        try:
            with artifact.path.open("rb") as file:
                return of_text(file.read(MOST).decode("utf-8", "replace"))
        except OSError:
            return None
    if kind != "image":
        return None
    reader = QImageReader(str(artifact.path))
    size = reader.size()
    if size.isValid() and size.width() * size.height() > 150_000_000:
        return None
    image = reader.read()
    if image.isNull():
        return None
    small = image.scaled(QSize(SIDE, SIDE), mode=Qt.TransformationMode.SmoothTransformation)
    colours = [small.pixelColor(x, y) for y in range(small.height()) for x in range(small.width())]
    return of_picture([(c.redF(), c.greenF(), c.blueF()) for c in colours])
