"""Moves artifacts and recipes between files, library and panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.artifact import Artifact
from studio.core.errors import StudioError
from studio.core.recipe import Recipe
from studio.ui.intake import Intake, adapt_model
from studio.ui.services import Services
from studio.ui.using import add_models

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


class Exchange:
    """Knows which panel a recipe belongs to and which panel takes an artifact."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.intake = Intake(self)

    @property
    def services(self) -> Services:
        """Those of the project that is open now."""
        return self._window.services

    def close(self) -> None:
        """Take nothing any more."""
        self.intake.close()

    def recall(self, recipe: Recipe, notes: Sequence[str] = ()) -> bool:
        """Bring a recipe back in the panel that drives its generator; False where there is none."""
        window = self._window
        panel = window.panels.of_generator(recipe.request.generator)
        if not panel:
            return False
        fitting, missing = adapt_model(recipe, window.services)
        window.show_place(panel)
        slot = window.panels.opened(panel)
        told = (*notes, *(sentence for sentence in missing if sentence not in notes))
        return slot is not None and window.panels.guard(slot, lambda: slot.panel.recall(fitting, told))

    def use_recipe(self, artifact: Artifact) -> None:
        """Bring back how an artifact was made, with its kept steps on the ribbon."""
        if artifact.recipe is None:
            self.report(
                StudioError(
                    "Nobody wrote down how this was made.",
                    "Only files that Studio or a program it can read has made carry a recipe.",
                )
            )
            return
        if not self.recall(artifact.recipe):
            plugin = artifact.recipe.request.generator.partition(".")[0]
            self.report(
                StudioError(f"This was made with the plugin “{plugin}”, which is not here.", "Look at Plugins.")
            )
            return
        slot = self._window.front_slot()
        if slot is not None:
            # The steps on the ribbon belong to the picture on the canvas, never to another one.
            self._window.panels.guard(slot, lambda: slot.panel.show_result(artifact))
        if artifact.steps:
            self._window.show_steps(self._window.front, artifact.steps)

    def send(self, artifact: Artifact, panel: str) -> bool:
        """Give an artifact to a panel as an input and bring the panel to front."""
        window = self._window
        window.show_place(panel)
        slot = window.panels.opened(panel)
        return slot is not None and window.panels.guard(slot, lambda: slot.panel.receive(artifact))

    def send_words(self, origin: str, text: str, media: str) -> bool:
        """Give words to the first other panel that makes such media and takes them, and bring it to front."""
        window = self._window
        for panel in window.panels.making(media):
            slot = window.panels.open(panel) if panel != origin else None
            if slot is not None and window.panels.ask(slot, partial(slot.panel.take_words, text), False):
                window.show_place(panel)
                return True
        return False

    def receive(self, artifact: Artifact) -> bool:
        """Give an artifact to the panel in front if it takes it, else to the first that does."""
        takers = [name for name, _ in self._window.panels.accepting(artifact.media)]
        if not takers:
            return False
        return self.send(artifact, self._window.front if self._window.front in takers else takers[0])

    def take_drop(self, paths: Sequence[Path], from_inside: bool) -> None:
        """Files were dropped on the window; what was dragged out of the library is an input, not news."""
        if from_inside and len(paths) == 1:
            folder = self.services.project.folder
            known = self.services.project.artifacts.get(paths[0].stem) if folder in paths[0].parents else None
            if known is not None:
                self.receive(known)
                return
        if not self._read_by_a_panel(paths):
            self.intake.take(paths)

    def _read_by_a_panel(self, paths: Sequence[Path]) -> bool:
        """Give files to the panel in front if it reads such files itself, else to the first that does."""
        window = self._window
        readers = window.panels.reading(paths)
        if not readers:
            return False
        name = window.front if window.front in readers else readers[0]
        window.show_place(name)
        slot = window.panels.opened(name)
        return slot is not None and window.panels.guard(slot, lambda: slot.panel.take_files(paths))

    # --- for the intake ---

    def add_models(self, paths: Sequence[Path]) -> None:
        """Ask on the Models page what to do with what was dropped."""
        add_models(self._window, paths)

    def show_place(self, name: str) -> None:
        """Bring a place to front."""
        self._window.show_place(name)

    def report(self, error: StudioError) -> None:
        """Show an error card."""
        self._window.report(error)

    def notify(self, text: str, action: str = "", act: Callable[[], None] | None = None) -> None:
        """Show a notice with at most one thing to do about it."""
        self._window.notices.say(text, action=action, act=act)

    def say(self, text: str) -> None:
        """A passing remark."""
        self._window.say(text)
