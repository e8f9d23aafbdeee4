"""What an export does away from the window: encode a file in memory, look at it, write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImage, QImageReader
from PySide6.QtWidgets import QWidget

from studio.core import media
from studio.core.artifact import Artifact
from studio.core.recipe import Recipe
from studio.core.specs import ExporterSpec
from studio.core.values import frozen
from studio.engine import Offer
from studio.ui import export_names
from studio.ui.pages.wording import prompt_of
from studio.ui.services import Services
from studio.widgets.pictures import LARGEST, load_image

LOOK = 1024
"""Pixels a side of the picture that the dialog shows."""


@frozen
class Wish:
    """One file to make. `code` gives the exporter's function; it may import the plugin, so call it on a thread."""

    code: Callable[[], Callable[[Path, Recipe | None, Any], bytes]]
    source: Path
    recipe: Recipe | None
    options: Any
    folder: Path
    pattern: str
    values: Mapping[str, str]
    suffix: str


@frozen
class Encoded:
    """A file made in memory: its size in bytes, its picture as others will see it, the picture's size in pixels."""

    size: int
    image: QImage | None
    pixels: tuple[int, int]


def naming(services: Services, artifact: Artifact) -> dict[str, str]:
    """What a pattern can call an artifact after, by its field."""
    recipe = artifact.recipe
    request = None if recipe is None else recipe.request
    width, height = artifact.facts.get("width"), artifact.facts.get("height")
    return export_names.values_for(
        prompt="" if request is None else prompt_of(request, services.plugins),
        title=artifact.title,
        seed=None if request is None else request.seed,
        model="" if request is None or request.model is None else request.model.name or request.model.id,
        size=(width, height) if isinstance(width, int) and isinstance(height, int) else (0, 0),
    )


def encode(wish: Wish, *, look: bool) -> Encoded:
    """Make the file in memory and look at it. Raises whatever the exporter raises."""
    data = wish.code()(wish.source, wish.recipe, wish.options)
    if not look:
        return Encoded(len(data), None, (0, 0))
    image, pixels = _decode(data)
    if image is None:
        # A format Qt cannot show (AVIF, 16-bit TIFF): the picture it was made from stands for it.
        image = load_image(wish.source, largest=LOOK)
        longest = getattr(wish.options, "longest_side", 0)
        pixels = _scaled(wish.source, longest if isinstance(longest, int) else 0)
    return Encoded(len(data), image, pixels)


def write(wish: Wish) -> Path:
    """Make the file and write it under a name that is free."""
    data = wish.code()(wish.source, wish.recipe, wish.options)
    return export_names.write_new(wish.folder, wish.pattern, wish.values, wish.suffix, data)


def _decode(data: bytes) -> tuple[QImage | None, tuple[int, int]]:
    held = QByteArray(data)
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    # The reader must be gone before its buffer is: Qt's TIFF reader touches the buffer when it is deleted (a crash).
    return _look_at(QImageReader(buffer))


def _look_at(reader: QImageReader) -> tuple[QImage | None, tuple[int, int]]:
    size = reader.size()
    if not reader.canRead() or max(size.width(), size.height()) > LARGEST:
        return None, (0, 0)
    if max(size.width(), size.height()) > LOOK:
        reader.setScaledSize(size.scaled(QSize(LOOK, LOOK), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return (None if image.isNull() else image), (size.width(), size.height())


def _scaled(source: Path, longest: int) -> tuple[int, int]:
    size = QImageReader(str(source)).size()
    if size.isValid() and longest and max(size.width(), size.height()) > longest:
        size = size.scaled(QSize(longest, longest), Qt.AspectRatioMode.KeepAspectRatio)
    return (size.width(), size.height()) if size.isValid() else (0, 0)


def fitting(services: Services, artifacts: Sequence[Artifact]) -> dict[str, Offer[ExporterSpec]]:
    """The exporters that can read all of the artifacts, by their full id."""
    kinds = {artifact.media for artifact in artifacts}
    return {
        name: offer
        for name, offer in services.plugins.exporters().items()
        if all(media.accepts(offer.spec.accepts, kind) for kind in kinds)
    }


def say_exported(window: QWidget | None, files: Sequence[Path]) -> None:
    """Say over the window what was written, with the way there."""
    notices = getattr(window, "notices", None)
    if notices is None or not files:
        return
    words = f"Exported {files[0].name}" if len(files) == 1 else f"Exported {len(files):,} files"
    folder = QUrl.fromLocalFile(str(files[0].parent))
    notices.say(words, action="Show in folder", act=lambda: QDesktopServices.openUrl(folder))
