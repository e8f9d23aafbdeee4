"""Foreign files on their way into the project, in the order in which they came, off the window's thread."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from studio.core.artifact import Artifact
from studio.core.errors import Problem, StudioError
from studio.widgets.feeder import Feeder

Source = Path | bytes | Callable[[], bytes]
BringIn = Callable[[Path | bytes], Artifact]
Then = Callable[[Artifact], None]
Failed = Callable[[StudioError], None]


class Receiving(QObject):
    """Hashing and copying a file of a gigabyte takes seconds: done on a thread, answered in the window's."""

    def __init__(self, owner: QObject) -> None:
        super().__init__(owner)
        self._feeder = Feeder(threads=1, depth=10_000).serve(owner)
        self._feeder.ready.connect(self._answer)
        self._feeder.failed.connect(self._complain)
        self._waiting: deque[tuple[Source, BringIn]] = deque()
        self._asked: deque[tuple[Then, Failed]] = deque()
        self._numbers = itertools.count()

    def take(self, source: Source, bring_in: BringIn, then: Then, failed: Failed) -> None:
        """Have `bring_in(source)` done; one of the other two is called with what came of it."""
        self._waiting.append((source, bring_in))
        self._asked.append((then, failed))
        self._feeder.ask(next(self._numbers), self._next)

    def _next(self) -> Artifact:
        # The feeder serves its newest wish first; files are to come in the order in which they were dropped.
        source, bring_in = self._waiting.popleft()
        return bring_in(source() if callable(source) else source)

    def _answer(self, _number: object, artifact: object) -> None:
        then, _ = self._asked.popleft()
        assert isinstance(artifact, Artifact)
        then(artifact)

    def _complain(self, _number: object, error: object) -> None:
        _, failed = self._asked.popleft()
        failed(error if isinstance(error, StudioError) else Problem.of(_as_exception(error)).as_error())


def _as_exception(error: object) -> BaseException:
    return error if isinstance(error, BaseException) else RuntimeError(str(error))
