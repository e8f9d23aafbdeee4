"""Asking the model: a request for what the bar says, a branch from a kept step, a recipe brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.api import Artifact, Input, Model, Problem, Recipe, ResumePoint, StudioError, media

from .panel_wave_asking import packed, unchanged
from .panel_wave_takes import WaveTake

if TYPE_CHECKING:
    from .panel_wave import WavePanel


class WaveRuns:
    """What the panel does when somebody presses Generate."""

    def __init__(self, panel: WavePanel, generator: str) -> None:
        self._panel, self._generator = panel, generator
        self._used_seed = -1
        self._preparing = False

    def generate(self) -> None:
        """Queue what the bar says."""
        model = self._ready_model()
        if model is None or self._preparing:
            return
        self._panel.desk.show_problem(None)
        self._panel.bar.prompt.add_to_history()
        given, wave, shelf = self._panel.asking.given(), self._panel.sheet.wave, self._panel.sheet.shelf
        take, title = self._take(model, 0 if given is None else given[0])
        if given is None:
            self._send(take, title)
            return
        self._preparing = True
        self._panel.host.say("Handing the sound to the model …")
        self._panel.host.take_in(
            lambda: packed(wave, shelf, *given),
            lambda artifact: self._handed(take, title, artifact),
            failed=self._not_handed,
            media=media.WAV,
            title=wave.title or "Sound",
        )

    def _handed(self, take: WaveTake, title: str, artifact: Artifact) -> None:
        self._preparing = False
        take.request = replace(take.request, inputs=(Input("audio", artifact.media, artifact.id),))
        self._send(take, title)

    def _not_handed(self, error: StudioError) -> None:
        self._preparing = False
        self._panel.show_error(error)

    def _ready_model(self) -> Model | None:
        self._panel.refresh_models()
        model = self._panel.settings_pane.chosen_model()
        if model is None:
            self._panel.desk.show_problem(Problem("There is no sound model.", "Open Models to see where to put one."))
        if model is None or not self._panel.settings_pane.commit():
            return None
        try:
            self._panel.asking.check(model, self._panel.bar.prompt.text())
        except StudioError as error:
            self._panel.desk.show_problem(Problem.of(error))
            return None
        return model

    def _take(self, model: Model, offset: int) -> tuple[WaveTake, str]:
        """What is asked for, and its title, as things are now: the selection may be another one when it is queued."""
        seed = self._panel.settings_pane.seed
        if seed.value() == self._used_seed:
            seed.advance()
        prompt = self._panel.bar.prompt.text()
        take = self._panel.asking.take(self._generator, model, int(seed.value()), prompt, offset=offset)
        self._used_seed = take.request.seed
        self._panel.settings_pane.proof.setText("")
        return take, self._panel.asking.title(prompt)

    def _send(self, take: WaveTake, title: str) -> None:
        try:
            self._panel.takes.submit(take, title)
        except StudioError as error:
            self._panel.desk.show_problem(Problem.of(error))

    def branch(self, steps: str, index: int, *, result: str) -> None:
        """Go on from a kept step with today's words and guidance."""
        base = next((take for take in self._panel.takes.takes if take.job == steps), None)
        if base is None and result:
            artifact = self._panel.host.artifact(result)
            if artifact is not None and artifact.recipe is not None and steps in (artifact.steps, artifact.job):
                base = WaveTake("", artifact.recipe.request, "new", self._panel.sheet.wave, (0, 0))
        if base is None:
            self._panel.host.say("Nothing is known any more about how this was made")
            return
        now = self._panel.settings_pane.values()
        changes = {name: now[name] for name in ("guidance_scale", "negative_prompt") if name in now}
        request = replace(
            base.request.with_params(**changes, prompt=self._panel.bar.prompt.text()), resume=ResumePoint(steps, index)
        )
        take = WaveTake("", request, base.task, base.before, base.span, base.offset)
        self._send(take, f"{self._panel.asking.title(self._panel.bar.prompt.text())}, from step {index + 1}")

    def recall(self, recipe: Recipe, notes: Sequence[str]) -> None:
        """Set everything as the recipe says; the sound it was asked over comes back too."""
        values = dict(recipe.request.params)
        self._panel.bar.prompt.replace_text(str(values.get("prompt", "")))
        refused = self._panel.settings_pane.set_values(values)
        self._panel.settings_pane.seed.set_value(recipe.request.seed)
        self._panel.settings_pane.seed.set_locked(True)
        said = [*notes, *(f"{label} does not fit." for label in refused)]
        model = recipe.request.model
        if model is not None and not self._panel.settings_pane.use_model(model.id):
            said.append(f"The model {model.name or model.id} is not here.")
        task = str(values.get("task", "new"))
        self._panel.asking.choose("front" if task == "extend" and values.get("side") == "front" else task)
        for item in recipe.request.inputs:
            found = self._panel.host.artifact(item.sha256)
            if found is None:
                said.append("The sound it was made over is not in this project.")
            elif item.name == "audio":
                span = (int(values.get("first_frame", 0)), int(values.get("last_frame", 0)))
                self._panel.intake.take(found, instead=True, select=span)
        self._panel.host.say(" ".join(said) if said else "Everything is set as it was. The seed is locked.")

    def compare(self, take: WaveTake) -> None:
        """Say how much of what was given came back as it was."""
        tape, shelf = take.tape, self._panel.sheet.shelf
        if tape is None or take.task not in ("repaint", "extend", "front"):
            return
        for source in sorted(take.before.sources):
            if shelf.get(source, take.before.rate) is None:  # after a start: it is still being decoded
                artifact = self._panel.host.artifact(source)
                if artifact is not None:
                    self._panel.sheet.tapes.decode(artifact, take.before.rate, lambda _tape: self.compare(take))
                return

        def say(found: tuple[int, int]) -> None:
            same, total = found
            if total and same == total:
                words = f"Outside of what was made anew, all {total:,} samples are the same."
            else:
                words = f"Outside of what was made anew, {total - same:,} of {total:,} samples differ." if total else ""
            self._panel.settings_pane.proof.setText(words)

        self._panel.sheet.tapes.ask(lambda: unchanged(take.before, take, tape, shelf), say)
