"""Work off the window's thread: its answers come to the window's thread, and never to somebody who is gone."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from studio.core.errors import StudioError
from studio.widgets.feeder import Feeder


def broken() -> None:
    raise StudioError("No.", "Never.")


def test_answers_come_to_the_windows_thread(qtbot: QtBot) -> None:
    feeder, found = Feeder(), []
    feeder.ready.connect(lambda key, value: found.append((key, value, threading.current_thread())))
    feeder.failed.connect(lambda key, error: found.append((key, str(error), threading.current_thread())))
    feeder.ask("sum", lambda: 1 + 1)
    feeder.ask("no", broken)
    qtbot.waitUntil(lambda: len(found) == 2)
    main = threading.main_thread()
    assert sorted(found) == [("no", "No. Never.", main), ("sum", 2, main)]
    feeder.close()


@pytest.mark.parametrize("call", [lambda: 1 + 1, broken])
def test_an_answer_on_its_way_does_not_reach_somebody_who_is_gone(qapp: QApplication, call: object) -> None:
    owner, found = QObject(), []
    feeder = Feeder().serve(owner)
    feeder.ready.connect(lambda key, value: found.append(key))
    feeder.failed.connect(lambda key, error: found.append(key))
    feeder.ask("late", call)  # type: ignore[arg-type]
    feeder.wait()
    delete(owner)
    qapp.processEvents()
    assert not found
