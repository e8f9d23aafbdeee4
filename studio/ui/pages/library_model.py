"""The library as a list model: artifacts come page by page, thumbnails when they are looked at."""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, QUrl, Signal
from PySide6.QtGui import QImage, QPixmap

from studio.core.artifact import Artifact
from studio.core.media import kind
from studio.store import Library
from studio.widgets.feeder import Feeder
from studio.widgets.pictures import load_image
from studio.widgets.text import soften

PAGE = 200
THUMBNAILS = 800
"""Thumbnails kept in memory: some screens full; 256 px each, about 200 MB at worst."""
THUMBNAIL_SIDE = 256
ARTIFACT = Qt.ItemDataRole.UserRole + 1
OPENING = ARTIFACT + 1

Index = QModelIndex | QPersistentModelIndex


class LibraryModel(QAbstractListModel):
    """Rows are artifacts, newest first. `rows_changed` says that the number of rows or the filter is another now."""

    rows_changed = Signal()

    def __init__(self, library: Library, feeder: Feeder) -> None:
        super().__init__()
        self._library = library
        self._feeder = feeder
        self._feeder.ready.connect(self._arrived)
        self._feeder.failed.connect(self._missing)
        self._text, self._starred, self._kind = "", False, ""
        self._pages: dict[int, tuple[Artifact, ...]] = {}
        self._rows: dict[str, int] = {}
        self._away: list[int] = []
        self._count = 0
        self._openings: OrderedDict[str, str] = OrderedDict()
        self._pixmaps: OrderedDict[str, QPixmap | None] = OrderedDict()
        self._version = -1

    @property
    def filtered(self) -> bool:
        """True where a search or filter hides something."""
        return bool(self._text or self._starred or self._kind)

    def set_filter(self, text: str, *, starred: bool, kind: str) -> None:
        """Show what fits: words in prompts and titles, only starred ones, only one kind ("" for all)."""
        wanted = (text.strip(), starred, kind)
        if wanted != (self._text, self._starred, self._kind):
            self._text, self._starred, self._kind = wanted
            self.reload()

    def stale(self) -> bool:
        """True where the library has changed since the last reload."""
        return self._version != self._library.version

    def reload(self) -> None:
        """Ask the library again."""
        self.beginResetModel()
        self._version = self._library.version
        self._pages.clear()
        self._rows.clear()
        self._away.clear()
        self._feeder.forget()
        self._count = self._library.count(self._text, starred=self._starred, kind=self._kind)
        self.endResetModel()
        self.rows_changed.emit()

    def set_away(self, rows: Sequence[int]) -> None:
        """Take rows out of sight that are going to be deleted; `reload` brings back those that were not."""
        for row in sorted(rows, reverse=True):
            offset = self._offset(row)
            self.beginRemoveRows(QModelIndex(), row, row)
            insort(self._away, offset)
            self.endRemoveRows()
        self._rows.clear()
        self.rows_changed.emit()

    def artifact(self, row: int) -> Artifact | None:
        """The artifact in a row, or None where there is none (any more)."""
        if not 0 <= row < self.rowCount():
            return None
        offset = self._offset(row)
        page = self._page(offset // PAGE)
        place = offset % PAGE
        if place >= len(page):
            return None
        found = page[place]
        self._rows[found.id] = row
        return found

    def row_of(self, artifact_id: str) -> int:
        """The row of an artifact among those seen so far and the first page, or -1."""
        for row in range(min(PAGE, self.rowCount())):
            if artifact_id in self._rows:
                break
            self.artifact(row)
        return self._rows.get(artifact_id, -1)

    def update_artifact(self, artifact: Artifact) -> None:
        """Show the new state of an artifact (a star) without asking for everything again."""
        row = self._rows.get(artifact.id, -1)
        if row < 0:
            return
        offset = self._offset(row)
        page = list(self._page(offset // PAGE))
        page[offset % PAGE] = artifact
        self._pages[offset // PAGE] = tuple(page)
        self._version = self._library.version
        self.dataChanged.emit(self.index(row), self.index(row))

    def _offset(self, row: int) -> int:
        for away in self._away:
            if away > row:
                break
            row += 1
        return row

    def _page(self, number: int) -> tuple[Artifact, ...]:
        if number not in self._pages:
            self._pages[number] = tuple(
                self._library.search(
                    self._text, starred=self._starred, kind=self._kind, limit=PAGE, offset=number * PAGE
                )
            )
        return self._pages[number]

    # What Qt asks for

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """As many rows as fit the filter."""
        return 0 if parent.isValid() else max(0, self._count - len(self._away))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The artifact, its thumbnail, or its words for tooltips and screen readers."""
        artifact = self.artifact(index.row())
        if artifact is None:
            return None
        if role == ARTIFACT:
            return artifact
        if role == Qt.ItemDataRole.DecorationRole:
            return self.thumbnail(artifact)
        if role == OPENING:
            return self.opening(artifact)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            marks = [mark for mark, on in (("starred", artifact.starred), ("partial", artifact.partial)) if on]
            return ", ".join([artifact.title[:120] or kind(artifact.media), *marks])
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Everything can be dragged out."""
        base = super().flags(index)
        return base | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else base

    def mimeTypes(self) -> list[str]:
        """Artifacts leave as files."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The files of the dragged artifacts."""
        data = QMimeData()
        chosen = [a for index in indexes if (a := self.artifact(index.row())) is not None]
        data.setUrls([QUrl.fromLocalFile(str(a.path)) for a in chosen])
        return data

    # Thumbnails

    def thumbnail(self, artifact: Artifact) -> QPixmap | None:
        """The thumbnail if it is at hand; otherwise it is asked for and None is returned."""
        if artifact.id in self._pixmaps:
            self._pixmaps.move_to_end(artifact.id)
            return self._pixmaps[artifact.id]
        if kind(artifact.media) in ("image", "video"):
            library, name = self._library, artifact.id
            self._feeder.ask(("thumbnail", name), lambda: thumbnail_image(library, name))
        return None

    def opening(self, artifact: Artifact) -> str:
        """How a text begins, if it is at hand; otherwise it is asked for."""
        if artifact.id in self._openings:
            self._openings.move_to_end(artifact.id)
            return self._openings[artifact.id]
        if kind(artifact.media) == "text":
            self._feeder.ask(("opening", artifact.id), partial(read_opening, artifact.path))
        return ""

    def _arrived(self, key: tuple[str, str], answer: object) -> None:
        if key[0] == "opening" and isinstance(answer, str):
            self._openings[key[1]] = answer
            while len(self._openings) > THUMBNAILS:
                self._openings.popitem(last=False)
            self._changed(key[1])
        if key[0] != "thumbnail":
            return
        image = answer if isinstance(answer, QImage) else None
        self._keep(key[1], None if image is None or image.isNull() else QPixmap.fromImage(image))

    def _missing(self, key: tuple[str, str], error: object) -> None:
        if key[0] == "thumbnail":
            self._keep(key[1], None)

    def _keep(self, artifact_id: str, pixmap: QPixmap | None) -> None:
        self._pixmaps[artifact_id] = pixmap
        while len(self._pixmaps) > THUMBNAILS:
            self._pixmaps.popitem(last=False)
        self._changed(artifact_id)

    def _changed(self, artifact_id: str) -> None:
        row = self._rows.get(artifact_id, -1)
        if 0 <= row < self.rowCount():
            self.dataChanged.emit(self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole])


def read_opening(path: Path) -> str:
    """The first words of a text, enough to fill a tile."""
    with path.open("rb") as file:
        return soften(" ".join(file.read(1200).decode("utf-8", "replace").split()), 300)


def thumbnail_image(library: Library, artifact_id: str, side: int = THUMBNAIL_SIDE) -> QImage | None:
    """A thumbnail, made if there is none yet; None where the file shows nothing."""
    path = library.thumbnail(artifact_id, side)
    return None if path is None else load_image(path)
