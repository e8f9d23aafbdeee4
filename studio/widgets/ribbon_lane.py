"""Where the steps lie along the ribbon: thousands of them, one more at a time, without looking at the others again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class Lane:
    """Cells side by side from 0 on: those that came each with a width of its own, those that are coming all alike."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self.coming = 0
        """The width of a cell whose step has not come."""

    def fill(self, widths: Iterable[int], coming: int) -> None:
        """Lay out anew: the cells that came, in order, and the width of those that are coming."""
        self.coming = coming
        self._ends.clear()
        for width in widths:
            self.append(width)

    def append(self, width: int) -> None:
        """One more cell that came."""
        self._ends.append(self.length() + width)

    def drop(self) -> None:
        """Take the last cell that came away again."""
        self._ends.pop()

    def came(self) -> int:
        """How many cells have a width of their own."""
        return len(self._ends)

    def length(self, rows: int = 0) -> int:
        """How long the cells that came are together; with `rows`, that many cells with those that are coming."""
        own = self._ends[-1] if self._ends else 0
        return own + max(rows - len(self._ends), 0) * self.coming

    def span(self, row: int) -> tuple[int, int]:
        """Where a cell starts, and its width."""
        if row < len(self._ends):
            start = self._ends[row - 1] if row else 0
            return start, self._ends[row] - start
        return self.length(row), self.coming

    def at(self, x: int, rows: int) -> int:
        """The cell at a place, of `rows` there are; -1 beyond both ends."""
        if x < 0 or x >= self.length(rows):
            return -1
        row = bisect_right(self._ends, x)
        if row < len(self._ends) or not self.coming:
            return min(row, rows - 1)
        return min(len(self._ends) + (x - self.length()) // self.coming, rows - 1)
