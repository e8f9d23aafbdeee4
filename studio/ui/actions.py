"""What the window's commands do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget

from studio.core.errors import StudioError
from studio.ui import projects
from studio.ui.preferences import APPEARANCE, Appearance
from studio.widgets import theme

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


class Actions:
    """One method for each command that is more than a call."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._last_focus: dict[int, QWidget] = {}

    # --- work ---

    def generate(self) -> None:
        """Ask the panel in front to generate."""
        slot = self._window.front_slot()
        if slot is not None:
            self._window.panels.guard(slot, slot.panel.generate)

    def cancel(self) -> None:
        """Stop the running job."""
        self._window.job_status.cancel()

    def is_working(self) -> bool:
        """True while a job runs or is about to."""
        return bool(self._window.job_status.next)

    def copy(self) -> None:
        """Put what the panel shows on the clipboard."""
        slot = self._window.front_slot()
        if slot is not None and self._window.panels.ask(slot, slot.panel.copy, False):
            self._window.say("Copied")

    def can_export(self) -> bool:
        """True where the panel in front has something to export."""
        slot = self._window.front_slot()
        return slot is not None and bool(self._window.panels.ask(slot, lambda: slot.panel.can_export, False))

    def has_result(self) -> bool:
        """True where the panel in front shows a result."""
        return bool(self._shown())

    def _shown(self) -> str:
        slot = self._window.front_slot()
        return self._window.panels.ask(slot, slot.panel.artifact_id, "") if slot is not None else ""

    def verify_front(self) -> None:
        """Make what the panel in front shows again, and compare."""
        shown = self._shown()
        if shown:
            self._window.verify(shown)

    def export_front(self) -> None:
        """Export what the panel in front shows."""
        slot = self._window.front_slot()
        shown = self._window.panels.ask(slot, slot.panel.export_id, "") if slot is not None else ""
        if slot is not None and shown:
            self.export(shown, self._window.panels.ask(slot, slot.panel.export_options, {}))
        else:
            self._window.say("There is nothing to export yet")

    def export(self, artifact_id: str, known: Mapping[str, Any] | None = None) -> None:
        """Open the export dialog for an artifact; `known` are options that its formats begin with."""
        from studio.ui.export_dialog import ExportDialog

        window = self._window
        artifact = window.services.project.artifacts.get(artifact_id)
        if artifact is None:
            window.report(StudioError("This result is not in the library any more.", "Generate it again."))
            return
        dialog = ExportDialog(window.services, [artifact], window, known=known)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    # --- project ---

    def new_project(self) -> None:
        """Ask for a place and open an empty project there."""
        folder = projects.ask_new(self._window, self._project_places())
        if folder is not None:
            self._window.use_project(folder)

    def open_project(self) -> None:
        """Ask for a project and open it."""
        folder = projects.ask_open(self._window, self._project_places())
        if folder is None:
            return
        if not (folder / "project.json").is_file():
            self._window.report(
                StudioError(
                    f"{folder.name} is not a Studio project.",
                    "Choose the folder that holds a file called project.json, or create a new project.",
                )
            )
            return
        self._window.use_project(folder)

    def _project_places(self) -> Path:
        folder = self._window.services.project.folder.parent
        return folder if folder.is_dir() else Path.home()

    def save_now(self) -> None:
        """Everything is saved by itself; who presses Ctrl+S wants to see that it is."""
        if self._window.documents.save():
            self._window.session.flush()
            self._window.say("Everything is saved")

    def choose_files(self) -> None:
        """Choose files to bring in."""
        names, _ = QFileDialog.getOpenFileNames(self._window, "Bring in files", str(Path.home()))
        if names:
            self._window.import_files([Path(name) for name in names])

    def show_folder(self) -> None:
        """Open the project's folder in the file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._window.services.project.folder)))

    # --- view ---

    def toggle_sides(self) -> None:
        """Hide the side panels, or show them again."""
        window = self._window
        on = not (window.inspector.wanted or window.ribbon.wanted)
        window.inspector.want(on)
        window.ribbon.want(on)

    def toggle_theme(self) -> None:
        """Dark to light and back."""
        other = "dark" if theme.tokens().name == "light" else "light"
        self._set_appearance(theme=other)

    def change_text(self, by: int) -> None:
        """Larger or smaller text, by pixels."""
        size = self._appearance().font_size + by
        if 10 <= size <= 26:
            self._set_appearance(font_size=size)

    def _appearance(self) -> Appearance:
        return self._window.services.settings.get(APPEARANCE, Appearance)

    def _set_appearance(self, **changes: Any) -> None:
        try:
            self._window.services.settings.set(APPEARANCE, replace(self._appearance(), **changes))
        except StudioError as error:
            self._window.report(error)

    def apply_setting(self, full_id: str) -> None:
        """Make a changed setting visible at once."""
        if full_id == APPEARANCE:
            before = theme.tokens().body
            apply_appearance(self._appearance())
            self._window.layout_memory.scale(theme.tokens().body / before)

    def toggle_full_screen(self) -> None:
        """Full screen and back."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def next_part(self, by: int) -> None:
        """Move the focus to the next part of the window: bar, rail, centre, inspector, ribbon, status."""
        window = self._window
        parts: list[QWidget] = [
            part
            for part in (window.topbar, window.rail, window.stack, window.inspector, window.ribbon, window.status)
            if part.isVisible()
        ]
        focus = QApplication.focusWidget()
        at = next((i for i, part in enumerate(parts) if focus is not None and part.isAncestorOf(focus)), -1)
        if focus is not None and at >= 0:
            self._last_focus[id(parts[at])] = focus
        for step in range(1, len(parts) + 1):
            part = parts[(at + by * step) % len(parts)]
            target = self._last_focus.get(id(part)) or _first_focusable(part)
            if target is not None and target.isVisible() and target.isEnabled():
                target.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return

    # --- help ---

    def show_shortcuts(self) -> None:
        """All keys."""
        from studio.ui.about import ShortcutsDialog

        self._open(ShortcutsDialog(self._window.commands, self._window))

    def show_about(self) -> None:
        """What this program is."""
        from studio.ui.about import AboutDialog

        services = self._window.services
        facts = [
            ("Device", services.engine.device.name or "not known yet"),
            ("Project", str(services.project.folder)),
            ("Plugins", ", ".join(info.name for info in services.plugins.plugins if info.status == "ok")),
        ]
        self._open(AboutDialog(services.version, facts, self._window))

    def show_log(self) -> None:
        """Open the folder of the log files."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._window.services.places.data / "logs")))

    @staticmethod
    def _open(dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


def apply_appearance(appearance: Appearance) -> None:
    """Dress the application as the settings say."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, appearance.theme, base=appearance.font_size, motion=appearance.motion)  # type: ignore[arg-type]


def _first_focusable(part: QWidget) -> QWidget | None:
    tab = Qt.FocusPolicy.TabFocus
    for widget in [part, *part.findChildren(QWidget)]:
        if widget.focusPolicy() & tab and widget.isVisible() and widget.isEnabled():
            return widget
    return None
