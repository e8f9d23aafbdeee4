"""A manuscript goes out from the window with what it knows of itself."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from plugins.text.editor import ManuscriptEdit
from studio.app import Studio
from studio.store import Places
from studio.ui.export_dialog import ExportDialog
from tests.plugins.text.page_bench import whole_studio

CTRL = Qt.KeyboardModifier.ControlModifier
# What the platform without a screen says of a sheet over a window.
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def studio(qapp: QApplication, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    words = tmp_path / "data" / "hunspell"
    words.mkdir(parents=True)
    (words / "en_GB.aff").write_text("SET UTF-8\n", "utf-8")
    (words / "en_GB.dic").write_text("4\nthe\nharbour\nwas\ngrey\n", "utf-8")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with whole_studio(Places.under(tmp_path / "home"), tmp_path / "project", qtbot) as made:
        yield made


def spell(studio: Studio, language: str) -> None:
    """Choose from the menu of languages."""
    slot = studio.window.front_slot()
    assert slot is not None
    menu = QMenu()
    slot.panel.spelling.fill_languages(menu)  # type: ignore[attr-defined]
    next(action for action in menu.actions() if action.text() == language).trigger()


def open_export(studio: Studio, qtbot: QtBot) -> ExportDialog:
    """Ctrl+E."""
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow)
    qtbot.keyClick(studio.window.findChild(ManuscriptEdit), Qt.Key.Key_E, CTRL)
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in studio.window.findChildren(ExportDialog)))
    return next(dialog for dialog in studio.window.findChildren(ExportDialog) if dialog.isVisible())


def format_button(dialog: ExportDialog, title: str) -> QWidget:
    return next(button for button in dialog.formats.values() if button.text() == title)


def test_a_british_manuscript_is_a_british_book_and_page(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    page = studio.window.findChild(ManuscriptEdit)
    assert page is not None
    qtbot.keyClicks(page, "The harbour was grey.")
    spell(studio, "British English (United Kingdom)")
    for format_, ending in (("EPUB", ".epub"), ("HTML", ".html")):
        dialog = open_export(studio, qtbot)
        qtbot.mouseClick(format_button(dialog, format_), Qt.MouseButton.LeftButton)
        field = next(edit for edit in dialog.findChildren(QLineEdit) if edit.isVisible() and edit.text() == "en-GB")
        assert field.accessibleName() == "Language"
        dialog.folder.set_value(str(tmp_path))
        dialog.pattern.set_value("story")
        with qtbot.waitSignal(dialog.exported):
            qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
        assert (tmp_path / f"story{ending}").exists()
    with zipfile.ZipFile(tmp_path / "story.epub") as book:
        name = next(name for name in book.namelist() if name.endswith(".opf"))
        assert "<dc:language>en-GB</dc:language>" in book.read(name).decode()
    assert '<html lang="en-GB">' in (tmp_path / "story.html").read_text("utf-8")


def test_what_is_written_over_the_language_counts_and_the_next_export_begins_with_the_manuscripts(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    qtbot.keyClicks(studio.window.findChild(ManuscriptEdit), "Une mouette.")
    dialog = open_export(studio, qtbot)
    qtbot.mouseClick(format_button(dialog, "HTML"), Qt.MouseButton.LeftButton)
    field = next(e for e in dialog.findChildren(QLineEdit) if e.isVisible() and e.accessibleName() == "Language")
    assert field.text() == "en"
    field.selectAll()
    qtbot.keyClicks(field, "fr")
    dialog.folder.set_value(str(tmp_path))
    dialog.pattern.set_value("story")
    with qtbot.waitSignal(dialog.exported):
        qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    assert '<html lang="fr">' in (tmp_path / "story.html").read_text("utf-8")
    again = open_export(studio, qtbot)
    field = next(e for e in again.findChildren(QLineEdit) if e.isVisible() and e.accessibleName() == "Language")
    assert field.text() == "en"
    again.reject()
