"""The whole way: keys on the page, the real engine, a tiny random Llama, ghost text, undo, and the files on disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from plugins.text.editor import ManuscriptEdit
from studio.app import Studio
from studio.store import Places
from tests import tiny_writers
from tests.plugins.text.page_bench import whole_studio

K = Qt.Key
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
PATIENCE = 60_000


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("writers") / "tiny-llama"
    tiny_writers.save(folder)
    return folder


@pytest.fixture
def studio(qapp: QApplication, tmp_path: Path, qtbot: QtBot, writer: Path) -> Iterator[Studio]:
    places = Places.under(tmp_path / "home")
    shutil.copytree(writer, places.models / "tiny-llama")
    with whole_studio(places, tmp_path / "project", qtbot) as made:
        yield made


def test_a_story_is_continued_branched_and_saved(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    window = studio.window
    slot = window.front_slot()
    assert slot is not None
    panel = slot.panel
    page: ManuscriptEdit = panel.editor  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: len(panel.settings_pane.models()) > 1, timeout=PATIENCE)  # type: ignore[attr-defined]
    tiny = next(m for m in panel.settings_pane.models() if not m.bundled)  # type: ignore[attr-defined]
    assert panel.use_model(tiny.id)
    panel.manuscript.params |= {"length": 8, "alternatives": 2, "temperature": 1.0}  # type: ignore[attr-defined]
    panel.settings_pane.show_manuscript(panel.manuscript)  # type: ignore[attr-defined]
    page.setFocus()
    qtbot.keyClicks(page, "the old sea")

    qtbot.keyClick(window, K.Key_Return, CTRL)
    writing = panel.writing  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: writing.draft is not None and not writing.draft.running, timeout=PATIENCE)
    draft = writing.draft
    assert page.text() == "the old sea"
    assert len(draft.texts) == 2
    qtbot.keyClick(page, K.Key_Down, ALT)
    second = draft.texts[1]
    qtbot.keyClick(page, K.Key_Tab)
    assert page.text() == "the old sea" + second
    assert panel.views.placed(0, 1_000), "every token of it is known"  # type: ignore[attr-defined]

    job = draft.job
    qtbot.waitUntil(lambda: window.ribbon.shown(window.front) == job, timeout=PATIENCE)
    panel.branch(job, 2)
    qtbot.waitUntil(lambda: writing.draft is not None and not writing.draft.running, timeout=PATIENCE)
    assert writing.draft.texts == draft.texts, "a branch with nothing changed is the same text"
    qtbot.keyClick(page, K.Key_Escape)

    window.panels.undo.undo()
    assert page.text() == "the old sea"
    window.panels.undo.redo()
    assert page.text() == "the old sea" + second

    assert window.documents.save()
    files = sorted((tmp_path / "project" / "documents" / "text.manuscript").glob("*.md"))
    assert [file.name for file in files] == ["01-text.md"]
    assert files[0].read_text("utf-8").startswith("the old sea")
