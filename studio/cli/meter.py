"""The progress of a job on a terminal: a bar with step and time left, or plain lines where it is no terminal."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

_BAR = 24


class Meter:
    """Writes to `stream`. Quiet, it writes nothing."""

    def __init__(self, stream: TextIO, *, quiet: bool = False, title: str = "Step") -> None:
        self._stream = stream
        self._quiet = quiet
        self._live = not quiet and stream.isatty()
        self._title = title.capitalize()
        self._drawn = 0
        self._first: tuple[float, int] | None = None
        self._said = -1

    def message(self, text: str) -> None:
        """What is being done before the first step."""
        if self._live:
            self._draw(text)

    def step(self, index: int, total: int) -> None:
        """A step is done; `index` counts from 0, `total` is 0 where unknown."""
        done = index + 1
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done)
        if not total:
            self._line(f"{self._title} {done}", always=done % 50 == 0)
            return
        seconds, first = now - self._first[0], self._first[1]
        left = seconds / (done - first) * (total - done) if done > first else None
        words = f"{self._title} {done} of {total}"
        if left is not None and done < total:
            words += f", about {readable(left)} left"
        filled = round(_BAR * done / total)
        bar = f"[{'#' * filled}{'.' * (_BAR - filled)}] {words}"
        if self._live:
            self._draw(bar)
        else:
            tenth = done * 10 // total
            self._line(words, always=tenth != self._said)
            self._said = tenth

    def end(self) -> None:
        """Leave the line, so that other text can follow."""
        if self._live and self._drawn:
            self._stream.write("\n")
            self._stream.flush()
        self._drawn = 0
        self._first = None
        self._said = -1

    def _line(self, text: str, *, always: bool) -> None:
        if self._live:
            self._draw(text)
        elif always and not self._quiet:
            self._stream.write(text + "\n")
            self._stream.flush()

    def _draw(self, text: str) -> None:
        room = max(20, shutil.get_terminal_size().columns - 1)
        short = text[:room]
        self._stream.write("\r" + short + " " * max(0, self._drawn - len(short)))
        self._stream.flush()
        self._drawn = len(short)


def readable(seconds: float) -> str:
    """ "8 s", "2 min", "1 h 20 min"."""
    whole = max(1, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
