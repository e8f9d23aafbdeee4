"""The steps of one run as a list: what each looks like, and what a screen reader says of it."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QImage, QPixmap

from studio.core import media
from studio.core.steps import Preview, Step
from studio.widgets.pictures import preview_image
from studio.widgets.ribbon_roll import Roll, roll_of
from studio.widgets.text import shorten

Index = QModelIndex | QPersistentModelIndex
MOST = 100_000
"""Steps of one run; whatever claims more is not put on the ribbon."""
LONGEST = 24
"""Characters of a chip."""


class Look(IntEnum):
    """How a step is drawn."""

    COMING = 0
    PICTURE = 1
    WORD = 2
    NUMBER = 3
    ROLL = 4


class StepsModel(QAbstractListModel):
    """The steps of one run: row i is step i, None while it has not come yet."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: list[Step | None] = []
        self._last = -1
        self._images: dict[int, QImage] = {}
        self._words: dict[int, str] = {}
        self._joined: set[int] = set()
        self._rolls: dict[int, Roll] = {}
        self._pixmaps: dict[int, QPixmap] = {}
        self._aspect = 1.0
        self.pitches = (128, -1)
        """The lowest and the highest note of all bars."""
        self.title = "step"
        self.branched = -1
        """The last step that came from the generation this one branched from, or -1."""
        self.forks: dict[int, int] = {}
        """How many branches leave behind a step."""

    def begin(self, total: int, title: str) -> None:
        """Empty it, with room for `total` steps (0: nobody knows)."""
        self.beginResetModel()
        self.branched, self._last = -1, -1
        self._steps = [None] * min(max(total, 0), MOST)
        for store in (self._images, self._words, self._joined, self._rolls, self._pixmaps, self.forks):
            store.clear()
        self.pitches = (128, -1)
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
        self._last = max(self._last, row)
        self._digest(row, step)
        here = self.index(row)
        self.dataChanged.emit(here, here)
        return row

    def _digest(self, row: int, step: Step) -> None:
        for store in (self._images, self._words, self._rolls, self._pixmaps):
            store.pop(row, None)
        self._joined.discard(row)
        if step.preview is None:
            return
        if media.kind(step.preview.media) == "text":
            self._read(row, step, step.preview)
        elif step.preview.media == media.ROLL:
            roll = roll_of(step.preview)
            if roll is not None:
                self._rolls[row] = roll
                self.pitches = (min(self.pitches[0], roll.lowest), max(self.pitches[1], roll.highest))
        else:
            image = preview_image(step.preview)
            if image is not None:
                self._images[row] = image
                self._aspect = min(max(image.width() / image.height(), 0.4), 2.5)

    def _read(self, row: int, step: Step, preview: Preview) -> None:
        """What came with this step: its own words, or what it added to the text of the one before it."""
        text = preview.data[-4000:].decode("utf-8", "replace")
        own = preview.expected is not None or (step.label and step.label.strip() == text.strip())
        before = self._steps[row - 1].preview if row and self._steps[row - 1] is not None else None  # type: ignore[union-attr]
        if preview.expected is not None and step.label:
            text = step.label  # of several alternatives the preview holds the tokens of all, the label the first one's
        if not own and before is not None and preview.data.startswith(before.data):
            text = preview.data[len(before.data) :][:400].decode("utf-8", "replace")
        words = " ".join(text.split())
        if not words and text:
            words = "¶" if "\n" in text else "·"
        self._words[row] = words if len(words) <= LONGEST else "…" + words[1 - LONGEST :].lstrip()
        # A token that does not begin a word stands right behind the one before it, as in the text.
        if row and row - 1 in self._words and text and not text[0].isspace() and self._words[row - 1] != "¶":
            self._joined.add(row)

    def step(self, row: int) -> Step | None:
        """The step in a row."""
        return self._steps[row] if 0 <= row < len(self._steps) else None

    def last(self) -> int:
        """The newest row that holds a step, or -1."""
        return self._last

    def look(self, row: int) -> Look:
        """How to draw a row."""
        if self.step(row) is None:
            return Look.COMING
        if row in self._images:
            return Look.PICTURE
        if row in self._rolls:
            return Look.ROLL
        return Look.WORD if row in self._words else Look.NUMBER

    def word(self, row: int) -> str:
        """The chip of a text step."""
        return self._words.get(row, "")

    def joined(self, row: int) -> bool:
        """True for words that go on the word before them."""
        return row in self._joined

    def expected(self, row: int) -> float | None:
        """How likely the model found the words of a row, 0 … 1, or None where nobody said."""
        step = self.step(row)
        return None if step is None or step.preview is None else step.preview.expected

    def roll(self, row: int) -> Roll:
        """The notes of a row."""
        return self._rolls.get(row, Roll())

    def aspect(self) -> float:
        """Width by height of the pictures; before the first one came, that of the run before."""
        return self._aspect

    def has_words(self) -> bool:
        """True for a run of text."""
        return bool(self._words)

    def has_rolls(self) -> bool:
        """True for a run of bars."""
        return bool(self._rolls)

    def pixmap(self, row: int, size: QSize, ratio: float) -> QPixmap:
        """The picture of a row at a size in widget pixels, scaled once."""
        exact = QSize(round(size.width() * ratio), round(size.height() * ratio))
        found = self._pixmaps.get(row)
        if found is None or found.size() != exact:
            mode = Qt.TransformationMode.SmoothTransformation
            image = self._images[row].scaled(exact, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
            found = QPixmap.fromImage(image)
            found.setDevicePixelRatio(ratio)
            self._pixmaps[row] = found
        return found

    def say(self, row: int) -> str:
        """What a screen reader says of a row."""
        step = self.step(row)
        parts = [f"{self.title} {row + 1} of {len(self._steps)}"]
        if step is None:
            return f"{parts[0]}, not kept" if row < self._last else f"{parts[0]}, still to come"
        if row <= self.branched:
            parts.append("branched here" if row == self.branched else "from before the branch")
        if row in self.forks:
            count = self.forks[row]
            parts.append("a branch leaves here" if count == 1 else f"{count} branches leave here")
        if step.label or self.word(row):
            parts.append(shorten(step.label.strip() or self.word(row), 200))
        expected = self.expected(row)
        if expected is not None:
            parts.append(f"{percent(expected)} likely")
        return ", ".join(parts)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """One row for each step, come or coming."""
        return 0 if parent.isValid() else len(self._steps)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What has not come cannot be chosen."""
        if self.step(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for assistive technology and tooltips; the painter asks for the rest by name."""
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole):
            return self.say(index.row())
        if role == Qt.ItemDataRole.ToolTipRole:
            said = self.say(index.row())
            return said[:1].upper() + said[1:]
        return None


def percent(part: float) -> str:
    """A probability in words: "12 %", "under 1 %"."""
    return "under 1 %" if part < 0.01 else f"{part:.0%}".replace("%", " %")
