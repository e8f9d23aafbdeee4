"""The Library page over a real project: found, looked at, starred, deleted, sent, used again and dragged out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QDesktopServices, QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from studio.app import Studio
from studio.core import media
from studio.core.artifact import Artifact, Output
from studio.core.recipe import Recipe
from studio.core.request import Request
from studio.ui.pages import library_model
from studio.ui.pages.library import LibraryPage
from studio.ui.pages.library_details import NOTHING
from studio.ui.pages.library_model import OPENING
from studio.widgets.text import Label
from tests.plugins.image.fake_host import png


@pytest.fixture
def keep(studio: Studio) -> Callable[..., Artifact]:
    """Puts a picture of one colour into the library."""

    def keep_it(prompt: str, color: str, *, state: str = "done", **params: object) -> Artifact:
        recipe = Recipe(Request("sketch.square", {"prompt": prompt, **params}, 7), state=state)
        output = Output(media.PNG, png(color, (40, 30)), recipe, {"width": 40, "height": 30})
        return studio.services.project.artifacts.keep(output, title=prompt)

    return keep_it


@pytest.fixture
def page(studio: Studio) -> Callable[[], LibraryPage]:
    """Opens the page as the rail does."""

    def open_it() -> LibraryPage:
        studio.window.show_place("library")
        found = studio.window.stack.currentWidget()
        assert isinstance(found, LibraryPage)
        found.refresh()
        return found

    return open_it


def button(page: QWidget, name: str) -> QAbstractButton:
    found = [b for b in page.findChildren(QAbstractButton) if b.accessibleName() == name and b.isVisible()]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def press(qtbot: QtBot, page: QWidget, name: str) -> None:
    qtbot.mouseClick(button(page, name), Qt.MouseButton.LeftButton)


def titles(page: LibraryPage) -> list[str]:
    found = [page.model.artifact(row) for row in range(page.model.rowCount())]
    return [artifact.title for artifact in found if artifact is not None]


def pick(
    qtbot: QtBot, page: LibraryPage, row: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    place = page.grid.visualRect(page.model.index(row)).center()
    qtbot.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def test_an_empty_library_says_what_to_do_next(qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage]) -> None:
    shown = page()
    assert shown.stack.currentWidget() is shown.empty
    press(qtbot, shown, "Make a picture")
    assert studio.window.front == "sketch.board"


def test_what_was_made_is_there_newest_first(page: Callable[[], LibraryPage], keep: Callable[..., Artifact]) -> None:
    keep("a castle", "red")
    keep("a boat", "blue")
    shown = page()
    assert titles(shown) == ["a boat", "a castle"]
    assert shown.stack.currentWidget() is shown.grid


def test_thumbnails_arrive_by_themselves(
    qtbot: QtBot, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    keep("a castle", "red")
    shown = page()

    def painted() -> QColor:
        place = shown.grid.visualRect(shown.model.index(0)).center()
        return shown.grid.viewport().grab().toImage().pixelColor(place)

    qtbot.waitUntil(lambda: painted().red() > 240 and painted().green() < 15)  # WebP is not exact


def test_search_follows_the_typing(
    qtbot: QtBot, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    keep("a castle at night", "red")
    keep("a boat at sea", "blue")
    shown = page()
    assert shown.search.accessibleName() == "Search library"
    qtbot.keyClicks(shown.search, "cast")
    qtbot.waitUntil(lambda: titles(shown) == ["a castle at night"])
    qtbot.keyClicks(shown.search, "xyz")
    qtbot.waitUntil(lambda: shown.stack.currentWidget() is shown.empty)
    press(qtbot, shown, "Show everything")
    assert len(titles(shown)) == 2
    assert shown.search.text() == ""


def test_filters(qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]) -> None:
    castle = keep("a castle", "red")
    recipe = Recipe(Request("sketch.verse", {"prompt": "a poem"}))
    studio.services.project.artifacts.keep(Output(media.TEXT, b"roses are red", recipe), title="a poem")
    studio.services.project.artifacts.star(castle.id, True)
    shown = page()
    assert len(titles(shown)) == 2
    press(qtbot, shown, "Only starred")
    assert titles(shown) == ["a castle"]
    press(qtbot, shown, "Only starred")
    shown.kinds.setFocus()
    for _ in range(2):
        qtbot.keyClick(shown.kinds, Qt.Key.Key_Down)
    assert titles(shown) == ["a poem"]


def test_new_results_appear_while_somebody_looks(
    qtbot: QtBot, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    keep("first", "red")
    shown = page()
    pick(qtbot, shown, 0)
    keep("second", "blue")
    qtbot.waitUntil(lambda: titles(shown) == ["second", "first"])
    assert [artifact.title for artifact in shown.chosen()] == ["first"]


def test_the_details_say_how_it_was_made(
    qtbot: QtBot, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    keep("a castle <b>bold</b>", "red", state="partial", steps=12, grey=5)
    shown = page()
    pick(qtbot, shown, 0)

    def words() -> set[str]:
        labels = shown.details.findChildren(Label)
        return {label.text() for label in labels if label.isVisible()}

    expected = {"a castle <b>bold</b>", "40 × 30", "12", "7", "Steps", "Partial: it was cancelled"}
    qtbot.waitUntil(lambda: expected <= words())
    assert shown.details.prompt.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    press(qtbot, shown, "Copy prompt")
    assert QGuiApplication.clipboard().text() == "a castle <b>bold</b>"


def test_nothing_moves_when_something_is_chosen(
    qtbot: QtBot, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    keep("one", "red")
    keep("two", "blue")
    shown = page()
    qtbot.waitUntil(lambda: shown.details.isVisible() and shown.grid.width() <= shown.width() - shown.details.width())
    before = [shown.grid.visualRect(shown.model.index(row)) for row in range(2)]
    assert [label.text() for label in shown.details.findChildren(Label) if label.isVisible()] == [NOTHING]
    pick(qtbot, shown, 1)
    qtbot.wait(1)
    assert [shown.grid.visualRect(shown.model.index(row)) for row in range(2)] == before


def test_enter_opens_the_large_view_and_arrows_go_through_it(
    qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    keep("first", "red")
    keep("second", "blue")
    shown = page()
    pick(qtbot, shown, 0)
    qtbot.keyClick(shown.grid, Qt.Key.Key_Return)
    assert shown.stack.currentWidget() is shown.large

    def colour() -> str:
        image = shown.large.canvas.image()
        return "" if image is None else image.pixelColor(5, 5).name()

    qtbot.waitUntil(lambda: colour() == QColor("blue").name())
    qtbot.keyClick(shown.large, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: colour() == QColor("red").name())
    assert shown.chosen()[0].title == "first"
    qtbot.keyClick(shown.large, Qt.Key.Key_Right)
    qtbot.keyClick(shown.large, Qt.Key.Key_Escape)
    assert shown.stack.currentWidget() is shown.grid
    assert shown.grid.currentIndex().row() == 1


def test_texts_can_be_read_large(qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage]) -> None:
    recipe = Recipe(Request("sketch.verse", {"prompt": "a poem"}))
    studio.services.project.artifacts.keep(Output(media.TEXT, b"roses are red", recipe), title="a poem")
    shown = page()
    pick(qtbot, shown, 0)
    qtbot.keyClick(shown.grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown.large.text.toPlainText() == "roses are red")
    shown.close_large()
    qtbot.waitUntil(lambda: shown.model.index(0).data(OPENING) == "roses are red")  # its tile shows how it begins
    shown.grid.viewport().grab()


def test_a_damaged_file_says_so(qtbot: QtBot, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]) -> None:
    made = keep("a castle", "red")
    shown = page()
    made.path.write_bytes(b"not a picture any more")
    pick(qtbot, shown, 0)
    qtbot.keyClick(shown.grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown.large.stack.currentWidget() is shown.large.note or shown.large.canvas.image() is None)


def test_space_stars_and_takes_the_star_away(
    qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    names = [keep("first", "red").id, keep("second", "blue").id]
    shown = page()
    pick(qtbot, shown, 0)
    pick(qtbot, shown, 1, Qt.KeyboardModifier.ControlModifier)

    def starred() -> list[bool]:
        found = [studio.services.project.artifacts.get(name) for name in names]
        return [artifact.starred for artifact in found if artifact is not None]

    qtbot.keyClick(shown.grid, Qt.Key.Key_Space)
    assert starred() == [True, True]
    qtbot.keyClick(shown.grid, Qt.Key.Key_Space)
    assert starred() == [False, False]
    assert len(shown.chosen()) == 2


def test_delete_hides_at_once_and_can_be_taken_back(
    qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    names = [keep(f"number {n}", color).id for n, color in enumerate(("red", "green", "blue", "white"))]
    shown = page()
    pick(qtbot, shown, 1)
    pick(qtbot, shown, 2, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(shown.grid, Qt.Key.Key_Delete)
    assert titles(shown) == ["number 3", "number 0"]
    assert shown.toast.isVisible()
    press(qtbot, shown, "Undo")
    assert titles(shown) == ["number 3", "number 2", "number 1", "number 0"]
    assert len(shown.chosen()) == 2
    qtbot.keyClick(shown.grid, Qt.Key.Key_Delete)
    assert titles(shown) == ["number 3", "number 0"]
    qtbot.keyClick(shown.grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(titles(shown)) == 4
    assert not shown.toast.isVisible()
    assert all(studio.services.project.artifacts.get(name) for name in names)


def test_what_is_deleted_goes_to_the_trash(
    qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    made = keep("a castle", "red")
    keep("a boat", "blue")
    shown = page()
    pick(qtbot, shown, 1)
    press(qtbot, shown.details, "Delete")
    assert made.path.exists()
    shown.toast.leave()
    assert not made.path.exists()
    assert titles(shown) == ["a boat"]


def test_leaving_the_page_settles_what_was_deleted(
    qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    made = keep("a castle", "red")
    shown = page()
    pick(qtbot, shown, 0)
    qtbot.keyClick(shown.grid, Qt.Key.Key_Delete)
    studio.window.show_place("queue")
    assert not made.path.exists()
    assert studio.services.project.library.count() == 0


def test_use_this_recipe_and_send_to(
    qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    made = keep("a castle", "red", grey=33)
    shown = page()
    pick(qtbot, shown, 0)
    press(qtbot, shown, "Use this recipe")
    slot = studio.window.front_slot()
    assert slot is not None
    assert slot.panel.grey == 33  # type: ignore[attr-defined]
    shown = page()
    pick(qtbot, shown, 0)
    press(qtbot, shown, "Use as start picture")
    assert studio.window.front == "sketch.board"
    assert [artifact.id for artifact in slot.panel.received] == [made.id]  # type: ignore[attr-defined]


def test_copy_brings_picture_and_file(
    qtbot: QtBot, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    made = keep("a castle", "red")
    shown = page()
    pick(qtbot, shown, 0)
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(shown.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().image().isNull() is False)
    data = QGuiApplication.clipboard().mimeData()
    assert [Path(url.toLocalFile()) for url in data.urls()] == [made.path]
    assert QImage(data.imageData()).pixelColor(1, 1).name() == QColor("red").name()


def test_a_drag_carries_the_files(page: Callable[[], LibraryPage], keep: Callable[..., Artifact]) -> None:
    made = [keep("a castle", "red"), keep("a boat", "blue")]
    shown = page()
    indexes = [shown.model.index(row) for row in range(2)]
    assert all(shown.model.flags(index) & Qt.ItemFlag.ItemIsDragEnabled for index in indexes)
    data = shown.model.mimeData(indexes)
    assert {Path(url.toLocalFile()) for url in data.urls()} == {artifact.path for artifact in made}


def test_show_in_folder(
    qtbot: QtBot,
    page: Callable[[], LibraryPage],
    keep: Callable[..., Artifact],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    made = keep("a castle", "red")
    shown = page()
    pick(qtbot, shown, 0)
    press(qtbot, shown, "Show in folder")
    assert [Path(name) for name in opened] == [made.path.parent]


def test_the_context_menu_offers_the_same(
    qtbot: QtBot, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    from studio.ui.pages.library_menu import menu_for

    keep("a castle", "red")
    shown = page()
    pick(qtbot, shown, 0)
    menu = menu_for(shown, shown.chosen(), [("sketch.board", "Sketch")])
    names = [action.text() for action in menu.actions() if action.text()]
    menu.close()
    assert names == [
        "Large view",
        "Use this recipe",
        "Verify",
        "Use as start picture",
        "Send to",
        "Copy",
        "Show in folder",
        "Export…",
        "Star",
        "Delete",
    ]


def test_many_pages_are_read_only_where_somebody_looks(
    qtbot: QtBot, studio: Studio, page: Callable[[], LibraryPage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_model, "PAGE", 40)
    store = studio.services.project.artifacts
    for number in range(70):
        recipe = Recipe(Request("sketch.verse", {"prompt": f"verse {number}"}))
        store.keep(Output(media.TEXT, f"verse {number}".encode(), recipe), title=f"verse {number}")
    library = studio.services.project.library
    asked: list[int] = []
    search = library.search
    monkeypatch.setattr(
        library, "search", lambda *args, **named: asked.append(named.get("offset", 0)) or search(*args, **named)
    )
    shown = page()
    shown.grid.viewport().grab()
    assert set(asked) == {0}
    assert shown.model.rowCount() == 70
    pick(qtbot, shown, 0)
    qtbot.keyClick(shown.grid, Qt.Key.Key_End)
    shown.grid.viewport().grab()
    assert set(asked) == {0, 40}
    assert shown.chosen()[0].title == "verse 0"


def test_tiles_share_the_width_and_do_not_overlap(
    qtbot: QtBot, page: Callable[[], LibraryPage], keep: Callable[..., Artifact]
) -> None:
    for number, color in enumerate(("red", "green", "blue", "white", "black")):
        keep(f"number {number}", color)
    shown = page()
    for size in (100, 256):
        shown.tile.setValue(size)
        qtbot.wait(1)
        rects = [shown.grid.visualRect(shown.model.index(row)) for row in range(5)]
        for first in rects:
            assert first.right() <= shown.grid.viewport().width()
            assert not any(first.intersects(other) for other in rects if other is not first and other != first)
        assert shown.grid.indexAt(rects[0].center() + QPoint(1, 1)).row() == 0
