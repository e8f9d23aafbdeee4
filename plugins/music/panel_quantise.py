"""A card that puts notes onto the grid as far as one likes: strength, swing, and how loosely they are played then."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from studio.api import ParamSpec
from studio.widgets import theme
from studio.widgets.fields import SliderField
from studio.widgets.text import Label

from . import document_shape as shape
from .document import Score
from .document_time import Grid
from .panel_sheet import Sheet

WIDTH = 280
CHANCE = 7
"""The same looseness each time a slider is turned back."""


class QuantiseCard(QFrame):
    """A popup; what it leaves is one entry of the undo stack."""

    def __init__(self, sheet: Sheet, ids: frozenset[int], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("card", "plain")
        self.setAccessibleName("Quantize")
        self._sheet, self._ids, self._before = sheet, ids, sheet.score
        self.strength = _slider("strength", "Strength", 100, "How far notes move towards the grid")
        self.swing = _slider("swing", "Swing", 0, "How much later every second step is; 100 is a triplet's feel")
        self.loose = _slider("loose", "Looseness", 0, "How far they stray from it again, in time and loudness")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        column.setSpacing(theme.M)
        count = len(ids)
        column.addWidget(Label(f"Quantize {count} {'note' if count == 1 else 'notes'} to the snap", "label"))
        for field in (self.strength, self.swing, self.loose):
            column.addWidget(field)
            field.changed.connect(self._show)
        self.setFixedWidth(theme.tokens().px(WIDTH))
        self._show()

    def _made(self) -> Score:
        grid = self._sheet.grid or Grid(16)
        strength, swing, loose = (f.value() / 100 for f in (self.strength, self.swing, self.loose))
        score = shape.quantise(self._before, self._ids, grid, strength=strength, swing=swing)
        if loose:
            score = shape.humanise(score, self._ids, seed=CHANCE, timing=loose * 0.06, velocity=loose * 20)
        return score

    def _show(self, _value: object = None) -> None:
        self._sheet.show(self._made())

    def open_over(self, view: QWidget) -> None:
        """In the upper right corner of a view."""
        self.adjustSize()
        self.move(view.mapToGlobal(QPoint(view.width() - self.width() - theme.px(theme.L), theme.px(theme.L))))
        self.show()
        self.strength.setFocus(Qt.FocusReason.PopupFocusReason)

    def settle(self) -> None:
        """What is shown becomes one entry."""
        if self._sheet.score is not self._before:
            self._sheet.edit("quantizing", self._sheet.score, before=self._before)
            self._before = self._sheet.score

    def hideEvent(self, event: object) -> None:
        """Closed."""
        self.settle()


def _slider(name: str, label: str, value: int, help: str) -> SliderField:
    return SliderField(ParamSpec(name, "integer", value, label, minimum=0, maximum=100, step=1, unit="%", help=help))
