"""The inspector of the music panel: model, style and mood, length, surprise, who plays, seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from studio.api import Choice, Model, ParamSpec, StudioError
from studio.inference.notes.score import INSTRUMENTS, ROLES
from studio.widgets import theme
from studio.widgets.fields import ChoiceField
from studio.widgets.form import ParamForm
from studio.widgets.seed import SeedField
from studio.widgets.text import Label

from .params import MusicParams, read_parts, write_parts

USUAL = {
    "melody": "violin",
    "counter": "clarinet",
    "chords": "piano",
    "pad": "strings",
    "bass": "double bass",
    "drums": "drum kit",
}
PITCHED = tuple(name for name in INSTRUMENTS if name != "drum kit")


class _Combo(QComboBox):
    """Leaves the wheel to the form."""

    def wheelEvent(self, event: Any) -> None:
        """Only with the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Parts(QWidget):
    """Who plays in a new piece: a switch and an instrument for each part."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._switches: dict[str, QCheckBox] = {}
        self._instruments: dict[str, QComboBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(theme.S))
        grid.setVerticalSpacing(theme.px(6))
        grid.setColumnStretch(1, 1)
        for row, role in enumerate(ROLES):
            title = role[:1].upper() + role[1:]
            switch = QCheckBox(title)
            switch.setAccessibleName(title)
            switch.setAccessibleDescription(f"Write a part for {role}")
            box = _Combo()
            box.setAccessibleName(f"Instrument of {role}")
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            for name in ("drum kit",) if role == "drums" else PITCHED:
                box.addItem(name[:1].upper() + name[1:], name)
            box.setCurrentIndex(max(0, box.findData(USUAL[role])))
            switch.toggled.connect(box.setEnabled)
            switch.toggled.connect(self.changed)
            box.currentIndexChanged.connect(self.changed)
            box.setEnabled(False)
            grid.addWidget(switch, row, 0)
            grid.addWidget(box, row, 1)
            self._switches[role], self._instruments[role] = switch, box

    def value(self) -> str:
        """As the params write it."""
        return write_parts(
            [(r, str(self._instruments[r].currentData())) for r in ROLES if self._switches[r].isChecked()]
        )

    def set_value(self, text: str) -> None:
        """Show these parts. Raises StudioError where there is no such part or instrument."""
        parts = dict(read_parts(text))
        with QSignalBlocker(self):
            for role in ROLES:
                self._switches[role].setChecked(role in parts)
                place = self._instruments[role].findData(parts.get(role, USUAL[role]))
                self._instruments[role].setCurrentIndex(max(0, place))
        self.changed.emit()


class Inspector(QWidget):
    """`changed` follows every edit. Key, tempo and metre stand in the transport: they belong to the piece."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models: tuple[Model, ...] = ()
        self._wanted = ""
        self.model = ChoiceField(ParamSpec("model", "choice", "", "Model", choices=(Choice("", "None"),)))
        self.no_model = Label("No music model is here yet. Models tells where to put one.", "hint", wrap=True)
        self.form = ParamForm(MusicParams)
        self.parts = Parts()
        self.seed = SeedField()
        self.proof = Label("", "hint", wrap=True)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        column.setSpacing(theme.px(theme.M))
        column.addWidget(self.model)
        column.addWidget(self.no_model)
        column.addWidget(self.form)
        # The parts belong with what is asked for, above what only some look into.
        column.insertWidget(2, Label("Instruments of a new piece", "label"))
        column.insertWidget(3, self.parts)
        column.removeWidget(self.form)
        column.insertWidget(2, self.form)
        column.addWidget(self.seed)
        column.addStretch(1)
        column.addWidget(self.proof)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)
        self.parts.set_value(MusicParams().parts)
        for said in (self.form.changed, self.parts.changed, self.seed.changed, self.seed.lock_changed):
            said.connect(lambda *_: self.changed.emit())
        self.model.changed.connect(self._model_chosen)
        self.set_models(())

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

    def values(self) -> dict[str, Any]:
        """The params as the inspector has them; key, tempo, metre and task are the panel's to add."""
        return {**self.form.values(), "parts": self.parts.value()}

    def set_values(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The labels of what does not fit come back."""
        refused = list(self.form.set_values({k: v for k, v in values.items() if k != "parts"}))
        if isinstance(values.get("parts"), str):
            try:
                self.parts.set_value(values["parts"])
            except StudioError:
                refused.append("Instruments")
        return tuple(refused)

    def commit(self) -> bool:
        """Take half-typed text as final."""
        self.seed.commit()
        return self.form.commit() and not self.seed.problem()
