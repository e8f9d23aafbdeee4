"""Pictures in a manuscript: put in from a file, and read as pictures and not as links."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from tests.plugins.text.page_bench import Desk, desk  # noqa: F401 - fixture


def sizes(desk: Desk, words: str) -> set[int]:  # noqa: F811
    """The sizes of letters in which some words of the picture's line are shown."""
    block = desk.editor.document().findBlockByNumber(1)
    start = block.text().index(words)
    formats = block.layout().formats()
    return {
        next(
            each.format.font().pixelSize() for each in reversed(formats) if each.start <= at < each.start + each.length
        )
        for at in range(start, start + len(words))
    }


def test_a_picture_of_a_file_stands_in_the_text_under_its_name(
    desk: Desk,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(0xFF3366)
    path = tmp_path / "The coast.png"
    assert image.save(str(path))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    desk.type("One.")
    desk.panel.pictures.choose()
    desk.qtbot.waitUntil(lambda: "![The coast](" in desk.text())
    assert [entry.text for entry in desk.host.undo_stack][-1] == "picture"
    desk.editor.move_to(0)
    assert min(sizes(desk, "The coast")) > 8, "its name is read"
    assert sizes(desk, "artifacts") == {1}, "where it lies is not"
    desk.editor.move_to(desk.text().index("artifacts"))
    assert min(sizes(desk, "artifacts")) > 8, "until somebody wants to change it"


def test_an_avif_is_seen_on_the_page(
    desk: Desk,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "The coast.avif"
    Image.new("RGB", (64, 48), (200, 30, 30)).save(path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    desk.panel.pictures.choose()
    desk.qtbot.waitUntil(lambda: "![The coast](" in desk.text())
    block = desk.editor.document().findBlockByNumber(0)
    desk.qtbot.waitUntil(lambda: desk.panel.pictures.of_block(block) is not None)
