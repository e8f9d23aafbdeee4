"""A form made from a params dataclass: the fields that matter first, the rest behind "Advanced"."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.params import ParamSpec, check, describe
from studio.widgets import theme
from studio.widgets.controls import Section
from studio.widgets.field import Field
from studio.widgets.fields import SliderField, field_for
from studio.widgets.text import shorten


class ParamForm(QWidget):
    """The inspector's form for `params`. Fields with one of `skip_roles` or `skip_names` are left to the panel.

    `changed` is said once for each change, also for a whole `set_values`. Sections: fields without a group, one part
    for each group, and "Advanced" (closed at first). Hidden fields are not shown but keep their value. `wide` puts the
    editors beside their labels and shows the help. What is behind "Advanced" is built when it is opened or asked for:
    forty widgets that few first windows show.
    """

    changed = Signal()

    def __init__(
        self,
        params: type,
        *,
        skip_roles: Collection[str] = (),
        skip_names: Collection[str] = (),
        wide: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._wide = wide
        self._fields: dict[str, Field] = {}
        self._hidden: dict[str, Any] = {}
        self._later: list[ParamSpec] = []
        self._specs: dict[str, ParamSpec] = {}
        self._advanced: Section | None = None
        self._sections: list[Section] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(theme.L if wide else theme.M))
        for spec in describe(params):
            if spec.name not in skip_names and not (spec.role and spec.role in skip_roles):
                self._specs[spec.name] = spec
        self._build(column)

    def _build(self, column: QVBoxLayout) -> None:
        shown = [spec for spec in self._specs.values() if spec.level != "hidden"]
        self._hidden = {s.name: s.default for s in self._specs.values() if s.level == "hidden"}
        basic = [spec for spec in shown if spec.level == "basic"]
        advanced = [spec for spec in shown if spec.level == "advanced"]
        self._fill(column, [spec for spec in basic if not spec.group])
        for group in dict.fromkeys(spec.group for spec in basic if spec.group):
            section = Section(group, opened=True)
            self._fill(section.body, [spec for spec in basic if spec.group == group])
            column.addWidget(section)
            self._sections.append(section)
        if advanced:
            words = shorten(", ".join(spec.label for spec in advanced), 120)
            self._advanced = Section("Advanced", words, later=self._build_later)
            column.addWidget(self._advanced)
            self._sections.append(self._advanced)
            self._later = advanced
            self._hidden |= {spec.name: spec.default for spec in advanced}
        self._line_up()

    def _build_later(self) -> None:
        later, self._later = self._later, []
        if not later or self._advanced is None:
            return
        self._fill(self._advanced.body, later)
        for spec in later:
            with QSignalBlocker(self):  # the same value in another place
                self._fields[spec.name].set_value(self._hidden.pop(spec.name))
        self._line_up()

    def _line_up(self) -> None:
        sliders = [field for field in self._fields.values() if isinstance(field, SliderField)]
        for field in sliders:
            field.line_up(sliders)

    def _fill(self, column: QVBoxLayout, specs: list[ParamSpec]) -> None:
        rest = list(specs)
        while rest:
            spec = rest.pop(0)
            field = self._make(spec)
            if spec.role == "width" and rest and rest[0].role == "height":
                pair = QHBoxLayout()
                pair.setSpacing(theme.px(theme.M))
                pair.addWidget(field, 1, Qt.AlignmentFlag.AlignTop)
                pair.addWidget(self._make(rest.pop(0)), 1, Qt.AlignmentFlag.AlignTop)
                column.addLayout(pair)
            else:
                column.addWidget(field)

    def _make(self, spec: ParamSpec) -> Field:
        field = field_for(spec)
        if self._wide and not spec.multiline:
            field.lie_down()
        field.changed.connect(self._field_changed)
        self._fields[spec.name] = field
        return field

    def _field_changed(self, _value: object) -> None:
        self.changed.emit()

    def fields(self) -> Mapping[str, Field]:
        """The fields by the names of their params, in the order of the form."""
        self._build_later()
        return dict(self._fields)

    def field(self, name: str) -> Field:
        """One field. Raises KeyError where the form does not show it."""
        if name in self._hidden:
            self._build_later()
        return self._fields[name]

    def values(self) -> dict[str, Any]:
        """All values of the form, hidden ones too, in the order of the dataclass. Call `commit` before a request."""
        held = {**self._hidden, **{name: field.value() for name, field in self._fields.items()}}
        return {name: held[name] for name in self._specs}

    def set_values(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Take what fits; the labels of what does not come back. Names the form does not have are passed over."""
        before = self.values()
        refused = []
        with QSignalBlocker(self):
            for name, value in values.items():
                if name not in self._specs:
                    continue
                try:
                    self._set(name, value)
                except StudioError:
                    refused.append(self._specs[name].label)
        if self.values() != before:
            self.changed.emit()
        return tuple(refused)

    def _set(self, name: str, value: Any) -> None:
        if name in self._hidden:
            self._hidden[name] = check(self._specs[name], value)
        else:
            self._fields[name].set_value(value)

    def reset(self, name: str = "") -> None:
        """One field back to its default, or all of them."""
        names = [name] if name else list(self._specs)
        self.set_values({each: self._specs[each].default for each in names})

    def commit(self) -> bool:
        """Take half-typed text as final; False where a field still has a problem (the first of them gets the focus)."""
        for field in self._fields.values():
            field.commit()
        wrong = [field for field in self._fields.values() if field.problem()]
        if wrong:
            self.reveal(wrong[0])
            wrong[0].setFocus()
        return not wrong

    def problems(self) -> dict[str, str]:
        """What is wrong, by the names of the params."""
        return {name: field.problem() for name, field in self._fields.items() if field.problem()}

    def set_problem(self, name: str, text: str) -> None:
        """Say below a field what is wrong with it."""
        if name in self._hidden:
            self._build_later()
        field = self._fields.get(name)
        if field is not None:
            field.set_problem(text)
            self.reveal(field)

    def reveal(self, field: Field) -> None:
        """Open the section that hides a field."""
        section = self._section_of(field)
        if section is not None:
            section.set_open(True)

    def _section_of(self, field: Field) -> Section | None:
        return next((section for section in self._sections if section.isAncestorOf(field)), None)

    def advanced_open(self) -> bool:
        """True while "Advanced" is open."""
        return self._advanced is not None and self._advanced.is_open()

    def set_advanced_open(self, on: bool) -> None:
        """Open or close "Advanced"."""
        if self._advanced is not None:
            self._advanced.set_open(on)
