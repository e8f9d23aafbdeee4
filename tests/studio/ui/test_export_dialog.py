"""The export dialog with the real exporters of the Image plugin: what it promises is what is written."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QStandardPaths, Qt, QTimer
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from plugins.image import importer
from studio.app import Studio
from studio.core import media
from studio.core.artifact import Artifact, Output
from studio.core.recipe import Recipe
from studio.core.request import Request
from studio.ui.export_dialog import ExportDialog
from studio.ui.picture_choice import PictureChoice
from studio.ui.progress import in_bytes
from studio.widgets import theme
from studio.widgets.form import ParamForm
from tests.plugins.image.fake_host import png

PLUGINS = Path(__file__).parents[3] / "plugins"
Open = Callable[..., ExportDialog]


@pytest.fixture
def studio(open_studio: Callable[..., Studio]) -> Studio:
    return open_studio(bundled=PLUGINS)


@pytest.fixture
def keep(studio: Studio) -> Callable[..., Artifact]:
    def keep_it(prompt: str, color: str) -> Artifact:
        recipe = Recipe(Request("image.diffusion", {"prompt": prompt, "steps": 12}, 7))
        output = Output(media.PNG, png(color, (64, 48)), recipe, {"width": 64, "height": 48})
        return studio.services.project.artifacts.keep(output, title=prompt)

    return keep_it


@pytest.fixture
def folder(tmp_path: Path, studio: Studio) -> Path:
    path = tmp_path / "out"
    path.mkdir()
    studio.services.session.update({"export/folder": str(path), "export/pattern": "{prompt}"})
    return path


@pytest.fixture
def open_dialog(qtbot: QtBot, studio: Studio, folder: Path) -> Iterator[Open]:
    opened: list[ExportDialog] = []

    def open_it(*artifacts: Artifact) -> ExportDialog:
        dialog = ExportDialog(studio.services, artifacts, studio.window)
        opened.append(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        return dialog

    yield open_it
    for dialog in opened:
        dialog.reject()


def named(dialog: QWidget, name: str, kind: type[QWidget] = QAbstractButton) -> QWidget:
    found = [w for w in dialog.findChildren(kind) if w.accessibleName() == name and w.isVisible()]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def press(qtbot: QtBot, dialog: QWidget, name: str) -> None:
    qtbot.mouseClick(named(dialog, name), Qt.MouseButton.LeftButton)


def export(qtbot: QtBot, dialog: ExportDialog) -> list[Path]:
    with qtbot.waitSignal(dialog.exported) as heard:
        qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    assert heard.args is not None
    written: list[Path] = heard.args[0]
    return written


def measured(qtbot: QtBot, dialog: ExportDialog) -> str:
    qtbot.waitUntil(lambda: bool(dialog.size_label.text()) and dialog.about.text() != "Measuring …")
    return dialog.size_label.text()


@pytest.mark.parametrize(
    ("title", "suffix", "pillow"),
    [
        ("PNG", ".png", "PNG"),
        ("JPEG", ".jpg", "JPEG"),
        ("WebP", ".webp", "WEBP"),
        ("AVIF", ".avif", "AVIF"),
        ("TIFF", ".tiff", "TIFF"),
    ],
)
def test_every_format_is_written_as_promised(
    title: str, suffix: str, pillow: str, qtbot: QtBot, keep: Callable[..., Artifact], open_dialog: Open, folder: Path
) -> None:
    dialog = open_dialog(keep("a castle", "red"))
    press(qtbot, dialog, f"Format {title}")
    assert dialog.example.text() == f"a castle{suffix}"
    qtbot.waitUntil(lambda: dialog.about.text() == f"64 × 48  {title}")
    promised = measured(qtbot, dialog)
    assert not dialog.picture.pixmap().isNull()
    (path,) = export(qtbot, dialog)
    assert path == folder / f"a castle{suffix}"
    assert in_bytes(path.stat().st_size) == promised
    with Image.open(path) as opened:
        assert (opened.format, opened.size) == (pillow, (64, 48))


def test_the_recipe_is_inside_unless_it_is_switched_off(
    qtbot: QtBot, keep: Callable[..., Artifact], open_dialog: Open
) -> None:
    made = keep("a castle", "red")
    (whole,) = export(qtbot, open_dialog(made))
    recipe = importer.read(whole).recipe
    assert recipe is not None
    assert recipe.request.seed == 7
    dialog = open_dialog(made)
    press(qtbot, dialog, "With recipe")
    (bare,) = export(qtbot, dialog)
    assert importer.read(bare).recipe is None
    assert bare.name == "a castle 2.png"


def test_options_change_the_promised_size(qtbot: QtBot, keep: Callable[..., Artifact], open_dialog: Open) -> None:
    dialog = open_dialog(keep("a castle", "red"))
    measured(qtbot, dialog)
    side = named(dialog, "Longest side", QWidget)
    side.setFocus()
    qtbot.keyClick(side, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(side, "32")
    qtbot.keyClick(side, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: dialog.about.text() == "32 × 24  PNG")
    (path,) = export(qtbot, dialog)
    assert QImage(str(path)).size().toTuple() == (32, 24)


def test_several_pictures_go_at_once(
    qtbot: QtBot, keep: Callable[..., Artifact], open_dialog: Open, folder: Path
) -> None:
    (folder / "boat.png").write_bytes(b"mine")
    dialog = open_dialog(keep("boat", "red"), keep("boat", "green"), keep("castle", "blue"))
    assert "3 ×" in measured(qtbot, dialog)
    assert "2 more" in dialog.example.text()
    written = export(qtbot, dialog)
    assert [path.name for path in written] == ["boat 2.png", "boat 3.png", "castle.png"]
    assert (folder / "boat.png").read_bytes() == b"mine"


def test_a_pattern_cannot_lead_out_of_the_folder(
    qtbot: QtBot, keep: Callable[..., Artifact], open_dialog: Open, folder: Path
) -> None:
    dialog = open_dialog(keep("a castle", "red"))
    pattern = named(dialog, "File name", QWidget)
    pattern.setFocus()
    qtbot.keyClick(pattern, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(pattern, "../../{prompt}/{nothing}")
    assert "{nothing}" in dialog.pattern.problem()
    (path,) = export(qtbot, dialog)
    assert path.parent == folder


def test_a_folder_that_does_not_take_files_is_said(
    qtbot: QtBot, keep: Callable[..., Artifact], open_dialog: Open, folder: Path
) -> None:
    (folder / "file").write_text("x")
    dialog = open_dialog(keep("a castle", "red"))
    dialog.folder.set_value(str(folder / "file"))
    press(qtbot, dialog, "Export")
    qtbot.waitUntil(dialog.card.isVisible)
    assert dialog.isVisible()
    dialog.folder.set_value(str(folder))
    assert dialog.card.isHidden()
    assert len(export(qtbot, dialog)) == 1


def test_an_exporter_that_fails_is_named(
    qtbot: QtBot, studio: Studio, keep: Callable[..., Artifact], open_dialog: Open
) -> None:
    made = keep("a castle", "red")
    made.path.write_bytes(b"damaged")
    dialog = open_dialog(made)
    qtbot.waitUntil(dialog.card.isVisible)
    assert dialog.card.problem().message


def test_what_was_chosen_is_chosen_again(qtbot: QtBot, keep: Callable[..., Artifact], open_dialog: Open) -> None:
    made = keep("a castle", "red")
    dialog = open_dialog(made)
    press(qtbot, dialog, "Format JPEG")
    quality = named(dialog, "Quality", QWidget)
    quality.setFocus()
    qtbot.keyClick(quality, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(quality, "55")
    export(qtbot, dialog)
    again = open_dialog(made)
    button = named(again, "Format JPEG")
    assert isinstance(button, QAbstractButton)
    assert button.isChecked()
    (path,) = export(qtbot, again)
    assert path.suffix == ".jpg"
    with Image.open(path) as opened:
        assert sum(opened.quantization[0]) > 0  # type: ignore[attr-defined]
    assert again._forms["image.jpeg"].values()["quality"] == 55


def test_success_offers_the_folder(
    qtbot: QtBot,
    studio: Studio,
    keep: Callable[..., Artifact],
    open_dialog: Open,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    export(qtbot, open_dialog(keep("a castle", "red")))
    toast = studio.window.notices.toast
    qtbot.waitUntil(toast.isVisible)
    press(qtbot, toast, "Show in folder")
    assert [Path(name) for name in opened] == [folder]


def test_cancel_writes_nothing(qtbot: QtBot, keep: Callable[..., Artifact], open_dialog: Open, folder: Path) -> None:
    dialog = open_dialog(keep("a castle", "red"))
    press(qtbot, dialog, "Cancel")
    assert not dialog.isVisible()
    assert list(folder.iterdir()) == []


def test_what_nobody_can_export_says_so(qtbot: QtBot, studio: Studio, open_dialog: Open) -> None:
    recipe = Recipe(Request("text.verse", {"prompt": "x"}))
    made = studio.services.project.artifacts.keep(Output("text/x-unheard-of", b"hello", recipe), title="x")
    dialog = open_dialog(made)
    assert dialog.card.isVisible()
    button = named(dialog, "Export")
    assert not button.isEnabled()


def test_depth_is_a_choice(qtbot: QtBot, keep: Callable[..., Artifact], open_dialog: Open) -> None:
    dialog = open_dialog(keep("a castle", "red"))
    press(qtbot, dialog, "Format TIFF")
    depth = named(dialog, "Depth", QComboBox)
    depth.setFocus()
    qtbot.keyClick(depth, Qt.Key.Key_Down)
    (path,) = export(qtbot, dialog)
    with Image.open(path) as opened:
        bits = opened.tag_v2[258]  # type: ignore[attr-defined]
    assert set(bits) == {16}


def test_a_text_goes_among_the_documents_and_pictures_stay_where_they_were(
    qtbot: QtBot, studio: Studio, open_dialog: Open, keep: Callable[..., Artifact], folder: Path, tmp_path: Path
) -> None:
    output = Output(media.MARKDOWN, b"# Ida\n\nShe went up.\n", Recipe(Request("text.writer", {}, 1)))
    text = studio.services.project.artifacts.keep(output, title="Ida")
    dialog = open_dialog(text)
    usual = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    assert Path(str(dialog.folder.value())) == Path(usual)
    there = tmp_path / "books"
    there.mkdir()
    press(qtbot, dialog, "Format Markdown")
    dialog.folder.set_value(str(there))
    dialog.pattern.set_value("{title}")
    press(qtbot, dialog, "Export")
    qtbot.waitUntil(lambda: (there / "Ida.md").exists(), timeout=10_000)
    assert Path(str(open_dialog(text).folder.value())) == there
    assert Path(str(open_dialog(keep("a gull", "red")).folder.value())) == folder


def test_a_book_takes_its_cover_from_the_library(
    qtbot: QtBot, studio: Studio, open_dialog: Open, keep: Callable[..., Artifact], tmp_path: Path
) -> None:
    keep("a gull", "red")
    cover = keep("a lighthouse", "blue")
    output = Output(media.MARKDOWN, b"# Ida\n\nShe went up.\n", Recipe(Request("text.writer", {}, 1)))
    dialog = open_dialog(studio.services.project.artifacts.keep(output, title="Ida"))
    press(qtbot, dialog, "Format EPUB")

    def choose() -> None:
        chooser = next(w for w in QApplication.topLevelWidgets() if isinstance(w, PictureChoice) and w.isVisible())
        assert chooser.model.rowCount() == 2
        qtbot.keyClicks(chooser.search, "lighthouse")
        assert chooser.model.rowCount() == 1
        qtbot.keyClick(chooser.search, Qt.Key.Key_Return)

    QTimer.singleShot(200, choose)
    press(qtbot, dialog, "Choose from the library")
    field = next(form for form in dialog.findChildren(ParamForm) if form.isVisible()).field("cover")
    assert field.value() == str(cover.path)
    dialog.folder.set_value(str(tmp_path))
    dialog.pattern.set_value("{title}")
    press(qtbot, dialog, "Export")
    made = tmp_path / "Ida.epub"
    qtbot.waitUntil(made.exists, timeout=20_000)
    with zipfile.ZipFile(made) as book:
        assert 'properties="cover-image"' in book.read("OEBPS/book.opf").decode()


def test_who_wrote_it_is_said_once_for_every_format(
    qtbot: QtBot, studio: Studio, open_dialog: Open, tmp_path: Path
) -> None:
    output = Output(media.MARKDOWN, b"# Ida\n\nShe went up.\n", Recipe(Request("text.writer", {}, 1)))
    text = studio.services.project.artifacts.keep(output, title="Ida")

    def shown(dialog: ExportDialog, name: str) -> object:
        return next(form for form in dialog.findChildren(ParamForm) if form.isVisible()).field(name).value()

    dialog = open_dialog(text)
    press(qtbot, dialog, "Format EPUB")
    form = next(form for form in dialog.findChildren(ParamForm) if form.isVisible())
    form.set_values({"author": "A. Writer", "title": "The Lamp"})
    press(qtbot, dialog, "Format PDF")
    assert (shown(dialog, "author"), shown(dialog, "title")) == ("A. Writer", "The Lamp")
    dialog.folder.set_value(str(tmp_path))
    dialog.pattern.set_value("{title}")
    assert dialog.example.text() == "The Lamp.pdf", "the title of the work, not of the manuscript"
    press(qtbot, dialog, "Export")
    qtbot.waitUntil((tmp_path / "The Lamp.pdf").exists, timeout=20_000)
    dialog = open_dialog(text)
    press(qtbot, dialog, "Format Word")
    assert (shown(dialog, "author"), shown(dialog, "title")) == ("A. Writer", ""), "another work has another title"


def test_with_letters_twice_as_large_it_still_fits_the_screen(
    studio: Studio, open_dialog: Open, qapp: QApplication
) -> None:
    output = Output(media.MARKDOWN, b"# Ida\n\nShe went up.\n", Recipe(Request("text.writer", {}, 1)))
    text = studio.services.project.artifacts.keep(output, title="Ida")
    theme.apply(qapp, "dark", base=2 * theme.BASE, motion="off")
    try:
        dialog = open_dialog(text)
        assert dialog.minimumSizeHint().width() <= 1366
        assert dialog.height() <= dialog.screen().availableGeometry().height()
        assert not dialog.picture.isVisible()
    finally:
        theme.apply(qapp, "dark", motion="off")
