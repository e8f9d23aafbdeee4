"""Places in the text that branches hang on: they move with the text, and know what of it came from their branches."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QTextCursor

from .document import Run
from .document_branches import Branches
from .editor import ManuscriptEdit


class Places:
    """The places of a manuscript, each held by a cursor that moves along."""

    def __init__(self, editor: ManuscriptEdit) -> None:
        self._editor = editor
        self._cursors: dict[int, QTextCursor] = {}
        self.branches = Branches()

    def load(self, places: Mapping[int, int], branches: Branches) -> None:
        """Take those of another manuscript."""
        self.branches = branches
        self._cursors = {}
        # Outside of an edit each cursor that is put down lays out its paragraph: a tenth of a second for a novel's.
        edit = QTextCursor(self._editor.document())
        edit.beginEditBlock()
        for place, position in places.items():
            self._put(place, position)
        edit.endEditBlock()

    def positions(self) -> dict[int, int]:
        """Where each place is that still has branches."""
        used = {branch.place for branch in self.branches.branches.values()}
        return {place: cursor.position() for place, cursor in self._cursors.items() if place in used}

    def _put(self, place: int, position: int) -> None:
        cursor = QTextCursor(self._editor.document())
        cursor.setPosition(min(max(position, 0), self._editor.document().characterCount() - 1))
        # What is accepted at the place comes behind it.
        cursor.setKeepPositionOnInsert(True)
        self._cursors[place] = cursor

    def new(self, position: int) -> int:
        """A new place."""
        place = max([self.branches.next_place() - 1, *self._cursors]) + 1 if self._cursors else 1
        self._put(place, position)
        return place

    def at(self, position: int) -> int:
        """The place that begins at a position, or 0."""
        return next((place for place, at in self.positions().items() if at == position), 0)

    def of_caret(self, position: int) -> int:
        """The place whose text the caret is in or at, the nearest where there are several; 0 for none."""
        best, distance = 0, 1 << 60
        for place in self.positions():
            start, end = self.range(place)
            if start <= position <= end and end - start < distance:
                best, distance = place, end - start
        return best

    def range(self, place: int) -> tuple[int, int]:
        """The characters that came from the branches of a place (with what was typed into them), or where it is."""
        cursor = self._cursors.get(place)
        if cursor is None:
            return 0, 0
        at = cursor.position()
        mine = {branch.id for branch in self.branches.branches.values() if branch.place == place}
        runs = [run for run in self._editor.authors.runs() if run.author in mine]
        if not runs:
            return at, at
        first = last = min(runs, key=lambda run: abs(run.start - at))
        end = first.start
        for run in runs:
            # Text of the same branch that was moved far away is no part of it any more.
            if run.start >= first.start and run.start - end <= 2000:
                end, last = max(end, run.end), run
        start = max(self._begin(first), at) if at <= first.start else first.start
        text = self._text_of(last)
        behind = len(text) - len(text.rstrip("\n"))
        if end - start == len(text) - behind:  # all of it is there
            while behind and self._is_end(end):
                end, behind = end + 1, behind - 1
        return start, end

    def _text_of(self, run: Run) -> str:
        branch = self.branches.branches.get(run.author)
        return "" if branch is None else branch.text

    def _begin(self, run: Run) -> int:
        """Where the first run of a branch begins with the paragraphs' ends before it, which belong to no run."""
        text, start = self._text_of(run), run.start
        for _ in range(len(text) - len(text.lstrip("\n"))):
            start -= self._is_end(start - 1)
        return start

    def _is_end(self, position: int) -> bool:
        """Whether a paragraph ends at a character, and another one follows."""
        block = self._editor.document().findBlock(position)
        return position >= 0 and block.next().isValid() and position == block.position() + block.length() - 1

    def chain_end(self, end: int) -> int:
        """Where the text ends that models wrote on and on behind a character, without a word of a person between."""
        for run in sorted(self._editor.authors.runs(), key=lambda run: run.start):
            if end in (run.start, self._begin(run)) and not run.edited:
                end = run.end
        return end

    def current(self, place: int) -> int:
        """The branch whose text stands in the document: the one that wrote its last characters; 0 for none."""
        mine = {branch.id for branch in self.branches.branches.values() if branch.place == place}
        start, end = self.range(place)
        runs = [run for run in self._editor.authors.runs() if run.author in mine and start <= run.start < end]
        return runs[-1].author if runs else 0
