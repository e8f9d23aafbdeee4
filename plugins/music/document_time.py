"""From ticks to seconds, bars and beats, and back, for a score whose tempo and metre change."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from .document import Metre, Score


@dataclass(frozen=True, slots=True)
class Grid:
    """What edits snap to: `division` parts of a whole note (4 = quarters, 16 = sixteenths), as triplets or dotted."""

    division: int = 16
    triplet: bool = False
    dotted: bool = False

    def ticks(self, ppq: int) -> Fraction:
        """The length of one step."""
        size = Fraction(4 * ppq, self.division)
        if self.triplet:
            size = size * 2 / 3
        return size * 3 / 2 if self.dotted else size


class Timeline:
    """Made once for a score and kept while its tempos and metres stay; each question costs a bisection."""

    def __init__(self, score: Score) -> None:
        self.ppq = score.ppq
        self.tempos, self.metres, self.length = score.tempos, score.metres, score.length
        self._tempo_ticks = [t.start for t in score.tempos]
        self._tempo_seconds = [0.0]
        for before, after in zip(score.tempos, score.tempos[1:], strict=False):
            spent = (after.start - before.start) * 60 / (before.bpm * self.ppq)
            self._tempo_seconds.append(self._tempo_seconds[-1] + spent)
        self._metre_ticks = [m.start for m in score.metres]
        self._metre_bars = [0]
        for before_, after_ in zip(score.metres, score.metres[1:], strict=False):
            size = self.bar_ticks(before_)
            self._metre_bars.append(self._metre_bars[-1] - (before_.start - after_.start) // size)

    def bar_ticks(self, metre: Metre) -> int:
        """The length of a bar."""
        return max(1, metre.numerator * 4 * self.ppq // metre.denominator)

    def beat_ticks(self, metre: Metre) -> int:
        """The length of what one counts: dotted notes in 6/8, 9/8 and 12/8, else the denominator."""
        unit = max(1, 4 * self.ppq // metre.denominator)
        compound = metre.denominator >= 8 and metre.numerator % 3 == 0 and metre.numerator > 3
        return unit * 3 if compound else unit

    def seconds(self, tick: float) -> float:
        """When a tick is heard."""
        index = max(0, bisect_right(self._tempo_ticks, tick) - 1)
        return self._tempo_seconds[index] + (tick - self._tempo_ticks[index]) * 60 / (self.tempos[index].bpm * self.ppq)

    def seconds_of(self, ticks: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """`seconds` for many ticks at once."""
        starts, since = np.array(self._tempo_ticks), np.array(self._tempo_seconds)
        rate = np.array([60 / (t.bpm * self.ppq) for t in self.tempos])
        index = np.maximum(np.searchsorted(starts, ticks, "right") - 1, 0)
        return np.asarray(since[index] + (ticks - starts[index]) * rate[index])

    def tick(self, seconds: float) -> float:
        """Which tick is heard then."""
        index = max(0, bisect_right(self._tempo_seconds, seconds) - 1)
        spent = seconds - self._tempo_seconds[index]
        return self._tempo_ticks[index] + spent * self.tempos[index].bpm * self.ppq / 60

    def metre_at(self, tick: float) -> Metre:
        return self.metres[max(0, bisect_right(self._metre_ticks, tick) - 1)]

    def bar(self, tick: float) -> int:
        """The number of the bar (from 0) that a tick is in."""
        index = max(0, bisect_right(self._metre_ticks, tick) - 1)
        return self._metre_bars[index] + int((tick - self._metre_ticks[index]) // self.bar_ticks(self.metres[index]))

    def bar_start(self, bar: int) -> int:
        """The tick at which a bar (from 0) begins, also beyond the end."""
        index = max(0, bisect_right(self._metre_bars, bar) - 1)
        return self._metre_ticks[index] + (bar - self._metre_bars[index]) * self.bar_ticks(self.metres[index])

    def bar_span(self, first: int, last: int) -> tuple[int, int]:
        """The ticks of bars first to last, both included: (start, end)."""
        return self.bar_start(first), self.bar_start(last + 1)

    @property
    def bars(self) -> int:
        """How many bars the piece has; a last bar that is cut short counts."""
        return self.bar(max(0, self.length - 1)) + 1

    def place(self, tick: int) -> tuple[int, int, int]:
        """(bar, beat, tick in the beat), bar and beat from 1: as a transport shows it."""
        bar = self.bar(tick)
        inside = tick - self.bar_start(bar)
        beat, rest = divmod(inside, self.beat_ticks(self.metre_at(tick)))
        return bar + 1, int(beat) + 1, int(rest)

    def beats(self, first: int, last: int) -> list[tuple[int, bool]]:
        """(tick, is the first of its bar) for every beat in first <= tick < last: the metronome, and grid lines."""
        found = []
        bar = self.bar(first)
        start = self.bar_start(bar)
        while start < last:
            end = self.bar_start(bar + 1)
            step = self.beat_ticks(self.metre_at(start))
            found += [(tick, tick == start) for tick in range(start, end, step) if first <= tick < last]
            bar, start = bar + 1, end
        return found

    def snap(self, tick: float, grid: Grid, *, down: bool = False) -> int:
        """The nearest place of the grid (or, with `down`, the one before). The grid starts anew in each bar."""
        if tick < 0:
            return 0
        bar = self.bar(tick)
        start, end = self.bar_start(bar), self.bar_start(bar + 1)
        step = grid.ticks(self.ppq)
        steps = int((tick - start) // step) if down else int((tick - start) / step + Fraction(1, 2))
        return min(start + round(steps * step), end)
