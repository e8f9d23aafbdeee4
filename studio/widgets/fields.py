"""The fields of a form: numbers with and without a slider, text, choices, switches, files.

Each is made from a ParamSpec, so a generator's params need no more than their declaration. In all of them the wheel
changes nothing unless the field has the focus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionSlider,
    QStylePainter,
    QWidget,
)

from studio.core.errors import StudioError
from studio.core.params import Choice, ParamSpec, check
from studio.widgets import theme
from studio.widgets.controls import IconButton
from studio.widgets.field import Field
from studio.widgets.numbers import NumberBox, nearest, step_of
from studio.widgets.prompt import PromptEdit
from studio.widgets.seed import SeedField
from studio.widgets.text import soften, tip

__all__ = [
    "FILES",
    "ChoiceField",
    "Field",
    "NumberField",
    "PathField",
    "SeedField",
    "SliderField",
    "SwitchField",
    "TextField",
    "field_for",
]


FILES = {
    "picture": "Pictures (*.png *.jpg *.jpeg *.webp *.avif *.tif *.tiff *.gif)",
    "sound": "Sounds (*.mp3 *.opus *.ogg *.wav *.flac)",
}
"""What a field for a file offers to choose from, by the role of its parameter."""


def field_for(spec: ParamSpec, parent: QWidget | None = None) -> Field:
    """The field that suits a ParamSpec."""
    if spec.role == "seed":
        return SeedField(spec, parent)
    if spec.role in ("folder", "file", *FILES):
        return PathField(spec, parent)
    if spec.kind == "boolean":
        return SwitchField(spec, parent)
    if spec.kind == "choice":
        return ChoiceField(spec, parent)
    if spec.kind == "text":
        return TextField(spec, parent)
    if spec.role in ("width", "height") or slider_range(spec) is None:
        return NumberField(spec, parent)
    return SliderField(spec, parent)


def slider_range(spec: ParamSpec) -> tuple[float, float] | None:
    """What a slider for `spec` would run over, or None where nobody knows the ends."""
    if spec.slider is not None:
        return spec.slider
    if spec.minimum is None or spec.maximum is None or spec.maximum <= spec.minimum:
        return None
    return spec.minimum, spec.maximum


class NumberField(Field):
    """A number in a box of its own."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._box = NumberBox(spec)
        self._box.setValue(float(spec.default))
        self._add_parts()
        self._seal()
        self._box.valueChanged.connect(self._from_box)
        self._box.complained.connect(self.set_problem)

    def _add_parts(self) -> None:
        self._add_editor(self._box, stretch=1)

    def commit(self) -> None:
        """Take half-typed text as final."""
        self._box.interpretText()

    def _from_box(self, number: float) -> None:
        self._take(self._own(number))

    def _own(self, number: float) -> int | float:
        return round(number) if self.spec.kind == "integer" else float(number)

    def _show(self, value: Any) -> None:
        # The box rounds to its decimals; the field keeps the number as it came, so that a recalled recipe stays exact.
        with QSignalBlocker(self._box):
            self._box.setValue(float(value))


class Slider(QSlider):
    """A horizontal slider that jumps to where it is pressed and leaves the wheel to the form."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only a slider with the focus turns."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Bring the handle under the mouse at once, then drag it."""
        if event.button() == Qt.MouseButton.LeftButton:
            option = QStyleOptionSlider()
            self.initStyleOption(option)
            control = QStyle.ComplexControl.CC_Slider
            handle = self.style().subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
            if not handle.contains(event.position().toPoint()):
                room = max(self.width() - handle.width(), 1)
                left = round(event.position().x() - handle.width() / 2)
                self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), left, room))
        super().mousePressEvent(event)


