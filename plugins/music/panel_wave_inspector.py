"""The inspector of the sound panel: model, length, steps, guidance, seed, and what is known of the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from studio.api import Choice, Model, ParamSpec
from studio.widgets import theme
from studio.widgets.fields import ChoiceField
from studio.widgets.form import ParamForm
from studio.widgets.seed import SeedField
from studio.widgets.text import Label

from .params import SoundParams

NO_MODEL = (
    "There is no sound model here yet. Models, on the left, says where to put one: Stable Audio, AudioLDM 2, MusicLDM, "
    "ACE-Step, MusicGen. Opening, editing, playing and exporting work without."
)


class WaveInspector(QWidget):
    """`changed` follows every edit. The prompt stands under the waveform."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models: tuple[Model, ...] = ()
        self._wanted = ""
        self.model = ChoiceField(ParamSpec("model", "choice", "", "Model", choices=(Choice("", "None"),)))
        self.no_model = Label(NO_MODEL, "muted", wrap=True)
        self.form = ParamForm(SoundParams, skip_roles=("prompt",))
        self.seed = SeedField()
        self.about = Label("", "hint", wrap=True)
        self.proof = Label("", "hint", wrap=True)
        self.proof.setAccessibleName("What stayed the same")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        column.setSpacing(theme.px(theme.M))
        for part in (self.model, self.no_model, self.form, self.seed):
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(self.proof)
        column.addWidget(self.about)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)
        for said in (self.form.changed, self.seed.changed, self.seed.lock_changed):
            said.connect(lambda *_: self.changed.emit())
        self.model.changed.connect(self._model_chosen)
        self.set_models(())

    def set_models(self, models: Sequence[Model]) -> None:
        """Offer these; the one asked for before is taken where it is there."""
        self._models = tuple(models)
        for part in (self.model, self.form, self.seed):
            part.setVisible(bool(models))
        self.no_model.setVisible(not models)
        if models:
            wanted = self._wanted
            with QSignalBlocker(self.model):
                self.model.set_choices([Choice(m.id, m.title, m.summary) for m in models])
                if any(m.id == wanted for m in models):
                    self.model.set_value(wanted)

    def models(self) -> tuple[Model, ...]:
        """What is on offer."""
        return self._models

    def chosen_model(self) -> Model | None:
        """The one Generate will use."""
        return next((m for m in self._models if m.id == self.model.value()), None)

    def use_model(self, model_id: str) -> bool:
        """False where it is not on offer."""
        if all(m.id != model_id for m in self._models):
            self._wanted = model_id
            return False
        self.model.set_value(model_id)
        return True

    def _model_chosen(self, model_id: object) -> None:
        self._wanted = str(model_id)
        self.changed.emit()

    def values(self) -> dict[str, Any]:
        """The params as the form has them; prompt and task are the panel's to add."""
        return self.form.values()

    def set_values(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The labels of what does not fit come back."""
        mine = {k: v for k, v in values.items() if k not in ("prompt", "task", "side", "first_frame", "last_frame")}
        return tuple(self.form.set_values(mine))

    def commit(self) -> bool:
        """Take half-typed text as final."""
        self.seed.commit()
        return self.form.commit() and not self.seed.problem()
