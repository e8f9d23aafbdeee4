"""The Models page lists what is there, the unusable ones with the reason."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from studio.app import Options, Studio
from studio.core.model import Model
from studio.store import Places
from studio.ui.pages.models import ModelsPage
from studio.ui.pages.models_adding import AddingDialog
from studio.ui.pages.models_words import kind_of
from studio.widgets import theme
from tests.studio.ui.conftest import write_plugin

PAINT = {
    "plugin.toml": """
        id = "paint"
        name = "Paint"
        version = "1.0"
        api = "1.0"
        summary = "Takes models, for tests."
    """,
    "hooks.py": """
        from dataclasses import dataclass

        from studio.api import GeneratorSpec, PanelSpec, hookimpl, media


        @dataclass(frozen=True)
        class Params:
            pass


        @hookimpl
        def studio_panels():
            return [PanelSpec("wall", "Wall", "panel:Wall", generators=("mural",), order=2)]


        @hookimpl
        def studio_generators():
            return [GeneratorSpec("mural", "Mural", "panel:Wall", Params, media.PNG, models=("diffusers/*",),
                                  adds=("lora/*", "embedding/*"))]
    """,
    "panel.py": """
        from studio.widgets.panel import Panel


        class Wall(Panel):
            used = ""

            def use_model(self, model_id):
                self.used = model_id
                return True
    """,
}


def weights(path: Path, name: str = "w", shape: tuple[int, ...] = (4,)) -> Path:
    """A tiny real safetensors file of half floats."""
    size = 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)
    header = json.dumps({name: {"dtype": "F16", "shape": shape, "data_offsets": [0, size]}}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(size))
    return path


def embedding(path: Path) -> Path:
    """The smallest file that can be used."""
    return weights(path, "emb_params", (2, 768))


@pytest.fixture
def page(qtbot: QtBot, places: Places, open_studio: Any, options: Options) -> ModelsPage:
    assert options.bundled is not None
    write_plugin(options.bundled / "paint", PAINT)
    embedding(places.models / "embeddings" / "glow.safetensors")
    weights(places.models / "moss.safetensors")
    pickled = places.models / "danger" / "model.ckpt"
    pickled.parent.mkdir(parents=True)
    pickled.write_bytes(b"\x80\x04.")
    studio: Studio = open_studio()
    studio.window.show_place("models")
    found = studio.window.stack.currentWidget()
    assert isinstance(found, ModelsPage)
    qtbot.waitUntil(lambda: found.table.rowCount() >= 3)
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
    bad = [m for m in page.table.models() if m.problem]
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


def choose(page: ModelsPage, title: str) -> None:
    page.show_model(next(model.id for model in page.table.models() if model.title == title))


def test_kinds_are_counted_and_chosen(page: ModelsPage) -> None:
    shown = {name: button.text() for name, button in page.kinds.buttons.items() if button.isVisible()}
    assert shown == {"": "All", "embedding": "Embeddings  1", "refused": "Not used  2"}
    QTest.mouseClick(page.kinds.buttons["embedding"], Qt.MouseButton.LeftButton)
    assert titles(page) == ["glow"]
    QTest.mouseClick(page.kinds.buttons["refused"], Qt.MouseButton.LeftButton)
    assert set(titles(page)) == {"moss", "model"}
    choose(page, "glow")
    assert page.kinds.kind() == "", "what is to be shown is not filtered out"
    assert page.chosen() is not None


def test_hashes_are_read_while_the_page_is_open_and_details_can_be_copied(qtbot: QtBot, page: ModelsPage) -> None:
    choose(page, "glow")
    qtbot.waitUntil(lambda: len(page.details.hash.text()) > 64)
    QTest.keyClick(page.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "SHA-256" in QGuiApplication.clipboard().text())
    model = page.chosen()
    assert model is not None
    assert len(model.sha256) == 64
    assert f"SHA-256: {model.sha256}" in QGuiApplication.clipboard().text()
    assert "Made for: SD 1.x" in QGuiApplication.clipboard().text()


def test_use_brings_the_panel_that_can_to_front(qtbot: QtBot, page: ModelsPage) -> None:
    choose(page, "moss")
    assert not page.details.use.isVisible(), "nobody can use it"
    choose(page, "glow")
    assert page.details.use.text() == "Add in Wall"
    QTest.mouseClick(page.details.use, Qt.MouseButton.LeftButton)
    window: Any = page.window()
    assert window.front_slot().panel.used == "models/embeddings/glow.safetensors"


def drop(page: ModelsPage, *paths: Path) -> AddingDialog:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at, action, button = QPoint(200, 300), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, action, data, button, none)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page, QDropEvent(QPointF(at), action, data, button, none))
    (dialog,) = page.findChildren(AddingDialog)
    return dialog


def test_what_is_dropped_can_be_used_where_it_is_and_forgotten(qtbot: QtBot, page: ModelsPage, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    embedding(folder / "dusk.safetensors")
    embedding(folder / "dawn.safetensors")
    weights(folder / "nothing.safetensors")
    dialog = drop(page, folder)
    qtbot.waitUntil(lambda: dialog.list.count() == 3)
    assert [model.title for model in dialog.chosen()] == ["dawn", "dusk"]
    QTest.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: {"dawn", "dusk", "nothing"} <= set(titles(page)))
    choose(page, "dusk")
    assert page.details.remove.accessibleName() == "Forget"
    QTest.mouseClick(page.details.remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "dusk" not in titles(page))
    assert (folder / "dusk.safetensors").exists()
    qtbot.waitUntil(page.rescan.isEnabled)


def test_one_of_several_can_be_copied(qtbot: QtBot, page: ModelsPage, places: Places, tmp_path: Path) -> None:
    embedding(tmp_path / "elsewhere" / "dusk.safetensors")
    embedding(tmp_path / "elsewhere" / "dawn.safetensors")
    dialog = drop(page, *sorted((tmp_path / "elsewhere").iterdir()))
    qtbot.waitUntil(lambda: dialog.list.count() == 2)
    dialog.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert dialog.use.text() == "Use where it is"
    QTest.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "dusk" in titles(page))
    assert (places.models / "embeddings" / "dusk.safetensors").is_file()
    assert "dawn" not in titles(page)
    qtbot.waitUntil(page.rescan.isEnabled)


def test_a_folder_without_models_says_so(qtbot: QtBot, page: ModelsPage, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    dialog = drop(page, tmp_path / "bare")
    qtbot.waitUntil(lambda: dialog.empty.accessibleName() == "Nothing that Studio could use")
    assert not dialog.use.isEnabled()
    QTest.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    assert dialog.answer == ""


def test_ones_own_goes_to_the_trash_after_a_question(
    qtbot: QtBot, page: ModelsPage, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["Keep it", "Put into the trash"])

    def answer(box: QMessageBox) -> int:
        wanted = next(answers)
        next(button for button in box.buttons() if button.text() == wanted).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    choose(page, "glow")
    QTest.keyClick(page.view, Qt.Key.Key_Delete)
    assert (places.models / "embeddings" / "glow.safetensors").exists()
    QTest.keyClick(page.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: "glow" not in titles(page))
    assert not (places.models / "embeddings" / "glow.safetensors").exists()
    qtbot.waitUntil(page.rescan.isEnabled)


def test_models_dropped_anywhere_on_the_window_come_here(qtbot: QtBot, page: ModelsPage, tmp_path: Path) -> None:
    dusk = embedding(tmp_path / "dusk.safetensors")
    window: Any = page.window()
    window.show_place("paint.wall")
    window.import_files([dusk])
    assert window.stack.currentWidget() is page
    (dialog,) = page.findChildren(AddingDialog)
    qtbot.waitUntil(lambda: dialog.list.count() == 1)
    QTest.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "dusk" in titles(page))
    qtbot.waitUntil(page.rescan.isEnabled)


@pytest.mark.parametrize(
    "family",
    [
        "diffusers/LLaDA2Pipeline",
        "diffusers/DiffusionGemmaPipeline",
        "transformers/LLaDA2MoeModelLM",
        "transformers/DiffusionGemmaForBlockDiffusion",
        "transformers/LlamaForCausalLM",
        "studio/GruWriter",
    ],
)
def test_what_writes_is_called_a_text_model(tmp_path: Path, family: str) -> None:
    assert kind_of(Model("models/x", "X", family, tmp_path)).one == "Text model"


def test_with_letters_twice_as_large_nothing_is_cut(qtbot: QtBot, page: ModelsPage, qapp: QApplication) -> None:
    page.window().resize(1366, 768)
    theme.apply(qapp, "light", base=2 * theme.BASE, motion="off")
    try:
        page.view.setCurrentIndex(page.view.model().index(0, 0))
        qtbot.waitUntil(page.details.isVisible)
        shown = [button for button in page.findChildren(QAbstractButton) if button.isVisible() and button.text()]
        shown += [page.rescan, page.folder]
        assert len(shown) >= 6
        qtbot.waitUntil(lambda: all(button.width() >= button.sizeHint().width() for button in shown))
        for button in shown:
            assert page.rect().contains(button.mapTo(page, button.rect().bottomRight())), button.text()
        view = page.view
        last = max(section for section in range(5) if not view.isColumnHidden(section))
        assert view.columnViewportPosition(last) + view.columnWidth(last) <= view.viewport().width()
        kinds = [button for button in page.kinds.buttons.values() if button.isVisible()]
        assert not any(
            one.geometry().intersects(other.geometry()) for one in kinds for other in kinds if one is not other
        )
    finally:
        theme.apply(qapp, "dark", motion="off")
