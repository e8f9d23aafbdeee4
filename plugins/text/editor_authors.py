"""Who wrote which characters: kept as a property of the characters, so undo, cut and paste carry it along."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextCursor, QTextDocument, QTextFormat

from .document import Run

AUTHOR = QTextFormat.Property.UserProperty + 1
EDITED = QTextFormat.Property.UserProperty + 2
CARRIED = "application/x-studio-authors+json"
"""On the clipboard: who wrote what of a text that was cut or copied here."""


def written_by(author: int, *, edited: bool = False) -> QTextCharFormat:
    """The format of characters that branch `author` wrote; 0 for typed ones."""
    style = QTextCharFormat()
    if author:
        style.setProperty(AUTHOR, author)
        if edited:
            style.setProperty(EDITED, True)
    return style


class Authors(QObject):
    """Follows a document and knows its runs. `changed` follows every edit of the text."""

    changed = Signal(int, int, int)

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._document = document
        self._runs: list[Run] = []
        self._sitting = secrets.token_hex(8)
        """Numbers of branches mean nothing in another manuscript."""
        document.contentsChange.connect(self._follow)

    def runs(self) -> list[Run]:
        """The runs in order."""
        return list(self._runs)

    def load(self, runs: Sequence[Run]) -> None:
        """Mark the characters of a text that was just set. Not to be undone."""
        self._sitting = secrets.token_hex(8)
        was = self._document.isUndoRedoEnabled()
        self._document.setUndoRedoEnabled(False)
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        # A text that is set takes the format of what stood at the caret before.
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.setCharFormat(written_by(0))
        for run in runs:
            cursor.setPosition(run.start)
            cursor.setPosition(min(run.end, self._document.characterCount() - 1), QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(written_by(run.author, edited=run.edited))
        cursor.endEditBlock()
        self._document.setUndoRedoEnabled(was)
        self._runs = self._read(0, self._document.characterCount() - 1)

    def at(self, position: int) -> Run | None:
        """The run that the character at `position` belongs to."""
        return next((run for run in self._runs if run.start <= position < run.end), None)

    def typing(self, position: int) -> QTextCharFormat:
        """The format of what is typed at `position`: between characters of one branch it is an edit of it."""
        before, after = self.at(position - 1), self.at(position)
        if before is not None and after is not None and before.author == after.author:
            return written_by(before.author, edited=True)
        return written_by(0)

    def carried(self, cursor: QTextCursor) -> QMimeData:
        """What is put on the clipboard for a selection: plain text, since Qt's own would bring the page's letters and
        colours into other programs, and who wrote it.
        """
        data = QMimeData()
        data.setText(cursor.selectedText().replace("\u2029", "\n").replace("\u2028", "\n"))
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        inside = [
            [max(run.start, start) - start, min(run.end, end) - start, run.author, run.edited]
            for run in self._runs
            if run.start < end and run.end > start
        ]
        if inside:
            told = {"sitting": self._sitting, "length": end - start, "runs": inside}
            data.setData(CARRIED, json.dumps(told).encode())
        return data

    def paste(self, cursor: QTextCursor, text: str, source: QMimeData) -> None:
        """Put text in the place of what is selected, as one step: typed, or what came from here, with its authors."""
        start = cursor.selectionStart()
        cursor.beginEditBlock()
        cursor.insertText(text, self.typing(start))
        end = cursor.position()
        for low, high, author, edited in self._brought(source, end - start):
            cursor.setPosition(start + low)
            cursor.setPosition(start + high, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(written_by(author, edited=edited))
        cursor.setPosition(end)
        cursor.endEditBlock()

    def _brought(self, source: QMimeData, length: int) -> list[tuple[int, int, int, bool]]:
        if not source.hasFormat(CARRIED):
            return []
        try:
            told = json.loads(source.data(CARRIED).data())
            rows = [(int(low), int(high), int(author), bool(edited)) for low, high, author, edited in told["runs"]]
            mine = told["sitting"] == self._sitting and told["length"] == length
        except (ValueError, KeyError, TypeError):
            return []  # from another program
        return [row for row in rows if mine and 0 <= row[0] < row[1] <= length]

    def _follow(self, position: int, removed: int, added: int) -> None:
        size = self._document.characterCount() - 1
        added = max(min(added, size - position), 0)
        shift, end = added - removed, position + removed
        kept: list[Run] = []
        for run in self._runs:
            if run.end <= position:
                kept.append(run)
            elif run.start >= end:
                kept.append(Run(run.start + shift, run.length, run.author, run.edited))
            else:
                if run.start < position:
                    kept.append(Run(run.start, position - run.start, run.author, run.edited))
                if run.end > end:
                    kept.append(Run(end + shift, run.end - end, run.author, run.edited))
        kept += self._read(position, position + added)
        self._runs = _joined(sorted((run for run in kept if run.start < size), key=lambda run: run.start))
        self.changed.emit(position, removed, added)

    def _read(self, start: int, end: int) -> list[Run]:
        found: list[Run] = []
        block = self._document.findBlock(start)
        while block.isValid() and block.position() <= end:
            found += _of_block(block, start, end)
            block = block.next()
        return _joined(found)


def _of_block(block: QTextBlock, start: int, end: int) -> Iterable[Run]:
    iterator = block.begin()
    while not iterator.atEnd():
        fragment = iterator.fragment()
        style = fragment.charFormat()
        author = style.property(AUTHOR)
        if author:
            low = max(fragment.position(), start)
            high = min(fragment.position() + fragment.length(), end)
            if low < high:
                yield Run(low, high - low, int(author), bool(style.property(EDITED)))
        iterator += 1


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Neighbours of one author as one run. A paragraph's end between two belongs to them."""
    out: list[Run] = []
    for run in runs:
        last = out[-1] if out else None
        near = last is not None and 0 <= run.start - last.end <= 1
        if last is not None and near and (last.author, last.edited) == (run.author, run.edited):
            out[-1] = Run(last.start, run.end - last.start, run.author, run.edited)
        else:
            out.append(run)
    return out
