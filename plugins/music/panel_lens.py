"""Where a tick and a pitch stand on the screen: one lens for the roll, the keys, the ruler and the velocities."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

LOWEST_ROW, HIGHEST_ROW = 5.0, 40.0
SMALLEST, LARGEST = 0.002, 2.0
"""Pixels a tick: sixty bars on a small screen, and a sixty-fourth as wide as a thumb."""
PITCHES = 128


class Lens(QObject):
    """`left` is the tick at x = 0, `top` the pixels above the view; `row` is the height of a semitone in pixels."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scale = 0.08
        self.left = 0.0
        self.row = 16.0
        self.top = 0.0
        self.width, self.height = 800, 400
        self.length = 0

    def x(self, tick: float) -> float:
        """Where a tick stands."""
        return (tick - self.left) * self.scale

    def tick(self, x: float) -> float:
        """Which tick stands there; never before the beginning."""
        return max(0.0, self.left + x / self.scale)

    def y(self, pitch: int) -> float:
        """The upper edge of a pitch's row."""
        return (PITCHES - 1 - pitch) * self.row - self.top

    def pitch(self, y: float) -> int:
        """Which pitch's row is there, 0 to 127."""
        return max(0, min(PITCHES - 1, PITCHES - 1 - int((y + self.top) // self.row)))

    def span(self) -> tuple[int, int]:
        """The first and the last tick in sight."""
        return int(self.left), int(self.left + self.width / self.scale) + 1

    def resize(self, width: int, height: int) -> None:
        """The view has another size; what is in its upper left corner stays."""
        self.width, self.height = max(1, width), max(1, height)
        self._settle()

    def set_length(self, ticks: int) -> None:
        """How far the piece reaches; one can scroll a little beyond."""
        if ticks != self.length:
            self.length = ticks
            self._settle()

    def widest(self) -> float:
        """The last tick one can scroll to, at the left edge."""
        return max(0.0, self.length - 0.5 * self.width / self.scale)

    def tallest(self) -> float:
        """How far one can scroll down, in pixels."""
        return max(0.0, PITCHES * self.row - self.height)

    def scroll(self, *, left: float | None = None, top: float | None = None) -> None:
        """Go to a place, as far as there is one."""
        self.left = self.left if left is None else left
        self.top = self.top if top is None else top
        self._settle()

    def zoom(self, factor: float, at: float) -> None:
        """Wider or narrower; the tick under x = `at` stays where it is."""
        tick = self.left + at / self.scale
        self.scale = min(LARGEST, max(SMALLEST, self.scale * factor))
        self.left = tick - at / self.scale
        self._settle()

    def zoom_rows(self, factor: float, at: float) -> None:
        """Higher or lower rows; the pitch under y = `at` stays where it is."""
        place = (at + self.top) / self.row
        self.row = min(HIGHEST_ROW, max(LOWEST_ROW, self.row * factor))
        self.top = place * self.row - at
        self._settle()

    def fit(self, first: int, last: int, low: int, high: int) -> None:
        """Show these ticks and pitches, with a little room around."""
        self.scale = min(LARGEST, max(SMALLEST, self.width * 0.98 / max(1, last - first)))
        self.left = float(first)
        rows = max(high - low + 5, 24)
        self.row = min(20.0, max(LOWEST_ROW + 2, self.height / rows))
        self.top = (PITCHES - 1 - (low + high) / 2 + 0.5) * self.row - self.height / 2
        self._settle()

    def reveal(self, tick: float) -> None:
        """Turn the page when a tick has left it."""
        if not self.left <= tick < self.left + self.width / self.scale * 0.96:
            self.scroll(left=tick - self.width / self.scale * 0.08)

    def reveal_rows(self, low: int, high: int) -> None:
        """Scroll up or down, no further than is needed, until these pitches are in sight; the higher one at least."""
        top, below = (PITCHES - 1 - high) * self.row, (PITCHES - low) * self.row
        if below > self.top + self.height:
            self.scroll(top=below - self.height + self.row)
        if top < self.top:
            self.scroll(top=top - self.row)

    def _settle(self) -> None:
        self.left = min(max(0.0, self.left), self.widest())
        self.top = min(max(0.0, self.top), self.tallest())
        self.changed.emit()
