"""The window comes back as it was, whoever ended it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.app import Studio
from studio.store import Places, SessionStore
from studio.ui.session import Session, packed, unpacked

Open = Any


def test_docks_places_and_documents_come_back(qtbot: QtBot, open_studio: Open) -> None:
    first: Studio = open_studio()
    window = first.window
    window.resizeDocks([window.inspector], [390], Qt.Orientation.Horizontal)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, window.inspector)
    window.ribbon.want(False)
    slot: Any = window.panels.opened("sketch.board")
    slot.panel.prompt.setText("kept words")
    window.show_place("models")
    size = window.size()
    first.close()

    second: Studio = open_studio()
    again = second.window
    assert again.front == "models"
    again.show_place("sketch.board")
    assert again.dockWidgetArea(again.inspector) == Qt.DockWidgetArea.LeftDockWidgetArea
    assert again.inspector.isVisible()
    assert not again.ribbon.isVisible()
    board: Any = again.panels.opened("sketch.board")
    assert board.panel.prompt.text() == "kept words"
    assert again.size() == size


def test_everything_is_on_disk_soon_without_closing(qtbot: QtBot, studio: Studio, places: Places) -> None:
    slot: Any = studio.window.panels.opened("sketch.board")
    QTest.keyClicks(slot.panel.prompt, " more")
    studio.window.show_place("plugins")
    document = studio.services.project.folder / "documents" / "sketch.board" / "document.json"
    session = places.config / "session.json"

    def on_disk() -> bool:
        if not (document.exists() and session.exists()):
            return False
        state = json.loads(document.read_text())["state"]["prompt"]
        front = json.loads(session.read_text())["values"].get("window", {}).get("front")
        return state == "a grey square more" and front == "plugins"

    qtbot.waitUntil(on_disk)


def test_the_saved_state_is_shown(qtbot: QtBot, studio: Studio) -> None:
    said: list[str] = []
    studio.window.documents.standing.connect(lambda text, _trouble: said.append(text))
    slot: Any = studio.window.panels.opened("sketch.board")
    slot.panel.prompt.setText("x")
    qtbot.waitUntil(lambda: said[-1:] == ["saved"])
    assert said[0] == "saving …"


def test_a_document_that_its_panel_cannot_open_is_kept(qtbot: QtBot, open_studio: Open) -> None:
    first: Studio = open_studio()
    first.services.project.documents.save("sketch.board", {"format": 1, "state": {"strange": 1}})
    first.window.documents.forget("sketch.board")
    first.close()
    second: Studio = open_studio()
    assert any("Sketch" in problem.message for problem in second.window.notices.problems)
    assert any(name.startswith("sketch.board-unopened") for name in second.services.project.documents.ids())


def test_a_full_disk_is_said_once_and_saving_goes_on_later(qtbot: QtBot, studio: Studio, monkeypatch: Any) -> None:
    from studio.core.errors import StudioError

    store = studio.services.project.documents
    save, full = store.save, [True]

    def maybe(name: str, document: Any, *rest: Any) -> None:
        if full[0]:
            raise StudioError("The disk is full.", "Make room.")
        save(name, document, *rest)

    monkeypatch.setattr(store, "save", maybe)
    slot: Any = studio.window.panels.opened("sketch.board")
    slot.panel.prompt.setText("one")
    qtbot.waitUntil(lambda: bool(studio.window.notices.problems))
    slot.panel.prompt.setText("two")
    qtbot.wait(50)
    assert [problem.message for problem in studio.window.notices.problems] == ["The disk is full."]
    full[0] = False
    QTest.keyClick(studio.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    document = store.load("sketch.board")
    assert document is not None
    assert document["state"]["prompt"] == "two"


def test_session_reads_what_is_not_written_yet(qtbot: QtBot, tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "session.json")
    session = Session(store)
    session.set("a", 1)
    assert session.get("a") == 1
    assert store.get("a") is None
    qtbot.waitUntil(lambda: store.get("a") == 1)
    session.set("a", 2)
    session.close()
    assert SessionStore(tmp_path / "session.json").get("a") == 2


def test_packed_bytes_survive_and_nonsense_is_empty() -> None:
    assert unpacked(packed(QByteArray(b"\0\xff"))) == QByteArray(b"\0\xff")
    assert unpacked("?!").isEmpty()
    assert unpacked(None).isEmpty()
