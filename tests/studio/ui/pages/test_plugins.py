"""The Plugins page tells what there is and turns plugins off."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QCheckBox, QLabel

from studio.app import Studio
from studio.ui.pages.plugins import PluginsPage

Open = Any


def open_page(studio: Studio) -> PluginsPage:
    studio.window.show_place("plugins")
    page = studio.window.stack.currentWidget()
    assert isinstance(page, PluginsPage)
    return page


def test_a_card_says_what_the_plugin_is_and_offers(studio: Studio) -> None:
    card = open_page(studio).cards()[0]
    words = " ".join(label.text() for label in card.findChildren(QLabel))
    assert "Draws grey squares" in words
    assert "panel Sketch; generators Square, Verse; reader Notes" in words
    assert "asks for no permissions" in words


def test_a_plugin_is_off_from_the_next_start_until_it_is_turned_on_again(open_studio: Open) -> None:
    first: Studio = open_studio()
    card = open_page(first).cards()[0]
    switch: Any = card.findChild(QCheckBox)
    assert switch.accessibleName() == "Use Sketch"
    switch.setChecked(False)
    assert first.window.front == "plugins"
    first.close()
    second: Studio = open_studio()
    assert second.window.panels.places() == []
    card = open_page(second).cards()[0]
    assert card.info.status == "off"
    switch = card.findChild(QCheckBox)
    assert not switch.isChecked()
    switch.setChecked(True)
    second.close()
    third: Studio = open_studio()
    assert [place.id for place in third.window.panels.places()] == ["sketch.board", "sketch.verse"]


def test_a_plugin_that_fails_while_the_page_is_open_moves_to_the_top(qtbot: Any, studio: Studio) -> None:
    page = open_page(studio)
    studio.services.plugins.set_aside("sketch", "generate", ValueError("pencil"))
    qtbot.waitUntil(lambda: page.cards()[0].info.status == "faulty")
    assert page.cards()[0].accessibleDescription() == "has a problem"
