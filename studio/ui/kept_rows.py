"""Rows of kept steps, read from disk away from the window's thread: thirty previews take 25 ms."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.request import ResumePoint
from studio.core.steps import Step
from studio.core.values import frozen
from studio.store import StepStore
from studio.widgets.feeder import Feeder

_LOG = logging.getLogger(__name__)
DEEPEST = 50
"""Branches of branches that are followed back; recipes of foreign files may go round in circles."""


@frozen
class KeptRow:
    """The steps kept under a name, those from before it branched included, and a word about what is missing."""

    steps_id: str
    steps: tuple[Step, ...] = ()
    note: str = ""


class KeptRows(QObject):
    """Reads rows of one project. `read(KeptRow)` answers each wish that was not replaced by a newer one of the same
    panel.
    """

    read = Signal(str, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._store: StepStore | None = None
        self._resumed: Callable[[str], ResumePoint | None] = lambda _job: None
        self._numbers = itertools.count()
        self._wanted: dict[str, int] = {}
        self._feeder = Feeder().serve(parent)
        self._feeder.ready.connect(self._arrived)

    def use(self, store: StepStore, resumed: Callable[[str], ResumePoint | None]) -> None:
        """Read from here from now on; what was asked for before is forgotten. `resumed` says where the generation of
        kept steps left another one.
        """
        self._store, self._resumed = store, resumed
        self._wanted.clear()
        self._feeder.forget()

    def ask(self, panel: str, steps_id: str) -> None:
        """Read a row for a panel."""
        store = self._store
        if store is None:
            return
        line = self._line(steps_id)
        number = self._wanted[panel] = next(self._numbers)
        self._feeder.ask((panel, number), lambda: _read(store, steps_id, line))

    def forget(self, panel: str) -> None:
        """What was asked for a panel is not wanted any more."""
        self._wanted.pop(panel, None)

    def left_at(self, steps_id: str) -> ResumePoint | None:
        """Where the generation with these steps left another one."""
        return self._resumed(steps_id)

    def there(self, steps_id: str) -> bool:
        """True where steps are kept under this name, or were before it branched."""
        store = self._store
        names = [steps_id, *(point.steps for point in self._line(steps_id))]
        return store is not None and any(store.path(name).is_file() for name in names)

    def _line(self, steps_id: str) -> list[ResumePoint]:
        line: list[ResumePoint] = []
        point = self._resumed(steps_id)
        while point is not None and len(line) < DEEPEST:
            line.append(point)
            point = self._resumed(point.steps)
        return line

    def _arrived(self, key: tuple[str, int], row: KeptRow) -> None:
        panel, number = key
        if self._wanted.get(panel) == number:
            del self._wanted[panel]
            self.read.emit(panel, row)


def _read(store: StepStore, steps_id: str, line: Sequence[ResumePoint]) -> KeptRow:
    try:
        kept = store.row(steps_id)
    except (StudioError, OSError) as error:
        _LOG.info("no steps of %s", steps_id, exc_info=error)
        return KeptRow(steps_id, note=str(error))
    steps = kept.steps
    if line and kept.branched is None:
        # Nobody has noted the branch (yet): the steps before it are still those of the other row.
        before = _read(store, line[0].steps, line[1:]).steps
        steps = (*(step for step in before if step.index <= line[0].index), *steps)
    return KeptRow(steps_id, steps, " ".join(kept.notes))
