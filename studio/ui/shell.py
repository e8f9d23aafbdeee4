"""The shell as its pages see it: a narrow protocol, so that a page can be built and tested without a main window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QWidget

from studio.core.artifact import Artifact
from studio.core.errors import StudioError
from studio.ui.bridge import Bridge
from studio.ui.commands import Commands
from studio.ui.services import Services


class Shell(Protocol):
    """What the main window does for a page. Every call is for the window's thread."""

    @property
    def services(self) -> Services:
        """The long-lived objects of the project that is open."""

    @property
    def bridge(self) -> Bridge:
        """Emits `happened(Event)` for every event of every job, at most 30 times a second."""

    @property
    def commands(self) -> Commands:
        """Every command of the window."""

    @property
    def widget(self) -> QWidget:
        """The window itself, as the parent of dialogs."""

    def show_place(self, name: str) -> None:
        """Bring a panel (by its full id) or a page ("library", "queue", "models", "plugins", "settings") to front."""

    def panels_for(self, media: str) -> Sequence[tuple[str, str]]:
        """(full id, title) of the panels that accept a media type, in the order of the rail."""

    def send_to(self, artifact: Artifact, panel_id: str) -> None:
        """Give an artifact to a panel as an input and bring the panel to front."""

    def use_recipe(self, artifact: Artifact) -> None:
        """Bring back everything an artifact's recipe says in the panel that made it."""

    def show_result(self, artifact: Artifact) -> None:
        """Show an artifact in the panel that made it, with its kept steps on the ribbon."""

    def import_files(self, paths: Sequence[Path]) -> None:
        """What dropping these files on the window does."""

    def export(self, artifact_id: str) -> None:
        """Open the export dialog for an artifact."""

    def verify(self, artifact_id: str) -> None:
        """Make an artifact again and say whether it came out the same."""

    def report(self, error: StudioError) -> None:
        """Show an error card where the artist is looking."""

    def say(self, text: str) -> None:
        """A short line in the status bar."""
