"""Two quiet dialogs: what this program is, and which keys do what."""

from __future__ import annotations

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from studio.ui.commands import Commands, native
from studio.ui.pages.search_field import SearchField
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.text import Label

_ELSEWHERE = (
    ("Canvas", "Pan", "Space+drag, or the middle button"),
    ("Canvas", "Zoom", "Wheel"),
    ("Prompt", "Earlier prompts", "Alt+Up, Alt+Down"),
    ("Ribbon", "Walk along the steps", "Left, Right, Home, End"),
)


class AboutDialog(QDialog):
    """Name, version, licence and what a bug report needs."""

    def __init__(self, version: str, facts: list[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Studio")
        self.setAccessibleName("About Studio")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.L)
        column.setSpacing(theme.S)
        column.addWidget(Label("Studio", "title"))
        column.addWidget(Label("Make pictures, text and music with generative models on your own machine.", wrap=True))
        column.addSpacing(theme.S)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.L)
        grid.setVerticalSpacing(theme.XS)
        rows = [("Version", version), *facts, ("Python, Qt", f"{platform.python_version()}, {qVersion()}")]
        for row, (name, value) in enumerate(rows):
            grid.addWidget(Label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            words = Label(value, wrap=True)
            words.setAccessibleName(name)
            words.setAccessibleDescription(value)
            grid.addWidget(words, row, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addSpacing(theme.S)
        column.addWidget(
            Label(
                "Free software under the Apache License 2.0. Nothing you make leaves this computer. "
                "Qt is used under the LGPL; the fonts and icons are free, their licences lie beside them.",
                "muted",
                wrap=True,
            )
        )
        foot = QHBoxLayout()
        foot.addStretch(1)
        close = Button("Close", "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        foot.addWidget(close)
        column.addSpacing(theme.S)
        column.addLayout(foot)
        self.setMinimumWidth(theme.tokens().px(440))


class ShortcutsDialog(QDialog):
    """Every key, grouped, with a field to search in."""

    def __init__(self, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAccessibleName("Keyboard shortcuts")
        self._search = SearchField("Search shortcuts", "Search")
        self._search.textChanged.connect(self._filter)
        self._rows: list[tuple[str, list[QWidget]]] = []
        self._heads: dict[str, QWidget] = {}
        inside = QWidget()
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(theme.L, 0, theme.L, theme.L)
        self._grid.setHorizontalSpacing(theme.XL)
        self._grid.setVerticalSpacing(theme.S)
        self._grid.setColumnStretch(0, 1)
        self._fill(commands)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.L, 0, 0)
        column.setSpacing(theme.S)
        top = QHBoxLayout()
        top.setContentsMargins(theme.L, 0, theme.L, 0)
        top.addWidget(self._search)
        column.addLayout(top)
        column.addWidget(area)
        px = theme.tokens().px
        self.resize(px(520), px(600))

    def _fill(self, commands: Commands) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for command in commands.all():
            if command.shortcuts:
                keys = ", ".join(dict.fromkeys(native(key) for key in command.shortcuts))
                groups.setdefault(command.group, []).append((command.title, keys))
        for group, title, keys in _ELSEWHERE:
            groups.setdefault(group, []).append((title, keys))
        row = 0
        for group, entries in groups.items():
            head = Label(group, "heading")
            head.setContentsMargins(0, theme.M if row else 0, 0, 0)
            self._heads[group] = head
            self._grid.addWidget(head, row, 0, 1, 2)
            row += 1
            for title, keys in entries:
                name, key = Label(title), Label(keys, "muted")
                name.setAccessibleDescription(keys)
                self._grid.addWidget(name, row, 0)
                self._grid.addWidget(key, row, 1, Qt.AlignmentFlag.AlignRight)
                self._rows.append((f"{group} {title} {keys}".casefold(), [head, name, key]))
                row += 1
        self._grid.setRowStretch(row, 1)

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        shown: set[QWidget] = set()
        for searched, parts in self._rows:
            fits = all(word in searched for word in words)
            for part in parts[1:]:
                part.setVisible(fits)
            if fits:
                shown.add(parts[0])
        for head in self._heads.values():
            head.setVisible(head in shown)
