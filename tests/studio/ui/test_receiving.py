"""Files that come from elsewhere are kept while the window goes on."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from studio.core.artifact import Artifact
from studio.core.errors import StudioError
from studio.store import Project
from studio.ui.receiving import Receiving


def test_a_slow_disk_holds_up_nobody_and_the_files_come_in_their_order(qtbot: QtBot, tmp_path: Path) -> None:
    owner, go = QObject(), threading.Event()
    threads: list[int] = []
    came: list[str] = []
    refused: list[str] = []
    with Project.open(tmp_path / "project") as project:

        def slowly(source: Path | bytes) -> Artifact:
            threads.append(threading.get_ident())
            assert go.wait(20)
            return project.artifacts.bring_in(source)

        receiving = Receiving(owner)
        for word in ("one", "two", "three"):
            receiving.take(word.encode(), slowly, lambda a: came.append(a.path.read_text()), lambda e: None)
        receiving.take(b"", slowly, lambda a: came.append("empty"), lambda e: refused.append(e.message))
        receiving.take(lambda: b"four", slowly, lambda a: came.append(a.path.read_text()), lambda e: None)
        assert came == []  # every call has returned, and the disk has not
        go.set()
        qtbot.waitUntil(lambda: len(came) == 4 and bool(refused))
    assert came == ["one", "two", "three", "four"]
    assert "empty" in refused[0]
    assert threading.get_ident() not in threads
    owner.deleteLater()


def test_a_bug_is_said_in_words_and_nothing_is_told_to_a_panel_that_is_gone(qtbot: QtBot) -> None:
    owner, told = QObject(), list[StudioError]()
    receiving = Receiving(owner)

    def broken(source: Path | bytes) -> Artifact:
        raise RuntimeError("a bug")

    receiving.take(b"x", broken, lambda a: None, told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert isinstance(told[0], StudioError)
    assert told[0].hint
    go = threading.Event()

    def late(source: Path | bytes) -> Artifact:
        go.wait(20)
        raise RuntimeError("nobody hears this")

    receiving.take(b"y", late, lambda a: None, told.append)
    owner.deleteLater()
    qtbot.wait(50)
    go.set()
    qtbot.wait(100)
    assert len(told) == 1
