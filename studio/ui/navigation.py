"""Where the artist is: the rail, the panel or page in front, and the docks that go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from studio.ui import projects
from studio.ui.commands import Command
from studio.ui.page_stack import PAGES, make_page
from studio.ui.panels import Slot
from studio.ui.window_commands import add_places

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


class Navigation:
    """Brings places to front, building each the first time. `front` is the id of the one that is shown."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.front = ""
        self._failed: set[str] = set()
        """Places that were tried in vain since one was last shown: each is tried once."""
        self.pages: dict[str, QWidget] = {}

    def slot(self) -> Slot | None:
        """The panel that is shown, if it is one."""
        return self._window.panels.opened(self.front)

    def show(self, name: str) -> None:
        """Bring a panel or a page to front."""
        window, slot = self._window, None
        if name in {page.id for page in PAGES}:
            widget = self._page(name)
        else:
            slot = window.panels.open(name)
            if slot is None:
                self._fall_back(name)
                return
            widget = slot.panel
        if window.stack.indexOf(widget) < 0:
            window.stack.addWidget(widget)
            window.drops.cover([widget, *widget.findChildren(QWidget)] if slot is not None else [])
        self.front = name
        self._failed.clear()
        window.stack.setCurrentWidget(widget)
        window.rail.set_front(name)
        window.commands.set_front(name if slot is not None else "")
        window.panels.undo.setActiveStack(slot.stack if slot is not None else None)  # type: ignore[arg-type]
        for dock in (window.inspector, window.ribbon):
            dock.set_useful(slot is not None)
        if slot is not None:
            self._show_sides(slot)
        window.place_changed()
        widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def draw_rail(self) -> None:
        """Show the places there are now; where the one in front is gone, go to the first."""
        window = self._window
        panels = window.panels.places()
        window.rail.set_places(panels, PAGES)
        if any(info.status == "faulty" for info in window.services.plugins.plugins):
            button = window.rail.button("plugins")
            if button is not None:
                button.set_badge("!", "A plugin has a problem", trouble=True)
        add_places(window)
        if self.front in {place.id for place in window.rail.places()}:
            window.rail.set_front(self.front)
        elif self.front:
            self.show(panels[0].id if panels else "plugins")

    def follow_models(self) -> None:
        """A panel may have its place by a model that is there now, or lose it."""
        panels = self._window.panels.places()
        if self._window.rail.places()[: len(panels)] != panels:
            self.draw_rail()
        self.refresh("models")

    def draw_recent(self) -> None:
        """Offer the other projects of late in the menu and the palette."""
        window = self._window
        others = [path for path in projects.recent(window.session) if path != window.services.project.folder]
        shown = []
        for path, title in zip(others, projects.titles(others), strict=True):
            name = f"project.recent.{path}"

            def open_it(path=path) -> None:  # type: ignore[no-untyped-def]
                window.use_project(path)

            window.commands.add(Command(name, f"Open {title}", open_it, icon="folder", group="Projects"))
            shown.append((name, title))
        window.topbar.set_recent(shown)

    def forget(self) -> None:
        """Take all pages and panels away."""
        window = self._window
        for panel in window.panels.ids():
            window.inspector.forget(panel)
        window.panels.close()
        for page in self.pages.values():
            window.stack.removeWidget(page)
            page.deleteLater()
        self.pages.clear()
        self.front = ""

    def holds(self, widget: QWidget) -> bool:
        """True where `widget` belongs to the panel in front."""
        slot = self.slot()
        return slot is not None and (widget is slot.panel or slot.panel.isAncestorOf(widget))

    def _fall_back(self, failed: str) -> None:
        """A panel could not be built: stay where the artist was, or go to the first place that works."""
        self._failed.add(failed)
        self.draw_rail()
        if not self.front:
            others = [place.id for place in self._window.panels.places() if place.id not in self._failed]
            self.show(others[0] if others else "plugins")

    def refresh(self, name: str) -> None:
        """Let a page that was built look again."""
        refresh = getattr(self.pages.get(name), "refresh", None)
        if refresh is not None:
            refresh()

    def _page(self, name: str) -> QWidget:
        if name not in self.pages:
            self.pages[name] = make_page(name, self._window)
        return self.pages[name]

    def _show_sides(self, slot: Slot) -> None:
        window = self._window
        if not window.inspector.knows(slot.id):
            window.inspector.show_for(slot.id, window.panels.ask(slot, slot.panel.inspector, None))
        window.inspector.show_for(slot.id, None)
        window.ribbon.set_front(slot.id)
        window.lines.recall(slot.id)
        window.ribbon.ribbon.set_can_branch(window.panels.ask(slot, lambda: slot.panel.can_branch, False))
