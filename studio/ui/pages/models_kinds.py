"""The row of kinds above the list of models: one is on, and says how many there are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from studio.core.model import Model
from studio.ui.pages.models_words import KINDS, REFUSED, kind_of
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.flow import Flow


class KindRow(QWidget):
    """`chosen` says the kind that is on now: "" for all, an id of KINDS, or REFUSED."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Kinds")
        self._group = QButtonGroup(self)
        self.buttons: dict[str, Button] = {}
        self._titles = {"": "All", **{kind.id: kind.many for kind in KINDS}, REFUSED: "Not used"}
        row = Flow(self, spacing=theme.XS)
        for kind, title in self._titles.items():
            button = Button(title, "quiet")
            button.setCheckable(True)
            button.toggled.connect(lambda on, it=button: theme.style(it, "kind", "" if on else "quiet"))
            button.clicked.connect(lambda _on=False, name=kind: self.chosen.emit(name))
            self._group.addButton(button)
            self.buttons[kind] = button
            row.addWidget(button)
        self.buttons[""].setChecked(True)

    def kind(self) -> str:
        """The kind that is on."""
        return next((kind for kind, button in self.buttons.items() if button.isChecked()), "")

    def choose(self, kind: str) -> None:
        """Turn a kind on, as a click does."""
        self.buttons[kind].setChecked(True)
        self.chosen.emit(kind)

    def count(self, models: Sequence[Model]) -> None:
        """Show the kinds there are, each with its number."""
        sums = dict.fromkeys(self.buttons, 0)
        for model in models:
            name = REFUSED if model.problem else kind_of(model).id
            sums[name] = sums.get(name, 0) + 1
        sums[""] = len(models)
        for kind, button in self.buttons.items():
            button.setText(f"{self._titles[kind]}  {sums[kind]:,}" if kind else self._titles[kind])
            button.setAccessibleName(self._titles[kind])
            button.setVisible(not kind or sums[kind] > 0)
        if not sums.get(self.kind(), 0):
            self.choose("")
