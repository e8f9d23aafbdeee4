"""Presets of how to write: a choice with save and delete beside it; a name is typed in place of the choice."""

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

_OFF = {"top_k": 0, "typical_p": 1.0, "top_n_sigma": 0.0, "dynatemp_range": 0.0, "xtc_probability": 0.0}
_OFF |= {"mirostat": False, "repetition_penalty": 1.0, "frequency_penalty": 0.0, "presence_penalty": 0.0}
BUILT_IN: Mapping[str, Mapping[str, Any]] = {
    "Precise": {**_OFF, "temperature": 0.4, "top_p": 0.9, "min_p": 0.05, "dry_multiplier": 0.0},
    "Balanced": {**_OFF, "temperature": 0.8, "top_p": 0.95, "min_p": 0.02, "dry_multiplier": 0.0},
    "Lively": {**_OFF, "temperature": 1.0, "top_p": 1.0, "min_p": 0.05, "dry_multiplier": 0.8},
    "Wild": {**_OFF, "temperature": 1.3, "top_p": 1.0, "min_p": 0.04, "dry_multiplier": 0.8, "xtc_probability": 0.5},
    "Even": {**_OFF, "temperature": 1.0, "top_p": 1.0, "min_p": 0.0, "dry_multiplier": 0.0, "mirostat": True},
}
MOST = 100


class PresetRow(QWidget):
    """`applied` brings the values of the chosen preset, `saving` asks for the values to keep under a name, `kept` says
    that the person's own presets are others now.
    """

    applied = Signal(object)
    saving = Signal(str)
    kept = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own: dict[str, dict[str, Any]] = {}
        self._now: Mapping[str, Any] = {}
        self._combo = Choices()
        self._combo.setAccessibleName("Preset")
        self.setAccessibleName("Preset")
        self._combo.setPlaceholderText("My own settings")
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
        column.addWidget(Label("Style of writing", "label"))
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
                if isinstance(name, str) and isinstance(values, Mapping) and name not in BUILT_IN:
                    self._own[name[:60]] = dict(values)
        self._fill()
        self.match(self._now)

    def keep(self, name: str, values: Mapping[str, Any]) -> None:
        """Keep values under a name, in the place of an older preset of that name."""
        self._own[name] = dict(values)
        self._fill()
        self.match(values)
        self.kept.emit()

    def match(self, values: Mapping[str, Any]) -> None:
        """Show the preset that says what `values` say, or none."""
        self._now = values
        found = ""
        for name, preset in (*self._own.items(), *BUILT_IN.items()):
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
            for name in (*BUILT_IN, *sorted(self._own, key=str.casefold)):
                self._combo.addItem(soften(name, 60), name)
            self._combo.setCurrentIndex(-1)
        self._delete.setEnabled(False)

    def _picked(self, row: int) -> None:
        name = str(self._combo.itemData(row) or "")
        values = self._own.get(name) or BUILT_IN.get(name)
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
        if name:
            self._end()
            self._combo.setFocus()
            self.saving.emit(f"{name} (mine)" if name in BUILT_IN else name)

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
                if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    self._take_name()
                    return True
                if event.key() == Qt.Key.Key_Escape:
                    self._end()
                    self._combo.setFocus()
                    return True
            elif event.type() == QEvent.Type.FocusOut:
                self._end()
        return super().eventFilter(watched, event)
