"""From the mailbox to Qt: events become one signal in the window's thread, at most 30 times a second."""

from __future__ import annotations

import logging
from collections import deque

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

from studio.core.events import Event
from studio.engine import Mailbox

_LOG = logging.getLogger(__name__)
TURN, PAUSE = 12, 4
"""Milliseconds: for so long events are told in one go, and so long the window has for itself before the next ones."""
INTERVAL = 33
"""Milliseconds between two deliveries: one signal per step into a busy window froze it for 5 s (measured)."""


class Bridge(QObject):
    """`happened(Event)` is emitted in the window's thread for all that any job says.

    `delivered` follows each batch of them. The timer runs only while mail flows: an idle window wakes for nothing.
    """

    happened = Signal(object)
    delivered = Signal()
    _rang = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox | None = None
        self._armed = False
        self._waiting: deque[Event] = deque()
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.deliver)
        self._rang.connect(self._schedule, Qt.ConnectionType.QueuedConnection)

    def attach(self, mailbox: Mailbox) -> None:
        """Take the mail of `mailbox` from now on."""
        self._mailbox = mailbox
        self._waiting.clear()
        self.ring()

    def ring(self) -> None:
        """There is mail. Callable from any thread; many rings before the next delivery cost one signal."""
        if not self._armed:
            self._armed = True
            self._rang.emit()

    def close(self) -> None:
        """Deliver nothing any more."""
        self._mailbox = None
        self._waiting.clear()
        self._timer.stop()

    @Slot()
    def _schedule(self) -> None:
        if self._timer.isActive() or self._mailbox is None:
            return
        passed = self._since.elapsed() if self._since.isValid() else INTERVAL
        self._timer.start(max(0, INTERVAL - passed))

    @Slot()
    def deliver(self) -> None:
        """Hand over what is in the mailbox now."""
        self._since.start()
        # Disarmed before draining: mail that arrives during the drain rings again instead of being forgotten.
        self._armed = False
        if self._mailbox is None:
            return
        self._waiting.extend(self._mailbox.drain())
        begun, told = QElapsedTimer(), bool(self._waiting)
        begun.start()
        # In turns: 500 tokens a second must leave the window time for mouse and keys, whatever each of them costs.
        while self._waiting and begun.elapsed() < TURN:
            self.happened.emit(self._waiting.popleft())
        if told:
            self.delivered.emit()
        if self._waiting and not self._timer.isActive():
            self._timer.start(PAUSE)
