"""What all fields of a form share: the row with the label, the reset, and what is wrong."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.params import ParamSpec, check
from studio.widgets import theme
from studio.widgets.controls import IconButton
from studio.widgets.text import Label, soften, tip

BESIDE = 300
"""Pixels for the editors beside a label."""
_RESET_PLACE = 3  # after label, unit and the stretch


class Field(QWidget):
    """One value with its label. `changed` carries the new value, whoever changed it.

    Subclasses put their editors in with `_add_editor`, then call `_seal`, and show a value in `_show`.
    """

    changed = Signal(object)

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self._value: Any = spec.default
        self._editors: list[QWidget] = []
        self._label = Label(soften(spec.label, 80).replace("&", "&&"), "label")
        self._unit = Label(spec.unit, "hint", parent=self)
        self._unit.setVisible(bool(spec.unit))
        self._reset = IconButton(
            "arrow-counter-clockwise",
            f"Reset {spec.label}",
            kind="tiny",
            size=14,
            parent=self,
            help=self._reset_words(),
        )
        keep = self._reset.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(keep)
        self._reset.hide()
        self._problem = Label("", "error", wrap=True)
        self._problem.hide()
        self._lay_out()
        # Not on the field itself: assistive technology would read the tooltip of the empty space between its parts.
        self._label.setToolTip(tip(spec.help))
        self._reset.clicked.connect(self.reset)
        self._watch(self._reset)

    def _lay_out(self) -> None:
        self._top = QHBoxLayout()
        self._top.setSpacing(theme.px(theme.S))
        self._top.addWidget(self._label)
        self._top.addWidget(self._unit)
        self._top.addStretch(1)
        self._row = QHBoxLayout()
        self._row.setSpacing(theme.px(theme.S))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(theme.XS))
        self._column.addLayout(self._top)
        self._column.addLayout(self._row)
        self._column.addWidget(self._problem)
        self._beside: QWidget | None = None

    def lie_down(self) -> None:
        """Stand in a wide form: the label at the left with the help below it, the editors at the right."""
        words, whole = QVBoxLayout(), QHBoxLayout()
        theme.style(self._label, "tone", "")
        words.setSpacing(theme.px(2))
        whole.setSpacing(theme.px(theme.XL))
        for part in (self._top, self._row):
            self._column.removeItem(part)
            part.setParent(None)
        words.addLayout(self._top)
        if self.spec.help:
            words.addWidget(Label(soften(self.spec.help, 300), "label", wrap=True))
        whole.addLayout(words, 1)
        if self._row.count():
            self._beside = QWidget()
            self._row.setContentsMargins(0, 0, 0, 0)
            self._beside.setLayout(self._row)
            self._beside.setFixedWidth(theme.tokens().px(BESIDE))
            whole.addWidget(self._beside, 0, Qt.AlignmentFlag.AlignVCenter)
        self._column.insertLayout(0, whole)
        if self._editors:
            QWidget.setTabOrder(self._editors[-1], self._reset)

    def changeEvent(self, event: QEvent) -> None:
        """What stands beside the label grows with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and getattr(self, "_beside", None) is not None:
            assert self._beside is not None
            self._beside.setFixedWidth(theme.tokens().px(BESIDE))

    def _reset_words(self) -> str:
        default = self.spec.default
        if isinstance(default, bool):
            words = "on" if default else "off"
        else:
            words = next((c.label for c in self.spec.choices if c.value == default), str(default)) or "empty"
        return f"Back to {soften(words, 80)}"

    def _add_editor(self, editor: QWidget, *, name: str = "", stretch: int = 0) -> None:
        """Put an editor in the row; it gets the field's accessible name unless it has its own."""
        editor.setAccessibleName(name or self.spec.label)
        described = f"{self.spec.help} ({self.spec.unit})" if self.spec.unit and self.spec.help else self.spec.help
        editor.setAccessibleDescription(described or self.spec.unit)
        editor.setToolTip(tip(self.spec.help))
        if not self._editors:
            # On Linux a combo box is known by its label alone: Qt gives its text as its name there.
            self._label.setBuddy(editor)
        self._row.addWidget(editor, stretch)
        self._watch(editor)
        self._editors.append(editor)
        self.setFocusProxy(self._editors[0])

    def _seal(self) -> None:
        """Call when all editors are in. The reset stands above them but comes after them for the keyboard."""
        self._top.insertWidget(_RESET_PLACE, self._reset)
        QWidget.setTabOrder(self._editors[-1], self._reset)

    def tab_stops(self) -> list[QWidget]:
        """The parts the keyboard reaches, in order."""
        return [*self._editors, self._reset]

    def value(self) -> Any:
        """The value, always one that the field's limits allow."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Show and hold `value`. Raises StudioError where the limits do not allow it."""
        checked = check(self.spec, value)
        self.set_problem("")
        self._show(checked)
        self._take(checked)

    def reset(self) -> None:
        """Back to the default."""
        self.set_value(self.spec.default)

    def commit(self) -> None:
        """Take half-typed text as final, as leaving the field does."""

    def is_changed(self) -> bool:
        """True where the value is not the default."""
        return bool(self._value != self.spec.default)

    def problem(self) -> str:
        """What is wrong with what was typed, or ""."""
        return self._problem.text() if not self._problem.isHidden() else ""

    def set_problem(self, text: str) -> None:
        """Say below the field what is wrong; "" takes it back."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))
        for editor in self._editors:
            theme.style(editor, "wrong", bool(text))

    def _show(self, value: Any) -> None:
        raise NotImplementedError

    def _take(self, value: Any) -> None:
        if value == self._value and type(value) is type(self._value):
            return
        self._value = value
        self._show_reset()
        self.changed.emit(value)

    def _watch(self, widget: QWidget) -> None:
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The reset shows while the field is being used."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._show_reset(gained=event.type() == QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """The reset shows under the mouse."""
        super().enterEvent(event)
        self._show_reset()

    def leaveEvent(self, event: QEvent) -> None:
        """And goes with it."""
        super().leaveEvent(event)
        self._show_reset()

    def _show_reset(self, *, gained: bool = False) -> None:
        used = gained or self.underMouse() or any(part.hasFocus() for part in self.tab_stops())
        if not self.is_changed() and self._reset.hasFocus():
            # Hiding what has the focus would throw it out of the field.
            self._editors[-1].setFocus(Qt.FocusReason.OtherFocusReason)
        self._reset.setVisible(self.is_changed() and used)
