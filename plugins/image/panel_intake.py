"""Pictures on their way in: files, drops and the clipboard, read without holding up the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QObject, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QWidget

from studio.api import Artifact, Imported, PanelHost, StudioError, media
from studio.widgets.feeder import Feeder


class Intake(QObject):
    """Says what came: `recipe_found(Imported, Path)` for a file that knows how it was made, otherwise
    `picture_kept(Artifact)`; `failed(StudioError)` where it was neither.
    """

    recipe_found = Signal(object, object)
    picture_kept = Signal(object)
    failed = Signal(object)

    def __init__(self, host: PanelHost, owner: QWidget) -> None:
        super().__init__(owner)
        self._host = host
        self._feeder = Feeder().serve(owner)
        self._feeder.ready.connect(self._read)
        self._feeder.failed.connect(self._unreadable)
        self._count = 0

    def take_file(self, path: Path, *, look_for_recipe: bool = True) -> None:
        """Take a file that was dropped or chosen."""
        if look_for_recipe:
            self._feeder.ask(("file", path), lambda: _recipe_in(path))
        else:
            self._keep(path, path.stem)

    def take_image(self, image: QImage, title: str = "Pasted picture") -> None:
        """Take a picture without a file. It is packed as PNG on another thread: 20 megapixels take half a second."""
        if image.isNull():
            return
        self._count += 1
        self._feeder.ask(("image", (title, self._count)), lambda: _as_png(image))

    def take_mime(self, data: QMimeData | None) -> bool:
        """Take what the clipboard or a drag holds; False where it holds no picture (or, on some systems, is None)."""
        if data is None:
            return False
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if files:
            self.take_file(files[0])
            return True
        image = data.imageData() if data.hasImage() else None
        if isinstance(image, QPixmap):
            image = image.toImage()
        if not isinstance(image, QImage) or image.isNull():
            return False
        self.take_image(image)
        return True

    def wait(self) -> None:
        """Return when everything that was taken has been read (tests); keeping it may take longer."""
        self._feeder.wait()

    def _read(self, key: tuple[str, object], found: object) -> None:
        sort, what = key
        if sort == "file" and isinstance(what, Path):
            if isinstance(found, Imported) and found.recipe is not None:
                self.recipe_found.emit(found, what)
            else:
                self._keep(what, what.stem)
        elif sort == "image" and isinstance(found, bytes) and isinstance(what, tuple):
            self._keep(found, str(what[0]), media.PNG)

    def _keep(self, source: Path | bytes, title: str, sort: str = "") -> None:
        self._host.take_in(source, self._kept, failed=self.failed.emit, media=sort, title=title)

    def _kept(self, artifact: Artifact) -> None:
        if media.kind(artifact.media) == "image":
            self.picture_kept.emit(artifact)
        else:
            self.failed.emit(StudioError("This is not a picture.", "Drop a PNG, JPEG, WebP, AVIF or TIFF file."))

    def _unreadable(self, key: tuple[str, object], error: object) -> None:
        if key[0] == "file" and isinstance(key[1], Path):
            # No recipe to be had from it; whether it is a picture is for the library to say.
            self._keep(key[1], key[1].stem)
        else:
            self.failed.emit(
                error
                if isinstance(error, StudioError)
                else StudioError("The picture could not be taken.", "Save it to a file and drop that here.")
            )


def _recipe_in(path: Path) -> Imported:
    from .importer import read

    return read(path)


def _as_png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):
        raise StudioError("The picture could not be taken.", "Save it to a file and drop that here.")
    return bytes(buffer.data().data())
