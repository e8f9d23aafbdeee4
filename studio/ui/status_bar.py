"""The bar at the bottom: device and memory, what is being done and for how long still, one Cancel."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QStatusBar, QWidget

from studio.ui.progress import Report, shared_unit
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.text import Label, tip

PAUSE = "Stop after this step and give the memory back; it goes on from there, tomorrow if need be  Ctrl+P"
CONTINUE = "Go on from the step it had reached, with the prompt and the settings as they are now  Ctrl+P"
_SCALE = 200  # about its pixels: the bar repaints itself at once at every change
_SAID = 6000
"""Milliseconds a passing remark stays."""


class StatusBar(QStatusBar):
    """Emits `cancel_wanted` and `pause_wanted` (also to go on). The label called `Status` repeats on-screen text in its
    accessible description.
    """

    cancel_wanted = Signal()
    pause_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setAccessibleName("Status bar")
        self.setSizeGripEnabled(False)
        self._device = _label("label", "Device and memory")
        self._status = _label("", "Status")
        self._status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._status.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._status.setMinimumWidth(60)
        self._remark = _label("label", "Message")
        self._remark.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Progress")
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _SCALE)
        self._cancel = Button("Cancel", "quiet", help="Stop the running job and keep what it has made so far  Esc")
        self._cancel.setObjectName("statusCancel")
        self._cancel.clicked.connect(self.cancel_wanted)
        self._pause = Button("Pause", "quiet", help=PAUSE)
        self._pause.setObjectName("statusPause")
        self._pause.clicked.connect(self.pause_wanted)
        self._waiting = _label("label", "Waiting jobs")
        self._row = QWidget(self)
        layout = QHBoxLayout(self._row)
        layout.setContentsMargins(14, 0, 14, 0)
        layout.setSpacing(12)
        layout.addWidget(self._device)
        layout.addWidget(self._remark, 1)
        layout.addWidget(self._status)
        layout.addWidget(self._bar)
        layout.addWidget(self._pause)
        layout.addWidget(self._cancel)
        layout.addWidget(self._waiting)
        self.addWidget(self._row, 1)
        self._report = Report("Ready")
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.timeout.connect(self._remark.clear)
        self.set_waiting(0)
        self._show()
        self._scale()

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_row"):
            self._scale()

    def _scale(self) -> None:
        # One height whether work goes on or not: the canvas above must not jump.
        self._row.setFixedHeight(theme.tokens().px(28))
        self._bar.setFixedSize(theme.tokens().px(190), theme.tokens().px(4))

    @property
    def text(self) -> str:
        """What stands there now."""
        return self._status.text()

    @property
    def busy(self) -> bool:
        """True while it shows work in progress."""
        return self._report.busy

    def set_report(self, report: Report) -> None:
        """Say how the running job stands. An ended one is announced to assistive technology."""
        ended = self._report.busy and not report.busy
        self._report = report
        self._show()
        if ended:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._status, report.text))

    def say(self, text: str) -> None:
        """A passing remark beside the state of the work."""
        self._remark.setText(text)
        self._remark.setAccessibleDescription(text)
        self._quiet.start(_SAID)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._remark, text))

    def rest(self) -> None:
        """Take the passing remark away; the window closes."""
        self._quiet.stop()
        self._remark.clear()

    def set_device(self, name: str, used: int, total: int) -> None:
        """What computes, and its memory in bytes (0 where unknown)."""
        memory = f"   {shared_unit(used, total)}" if total else ""
        self._device.setText(f"{name}{memory}")
        self._device.setAccessibleDescription(self._device.text())

    def set_waiting(self, count: int) -> None:
        """How many jobs wait behind the running one."""
        self._waiting.setText(f"{count} waiting" if count else "")
        self._waiting.setVisible(bool(count))
        self._waiting.setAccessibleDescription(self._waiting.text())

    def _show(self) -> None:
        report = self._report
        busy = report.busy
        self._bar.setVisible(busy)
        self._cancel.setVisible(busy or report.paused)
        self._pause.setVisible((busy and report.fraction is not None) or report.paused)
        words, said = ("Continue", CONTINUE) if report.paused else ("Pause", PAUSE)
        if self._pause.text() != words:
            self._pause.setText(words)
            self._pause.setAccessibleName(words)
            self._pause.setAccessibleDescription(said)
            self._pause.setToolTip(tip(said))
        if busy and report.fraction is None:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, _SCALE)
            self._bar.setValue(round((report.fraction or 0.0) * _SCALE))
        self._write(report.text)

    def _write(self, text: str) -> None:
        if text == self._status.text():
            return
        self._status.setText(text)
        self._status.setToolTip(tip(text))
        # Qt sends the DescriptionChanged event for this one by itself.
        self._status.setAccessibleDescription(text)


def _label(tone: str, accessible: str) -> Label:
    label = Label("", tone)
    label.setAccessibleName(accessible)
    return label
