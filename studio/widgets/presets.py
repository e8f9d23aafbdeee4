"""Presets: settings kept under a name, to be had again with one click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import IconButton
from studio.widgets.fields import Choices
from studio.widgets.text import Label, soften

Preset = Mapping[str, Any]
MOST = 100


class PresetRow(QWidget):
    """A choice of presets with save and delete beside it. A name is typed in place of the choice, without a dialog.

    `applied` brings the values of the chosen preset, `saving` asks for the values to keep under a name, `kept` says
    that the person's own presets are others now. `built_in` are the panel's own presets by name; `none` is said while
    the values are those of no preset; with `own_first` the person's own stand above the built-in ones.
    """

    applied = Signal(object)
    saving = Signal(str)
    kept = Signal()

    def __init__(
        self,
        built_in: Mapping[str, Preset],
        *,
        label: str = "Preset",
        none: str = "None",
        own_first: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._built_in, self._own_first = built_in, own_first
        self._own: dict[str, dict[str, Any]] = {}
        self._now: Preset = {}
        self._combo = Choices()
        self._combo.setAccessibleName("Preset")
        # On Linux and macOS Qt reports a combo box by its text; the name stands on the row around it.
        self.setAccessibleName("Preset")
        self._combo.setPlaceholderText(none)
        self._name = QLineEdit()
        self._name.setAccessibleName("Preset name")
        self._name.setPlaceholderText("Name, then Enter")
        self._name.setMaxLength(60)
        self._place = QStackedWidget()
        self._place.addWidget(self._combo)
        self._place.addWidget(self._name)
        self._save = IconButton("floppy-disk", "Save as preset", kind="boxed", size=18)
        self._delete = IconButton("trash", "Delete preset", kind="boxed", size=18)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self._place, 1)
        row.addWidget(self._save)
        row.addWidget(self._delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.XS)
        column.addWidget(Label(label, "label"))
        column.addLayout(row)
        self._combo.activated.connect(self._picked)
        self._save.clicked.connect(self._begin)
        self._delete.clicked.connect(self._remove)
        self._name.installEventFilter(self)
        self._fill()

    def own(self) -> dict[str, dict[str, Any]]:
        """The person's presets by name, as they are to be remembered."""
        return {name: dict(values) for name, values in self._own.items()}

    def set_own(self, presets: object) -> None:
        """Bring back what was remembered; anything that is not presets is passed over."""
        self._own = {}
        if isinstance(presets, Mapping):
            for name, values in list(presets.items())[:MOST]:
                if isinstance(name, str) and isinstance(values, Mapping) and name not in self._built_in:
                    self._own[name[:60]] = dict(values)
        self._fill()
        self.match(self._now)

    def keep(self, name: str, values: Preset) -> None:
        """Keep values under a name, in the place of an older preset of that name."""
        self._own[name] = dict(values)
        self._fill()
        self.match(values)
        self.kept.emit()

    def match(self, values: Preset) -> None:
        """Show the preset that says what `values` say, or none."""
        self._now = values
        found = ""
        for name, preset in (*self._own.items(), *self._built_in.items()):
            if preset and all(values.get(key) == value for key, value in preset.items()):
                found = name
                break
        with QSignalBlocker(self._combo):
            self._combo.setCurrentIndex(self._combo.findData(found) if found else -1)
        self._delete.setEnabled(found in self._own)

    def chosen(self) -> str:
        """The name of the preset that fits now, or ""."""
        return str(self._combo.currentData() or "")

    def _fill(self) -> None:
        with QSignalBlocker(self._combo):
            self._combo.clear()
            own = sorted(self._own, key=str.casefold)
            for name in (*own, *self._built_in) if self._own_first else (*self._built_in, *own):
                self._combo.addItem(soften(name, 60), name)
            self._combo.setCurrentIndex(-1)
        self._delete.setEnabled(False)

    def _picked(self, row: int) -> None:
        name = str(self._combo.itemData(row) or "")
        values = self._own.get(name) or self._built_in.get(name)
        if values:
            self.applied.emit(dict(values))

    def _begin(self) -> None:
        self._name.setText(self.chosen() if self.chosen() in self._own else "")
        self._place.setCurrentWidget(self._name)
        self._name.selectAll()
        self._name.setFocus()

    def _end(self) -> None:
        self._place.setCurrentWidget(self._combo)

    def _take_name(self) -> None:
        name = " ".join(self._name.text().split())
        if not name:
            return
        self._end()
        self._combo.setFocus()
        self.saving.emit(f"{name} (mine)" if name in self._built_in else name)

    def _remove(self) -> None:
        if self._own.pop(self.chosen(), None) is not None:
            self._fill()
            self.match(self._now)
            self.kept.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter keeps the name, Esc and going elsewhere do not."""
        if watched is self._name and self._place.currentWidget() is self._name:
            if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
                if event.key() == Qt.Key.Key_Escape:
                    event.accept()
                    return True
            elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                return self._name_key(event)
            elif event.type() == QEvent.Type.FocusOut:
                self._end()
        return super().eventFilter(watched, event)

    def _name_key(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take_name()
            return True
        if event.key() == Qt.Key.Key_Escape:
            self._end()
            self._combo.setFocus()
            return True
        return False
