"""The steps of one run as a list: what each looks like, and what a screen reader says of it."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QImage, QPixmap

from studio.core import media
from studio.core.steps import Step
from studio.widgets.pictures import preview_image
from studio.widgets.text import shorten

Index = QModelIndex | QPersistentModelIndex
MOST = 100_000
"""Steps of one run; whatever claims more is not put on the ribbon."""


class Look(IntEnum):
    """How a step is drawn."""

    COMING = 0
    PICTURE = 1
    WORD = 2
    NUMBER = 3


class StepsModel(QAbstractListModel):
    """The steps of one run: row i is step i, None while it has not come yet."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: list[Step | None] = []
        self._images: dict[int, QImage] = {}
        self._words: dict[int, str] = {}
        self._pixmaps: dict[tuple[int, int, int], QPixmap] = {}
        self.title = "step"
        self.branched = -1
        """The last step that came from the generation this one branched from, or -1."""

    def begin(self, total: int, title: str) -> None:
        """Empty it, with room for `total` steps (0: nobody knows)."""
        self.beginResetModel()
        self.branched = -1
        self._steps = [None] * min(max(total, 0), MOST)
        self._images.clear()
        self._words.clear()
        self._pixmaps.clear()
        self.title = title
        self.endResetModel()

    def put(self, step: Step) -> int:
        """Put a step in its row; the row, or -1 for an index that cannot be."""
        row = step.index
        if not 0 <= row < MOST:
            return -1
        if row >= len(self._steps):
            self.beginInsertRows(QModelIndex(), len(self._steps), row)
            self._steps.extend([None] * (row + 1 - len(self._steps)))
            self.endInsertRows()
        self._steps[row] = step
        self._digest(row, step)
        here = self.index(row)
        self.dataChanged.emit(here, here)
        return row

    def _digest(self, row: int, step: Step) -> None:
        for store in (self._images, self._words):
            store.pop(row, None)
        for key in [key for key in self._pixmaps if key[0] == row]:
            del self._pixmaps[key]
        if step.preview is None:
            return
        if media.kind(step.preview.media) == "text":
            self._words[row] = self._word(row, step.preview.data)
        else:
            image = preview_image(step.preview)
            if image is not None:
                self._images[row] = image

    def _word(self, row: int, data: bytes) -> str:
        """What this step added to the text of the one before it, or the end of its text."""
        text = data[-4000:].decode("utf-8", "replace")
        before = self._steps[row - 1] if row else None
        if before is not None and before.preview is not None and data.startswith(before.preview.data):
            text = data[len(before.preview.data) :][:400].decode("utf-8", "replace")
        words = " ".join(text.split())
        return words if len(words) <= 24 else "…" + words[-23:].lstrip()

    def step(self, row: int) -> Step | None:
        """The step in a row."""
        return self._steps[row] if 0 <= row < len(self._steps) else None

    def last(self) -> int:
        """The newest row that holds a step, or -1."""
        return next((row for row in range(len(self._steps) - 1, -1, -1) if self._steps[row] is not None), -1)

    def look(self, row: int) -> Look:
        """How to draw a row."""
        if self.step(row) is None:
            return Look.COMING
        if row in self._images:
            return Look.PICTURE
        return Look.WORD if row in self._words else Look.NUMBER

    def word(self, row: int) -> str:
        """The chip of a text step."""
        return self._words.get(row, "")

    def aspect(self) -> float:
        """Width by height of the pictures; 1 without any."""
        image = next(iter(self._images.values()), None)
        return min(max(image.width() / image.height(), 0.4), 2.5) if image is not None else 1.0

    def has_words(self) -> bool:
        """True for a run of text."""
        return bool(self._words)

    def pixmap(self, row: int, size: QSize, ratio: float) -> QPixmap:
        """The picture of a row at a size in widget pixels, scaled once."""
        exact = QSize(round(size.width() * ratio), round(size.height() * ratio))
        key = (row, exact.width(), exact.height())
        found = self._pixmaps.get(key)
        if found is None:
            mode = Qt.TransformationMode.SmoothTransformation
            image = self._images[row].scaled(exact, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
            found = QPixmap.fromImage(image)
            found.setDevicePixelRatio(ratio)
            self._pixmaps[key] = found
        return found

    def forget_pixmaps(self) -> None:
        """The thumbnails have another size now."""
        self._pixmaps.clear()

    def say(self, row: int) -> str:
        """What a screen reader says of a row."""
        step = self.step(row)
        count = f"{self.title} {row + 1} of {len(self._steps)}"
        if step is None:
            return f"{count}, not kept" if row < self.last() else f"{count}, still to come"
        if row <= self.branched:
            count += ", branched here" if row == self.branched else ", from before the branch"
        return f"{count}, {shorten(step.label, 200)}" if step.label else count

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """One row for each step, come or coming."""
        return 0 if parent.isValid() else len(self._steps)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What has not come cannot be chosen."""
        if self.step(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for assistive technology and tooltips; the delegate asks for the rest by name."""
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole):
            return self.say(index.row())
        return None
