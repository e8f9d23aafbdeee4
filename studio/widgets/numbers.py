"""The box that numbers are typed into: tabular digits on the right, arrow keys to step, no arrows to look at."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from studio.core.errors import StudioError
from studio.core.params import ParamSpec, check
from studio.widgets import theme

UNBOUNDED = 1e15
"""Stands for "no limit" inside Qt's spin box; whole numbers are exact up to here."""


class NumberBox(QDoubleSpinBox):
    """A spin box over a ParamSpec. Half-typed text leaves the value alone; leaving the box brings bad text into range.

    It is called what the spec is called. `complained` says why typed text could not stay ("" when all is well again).
    The wheel is passed on unless the box has the focus, so that scrolling a form never changes it.
    """

    complained = Signal(str)

    def __init__(self, spec: ParamSpec, *, grouped: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = spec
        self._grouped = grouped
        self.setAccessibleName(spec.label)
        self.setAccessibleDescription(spec.help)
        self.setLocale(QLocale.c())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setDecimals(0 if spec.kind == "integer" else max(spec.decimals, 0))
        low = -UNBOUNDED if spec.minimum is None else spec.minimum
        high = UNBOUNDED if spec.maximum is None else spec.maximum
        self.setRange(low, high)
        self.setSingleStep(step_of(spec))
        self._tabular()
        self.lineEdit().textChanged.connect(self._text_changed)

    def _tabular(self) -> None:
        digits = QFont(self.font())
        digits.setFeature(QFont.Tag.fromString("tnum"), 1)
        self.lineEdit().setFont(digits)
        side = theme.px(9)
        self.lineEdit().setTextMargins(side, 0, side, 0)

    def textFromValue(self, value: float) -> str:
        """The number as shown. While nobody types in it: the word for the smallest one where there is one, and whole
        numbers of a grouped box in groups of three.
        """
        if self._spec.unset and value == self._spec.minimum and not self.hasFocus():
            return self._spec.unset
        if self._spec.kind != "integer":
            return f"{value:.{self.decimals()}f}"
        return (
            f"{round(value):,}".replace(",", "\u00a0") if self._grouped and not self.hasFocus() else str(round(value))
        )

    def _meant(self, text: str) -> float | None:
        """The number that `text` stands for, or None."""
        if self._spec.unset and text.strip() == self._spec.unset:
            return self._spec.minimum
        return parse_number(text)

    def valueFromText(self, text: str) -> float:
        """The number that `text` means, or the value so far."""
        number = self._meant(text)
        return self.value() if number is None else number

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Anything may be typed; only what fits counts."""
        number = self._meant(text)
        good = number is not None and not self._complaint(number)
        state = QValidator.State.Acceptable if good else QValidator.State.Intermediate
        return state, text, position

    def fixup(self, text: str) -> str:
        """The nearest text that fits, for when the box is left; the reason goes to `complained`."""
        number = self._meant(text)
        if number is None:
            self.complained.emit(f"{self._spec.label} must be a number." if text.strip() else "")
            return self.textFromValue(self.value())
        self.complained.emit(self._complaint(number))
        return self.textFromValue(nearest(self._spec, number))

    def _complaint(self, number: float) -> str:
        try:
            check(self._spec, number)
        except StudioError as error:
            return str(error)
        return ""

    def _text_changed(self) -> None:
        # Assistive technology sets the text without ever giving the box the focus: take it as final then.
        if not self.hasFocus() and self._meant(self.text()) != self.value():
            self.interpretText()
        elif self.lineEdit().isModified():
            self.complained.emit("")

    def stepBy(self, steps: int) -> None:
        """Arrow keys and the wheel; what is not a multiple goes to the next one."""
        self.complained.emit("")
        self.setValue(nearest(self._spec, self.value() + steps * self.singleStep()))
        self.selectAll()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only a box with the focus turns."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        """Ctrl+Enter reaches the window as a shortcut, without the box losing the focus: settle the text before."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and event.key() in _ENTER:
            self.interpretText()
        done = super().event(event)
        if (self._grouped or self._spec.unset) and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._regroup()
        return done

    def _regroup(self) -> None:
        line = self.lineEdit()
        if self._meant(line.text()) == self.value():
            selected = line.hasSelectedText()
            line.setText(self.textFromValue(self.value()))
            if selected and self.hasFocus():
                line.selectAll()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme brings a new font, which must keep its tabular digits."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._tabular()


_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def parse_number(text: str) -> float | None:
    """What a person means by `text` ("1 024", "0,5", "7."), or None."""
    cleaned = "".join(text.split()).replace(",", ".")
    if len(cleaned) > 40:
        return None
    try:
        number = float(cleaned)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def nearest(spec: ParamSpec, number: float) -> float:
    """The value next to `number` that `spec` allows."""
    if spec.kind == "integer":
        number = round(number)
    if spec.multiple > 1:
        number = round(number / spec.multiple) * spec.multiple
    if spec.minimum is not None and number < spec.minimum:
        number = _inwards(spec, spec.minimum, math.ceil)
    if spec.maximum is not None and number > spec.maximum:
        number = _inwards(spec, spec.maximum, math.floor)
    return number


def _inwards(spec: ParamSpec, limit: float, towards: object) -> float:
    if spec.multiple > 1:
        assert callable(towards)
        return float(towards(limit / spec.multiple) * spec.multiple)
    return limit


def step_of(spec: ParamSpec) -> float:
    """By how much one arrow key changes the value."""
    if spec.step:
        return spec.step
    if spec.multiple > 1:
        return spec.multiple
    if spec.kind == "integer":
        return 1
    return float(10.0 ** -min(spec.decimals, 2)) if spec.decimals else 1.0
