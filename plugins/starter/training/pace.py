"""Manners of a long training: it can be paused, stops in time, and says how far it is."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any


class Pace:
    """Asked once a step: shall we go on? Also keeps the log.

    A file named PAUSE in the work folder makes the training sleep until it is gone; SIGTERM and SIGINT end it after
    the running step, with a checkpoint.
    """

    def __init__(self, work: Path, name: str, *, deadline: float | None = None) -> None:
        self._pause = work / "PAUSE"
        self._log = work / f"{name}.jsonl"
        self._name = name
        self._deadline = deadline
        self._began = time.time()
        self._stop = False
        self._first: tuple[int, float] | None = None
        self._slept = 0.0
        work.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                signal.signal(number, self._on_signal)
            except ValueError:  # not the main thread: then the caller ends us otherwise
                break

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stop = True

    def go_on(self) -> bool:
        """False when it is time to save and leave. Sleeps while PAUSE exists."""
        while self._pause.exists() and not self._over():
            time.sleep(0.5)
            self._slept += 0.5
        return not self._over()

    def left(self) -> float:
        """The part of the given time that is left, from 1 down to 0; 1 where no time was given."""
        if self._deadline is None or self._deadline <= self._began:
            return 1.0
        return max(0.0, (self._deadline - time.time()) / (self._deadline - self._began))

    def _over(self) -> bool:
        return self._stop or (self._deadline is not None and time.time() > self._deadline)

    def note(self, step: int, total: int, **facts: Any) -> None:
        """Write one line to the log and one to the terminal, with the time that is left."""
        now = time.time() - self._slept
        if self._first is None:
            self._first = (step, now)
        done, spent = step - self._first[0], now - self._first[1]
        left = spent / done * (total - step) if done > 0 else float("nan")
        line = {"step": step, "of": total, "time": round(time.time(), 1), **facts}
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        shown = "  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in facts.items())
        rate = f"{spent / done:.2f} s/step, {left / 60:.0f} min left" if done > 0 else "starting"
        print(f"{self._name} {step}/{total}  {shown}  ({rate})", flush=True)
