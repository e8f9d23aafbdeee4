"""What nobody caught is written down and told in plain words, and the artist goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from studio.core.errors import StudioError
from studio.ui.crash import CrashReporter, StartDialog


@pytest.fixture
def reporter(qtbot: QtBot, tmp_path: Path) -> Iterator[CrashReporter]:
    made = CrashReporter(tmp_path / "logs", lambda: "Device CPU", lambda: None, version="9.9")
    made.install()
    yield made
    made.remove()
    if made.dialog is not None:
        made.dialog.accept()


def boom(words: str) -> None:
    try:
        raise ZeroDivisionError(words)
    except ZeroDivisionError:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]


def button(parent: object, text: str) -> QPushButton:
    return next(b for b in parent.findChildren(QPushButton) if b.text() == text)  # type: ignore[attr-defined]


@pytest.mark.expects_log("not caught")
def test_an_exception_becomes_a_dialog_and_a_file(
    qtbot: QtBot, reporter: CrashReporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boom("first")
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    dialog = reporter.dialog
    assert dialog is not None
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "on disk and safe" in words
    report = dialog.findChild(QPlainTextEdit)
    assert report is not None
    assert not report.isVisible()
    assert "ZeroDivisionError: first" in dialog.report
    assert "Studio 9.9" in dialog.report
    assert "Device CPU" in dialog.report
    files = list((tmp_path / "logs").glob("report-*.txt"))
    assert [file.read_text() for file in files] == [dialog.report]
    QTest.mouseClick(button(dialog, "Copy report"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == dialog.report
    target = tmp_path / "saved.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_more: (str(target), ""))
    QTest.mouseClick(button(dialog, "Save report…"), Qt.MouseButton.LeftButton)
    assert target.read_text() == dialog.report
    QTest.mouseClick(button(dialog, "Continue"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: reporter.dialog is None)


@pytest.mark.expects_log("not caught")
def test_more_exceptions_join_the_dialog_that_is_open(qtbot: QtBot, reporter: CrashReporter) -> None:
    boom("one")
    boom("two")
    thread = threading.Thread(target=boom, args=("three",))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: reporter.dialog is not None and "three" in reporter.dialog.report)
    assert reporter.dialog is not None
    assert "happened 3 times" in " ".join(label.text() for label in reporter.dialog.findChildren(QLabel))


def test_a_project_that_cannot_be_opened_offers_ways_on(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = StartDialog(StudioError("“Work” is already open.", "Switch to that window.", details="lock"), tmp_path)
    qtbot.addWidget(dialog)
    dialog.show()
    words = " ".join(label.text() for label in dialog.findChildren(QLabel)).replace("\u200b", "")
    assert "already open" in words
    assert str(tmp_path) in words
    for text, result in (("Quit", 0), ("Open another project…", 2), ("Try again", 1)):
        with qtbot.waitSignal(dialog.finished) as done:
            QTest.mouseClick(button(dialog, text), Qt.MouseButton.LeftButton)
        assert done.args == [result]
