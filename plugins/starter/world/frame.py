"""The frame: how much of the world a picture shows, in units of one pixel.

The ground lies where it lies in the square, and things keep their size. A wide frame shows more land to both sides, a
high one more sky, a low one less.
"""

from __future__ import annotations

from dataclasses import dataclass

SIDE = 256
"""Width and height of the square, which everything was drawn for; y runs from 0 down to 256 there."""
HORIZON = 176.0
"""How far down the sky reaches at most."""


@dataclass(frozen=True)
class Frame:
    """Width and height of a picture. All its answers for the square are exactly what they are asked about."""

    wide: int = SIDE
    high: int = SIDE

    @property
    def top(self) -> float:
        """The upper edge; the lower one is always at 256."""
        return float(SIDE - self.high)

    @property
    def reach(self) -> float:
        """How much further than in the square an ornament has to go on."""
        return max(1.0, max(self.wide, self.high) / SIDE)

    def across(self, x: float) -> float:
        """A place between the left and the right edge of the square, as far between those of this frame."""
        return x * self.wide / SIDE

    def aloft(self, y: float) -> float:
        """A height in the sky of the square, as far between upper edge and horizon here."""
        return y + self.top * (1 - y / HORIZON)

    def along(self, count: int) -> int:
        """As many as make a row of this width as dense as `count` make the square's."""
        return max(1, round(count * self.wide / SIDE))

    def overhead(self, count: int) -> int:
        """As many as make this sky as full as `count` make the square's."""
        return max(1, round(count * self.wide / SIDE * (HORIZON - self.top) / HORIZON))


SQUARE = Frame()
