"""What the inspectors of the music and the sound panel share: the models on offer, the form, the seed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from studio.api import Choice, Model, ParamSpec
from studio.widgets import theme
from studio.widgets.fields import ChoiceField
from studio.widgets.form import ParamForm
from studio.widgets.seed import SeedField
from studio.widgets.text import Label


class ModelInspector(QWidget):
    """`changed` follows every edit. Parts are laid out by `lay_out`."""

    changed = Signal()

    def __init__(self, form: ParamForm, no_model: Label, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models: tuple[Model, ...] = ()
        self._wanted = ""
        self.model = ChoiceField(ParamSpec("model", "choice", "", "Model", choices=(Choice("", "None"),)))
        self.no_model, self.form, self.seed = no_model, form, SeedField()
        for said in (self.form.changed, self.seed.changed, self.seed.lock_changed):
            said.connect(lambda *_: self.changed.emit())
        self.model.changed.connect(self._model_chosen)

    def lay_out(self, above: Sequence[QWidget], below: Sequence[QWidget]) -> None:
        """A column that scrolls, with `below` at its foot."""
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        column.setSpacing(theme.px(theme.M))
        for part in above:
            column.addWidget(part)
        column.addStretch(1)
        for part in below:
            column.addWidget(part)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def set_models(self, models: Sequence[Model]) -> None:
        """Offer these; the one asked for before is taken where it is there."""
        self._models = tuple(models)
        self.model.setVisible(bool(models))
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

    def commit(self) -> bool:
        """Take half-typed text as final."""
        self.seed.commit()
        return self.form.commit() and not self.seed.problem()
