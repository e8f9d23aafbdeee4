"""Width and height, with the shapes people think in."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.api import ParamSpec
from studio.widgets import theme
from studio.widgets.controls import Button, IconButton
from studio.widgets.fields import NumberField

from .document import fit_size

SHAPES = ((1, 1), (4, 3), (3, 2), (16, 9))


class SizeFields(QWidget):
    """Two number fields and a row of shapes. A shape keeps about the area, so that the time to make it stays the same.

    `changed` is said once for each change of the size.
    """

    changed = Signal()

    def __init__(self, width: ParamSpec, height: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._specs = (width, height)
        self.width_field = NumberField(width)
        self.height_field = NumberField(height)
        pair = QHBoxLayout()
        pair.setSpacing(theme.M)
        for field in (self.width_field, self.height_field):
            pair.addWidget(field, 1)
            field.changed.connect(self._edited)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addLayout(pair)
        column.addLayout(self._chips())
        self._show_shape()

    def _chips(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.XS)
        self._shapes: dict[tuple[int, int], Button] = {}
        for shape in SHAPES:
            words = f"{shape[0]}:{shape[1]}"
            chip = Button(words, "quiet", name=f"Shape {words}", help=f"Make it {words}, at about the same area.")
            chip.setCheckable(True)
            chip.clicked.connect(lambda _checked=False, wanted=shape: self.set_shape(*wanted))
            self._shapes[shape] = chip
            row.addWidget(chip)
        row.addStretch(1)
        self.swap_button = IconButton("swap", "Swap width and height", kind="boxed", size=16)
        self.swap_button.clicked.connect(self.swap)
        row.addWidget(self.swap_button)
        return row

    def size_in_pixels(self) -> tuple[int, int]:
        """Width and height as they are set."""
        return int(self.width_field.value()), int(self.height_field.value())

    def set_size(self, width: int, height: int) -> None:
        """Set both; `changed` is said once. Raises StudioError for a size outside the limits."""
        before = self.size_in_pixels()
        with QSignalBlocker(self.width_field), QSignalBlocker(self.height_field):
            self.width_field.set_value(width)
            self.height_field.set_value(height)
        self._show_shape()
        if self.size_in_pixels() != before:
            self.changed.emit()

    def set_shape(self, wide: int, high: int) -> None:
        """Take a shape, lying or standing as the picture is now."""
        width, height = self.size_in_pixels()
        if height > width:
            wide, high = high, wide
        self.set_size(*self._fitted(wide, high))
        self._show_shape()

    def swap(self) -> None:
        """Turn lying into standing."""
        width, height = self.size_in_pixels()
        self.set_size(height, width)

    def commit(self) -> bool:
        """Take half-typed numbers as final; False where one has a problem (it gets the focus)."""
        for field in (self.width_field, self.height_field):
            field.commit()
            if field.problem():
                field.setFocus()
                return False
        return True

    def _fitted(self, wide: int, high: int) -> tuple[int, int]:
        width, height = self.size_in_pixels()
        spec = self._specs[0]
        return fit_size(
            wide,
            high,
            area=width * height,
            multiple=max(1, spec.multiple),
            low=int(spec.minimum or 1),
            high=int(spec.maximum or 16_384),
        )

    def _edited(self, _value: object) -> None:
        self._show_shape()
        self.changed.emit()

    def _show_shape(self) -> None:
        width, height = self.size_in_pixels()
        long, short = max(width, height), min(width, height)
        for (wide, high), chip in self._shapes.items():
            chip.setChecked(abs(long / short - wide / high) < 0.04)
