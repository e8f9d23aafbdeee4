"""Texts of other programs come in at the caret, whole and on lines of their own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import docx
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from plugins.text.editor import ManuscriptEdit
from studio.store import Places
from tests.plugins.text.docx_bench import with_picture
from tests.plugins.text.page_bench import Desk, desk, whole_studio  # noqa: F401 - fixture

STORY = "# From outside\nA *first* paragraph.\n***\nA second one."


def written(folder: Path, kind: str) -> Path:
    path = folder / f"story.{kind}"
    if kind == "docx":
        document = docx.Document()
        document.add_heading("From outside", 1)
        paragraph = document.add_paragraph("A ")
        paragraph.add_run("first").italic = True
        paragraph.add_run(" paragraph.")
        document.add_paragraph("* * *")
        document.add_paragraph("A second one.")
        document.save(str(path))
    else:
        path.write_text("# From outside\n\nA *first* paragraph.\n\n***\n\nA second one.\n", "utf-8")
    return path


@pytest.mark.parametrize("kind", ["md", "txt", "docx"])
def test_a_text_stands_on_lines_of_its_own(desk: Desk, tmp_path: Path, kind: str) -> None:  # noqa: F811
    desk.editor.load("Before and after.", [], len("Before"))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(written(tmp_path, kind)))])
    desk.editor.insertFromMimeData(data)
    desk.qtbot.waitUntil(lambda: "second" in desk.text())
    assert desk.text() == f"Before\n{STORY}\n and after."
    desk.panel.sight.look_again()
    assert "From outside" in [section.name for section in desk.panel.page.outline.sections()]
    assert desk.host.undo_stack[-1].text == f"bring in story.{kind}"
    desk.host.undo_stack[-1].undo()
    assert desk.text() == "Before and after."


def test_a_few_words_come_into_the_line(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    desk.editor.load("Before  after.", [], len("Before "))
    path = tmp_path / "few.txt"
    path.write_text("a few words", "utf-8")
    desk.panel.bringing_in.bring_in(path)
    desk.qtbot.waitUntil(lambda: "few" in desk.text())
    assert desk.text() == "Before a few words after."


def test_pictures_of_a_word_file_stand_in_the_manuscript(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    document, picture = with_picture()
    document.save(str(tmp_path / "story.docx"))
    desk.panel.bringing_in.bring_in(tmp_path / "story.docx")
    desk.qtbot.waitUntil(lambda: "Behind" in desk.text())
    first, line, last = desk.text().split("\n")
    assert (first, last) == ("Before.", "Behind.")
    assert line.startswith("![Picture](../../artifacts/")
    assert hashlib.sha256(picture).hexdigest() in line
    assert desk.host.said == ["2 words brought in from story.docx."]
    desk.host.undo_stack[-1].undo()
    assert desk.text() == ""


def test_several_texts_come_in_their_order_as_one_step(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    data = QMimeData()
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.txt").write_text(f"# {name}\n\nText of {name}.", "utf-8")
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / f"{name}.txt")) for name in ("one", "two", "three")])
    desk.editor.insertFromMimeData(data)
    desk.qtbot.waitUntil(lambda: bool(desk.text()))
    assert desk.text() == "# one\nText of one.\n# two\nText of two.\n# three\nText of three."
    desk.host.undo_stack[-1].undo()
    assert desk.text() == ""


def test_a_novel_from_elsewhere_is_no_work_of_today(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    tally = desk.panel.page.outline.tally
    desk.type("Three words here. ")
    (tmp_path / "novel.txt").write_text("# One\n\nA lamp was lit.\n\nNobody came to see it.", "utf-8")
    desk.panel.bringing_in.bring_in(tmp_path / "novel.txt")
    desk.qtbot.waitUntil(lambda: "lamp" in desk.text())
    assert tally.accessibleDescription() == "12 words, 3 today"
    for step, said in (("undo", "3 words, 3 today"), ("redo", "12 words, 3 today")):
        getattr(desk.host.undo_stack[-1], step)()
        desk.panel.sight.look_again()
        assert tally.accessibleDescription() == said


def test_what_is_no_text_is_named_and_nothing_changes(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    desk.editor.load("Before.", [])
    path = tmp_path / "broken.docx"
    path.write_bytes(b"PK\x03\x04 nothing")
    desk.panel.bringing_in.bring_in(path)
    desk.qtbot.waitUntil(desk.panel.page.card.isVisible)
    assert desk.text() == "Before."


def test_files_dropped_on_the_window_come_onto_the_page(qapp: QApplication, tmp_path: Path, qtbot: QtBot) -> None:
    old = tmp_path / "old.txt"
    old.write_bytes("Café noir".encode("latin-1"))
    word = written(tmp_path, "docx")
    with whole_studio(Places.under(tmp_path / "home"), tmp_path / "project", qtbot) as studio:
        window = studio.window
        page = window.findChild(ManuscriptEdit)
        assert page is not None
        let_go(page.viewport(), old)
        qtbot.waitUntil(lambda: page.text() == "Café noir")
        window.show_place("image.canvas")
        let_go(window, word)
        qtbot.waitUntil(lambda: "A second one." in page.text())
        assert window.front == "text.manuscript"
        assert not window.notices.problems
        assert not window.services.project.library.search(), "a text on the page is no result"


def let_go(on: QWidget, path: Path) -> None:
    """A file is dragged from another program, as the system tells of it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(on, QDragEnterEvent(QPoint(5, 5), copy, data, left, none))
    QApplication.sendEvent(on, QDropEvent(QPointF(5, 5), copy, data, left, none, QEvent.Type.Drop))
