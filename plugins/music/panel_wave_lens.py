"""Where a frame stands on the screen: one lens for the waveform, the ruler and the regions."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

MOST_PIXELS = 40.0
"""Pixels a frame at the nearest: single samples are dots that one can aim at."""


class WaveLens(QObject):
    """`left` is the frame at x = 0, `scale` the pixels a frame."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.left = 0.0
        self.scale = 0.01
        self.width = 800
        self.length = 0

    def x(self, frame: float) -> float:
        """Where a frame stands."""
        return (frame - self.left) * self.scale

    def frame(self, x: float) -> int:
        """Which frame stands there, inside the sound."""
        return max(0, min(self.length, round(self.left + x / self.scale)))

    def smallest(self) -> float:
        """The scale at which everything is in sight."""
        return self.width * 0.985 / max(1, self.length)

    def widest(self) -> float:
        """The last frame one can scroll to, at the left edge."""
        return max(0.0, self.length - 0.985 * self.width / self.scale)

    def resize(self, width: int) -> None:
        """The view has another width; what is at its left edge stays, and all of it stays in sight if it was."""
        fitted = self.is_fitted()
        self.width = max(1, width)
        if fitted:
            self.fit()
        else:
            self._settle()

    def is_fitted(self) -> bool:
        """True where everything is in sight."""
        return self.scale <= self.smallest() * 1.001

    def set_length(self, frames: int) -> None:
        """How far the sound reaches."""
        if frames != self.length:
            fitted = self.is_fitted()
            self.length = frames
            if fitted:
                self.fit()
            else:
                self._settle()

    def scroll(self, left: float) -> None:
        """Go to a place, as far as there is one."""
        self.left = left
        self._settle()

    def zoom(self, factor: float, at: float) -> None:
        """Nearer or farther; the frame under x = `at` stays where it is."""
        frame = self.left + at / self.scale
        self.scale *= factor
        self._bound()
        self.left = frame - at / self.scale
        self._settle()

    def show_range(self, start: int, end: int) -> None:
        """Have a range fill the view."""
        self.scale = self.width * 0.9 / max(1, end - start)
        self._bound()
        self.left = (start + end) / 2 - self.width / self.scale / 2
        self._settle()

    def fit(self) -> None:
        """All of it."""
        self.scale, self.left = self.smallest(), 0.0
        self._settle()

    def reveal(self, frame: float) -> None:
        """Turn the page when a frame has left it."""
        if not self.left <= frame < self.left + self.width / self.scale * 0.97:
            self.scroll(frame - self.width / self.scale * 0.05)

    def _bound(self) -> None:
        self.scale = max(self.smallest(), min(MOST_PIXELS, self.scale))

    def _settle(self) -> None:
        self._bound()
        self.left = min(max(0.0, self.left), self.widest())
        self.changed.emit()