class SliderField(NumberField):
    """A number with a slider over its sensible range and a box that takes everything inside the limits."""

    def _add_parts(self) -> None:
        self._others: tuple[SliderField, ...] = ()
        ends = slider_range(self.spec) or (0.0, 1.0)
        self._low = ends[0]
        self._step = step_of(self.spec)
        self._slider = Slider()
        self._slider.setRange(0, max(round((ends[1] - ends[0]) / self._step), 1))
        self._slider.setPageStep(max(self._slider.maximum() // 10, 1))
        self._place(float(self.spec.default))
        self._slider.valueChanged.connect(self._from_slider)
        self._add_editor(self._slider, name=f"{self.spec.label} slider", stretch=1)
        self._add_editor(self._box)
        self._box.setFixedWidth(self._box_width())

    def _box_width(self) -> int:
        ends = (self.spec.minimum, self.spec.maximum, self.spec.default)
        shown = [self._box.textFromValue(float(end)) + "0" for end in ends if end is not None]
        # The theme's font, not the box's: of fields that line up, some have not got a new one yet.
        metrics = QFontMetrics(theme.font(theme.tokens().body, tabular=True))
        return max(theme.px(64), theme.px(24) + max(map(metrics.horizontalAdvance, [*shown, self.spec.unset])))

    def line_up(self, others: Sequence[SliderField]) -> None:
        """Make the box as wide as the widest of `others`, so that the sliders of a form end below each other."""
        self._others = tuple(others)
        self._box.setFixedWidth(self._shared_width())

    def _shared_width(self) -> int:
        return max(field._box_width() for field in (self, *self._others))

    def changeEvent(self, event: QEvent) -> None:
        """The box grows with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_slider"):
            self._box.setFixedWidth(self._shared_width())

    def _place(self, number: float) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setValue(round((number - self._low) / self._step))

    def _from_slider(self, position: int) -> None:
        number = nearest(self.spec, round(self._low + position * self._step, max(self.spec.decimals, 0)))
        self.set_problem("")
        super()._show(number)
        self._take(self._own(number))

    def _from_box(self, number: float) -> None:
        self._place(number)
        super()._from_box(number)

    def _show(self, value: Any) -> None:
        super()._show(value)
        self._place(float(value))


class TextField(Field):
    """A line of text, or several where the spec is `multiline` or a prompt."""

    submitted = Signal()

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._edit: QLineEdit | PromptEdit
        if spec.multiline or spec.role in ("prompt", "negative prompt"):
            self._edit = PromptEdit(accessible_name=spec.label, limit=spec.max_length, lines=(2, 6))
            self._edit.setTabChangesFocus(True)
            self._edit.submitted.connect(self.submitted)
            self._edit.textChanged.connect(self._typed)
        else:
            self._edit = QLineEdit()
            self._edit.setMaxLength(min(spec.max_length, 20_000))
            self._edit.textChanged.connect(self._typed)
        self._add_editor(self._edit, stretch=1)
        self._show(spec.default)
        self._seal()

    def _typed(self) -> None:
        self._take(self._edit.text())

    def _show(self, value: Any) -> None:
        with QSignalBlocker(self._edit):
            self._edit.setText(value)


class Choices(QComboBox):
    """A combo box that leaves the wheel to the form and shows plain, shortened words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._dressed = False
        self.setMaxVisibleItems(14)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def showPopup(self) -> None:
        """Qt builds the list now: the stylesheet reaches its rows only through this delegate."""
        if not self._dressed:
            self._dressed = True
            self.setItemDelegate(QStyledItemDelegate(self))
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The box and what is chosen in it, shortened where it does not fit: Qt would cut through a letter."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        box, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(box, option, field, self).width() - theme.px(4)
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)
        if self.currentIndex() < 0 and self.placeholderText():
            option.palette.setBrush(QPalette.ColorRole.ButtonText, option.palette.placeholderText())
            option.currentText = self.placeholderText()
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only a box with the focus turns."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceField(Field):
    """One of several values; what each does is in its tooltip."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        # On Linux and macOS Qt reports a combo box by its text; the name stands on the field around it and its label.
        self.setAccessibleName(spec.label)
        self._combo = Choices()
        self._add_editor(self._combo, stretch=1)
        self._seal()
        self._combo.currentIndexChanged.connect(self._picked)
        self.set_choices(spec.choices)

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Offer other values. The current one stays if it is among them, else the default or the first is taken."""
        self.spec = replace(self.spec, choices=tuple(choices))
        with QSignalBlocker(self._combo):
            self._combo.clear()
            for choice in choices:
                self._combo.addItem(soften(choice.label, 120), choice.value)
                self._combo.setItemData(self._combo.count() - 1, tip(choice.help), Qt.ItemDataRole.ToolTipRole)
        offered = [choice.value for choice in choices]
        if not offered:
            return
        wanted = next((v for v in (self._value, self.spec.default) if v in offered), offered[0])
        self._show(wanted)
        self._take(wanted)

    def _picked(self, row: int) -> None:
        if row >= 0:
            self.set_problem("")
            self._take(self._combo.itemData(row))

    def _show(self, value: Any) -> None:
        with QSignalBlocker(self._combo):
            self._combo.setCurrentIndex(self._combo.findData(value))


class SwitchField(Field):
    """On or off, with the switch at the end of the label's line."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._switch = QCheckBox()
        self._switch.setChecked(bool(spec.default))
        self._add_editor(self._switch)
        self._row.removeWidget(self._switch)
        self._top.addWidget(self._switch)
        self._switch.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self._seal()
        self._switch.toggled.connect(self._take)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The label is part of the switch."""
        if event.button() == Qt.MouseButton.LeftButton and self._label.geometry().contains(event.position().toPoint()):
            self._switch.click()
        super().mouseReleaseEvent(event)

    def _show(self, value: Any) -> None:
        with QSignalBlocker(self._switch):
            self._switch.setChecked(value)


class PathField(Field):
    """A file or folder, typed or chosen in the dialog of the desktop."""

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._edit = QLineEdit()
        self._edit.setMaxLength(4096)
        usual = "Choose a folder" if spec.role == "folder" else "Choose a file"
        self._edit.setPlaceholderText(spec.unset or usual)
        self._browse = IconButton("folder-open", f"Choose {spec.label}", kind="boxed", size=18)
        self._add_editor(self._edit, stretch=1)
        self._add_editor(self._browse, name=f"Choose {spec.label}")
        self._show(spec.default)
        self._seal()
        self._edit.editingFinished.connect(self._typed)
        self._edit.textChanged.connect(self._set_unfocused)
        self._browse.clicked.connect(self.browse)

    def offer(self, name: str, icon: str, ask: Callable[[], str]) -> None:
        """One more way to choose: a button whose `ask` gives a path, or "" where none was chosen."""
        button = IconButton(icon, name, kind="boxed", size=18)
        self._add_editor(button, name=name)
        button.setToolTip(name)
        button.clicked.connect(lambda: self.set_value(ask() or self._value))

    def browse(self) -> None:
        """Ask in the dialog of the desktop; nothing changes if it is closed."""
        kinds = FILES.get(self.spec.role, "")
        if self.spec.role == "folder":
            picked = QFileDialog.getExistingDirectory(self, self.spec.label, self._value)
        else:
            picked, _ = QFileDialog.getOpenFileName(self, self.spec.label, self._value, kinds)
        if picked:
            self.set_value(picked)

    def commit(self) -> None:
        """Take half-typed text as final."""
        self._typed()

    def _set_unfocused(self) -> None:
        if not self._edit.hasFocus():
            self._typed()

    def _typed(self) -> None:
        try:
            value = check(self.spec, self._edit.text().strip())
        except StudioError as error:
            self.set_problem(str(error))
            return
        self.set_problem("")
        self._take(value)

    def _show(self, value: Any) -> None:
        with QSignalBlocker(self._edit):
            self._edit.setText(value)
