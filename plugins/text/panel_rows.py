"""Fields under each other, each behind its name."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QWidget

from studio.widgets import theme
from studio.widgets.text import Label


def rows_of(fields: Iterable[tuple[str, QWidget]], *, apart: int = theme.S) -> QFormLayout:
    """A row for each (name, field), whose parts stand `apart` pixels from each other."""
    rows = QFormLayout()
    rows.setHorizontalSpacing(theme.px(apart))
    rows.setVerticalSpacing(theme.px(theme.S))
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    for name, field in fields:
        label = Label(name, "label")
        label.setBuddy(field)
        label.setMinimumHeight(field.sizeHint().height())  # in the middle of its row
        rows.addRow(label, field)
    return rows
