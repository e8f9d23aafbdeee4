"""The Plugins page: what is installed, what it may do, what it offers, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout

from studio.core.errors import StudioError
from studio.core.specs import PERMISSIONS
from studio.engine import Offer, PluginHost, PluginInfo
from studio.ui.pages.page import Page, empty
from studio.ui.shell import Shell
from studio.widgets import icons, theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.errors import ErrorCard
from studio.widgets.text import Label

DISABLED = "plugins/disabled"
_STAGES = {
    "manifest": "Its description could not be read, so nothing of it was loaded.",
    "import": "It failed while it was loaded. Nothing of it is used.",
    "hook": "It failed when it was asked what it offers. Nothing of it is used.",
    "panel": "Its panel failed. What it makes can still be made, in a plain panel.",
    "generate": "It failed while it was making something. You can try again.",
    "export": "It failed while it was reading or writing a file. You can try again.",
}


class PluginCard(Card):
    """One plugin. `switched(id, on)` when the artist turns it on or off."""

    switched = Signal(str, bool)

    def __init__(self, info: PluginInfo, offers: str, *, on: bool) -> None:
        super().__init__("plain")
        self.info = info
        self.setAccessibleName(info.name)
        self._switch = QCheckBox()
        self._switch.setChecked(on)
        self._switch.setAccessibleName(f"Use {info.name}")
        self._switch.setToolTip("Use this plugin from the next start")
        self._switch.setEnabled(info.manifest is not None)
        self._switch.toggled.connect(lambda value: self.switched.emit(info.id, value))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.S)
        column.addLayout(self._head())
        manifest = info.manifest
        if manifest is not None:
            column.addWidget(Label(manifest.summary, wrap=True))
        for text in self._facts(offers):
            column.addWidget(Label(text, "label", wrap=True))
        if info.problem is not None:
            column.addWidget(Label(_STAGES.get(info.stage, ""), "muted", wrap=True))
            card = ErrorCard(info.problem)
            for part in card.findChildren(IconButton):
                # Here the card is no message but a fact: it stays as long as the problem does.
                part.setVisible(part.accessibleName() != "Dismiss")
            column.addWidget(card)

    def _head(self) -> QHBoxLayout:
        info = self.info
        picture = QLabel()
        edge = theme.tokens().px(18)
        name, role = {"ok": ("puzzle-piece", "muted"), "off": ("puzzle-piece", "hint")}.get(
            info.status, ("warning-circle", "danger")
        )
        picture.setPixmap(icons.icon(name, role).pixmap(edge, edge))
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(picture)
        row.addWidget(Label(info.name, "heading"))
        version = info.manifest.version if info.manifest is not None else ""
        row.addWidget(Label(version, "label"))
        row.addStretch(1)
        state = {"ok": "", "off": "off", "faulty": "has a problem"}[info.status]
        row.addWidget(Label(state, "error" if info.status == "faulty" else "label"))
        row.addWidget(self._switch)
        self.setAccessibleDescription(state or "in use")
        return row

    def _facts(self, offers: str) -> list[str]:
        manifest = self.info.manifest
        facts = []
        if offers:
            facts.append(f"Offers: {offers}")
        if manifest is not None:
            allowed = [PERMISSIONS.get(name, name) for name in manifest.permissions]
            facts.append("It " + "; ".join(allowed) + "." if allowed else "It asks for no permissions.")
            by = [part for part in (manifest.author, manifest.licence) if part]
            origin = "Comes with Studio" if self.info.bundled else str(self.info.folder)
            facts.append(" · ".join([*by, origin]))
        else:
            facts.append(str(self.info.folder))
        return facts


class PluginsPage(Page):
    """A card for each plugin; those with a problem first."""

    changed = Signal()

    def __init__(self, shell: Shell) -> None:
        super().__init__(
            "Plugins",
            "Everything that makes something is a plugin. One that fails is set aside.",
        )
        self._shell = shell
        self._restart = Label("Your change counts from the next start.", "muted")
        self._restart.hide()
        self._folder = Button("Open plugin folder", icon="folder-open", help="Put plugins of your own in there")
        self._folder.clicked.connect(self.open_folder)
        self.tools.addWidget(self._folder, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self._restart)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(theme.M)
        self.body.addLayout(self._cards)
        # Plugins may be set aside on any thread.
        self.changed.connect(self.refresh, Qt.ConnectionType.QueuedConnection)
        shell.services.plugins.listen(self.changed.emit)
        self.setFocusProxy(self.area)  # the arrows scroll; a ring around the first button would ask to be pressed
        self.area.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.refresh()

    def cards(self) -> list[PluginCard]:
        """The cards, from top to bottom."""
        items = [self._cards.itemAt(row) for row in range(self._cards.count())]
        found = [item.widget() for item in items if item is not None]
        return [card for card in found if isinstance(card, PluginCard)]

    def refresh(self) -> None:
        """List the plugins as they are now."""
        empty(self._cards)
        plugins = self._shell.services.plugins
        off = self._off()
        order = {"faulty": 0, "ok": 1, "off": 2}
        for info in sorted(plugins.plugins, key=lambda info: (order[info.status], info.name.casefold())):
            card = PluginCard(info, _offers(plugins, info.id), on=info.id not in off)
            card.switched.connect(self._switch)
            self._cards.addWidget(card)

    def open_folder(self) -> None:
        """Show the folder for the artist's own plugins, making it where there is none."""
        folder = self._shell.services.plugins.user or self._shell.services.places.plugins
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._shell.report(StudioError(f"The plugin folder cannot be made: {error.strerror}.", str(folder)))
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _off(self) -> set[str]:
        names = self._shell.services.session.get(DISABLED, [])
        return {str(name) for name in names} if isinstance(names, list) else set()

    def _switch(self, plugin: str, on: bool) -> None:
        off = self._off()
        off.discard(plugin) if on else off.add(plugin)
        try:
            self._shell.services.session.set(DISABLED, sorted(off))
        except StudioError as error:
            self._shell.report(error)
            return
        self._restart.setVisible(off != self._shell.services.plugins.disabled)


def _offers(plugins: PluginHost, plugin: str) -> str:
    """What a plugin offers, in words."""
    kinds: list[tuple[str, Mapping[str, Offer[Any]]]] = [
        ("panel", plugins.panels()),
        ("generator", plugins.generators()),
        ("export format", plugins.exporters()),
        ("reader", plugins.importers()),
        ("model", plugins.models()),
    ]
    words = []
    for word, offers in kinds:
        titles = [offer.spec.title for offer in offers.values() if offer.plugin.id == plugin]
        if titles:
            words.append(f"{word}{'s' if len(titles) > 1 else ''} {', '.join(titles)}")
    return "; ".join(words)
