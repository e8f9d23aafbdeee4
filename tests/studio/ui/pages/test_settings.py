"""Settings count at once, are found by words, and go back to what they were."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app import Studio
from studio.ui.pages.settings import SettingsGroup, SettingsPage
from studio.ui.preferences import APPEARANCE, Appearance
from studio.widgets import theme


@pytest.fixture
def page(studio: Studio) -> SettingsPage:
    studio.window.show_place("settings")
    found = studio.window.stack.currentWidget()
    assert isinstance(found, SettingsPage)
    return found


def group(page: SettingsPage, title: str) -> SettingsGroup:
    return next(group for group in page.groups if group.group.title == title)


def test_studio_and_every_plugin_have_a_group(page: SettingsPage) -> None:
    assert [group.group.title for group in page.groups] == ["Appearance", "Computer", "Storage", "Sketching"]


def test_the_theme_changes_at_once_and_is_kept(
    qtbot: QtBot, qapp: QApplication, studio: Studio, page: SettingsPage
) -> None:
    assert theme.tokens().name == "dark"
    before = studio.window.topbar.styleSheet()
    look = group(page, "Appearance")
    look.form.field("theme").set_value("light")
    look.form.changed.emit()
    qtbot.waitUntil(lambda: theme.tokens().name == "light")
    assert studio.services.settings.get(APPEARANCE, Appearance).theme == "light"
    assert studio.window.topbar.styleSheet() != before
    studio.window.commands.run("view.theme")
    qtbot.waitUntil(lambda: theme.tokens().name == "dark")
    assert look.form.values()["theme"] == "dark"


def test_text_of_twice_the_size_still_fits_the_rail(qtbot: QtBot, studio: Studio, page: SettingsPage) -> None:
    small = studio.window.rail.sizeHint().height()
    look = group(page, "Appearance")
    look.form.field("font_size").set_value(26)
    look.form.changed.emit()
    qtbot.waitUntil(lambda: theme.tokens().body == 26)
    qtbot.waitUntil(lambda: studio.window.rail.height() >= studio.window.rail.minimumSizeHint().height())
    assert small > 0
    for place in studio.window.rail.places():
        button: Any = studio.window.rail.button(place.id)
        assert button.geometry().bottom() <= studio.window.rail.height()
    look.reset()
    qtbot.waitUntil(lambda: theme.tokens().body == theme.BASE)


def test_a_plugin_setting_reaches_the_store_and_survives(qtbot: QtBot, studio: Studio, page: SettingsPage) -> None:
    own = group(page, "Sketching")
    own.form.field("border").set_value(7)
    own.form.changed.emit()
    studio.window.show_place("plugins")  # leaving the page keeps what was typed last
    assert studio.services.settings.values("sketch") == {"Settings": {"border": 7, "shout": False}}


def test_search_shows_only_what_fits(page: SettingsPage) -> None:
    QTest.keyClicks(page.search, "frame wide")
    assert [g.group.title for g in page.groups if g.isVisible()] == ["Sketching"]
    own = group(page, "Sketching")
    assert own.form.field("border").isVisible()
    assert not own.form.field("shout").isVisible()
    page.search.clear()
    QTest.keyClicks(page.search, "nothing is called that")
    assert not any(g.isVisible() for g in page.groups)
    QTest.keyClick(page.search, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(page.search, Qt.Key.Key_Delete)
    assert all(g.isVisible() for g in page.groups)
