"""The lorebook: entries that the model is told when one of their keys comes up in the text."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.widgets import theme
from studio.widgets.controls import Button, IconButton
from studio.widgets.prompt import PromptEdit
from studio.widgets.text import Label

from .document import LoreEntry


class Lorebook(QWidget):
    """Edits a list of entries in place. `changed` is said after each change."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: list[LoreEntry] = []
        self.list = QListWidget()
        self.list.setAccessibleName("Lorebook entries")
        self.list.setMaximumHeight(theme.px(132))
        self.add_button = Button("Add an entry", "quiet", icon="plus")
        self._remove = IconButton("trash", "Remove entry", size=16)
        self.title = _line("Entry title", "Who or what: Ida")
        self.keys = _line("Entry keys", "Words that bring it up: Ida, the keeper")
        self.words = PromptEdit(
            "Entry text", placeholder="What the model should know: Ida, 34, never says she is afraid.", lines=(3, 8)
        )
        self.group = _line("Entry group", "Group (of one group the first that fits is told)")
        self.depth = QSpinBox()
        self.depth.setRange(0, 10_000)
        self.depth.setSpecialValueText("as usual")
        self.depth.setAccessibleName("Entry looks back")
        self.depth.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.enabled = QCheckBox("Used")
        self.constant = QCheckBox("Always told, without a key")
        self._lay_out()
        self._join()
        self.load([])

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.add_button)
        top.addStretch(1)
        top.addWidget(self._remove)
        self._card = QWidget()
        card = QVBoxLayout(self._card)
        card.setContentsMargins(0, 0, 0, 0)
        card.setSpacing(theme.px(theme.S))
        back = QHBoxLayout()
        back.addWidget(Label("Looks back, lines", "label"))
        back.addWidget(self.depth, 1)
        for part in (self.title, self.keys, self.words, self.group):
            card.addWidget(part)
        card.addLayout(back)
        card.addWidget(self.enabled)
        card.addWidget(self.constant)
        self._empty = Label(
            "People, places, rules of your world. An entry is told to the model only while one of its keys is in the "
            "last lines.",
            "hint",
            wrap=True,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.px(theme.S), 0, 0)
        column.setSpacing(theme.px(theme.S))
        column.addWidget(self._empty)
        column.addWidget(self.list)
        column.addLayout(top)
        column.addWidget(self._card)

    def _join(self) -> None:
        self.add_button.clicked.connect(self.add)
        self._remove.clicked.connect(self.remove)
        self.list.currentRowChanged.connect(lambda _row: self._show())
        for line in (self.title, self.keys, self.group):
            line.textEdited.connect(self._edited)
        self.words.textChanged.connect(self._edited)
        self.depth.valueChanged.connect(self._edited)
        self.enabled.toggled.connect(self._edited)
        self.constant.toggled.connect(self._edited)

    def load(self, entries: list[LoreEntry]) -> None:
        """Edit this very list from now on."""
        self._entries = entries
        self._fill(0 if entries else -1)

    def entries(self) -> list[LoreEntry]:
        """The list."""
        return self._entries

    def add(self) -> None:
        """A new entry, ready to be named."""
        self._entries.append(LoreEntry())
        self._fill(len(self._entries) - 1)
        self.title.setFocus()
        self.changed.emit()

    def remove(self) -> None:
        """Take the chosen entry away."""
        row = self.list.currentRow()
        if 0 <= row < len(self._entries):
            del self._entries[row]
            self._fill(min(row, len(self._entries) - 1))
            self.changed.emit()

    def _fill(self, row: int) -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
            for entry in self._entries:
                self.list.addItem(QListWidgetItem(_name(entry)))
            self.list.setCurrentRow(row)
        self._show()

    def _show(self) -> None:
        row = self.list.currentRow()
        there = 0 <= row < len(self._entries)
        self._card.setVisible(there)
        self.list.setVisible(bool(self._entries))
        self._empty.setVisible(not self._entries)
        self._remove.setVisible(there)
        if not there:
            return
        entry = self._entries[row]
        parts = (self.title, self.keys, self.words, self.group, self.depth, self.enabled, self.constant)
        blocked = [QSignalBlocker(part) for part in parts]
        self.title.setText(entry.title)
        self.keys.setText(", ".join(entry.keys))
        self.words.setText(entry.text)
        self.group.setText(entry.group)
        self.depth.setValue(entry.depth)
        self.enabled.setChecked(entry.enabled)
        self.constant.setChecked(entry.constant)
        del blocked

    def _edited(self, *_: object) -> None:
        row = self.list.currentRow()
        if not 0 <= row < len(self._entries):
            return
        entry = self._entries[row]
        entry.title = self.title.text().strip()
        entry.keys = [key.strip() for key in self.keys.text().split(",") if key.strip()]
        entry.text = self.words.text()
        entry.group = self.group.text().strip()
        entry.depth = self.depth.value()
        entry.enabled = self.enabled.isChecked()
        entry.constant = self.constant.isChecked()
        item = self.list.item(row)
        if item is not None:
            item.setText(_name(entry))
            item.setForeground(theme.tokens().color("text" if entry.enabled else "hint"))
        self.changed.emit()


def _name(entry: LoreEntry) -> str:
    return entry.title or (entry.keys[0] if entry.keys else "New entry")


def _line(name: str, placeholder: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    line.setPlaceholderText(placeholder)
    line.setMaxLength(2000)
    line.setCursorPosition(0)
    line.setAlignment(Qt.AlignmentFlag.AlignLeft)
    return line
