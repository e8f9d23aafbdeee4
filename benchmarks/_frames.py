"""What a turn of a gesture costs the window's thread, and the row that says it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

TURNS = 60


def row(words: str, work: Callable[[int], object], goal: float) -> bool:
    """Print the CPU milliseconds of each turn of `work`; False where 99 in 100 take longer than `goal`."""
    found = []
    for turn in range(TURNS):
        begun = time.thread_time()
        work(turn)
        found.append((time.thread_time() - begun) * 1000)
    worst = sorted(found)[int(TURNS * 0.99) - 1]
    said = "" if worst <= goal else "  MISSED"
    print(f"  {words}{statistics.median(found):5.1f} ms, p99 {worst:5.1f} ms{said}")
    return worst <= goal
