"""Small things that outlive the window: where it stood, what was in front, what panels asked to remember."""

from __future__ import annotations

import base64
import binascii
import itertools
import logging
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QTimer

from studio.core.errors import StudioError
from studio.store import SessionStore
from studio.widgets.feeder import Feeder

_LOG = logging.getLogger(__name__)
SOON = 400
"""Milliseconds between a change and its writing. Not only at the end: a window may be killed."""
RECENT_PROJECTS = 12


class Session(QObject):
    """The session store for the window's thread: a change costs nothing, the disk is written off the thread."""

    def __init__(self, store: SessionStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._new: dict[str, Any] = {}
        self._being_written: dict[str, Any] = {}
        self._numbers = itertools.count()
        self._feeder = Feeder(threads=1)
        self._feeder.failed.connect(lambda _key, error: _LOG.info("the session was not saved: %s", error))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SOON)
        self._timer.timeout.connect(self._write)

    def get(self, key: str, default: Any = None) -> Any:
        """What was set last, or `default`."""
        for pending in (self._new, self._being_written):
            if key in pending:
                return pending[key]
        return self._store.get(key, default)

    def set(self, key: str, value: Any) -> None:
        """Keep one JSON value."""
        self.update({key: value})

    def update(self, values: Mapping[str, Any]) -> None:
        """Keep several JSON values."""
        self._new.update(values)
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Return when everything is on disk, or the disk has refused it."""
        self._timer.stop()
        self._feeder.wait()
        values, self._new = {**self._being_written, **self._new}, {}
        try:
            self._store.update(values)
        except (StudioError, TypeError, ValueError) as error:
            _LOG.info("the session was not saved: %s", error)

    def close(self) -> None:
        """Flush and write nothing any more."""
        self.flush()
        self._timer.stop()
        self._feeder.close()

    def _write(self) -> None:
        values, self._new = self._new, {}
        self._being_written = {**self._being_written, **values}
        self._feeder.ask(next(self._numbers), lambda: self._store.update(values))


def packed(data: QByteArray) -> str:
    """Bytes of Qt's own (geometry, dock layout) as a JSON string."""
    return base64.b64encode(data.data()).decode()


def unpacked(text: object) -> QByteArray:
    """The opposite of `packed`; empty for anything that is none."""
    try:
        return QByteArray(base64.b64decode(str(text or ""), validate=True))
    except (binascii.Error, ValueError):
        return QByteArray()
