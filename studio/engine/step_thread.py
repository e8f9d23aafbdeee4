"""Writes the steps of a running job on a thread, so that the generation does not wait for checksums and the disk."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from studio.core.errors import StudioError
from studio.core.steps import Step, StepState
from studio.engine.ports import StepSink

_LOG = logging.getLogger("studio.steps")
_AHEAD = 16
"""How many steps may wait for the disk: their states take memory, so a generation waits for a disk that is so slow."""


class StepThread:
    """`keep` hands a step over; `said(step)` tells of it, on the thread, once it is written: what was told outlives the
    process. After the first one that the disk refuses, `refused(error)` says why, and steps are told without a state.
    """

    def __init__(self, sink: StepSink, said: Callable[[Step], None], refused: Callable[[Exception], None]) -> None:
        self._sink = sink
        self._said = said
        self._refused = refused
        self._todo: queue.Queue[tuple[Step, StepState | None] | None] = queue.Queue(_AHEAD)
        self._thread: threading.Thread | None = None
        self._written = threading.Event()
        self.broken = False

    def keep(self, step: Step, state: StepState | None) -> None:
        """Keep a step and tell of it soon; all in the order in which they came."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="studio-steps", daemon=True)
            self._thread.start()
        self._todo.put((step, state))

    def close(self) -> None:
        """Wait until all steps are written and told of. Nobody waits for the disk to sync and close the file: after a
        power cut steps are made again.
        """
        if self._thread is None:
            self._shut()
        else:
            self._todo.put(None)
            self._written.wait()

    def _run(self) -> None:
        while (item := self._todo.get()) is not None:
            self._write(*item)
            del item  # while waiting nothing of the last state must be held
        self._written.set()
        self._shut()

    def _shut(self) -> None:
        try:
            self._sink.close()
        except (OSError, StudioError):  # the result matters more than its steps
            _LOG.info("steps may not outlive a power cut", exc_info=True)

    def _write(self, step: Step, state: StepState | None) -> None:
        if not self.broken:
            try:
                self._sink.write(step, state)
            except Exception as error:  # noqa: BLE001 - whatever it is, it costs the ribbon's memory, never the job
                self.broken = True
                _LOG.info("steps are no longer kept", exc_info=True)
                self._refused(error)
        if self.broken:
            step = Step(step.index, step.total, step.preview, step.label)
        self._said(step)
