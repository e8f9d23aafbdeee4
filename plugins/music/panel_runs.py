"""Asking the model: a request for what the bar says, a branch from a kept bar, a recipe brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.api import Problem, Recipe, Request, ResumePoint, StudioError

from .reading import score_of

if TYPE_CHECKING:
    from .panel import MusicPanel


class Runs:
    """What the panel does when somebody presses Compose."""

    def __init__(self, panel: MusicPanel, generator: str) -> None:
        self._panel, self._generator = panel, generator
        self._used_seed = -1

    def generate(self) -> None:
        """Queue what the bar says."""
        request = self._request()
        if request is not None:
            self._panel.floating.show_problem(None)
            self._submit(request, self._panel.asking.title())

    def next_request(self) -> tuple[Request, str] | None:
        """What Generate would ask for now."""
        request = self._request()
        return None if request is None else (request, self._panel.asking.title())

    def _request(self) -> Request | None:
        panel = self._panel
        panel.refresh_models()
        model = panel.settings_pane.chosen_model()
        if model is None:
            panel.floating.show_problem(Problem("There is no music model.", "Open Models to see where to put one."))
        if model is None or not panel.settings_pane.commit():
            return None
        seed = panel.settings_pane.seed
        if seed.value() == self._used_seed:
            seed.advance()
        try:
            return panel.asking.request(self._generator, model, int(seed.value()), panel.host)
        except StudioError as error:
            panel.floating.show_problem(Problem.of(error))
            return None

    def _submit(self, request: Request, title: str) -> None:
        panel = self._panel
        try:
            panel.takes.submit(request, before=panel.sheet.score, regions=panel.sheet.regions, title=title)
        except StudioError as error:
            panel.floating.show_problem(Problem.of(error))
        else:
            self._used_seed = request.seed
            panel.settings_pane.proof.setText("")

    def branch(self, steps: str, index: int, *, result: str) -> None:
        """Go on from a kept bar with another surprise or seed."""
        panel = self._panel
        base = panel.takes.request_of(steps)
        if base is None and result:
            artifact = panel.host.artifact(result)
            if artifact is not None and artifact.recipe is not None and steps in (artifact.steps, artifact.job):
                base = artifact.recipe.request
        if base is None:
            panel.host.say("Nothing is known any more about how these bars were made")
            return
        now = panel.settings_pane.values()
        kept = {name: now[name] for name in ("temperature", "top_p", "in_key", "borrowed")}
        seed = int(panel.settings_pane.seed.value()) if panel.settings_pane.seed.locked() else base.seed
        request = replace(base.with_params(**kept), resume=ResumePoint(steps, index), seed=seed)
        self._submit(request, f"{panel.asking.title()}, from bar {index + 1}")

    def recall(self, recipe: Recipe, notes: Sequence[str]) -> None:
        """Set everything as the recipe says; the score it was asked over comes back too."""
        panel = self._panel
        for item in recipe.request.inputs:
            found = panel.host.artifact(item.sha256)
            score = None if found is None else score_of(found)
            if score is not None:
                panel.sheet.edit("recall of a recipe", score, select=())
        refused = panel.asking.take(dict(recipe.request.params))
        panel.settings_pane.seed.set_value(recipe.request.seed)
        panel.settings_pane.seed.set_locked(True)
        model = recipe.request.model
        if model is not None and not panel.settings_pane.use_model(model.id):
            notes = [*notes, f"The model {model.name or model.id} is not here."]
        said = [*notes, *(f"{label} does not fit." for label in refused)]
        panel.host.say(" ".join(said) if said else "Everything is set as it was. The seed is locked.")
