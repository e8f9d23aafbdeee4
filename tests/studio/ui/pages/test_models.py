"""The Models page lists what is there, the unusable ones with the reason."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from studio.app import Studio
from studio.store import Places
from studio.ui.pages.models import ModelsPage


def weights(path: Path) -> None:
    """A tiny real safetensors file: 4 floats."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))


@pytest.fixture
def page(qtbot: QtBot, places: Places, open_studio: Any) -> ModelsPage:
    weights(places.models / "moss.safetensors")
    pickled = places.models / "danger" / "model.ckpt"
    pickled.parent.mkdir(parents=True)
    pickled.write_bytes(b"\x80\x04.")
    studio: Studio = open_studio()
    studio.window.show_place("models")
    found = studio.window.stack.currentWidget()
    assert isinstance(found, ModelsPage)
    qtbot.waitUntil(lambda: found.table.rowCount() >= 1)
    return found


def titles(page: ModelsPage) -> list[str]:
    return [str(page.sorted.index(row, 0).data()) for row in range(page.sorted.rowCount())]


def test_models_are_listed_and_a_new_one_is_found_by_looking_again(
    qtbot: QtBot, page: ModelsPage, places: Places
) -> None:
    assert "moss" in titles(page)
    weights(places.models / "fern.safetensors")
    QTest.mouseClick(page.rescan, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "fern" in titles(page))
    qtbot.waitUntil(page.rescan.isEnabled)


def test_what_is_never_opened_says_why(page: ModelsPage) -> None:
    bad = [m for m in page.table._models if m.problem]
    assert bad
    page.show_model(bad[0].id)
    words = " ".join(label.text() for label in page.details.findChildren(QLabel))
    assert f"Not used: {bad[0].problem}" in words
    assert page.details.isVisible()


def test_search_and_sorting(page: ModelsPage) -> None:
    QTest.keyClicks(page.search, "mos")
    assert titles(page) == ["moss"]
    page.search.setText("no such thing")
    assert page.stack.currentWidget() is page.empty
    page.search.clear()
    page.view.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert titles(page) == sorted(titles(page), reverse=True)
