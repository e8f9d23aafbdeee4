"""The inspector of the sound panel: model, length, steps, guidance, seed, and what is known of the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from studio.api import Model
from studio.widgets.form import ParamForm
from studio.widgets.text import Label

from .panel_model_inspector import ModelInspector
from .params import SoundParams

NO_MODEL = (
    "There is no sound model here yet. Models, on the left, says where to put one: Stable Audio, AudioLDM 2, MusicLDM, "
    "ACE-Step, MusicGen. Opening, editing, playing and exporting work without."
)


class WaveInspector(ModelInspector):
    """The prompt stands under the waveform."""

    def __init__(self, parent: QWidget | None = None) -> None:
        form = ParamForm(SoundParams, skip_roles=("prompt",))
        super().__init__(form, Label(NO_MODEL, "muted", wrap=True), parent)
        self.about = Label("", "hint", wrap=True)
        self.proof = Label("", "label", wrap=True)
        self.proof.setAccessibleName("What stayed the same")
        self.lay_out((self.model, self.no_model, self.form, self.seed), (self.proof, self.about))
        self.set_models(())

    def set_models(self, models: Sequence[Model]) -> None:
        """Offer these; without one there is nothing to set."""
        super().set_models(models)
        for part in (self.form, self.seed):
            part.setVisible(bool(models))

    def values(self) -> dict[str, Any]:
        """The params as the form has them; prompt and task are the panel's to add."""
        return self.form.values()

    def set_values(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The labels of what does not fit come back."""
        mine = {k: v for k, v in values.items() if k not in ("prompt", "task", "side", "first_frame", "last_frame")}
        return tuple(self.form.set_values(mine))
