"""The context menu of the library: the same things the details offer, where the mouse is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from studio.core.artifact import Artifact
from studio.core.media import kind
from studio.widgets.icons import icon

if TYPE_CHECKING:
    from studio.ui.pages.library import LibraryPage


def menu_for(page: LibraryPage, chosen: Sequence[Artifact], panels: Sequence[tuple[str, str]]) -> QMenu:
    """A menu for what is chosen; it deletes itself when closed."""
    menu = QMenu(page)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    one = chosen[0] if len(chosen) == 1 else None
    if one is not None:
        menu.addAction(icon("arrows-out"), "Large view", lambda: page.open_large(page.grid.currentIndex().row()))
        if one.recipe is not None:
            menu.addAction(icon("arrow-counter-clockwise"), "Use this recipe", page.use_recipe)
            menu.addAction(icon("check-circle"), "Verify", page.verify)
        if panels and kind(one.media) == "image":
            menu.addAction(icon("image-square"), "Use as start picture", page.use_as_start)
        if panels:
            sending = menu.addMenu(icon("paper-plane-tilt"), "Send to")
            for panel, title in panels:
                sending.addAction(title, partial(page.send_to, panel))
        menu.addSeparator()
        menu.addAction(icon("copy"), "Copy", page.copy)
        menu.addAction(icon("folder-open"), "Show in folder", page.show_in_folder)
    menu.addAction(icon("export"), "Export…", page.export)
    starred = all(artifact.starred for artifact in chosen)
    menu.addAction(icon("star"), "Take the star away" if starred else "Star", page.toggle_star)
    menu.addSeparator()
    menu.addAction(icon("trash", "danger"), "Delete", page.delete)
    return menu
