"""The lorebook: entries that the model is told when one of their keys comes up in the text."""

from __future__ import annotations

from contextlib import ExitStack

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.api import ParamSpec
from studio.widgets import theme
from studio.widgets.controls import Button, IconButton, Section
from studio.widgets.fields import Choices
from studio.widgets.numbers import NumberBox
from studio.widgets.prompt import PromptEdit
from studio.widgets.text import Label

from .document import LoreEntry
from .lorebook import ORDERS
from .panel_rows import rows_of

SHOWN = 5
"""Entries that the list shows before it scrolls."""
LOGICS = (
    ("any", "and one of these", "Told when a key and at least one of these words stand in the last lines"),
    ("all", "and all of these", "Told when a key and every one of these words stand in the last lines"),
    ("none", "and none of these", "Told when a key stands in the last lines, and none of these words does"),
)


class Entries(QListWidget):
    """The names of the entries; Delete takes the chosen one away."""

    removing = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete and Backspace remove."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removing.emit()
        else:
            super().keyPressEvent(event)


class EntryCard(QWidget):
    """The fields of one entry. `edited` is said after each change by the artist."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = _line("Entry title", "Who or what: Ida")
        self.keys = _line("Entry keys", "Words that bring it up: Ida, the keeper")
        self.words = PromptEdit(
            "Entry text", placeholder="What the model should know: Ida, 34, never says she is afraid.", lines=(3, 8)
        )
        self.enabled = QCheckBox("Used")
        self.constant = QCheckBox("Always told, without a key")
        self.logic = Choices()
        self.logic.setAccessibleName("How the second keys count")
        for value, text, help in LOGICS:
            self.logic.addItem(text, value)
            self.logic.setItemData(self.logic.count() - 1, help, Qt.ItemDataRole.ToolTipRole)
        self.secondary = _line("Entry second keys", "Second words: harbour, boat")
        self.group = _line("Entry group", "Only its first is told")
        wanted = "Higher comes first, and goes last when room runs out"
        self.order = _number("Entry order", -ORDERS, ORDERS, 100, wanted)
        lines = "In how many of the last lines its keys are looked for"
        self.depth = _number("Entry looks back", 0, 10_000, 0, lines, unset="as the book")
        place = "In front of the story, or so many lines before its end"
        self.place = _number("Entry place", -1, 1000, -1, place, unset="before the story")
        self.recursive = QCheckBox("Other entries can call it")
        self.recursive.setToolTip("It is also told when a key of it stands in the text of another entry that is told")
        self.whole_words = QCheckBox("Keys are whole words")
        self.match_case = QCheckBox("Capital letters count")
        self.more = Section("When and where", "")
        self._lay_out()
        for line in (self.title, self.keys, self.secondary, self.group):
            line.textEdited.connect(self.edited)
        self.words.textChanged.connect(self.edited)
        self.logic.currentIndexChanged.connect(self.edited)
        for number in (self.order, self.depth, self.place):
            number.valueChanged.connect(self.edited)
        for switch in self._switches():
            switch.toggled.connect(self.edited)

    def _switches(self) -> tuple[QCheckBox, ...]:
        return self.enabled, self.constant, self.recursive, self.whole_words, self.match_case

    def _lay_out(self) -> None:
        pairs = (("Group", self.group), ("Order", self.order), ("Looks back", self.depth), ("Place", self.place))
        self.more.body.setSpacing(theme.px(theme.S))
        self.more.body.addWidget(self.logic)
        self.more.body.addWidget(self.secondary)
        self.more.body.addLayout(rows_of(pairs))
        for switch in (self.recursive, self.whole_words, self.match_case):
            self.more.body.addWidget(switch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(theme.S))
        for part in (self.title, self.keys, self.words, self.enabled, self.constant, self.more):
            column.addWidget(part)

    def show_entry(self, entry: LoreEntry) -> None:
        """Show an entry, without saying that anything changed."""
        with ExitStack() as quiet:
            quiet.enter_context(QSignalBlocker(self))
            self.title.setText(entry.title)
            self.keys.setText(", ".join(entry.keys))
            self.words.setText(entry.text)
            self.secondary.setText(", ".join(entry.secondary))
            self.logic.setCurrentIndex(max(self.logic.findData(entry.logic), 0))
            self.group.setText(entry.group)
            self.order.setValue(entry.order)
            self.depth.setValue(entry.depth)
            self.place.setValue(entry.place)
            for switch, on in zip(self._switches(), _flags(entry), strict=True):
                switch.setChecked(on)
        self._sum_up()

    def take_into(self, entry: LoreEntry) -> None:
        """Write what stands in the fields into an entry."""
        entry.title = self.title.text().strip()
        entry.keys = _split(self.keys.text())
        entry.text = self.words.text()
        entry.secondary = _split(self.secondary.text())
        entry.logic = str(self.logic.currentData())
        entry.group = self.group.text().strip()
        entry.order, entry.depth, entry.place = (round(box.value()) for box in (self.order, self.depth, self.place))
        entry.enabled, entry.constant, entry.recursive, entry.whole_words, entry.match_case = (
            switch.isChecked() for switch in self._switches()
        )
        self._sum_up()

    def _sum_up(self) -> None:
        """What of the folded part is not as usual."""
        said = [f"{self.logic.currentText()}: {self.secondary.text()}"] if self.secondary.text().strip() else []
        said += [f"group {self.group.text()}"] if self.group.text().strip() else []
        said += [f"order {self.order.value():.0f}"] if self.order.value() != 100 else []
        said += [f"last {self.depth.value():.0f} lines"] if self.depth.value() else []
        said += [f"{self.place.value():.0f} lines before the end"] if self.place.value() >= 0 else []
        switches = ((self.recursive, "not by others"), (self.whole_words, "parts of words"))
        said += [words for switch, words in switches if not switch.isChecked()]
        said += ["capitals count"] if self.match_case.isChecked() else []
        self.more.fold.set_summary(", ".join(said) or "Second keys, group, order, place")


class Lorebook(QWidget):
    """Edits a list of entries in place. `changed` is said after each change."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: list[LoreEntry] = []
        self.list = Entries()
        self.list.setAccessibleName("Lorebook entries")
        self.add_button = Button("Add an entry", "quiet", icon="plus")
        self._remove = IconButton("trash", "Remove entry", size=16)
        self.card = EntryCard()
        self._lay_out()
        self.add_button.clicked.connect(self.add)
        self._remove.clicked.connect(self.remove)
        self.list.removing.connect(self.remove)
        self.list.currentRowChanged.connect(lambda _row: self._show())
        self.card.edited.connect(self._edited)
        self.load([])

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.add_button)
        top.addStretch(1)
        top.addWidget(self._remove)
        self._empty = Label(
            "People, places, rules of your world. An entry is told to the model only while one of its keys is in the "
            "last lines. Sent shows which were told, and why.",
            "hint",
            wrap=True,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.px(theme.S), 0, 0)
        column.setSpacing(theme.px(theme.S))
        column.addWidget(self._empty)
        column.addWidget(self.list)
        column.addLayout(top)
        column.addWidget(self.card)

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
        self.card.title.setFocus()
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
                item = QListWidgetItem(_name(entry))
                _dress(item, entry)
                self.list.addItem(item)
            self.list.setCurrentRow(row)
        lines = min(max(len(self._entries), 1), SHOWN)
        self.list.setFixedHeight(max(self.list.sizeHintForRow(0), theme.px(24)) * lines + theme.px(6))
        self._show()

    def _show(self) -> None:
        row = self.list.currentRow()
        there = 0 <= row < len(self._entries)
        self.card.setVisible(there)
        self.list.setVisible(bool(self._entries))
        self._empty.setVisible(not self._entries)
        self._remove.setVisible(there)
        if there:
            self.card.show_entry(self._entries[row])

    def _edited(self) -> None:
        row = self.list.currentRow()
        if not 0 <= row < len(self._entries):
            return
        entry = self._entries[row]
        self.card.take_into(entry)
        item = self.list.item(row)
        if item is not None:
            item.setText(_name(entry))
            _dress(item, entry)
        self.changed.emit()


def _dress(item: QListWidgetItem, entry: LoreEntry) -> None:
    item.setForeground(theme.tokens().color("text" if entry.enabled else "hint"))


def _flags(entry: LoreEntry) -> tuple[bool, ...]:
    return entry.enabled, entry.constant, entry.recursive, entry.whole_words, entry.match_case


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


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


def _number(name: str, low: int, high: int, usual: int, help: str, *, unset: str = "") -> NumberBox:
    box = NumberBox(ParamSpec("number", "integer", usual, name, help=help, minimum=low, maximum=high, unset=unset))
    box.setToolTip(help)
    return box
