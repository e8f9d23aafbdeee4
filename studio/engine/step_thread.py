"""Writes the steps of a running job on a thread, so that the generation does not wait for checksums and the disk."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

from studio.core.errors import StudioError
from studio.core.steps import Step, StepState
from studio.engine.ports import StepSink

_LOG = logging.getLogger("studio.steps")
_AHEAD = 64
"""How many times steps may wait for the disk: states take memory, so a generation waits for a disk that is so slow."""
_GATHER = 0.03
"""Seconds between two writes where steps come quickly. The window draws no more often than that; waking up for each of
500 tokens a second cost twice the time of the tokens themselves."""
_BURST = 0.003
"""Seconds that the first of several steps waits for the others: they are handed over together, and a thread that works
on the first meanwhile only takes the interpreter from the one that hands over."""

Item = tuple[Step, StepState | None]


class StepThread:
    """`keep` hands a step over; `said(steps)` tells of them, on the thread, once they are written: what was told
    outlives the process. After the first one that the disk refuses, `refused(error)` says why, and steps are told
    without a state. The first step after a while is written at once, others within 30 ms.
    """

    def __init__(
        self, sink: StepSink, said: Callable[[Sequence[Step]], None], refused: Callable[[Exception], None]
    ) -> None:
        self._sink = sink
        self._said = said
        self._refused = refused
        # Not a Queue: its lock is held by whoever waits for the interpreter, and 500 tokens a second wait for the lock.
        self._todo: queue.SimpleQueue[Sequence[Item] | None] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self._room = threading.Event()
        self._written = threading.Event()
        self._thread: threading.Thread | None = None
        self.broken = False

    def keep(self, steps: Sequence[Item]) -> None:
        """Keep a step or several that came at once and tell of them soon; all in the order in which they came."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="studio-steps", daemon=True)
            self._thread.start()
        while self._todo.qsize() >= _AHEAD // 2:
            self._hurry.set()
            if self._todo.qsize() < _AHEAD:
                break
            self._room.clear()
            self._room.wait(_GATHER)
        self._todo.put(steps)

    def close(self) -> None:
        """Wait until all steps are written and told of. Nobody waits for the disk to sync and close the file: after a
        power cut steps are made again.
        """
        if self._thread is None:
            self._shut()
        else:
            self._todo.put(None)
            self._hurry.set()
            self._written.wait()

    def _run(self) -> None:
        last = 0.0
        while (first := self._todo.get()) is not None:
            # Several at once were gathered before they came here.
            if last and len(first) == 1 and self._hurry.wait(max(last + _GATHER - time.monotonic(), _BURST)):
                self._hurry.clear()
            batch, more = list(first), True
            while more and not self._todo.empty():
                item = self._todo.get()
                more = item is not None
                if item is not None:
                    batch += item
            self._room.set()
            self._write(batch)
            last = time.monotonic()
            if not more:
                break
            del first, batch  # while waiting nothing of the last state must be held
        self._written.set()
        self._shut()

    def _write(self, batch: Sequence[Item]) -> None:
        done = 0
        try:
            if not self.broken:
                for done in self._sink.write_all(batch):  # noqa: B007 - what is kept where it stops
                    pass
        except Exception:  # noqa: BLE001 - one by one it will come again, at the first that the disk refuses
            _LOG.debug("steps could not be written at once", exc_info=True)
        self._said([*(step for step, _ in batch[:done]), *(self._kept(*item) for item in batch[done:])])

    def _kept(self, step: Step, state: StepState | None) -> Step:
        """The step as it is to be told."""
        if not self.broken:
            self._keep(step, state)
        return Step(step.index, step.total, step.preview, step.label) if self.broken else step

    def _keep(self, step: Step, state: StepState | None) -> None:
        try:
            self._sink.write(step, state)
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs the ribbon's memory, never the job
            self.broken = True
            _LOG.info("steps are no longer kept", exc_info=True)
            self._refused(error)

    def _shut(self) -> None:
        try:
            self._sink.close()
        except (OSError, StudioError):  # the result matters more than its steps
            _LOG.info("steps may not outlive a power cut", exc_info=True)
