"""The Settings page: Studio's own settings and those of every plugin, each form made from its dataclass."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from studio.core.errors import StudioError
from studio.core.params import describe, salvage, values_of
from studio.core.values import frozen
from studio.engine import STORAGE, Storage
from studio.ui.pages.page import Page
from studio.ui.pages.search_field import SearchField
from studio.ui.preferences import APPEARANCE, COMPUTER, Appearance, Computer
from studio.ui.shell import Shell
from studio.widgets import icons, theme
from studio.widgets.controls import Button, Card
from studio.widgets.empty import EmptyState
from studio.widgets.form import ParamForm
from studio.widgets.text import Label

SOON = 150
"""Milliseconds between a change and its use: a slider that is dragged is not written to disk at each pixel."""


@frozen
class Group:
    """One settings dataclass with its place in the store."""

    id: str
    title: str
    icon: str
    settings: type


class SettingsGroup(Card):
    """The form of one group. A change is kept and used at once."""

    def __init__(self, group: Group, shell: Shell) -> None:
        super().__init__("plain")
        self.group = group
        self._shell = shell
        self.setAccessibleName(group.title)
        self.form = ParamForm(group.settings, wide=True)
        self.form.changed.connect(self._touch)
        self._reset = Button("Reset", "quiet", help=f"Set everything under “{group.title}” as it was at first")
        self._reset.setAccessibleName(f"Reset {group.title}")
        self._reset.clicked.connect(self.reset)
        picture = QLabel()
        edge = theme.tokens().px(18)
        picture.setPixmap(icons.icon(group.icon, "muted").pixmap(edge, edge))
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(picture)
        head.addWidget(Label(group.title, "heading"))
        head.addStretch(1)
        head.addWidget(self._reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.L)
        column.setSpacing(theme.M)
        column.addLayout(head)
        column.addWidget(self.form)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SOON)
        self._timer.timeout.connect(self.keep)
        self.show_kept()
        self._show_reset()

    def show_kept(self) -> None:
        """Show what the store has, after somebody else changed it."""
        kept: Any = self._shell.services.settings.get(self.group.id, self.group.settings)
        if self._timer.isActive() or values_of(kept) == self._now():
            return
        with QSignalBlocker(self.form):
            self.form.set_values(values_of(kept))
        self._show_reset()

    def keep(self) -> None:
        """Keep what the form says."""
        self._timer.stop()
        if self.form.problems():
            return
        instance: Any = salvage(self.group.settings, self.form.values())[0]
        self._show_reset()
        try:
            self._shell.services.settings.set(self.group.id, instance)
        except StudioError as error:
            self._shell.report(error)

    def reset(self) -> None:
        """Everything as it was at first."""
        self.form.reset()
        self.keep()

    def search(self, words: list[str]) -> bool:
        """Show only the fields that have all words in them; False where none has."""
        whole = all(word in self.group.title.casefold() for word in words)
        found = False
        for spec in describe(self.group.settings):
            if spec.level == "hidden":
                continue
            text = f"{self.group.title} {spec.label} {spec.help}".casefold()
            fits = whole or all(word in text for word in words)
            field = self.form.field(spec.name)
            field.setVisible(fits)
            if fits and words:
                self.form.reveal(field)
            found = found or fits
        self.setVisible(found)
        return found

    def close_soon(self) -> None:
        """Keep what was typed last, if it was not kept yet."""
        if self._timer.isActive():
            self.keep()

    def _touch(self) -> None:
        self._timer.start()

    def _now(self) -> dict[str, Any]:
        return dict(self.form.values())

    def _show_reset(self) -> None:
        self._reset.setEnabled(self._now() != values_of(self.group.settings()))


class SettingsPage(Page):
    """All groups in one column, with a field to search them."""

    def __init__(self, shell: Shell) -> None:
        super().__init__("Settings", "A change counts at once, unless it says otherwise.")
        self._shell = shell
        self.search = SearchField("Search settings", "Search")
        self.search.setMinimumWidth(theme.tokens().px(200))
        self.search.textChanged.connect(self._search)
        self.tools.addWidget(self.search, 0, Qt.AlignmentFlag.AlignTop)
        self.groups = [SettingsGroup(group, shell) for group in self._all()]
        for group in self.groups:
            self.body.addWidget(group)
        self._nothing = EmptyState("No setting is called that", "Try fewer or other words.", icon="magnifying-glass")
        self._nothing.hide()
        self.body.addWidget(self._nothing)
        self.setFocusProxy(self.search)
        self._stop = shell.services.settings.listen(lambda _name: self._refresh())
        self.destroyed.connect(lambda _object=None, stop=self._stop: stop())

    def _all(self) -> list[Group]:
        own = [
            Group(APPEARANCE, "Appearance", "palette", Appearance),
            Group(COMPUTER, "Computer", "cpu", Computer),
            Group(STORAGE, "Storage", "hard-drives", Storage),
        ]
        offers = self._shell.services.plugins.settings()
        return own + [Group(name, o.spec.title, o.spec.icon, o.spec.settings) for name, o in offers.items()]

    def _search(self, text: str) -> None:
        words = text.casefold().split()
        found = [group.search(words) for group in self.groups]
        self._nothing.setVisible(not any(found))

    def _refresh(self) -> None:
        for group in self.groups:
            group.show_kept()

    def hideEvent(self, event: QHideEvent) -> None:
        """What was typed last counts."""
        super().hideEvent(event)
        for group in self.groups:
            group.close_soon()
