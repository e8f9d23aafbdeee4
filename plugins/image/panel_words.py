"""The words a model knows, for the prompt: a model may say in words.json beside its weights what it was taught."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from studio.api import frozen
from studio.widgets.controls import IconButton

FILE = "words.json"
LARGEST = 200_000
"""Bytes of the file, which is somebody else's."""
MOST = 40
LONGEST = 120


@frozen
class Words:
    """`groups` by title: each word with other ways to say it. `examples` are whole prompts."""

    groups: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.groups or self.examples)


def words_of(folder: Path) -> Words:
    """What the model in `folder` says it knows; nothing where it says nothing, or nothing sensible."""
    path = folder / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= LARGEST else {}
    except (OSError, ValueError, RecursionError):
        return Words()
    if not isinstance(data, Mapping):
        return Words()
    told = data.get("words")
    groups: dict[str, tuple[tuple[str, ...], ...]] = {}
    for title, group in list(told.items())[:MOST] if isinstance(told, Mapping) else ():
        entries = list(group.values()) if isinstance(group, Mapping) else []
        said = tuple(ways for ways in (_texts(entry) for entry in entries[:MOST]) if ways)
        if said and _texts([title]):
            groups[title] = said
    return Words(groups, _texts(data.get("examples")))


def _texts(given: object) -> tuple[str, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        return ()
    return tuple(t for t in given[:MOST] if isinstance(t, str) and t.strip() and len(t) <= LONGEST and t.isprintable())


class WordsButton(IconButton):
    """Opens a menu of the words that the model knows; hidden where it names none.

    `word_chosen` brings words to go into the prompt, `example_chosen` a prompt in place of it.
    """

    word_chosen = Signal(str)
    example_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("book-open", "Words", help="The words that this model knows", parent=parent)
        self._folder: Path | None = None
        self._words = Words()
        self.clicked.connect(self._open)
        self.hide()

    def show_model(self, folder: Path | None) -> None:
        """Offer the words of the model in `folder` from now on; None where there is no model."""
        if folder == self._folder:
            return
        self._folder = folder
        self._words = Words() if folder is None else words_of(folder)
        self.setVisible(bool(self._words))

    def menu_of_words(self) -> QMenu:
        """One menu for each group, and one of examples."""
        menu = QMenu(self)
        for title, group in self._words.groups.items():
            part = menu.addMenu(_shown(title[:1].upper() + title[1:]))
            part.setToolTipsVisible(True)
            for ways in group:
                action = part.addAction(_shown(ways[0]))
                action.setToolTip("\n".join(("Also:", *ways[1:])) if len(ways) > 1 else ways[0])
                action.triggered.connect(lambda _on=False, word=ways[0]: self.word_chosen.emit(word))
        if self._words.examples:
            menu.addSeparator()
            part = menu.addMenu("Examples")
            for example in self._words.examples:
                part.addAction(_shown(example)).triggered.connect(
                    lambda _on=False, text=example: self.example_chosen.emit(text)
                )
        return menu

    def _open(self) -> None:
        menu = self.menu_of_words()
        menu.aboutToHide.connect(menu.deleteLater)
        # Upwards, as the prompt lies at the foot of the window.
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height())))


def _shown(text: str) -> str:
    return text.replace("&", "&&")
