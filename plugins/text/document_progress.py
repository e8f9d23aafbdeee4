"""How many words each day brought: what stands there now against what stood there when the day began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

KEPT = 400
"""Days that are remembered."""
HIGHEST = 10_000_000


@dataclass(slots=True)
class Progress:
    """`target` words shall come each day (0: no target). `days` are the days on which the manuscript was open, each
    with the words that stood there before and those at the last look. `brought` are numbers of words that came from
    other programs at once in this sitting: they are no day's work when they come, nor when undo takes them away.
    """

    target: int = 0
    days: dict[str, tuple[int, int]] = field(default_factory=dict)
    brought: list[int] = field(default_factory=list, compare=False)

    def see(self, day: date, words: int) -> bool:
        """So many words stand there now. True where the day's target was reached with this look."""
        name = day.isoformat()
        if name not in self.days:
            # What was written since the last look, in another program perhaps, counts for the day on which it shows.
            before = self.days[max(self.days)][1] if self.days else words
            self.days = {day: seen for day, seen in self.days.items() if seen[0] != seen[1]}
            self.days[name] = (before, before)
        began, was = self.days[name]
        if words != was and abs(words - was) in self.brought:
            began, was = max(began + words - was, 0), words
        self.days[name] = (began, words)
        for oldest in sorted(self.days)[:-KEPT]:
            del self.days[oldest]
        return self.target > 0 and was - began < self.target <= words - began

    def words_of(self, day: date) -> int:
        """The words that a day brought; below zero where more went than came."""
        began, now = self.days.get(day.isoformat(), (0, 0))
        return now - began

    def last(self, today: date, count: int) -> list[tuple[date, int]]:
        """The last `count` days up to today, each with its words, the oldest first."""
        days = [today - timedelta(days=back) for back in range(count - 1, -1, -1)]
        return [(day, self.words_of(day)) for day in days]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"target": self.target, "days": [[day, began, now] for day, (began, now) in self.days.items()]}

    @classmethod
    def from_json(cls, data: object) -> Progress:
        """The opposite, forgiving: what is damaged is passed over."""
        made = cls()
        if not isinstance(data, Mapping):
            return made
        target, rows = data.get("target"), data.get("days")
        if _whole(target):
            made.target = min(target, HIGHEST)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, list) and len(row) == 3 and _is_day(row[0]) and _whole(row[1]) and _whole(row[2]):
                made.days[row[0]] = (row[1], row[2])
        return made


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
