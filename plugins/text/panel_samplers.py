"""Everything that decides which word is chosen: the advanced fields in their groups, and the order samplers work in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.api import ParamSpec, StudioError
from studio.widgets import theme
from studio.widgets.controls import IconButton, Section
from studio.widgets.field import Field
from studio.widgets.fields import field_for
from studio.widgets.prompt import PromptEdit
from studio.widgets.text import Label

from .spelling import SAMPLERS, sampler_order

NAMES = {
    "penalties": "Penalties",
    "dry": "DRY",
    "top_n_sigma": "Top-nσ",
    "top_k": "Top-k",
    "typical_p": "Typical",
    "top_p": "Top-p",
    "min_p": "Min-p",
    "xtc": "Leave out the obvious",
    "temperature": "Temperature",
}
EXAMPLES = {
    "logit_bias": "night = 2.5",
    "banned": "shivers down her spine",
    "stop": "The end",
    "negative": "gloomy, cruel, old-fashioned",
    "grammar": "(Ida|Theo) (walked|ran) home\\.",
}
"""What an empty box shows of how it is filled."""


class Order(QWidget):
    """The samplers from first to last, to be dragged or moved with Alt and the arrows. `changed` carries the order."""

    changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = _OrderList()
        self.list.setAccessibleName("Order of samplers")
        self.list.setAccessibleDescription("Drag, or hold Alt and press an arrow, to move one.")
        self.list.moved.connect(self._say)
        self._reset = IconButton("arrow-counter-clockwise", "Reset order of samplers", kind="tiny", size=14)
        self._reset.clicked.connect(self.reset)
        top = QHBoxLayout()
        top.addWidget(Label("Order", "label"))
        top.addStretch(1)
        top.addWidget(self._reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(theme.XS))
        column.addLayout(top)
        column.addWidget(self.list)
        self.set_value("")

    def value(self) -> str:
        """The order as the params spell it; "" for the usual one."""
        names = [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]
        return "" if tuple(names) == SAMPLERS else " ".join(names)

    def set_value(self, text: str) -> None:
        """Show an order; what is no order is passed over."""
        try:
            names = sampler_order(text)
        except StudioError:
            names = SAMPLERS
        with QSignalBlocker(self.list):
            self.list.clear()
            for name in names:
                item = QListWidgetItem(NAMES.get(name, name))
                item.setData(Qt.ItemDataRole.UserRole, name)
                self.list.addItem(item)
        self.list.setFixedHeight(self.list.sizeHintForRow(0) * len(names) + 2 * self.list.frameWidth() + theme.px(4))
        self._reset.setEnabled(bool(self.value()))

    def reset(self) -> None:
        """The usual order."""
        self.set_value("")
        self._say()

    def _say(self) -> None:
        self._reset.setEnabled(bool(self.value()))
        self.changed.emit(self.value())


class _OrderList(QListWidget):
    moved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.model().rowsMoved.connect(lambda *_: self.moved.emit())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt with an arrow moves the chosen one."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        row = self.currentRow()
        if step and event.modifiers() & Qt.KeyboardModifier.AltModifier and 0 <= row + step < self.count() and row >= 0:
            item = self.takeItem(row)
            self.insertItem(row + step, item)
            self.setCurrentRow(row + step)
            self.moved.emit()
        else:
            super().keyPressEvent(event)


class Fields(QWidget):
    """Fields for some params, in sections by their group. `changed` is said after each change."""

    changed = Signal()

    def __init__(self, specs: Sequence[ParamSpec], *, sections: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}
        self.sections: dict[str, Section] = {}
        self.order: Order | None = None
        self._quiet = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(theme.M if not sections else theme.XS))
        for group in dict.fromkeys(spec.group for spec in specs):
            mine = [spec for spec in specs if spec.group == group]
            body = column
            if sections:
                section = Section(group, ", ".join(spec.label for spec in mine))
                column.addWidget(section)
                self.sections[group] = section
                body = section.body
            for spec in mine:
                if spec.name == "order":
                    self.order = Order()
                    self.order.changed.connect(lambda _text: self._said())
                    body.addWidget(self.order)
                    continue
                field = field_for(spec)
                field.changed.connect(lambda _value: self._said())
                self.fields[spec.name] = field
                edit = field.findChild(PromptEdit) if spec.name in EXAMPLES else None
                if edit is not None:
                    edit.setPlaceholderText(EXAMPLES[spec.name])
                body.addWidget(field)

    def _said(self) -> None:
        if not self._quiet:
            self.changed.emit()

    def values(self) -> dict[str, Any]:
        """What the fields say."""
        values = {name: field.value() for name, field in self.fields.items()}
        return values | ({"order": self.order.value()} if self.order is not None else {})

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values without saying that they changed; what does not fit is passed over."""
        self._quiet = True
        for name, field in self.fields.items():
            if name in values:
                try:
                    field.set_value(values[name])
                except StudioError:
                    continue
        if self.order is not None and "order" in values:
            self.order.set_value(str(values["order"]))
        self._quiet = False

    def commit(self) -> bool:
        """Take half-typed text as final; False where a field has a problem (it has the focus then)."""
        for name, field in self.fields.items():
            field.commit()
            if field.problem():
                for section in self.sections.values():
                    if section.isAncestorOf(self.fields[name]):
                        section.set_open(True)
                field.setFocus()
                return False
        return True
