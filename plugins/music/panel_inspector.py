"""The inspector of the music panel: model, style and mood, length, surprise, who plays, seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QWidget

from studio.api import StudioError
from studio.inference.notes.score import INSTRUMENTS, ROLES
from studio.widgets import theme
from studio.widgets.form import ParamForm
from studio.widgets.text import Label

from .panel_model_inspector import ModelInspector
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
            # Large letters must not push the inspector beyond its dock: a long name is cut in the closed box only.
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(5)
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


class Inspector(ModelInspector):
    """Key, tempo and metre stand in the transport: they belong to the piece."""

    def __init__(self, parent: QWidget | None = None) -> None:
        no_model = Label("No music model is here yet. Models tells where to put one.", "hint", wrap=True)
        super().__init__(ParamForm(MusicParams), no_model, parent)
        self.parts = Parts()
        self.proof = Label("", "label", wrap=True)
        instruments = Label("Instruments of a new piece", "label")
        self.lay_out((self.model, self.no_model, self.form, instruments, self.parts, self.seed), (self.proof,))
        self.parts.set_value(MusicParams().parts)
        self.parts.changed.connect(lambda *_: self.changed.emit())
        self.set_models(())

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
