"""Keeps what the panels edit: saved a moment after the last change, and at once where somebody asks."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.errors import Problem, StudioError
from studio.store import DocumentStore
from studio.widgets.feeder import Feeder

_LOG = logging.getLogger(__name__)
SOON = 700
"""Milliseconds between a change and its saving: short enough to lose nothing worth crying over in a power cut."""
AGAIN = 5000
"""Milliseconds after which a failed save is tried again."""
FORMAT = 1


class Documents(QObject):
    """One document for each panel of the project. `state_of` are the panels' `state()` functions by panel id.

    Emits `standing(text, trouble)` for the top bar, and `failed(Problem)` once for each row of failures.
    """

    standing = Signal(str, bool)
    failed = Signal(object)

    def __init__(self, store: DocumentStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._states: dict[str, Callable[[], Mapping[str, Any]]] = {}
        self._files: dict[str, Callable[[], Mapping[str, str]]] = {}
        self._dirty: set[str] = set()
        self._failing = False
        self._writing: dict[int, str] = {}
        self._numbers = itertools.count()
        self._feeder = Feeder(threads=1)
        self._feeder.ready.connect(self._written)
        self._feeder.failed.connect(self._refused)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._save_aside)

    def load(self, panel: str) -> dict[str, Any]:
        """What was saved for a panel, or an empty state. A document that cannot be read is left where it is."""
        try:
            found = self._store.load(panel)
        except StudioError as error:
            self.failed.emit(Problem.of(error))
            return {}
        state = (found or {}).get("state")
        if not isinstance(state, Mapping):
            return {}
        edited = self._store.changed_files(panel) if (found or {}).get("files") else {}
        return {**state, "files": edited} if edited else dict(state)

    def keep_copy(self, panel: str) -> None:
        """Put a document that its panel cannot open aside, before a new one is saved in its place."""
        with contextlib.suppress(StudioError):
            found = self._store.load(panel)
            if found:
                self._store.save(f"{panel}-unopened-{int(time.time())}", found)

    def watch(
        self, panel: str, state: Callable[[], Mapping[str, Any]], files: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        """Ask `state` from now on whenever the panel's document is saved, and `files` for what stands beside it."""
        self._states[panel] = state
        self._files[panel] = files

    def forget(self, panel: str) -> None:
        """The panel is gone; its document stays on disk."""
        self._states.pop(panel, None)
        self._files.pop(panel, None)
        self._dirty.discard(panel)

    def changed(self, panel: str) -> None:
        """The panel's state is another one now."""
        if panel not in self._states:
            return
        self._dirty.add(panel)
        if not self._timer.isActive():
            self._timer.start(SOON)
        if not self._failing:
            self.standing.emit("saving …", False)

    def save(self) -> bool:
        """Save whatever changed and return when it is on disk. False where something could not be saved; it will be
        tried again.
        """
        self._timer.stop()
        self._feeder.wait()
        self._dirty.update(self._writing.values())
        self._writing.clear()
        for panel in sorted(self._dirty):
            try:
                self._store.save(panel, self._document(panel), self._files[panel]())
            except Exception as error:  # noqa: BLE001 - a panel's own state() may fail in any way
                self._stumble(panel, error)
                return False
            self._dirty.discard(panel)
        self._recover()
        return True

    def close(self) -> bool:
        """Save and stop."""
        done = self.save()
        self._timer.stop()
        self._feeder.close()
        return done

    def _document(self, panel: str) -> dict[str, Any]:
        return {"format": FORMAT, "panel": panel, "state": dict(self._states[panel]())}

    def _save_aside(self) -> None:
        """Ask the panels here, write off the thread: two fsyncs take 5 ms on a good disk, 50 on a bad one."""
        for panel in sorted(self._dirty):
            try:
                document, files = self._document(panel), self._files[panel]()
            except Exception as error:  # noqa: BLE001 - a panel's own state() may fail in any way
                self._stumble(panel, error)
                continue
            number = next(self._numbers)
            self._writing[number] = panel
            self._dirty.discard(panel)
            self._feeder.ask(number, partial(self._store.save, panel, document, files))

    def _written(self, number: object, _result: object) -> None:
        self._writing.pop(number, None)  # type: ignore[call-overload]
        if not self._writing and not self._dirty:
            self._recover()

    def _refused(self, number: object, error: Exception) -> None:
        panel = self._writing.pop(number, None)  # type: ignore[call-overload]
        if panel is not None:
            self._dirty.add(panel)
            self._stumble(panel, error)

    def _recover(self) -> None:
        self._failing = False
        self.standing.emit("saved", False)

    def _stumble(self, panel: str, error: Exception) -> None:
        self.standing.emit("not saved", True)
        if not self._failing:
            self._failing = True
            _LOG.info("document %s was not saved", panel, exc_info=error)
            self.failed.emit(Problem.of(error, who="Saving"))
        self._timer.start(AGAIN)
