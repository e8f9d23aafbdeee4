"""The views of the page as one button with a menu, where there is no room for a button each."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QMenu, QWidget

from studio.widgets.controls import IconButton


class ViewsButton(IconButton):
    """Its entries press the `buttons` that it stands for."""

    def __init__(self, buttons: Mapping[str, IconButton], parent: QWidget | None = None) -> None:
        super().__init__("eye", "Views", help="Heat, authorship, focus, typewriter, split", size=18, parent=parent)
        self._buttons = buttons
        menu = QMenu(self)
        self._entries = {}
        for name, button in buttons.items():
            entry = menu.addAction(button.accessibleName(), button.click)
            entry.setCheckable(True)
            self._entries[name] = entry
        menu.aboutToShow.connect(self._follow)
        self.setMenu(menu)
        self.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.hide()

    def _follow(self) -> None:
        for name, entry in self._entries.items():
            entry.setChecked(self._buttons[name].isChecked())
