"""When Studio itself fails: a report that says so in plain words, is kept as a file, and lets the artist go on."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, qVersion
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.widgets import theme
from studio.widgets.controls import Button, Section
from studio.widgets.text import Label, soften

_LOG = logging.getLogger("studio.crash")
_KEEP = 20
"""Reports that stay on disk."""


class CrashDialog(QDialog):
    """What happened, what is safe, and what to do; the technical part behind a fold."""

    def __init__(self, report: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report = report
        self.setWindowTitle("Something went wrong")
        self.setAccessibleName("Something went wrong")
        self._words = Label("", wrap=True)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Report")
        self._text.setTabChangesFocus(True)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setMinimumHeight(theme.tokens().px(220))
        self._section = Section("Details")
        self._section.body.addWidget(self._text)
        self._copy = Button("Copy report", icon="copy")
        self._copy.clicked.connect(self.copy)
        self._save = Button("Save report…", icon="floppy-disk")
        self._save.clicked.connect(self.save)
        go_on = Button("Continue", "primary")
        go_on.setDefault(True)
        go_on.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.L)
        column.setSpacing(theme.M)
        column.addWidget(Label("Something went wrong inside Studio", "title"))
        column.addWidget(self._words)
        column.addWidget(self._section)
        column.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(self._copy)
        foot.addWidget(self._save)
        foot.addStretch(1)
        foot.addWidget(go_on)
        column.addLayout(foot)
        self.setMinimumWidth(theme.tokens().px(560))
        self._count = 0
        self.add(report)

    @property
    def report(self) -> str:
        """All that happened while the dialog is open."""
        return self._report

    def add(self, report: str) -> None:
        """Another failure: the same dialog tells it, rather than a heap of dialogs."""
        self._count += 1
        self._report = report if self._count == 1 else f"{self._report}\n\n{report}"[:200_000]
        often = "" if self._count == 1 else f" It has happened {self._count} times now."
        self._words.setText(
            "This is a mistake in the program, not in what you did. Your work, the queue and your settings are on "
            f"disk and safe, and you can go on working.{often} If it keeps happening, start Studio again and "
            "report it with the details below."
        )
        self._text.setPlainText(soften(self._report, 100_000))

    def copy(self) -> None:
        """Put the report on the clipboard."""
        QGuiApplication.clipboard().setText(self._report)
        self._copy.setText("Copied")

    def save(self) -> None:
        """Write the report into a file."""
        name, _ = QFileDialog.getSaveFileName(self, "Save report", str(Path.home() / "studio-report.txt"))
        if not name:
            return
        try:
            Path(name).write_text(self._report, encoding="utf-8")
        except OSError as error:
            self._save.setText("Could not be saved")
            self._save.setToolTip(str(error))
        else:
            self._save.setText("Saved")


class CrashReporter(QObject):
    """Takes every exception that nobody caught, from any thread, and shows it in the window's thread."""

    _caught = Signal(str)

    def __init__(
        self, folder: Path, facts: Callable[[], str], parent_of: Callable[[], QWidget | None], *, version: str
    ) -> None:
        super().__init__()
        self._folder = folder
        self._facts = facts
        self._parent_of = parent_of
        self._version = version
        self._dialog: CrashDialog | None = None
        self._before: tuple[Any, Any] | None = None
        self._caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    @property
    def dialog(self) -> CrashDialog | None:
        """The dialog while it is open."""
        return self._dialog

    def install(self) -> None:
        """Catch from now on."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self.catch
        threading.excepthook = lambda args: self.catch(args.exc_type, args.exc_value, args.exc_traceback)

    def remove(self) -> None:
        """Catch no more."""
        if self._before is not None:
            sys.excepthook, threading.excepthook = self._before
            self._before = None

    def catch(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        """Note one exception and have it shown."""
        if issubclass(kind, (KeyboardInterrupt, SystemExit)):
            sys.__excepthook__(kind, error if error is not None else kind(), trace)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        _LOG.error("not caught:\n%s", text)
        report = self._write(text)
        self._caught.emit(report)

    def _write(self, text: str) -> str:
        import platform  # not in each start

        when = time.strftime("%Y-%m-%d %H:%M:%S")
        report = (
            f"Studio {self._version}, {when}\n"
            f"{platform.platform()}, Python {platform.python_version()}, Qt {qVersion()}\n"
            f"{self._facts()}\n\n{text}"
        )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"report-{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 1000:03}.txt"
            path.write_text(report, encoding="utf-8")
            for old in sorted(self._folder.glob("report-*.txt"))[:-_KEEP]:
                old.unlink(missing_ok=True)
        except OSError as error:
            _LOG.info("the crash report could not be written: %s", error)
        return report

    def _show(self, report: str) -> None:
        if self._dialog is not None:
            self._dialog.add(report)
            return
        self._dialog = CrashDialog(report, self._parent_of())
        self._dialog.finished.connect(self._closed)
        self._dialog.open()

    def _closed(self, _result: int) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None


class StartDialog(QDialog):
    """Why a project cannot be opened at the start, and the ways on: again, another one, or not at all."""

    AGAIN, OTHER, QUIT = 1, 2, 0

    def __init__(self, error: StudioError, folder: Path) -> None:
        super().__init__()
        self.setWindowTitle("Studio")
        self.setAccessibleName("Studio cannot open the project")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.L)
        column.setSpacing(theme.M)
        column.addWidget(Label(error.message, "title", wrap=True))
        if error.hint:
            column.addWidget(Label(error.hint, wrap=True))
        column.addWidget(Label(str(folder), "muted", wrap=True))
        if error.details:
            section = Section("Details")
            section.body.addWidget(Label(error.details, "muted", wrap=True))
            column.addWidget(section)
        column.addStretch(1)
        foot = QHBoxLayout()
        leave = Button("Quit")
        other = Button("Open another project…")
        again = Button("Try again", "primary")
        again.setDefault(True)
        leave.clicked.connect(lambda: self.done(self.QUIT))
        other.clicked.connect(lambda: self.done(self.OTHER))
        again.clicked.connect(lambda: self.done(self.AGAIN))
        foot.addWidget(leave)
        foot.addStretch(1)
        foot.addWidget(other)
        foot.addWidget(again)
        column.addLayout(foot)
        self.setMinimumWidth(theme.tokens().px(520))
