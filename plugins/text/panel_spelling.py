"""Spelling on the page: words that the dictionary does not know are underlined, once it was asked in its own time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from shiboken6 import isValid

from studio.widgets import theme
from studio.widgets.feeder import Feeder
from studio.widgets.icons import icon

from .document_spelling import Dictionary, words_of
from .editor_paint import visible

if TYPE_CHECKING:
    from .panel import TextPanel

AT_ONCE = 400
"""Words that one look into the dictionary takes; it takes about 0.1 ms a word."""


class Spelling:
    """Checks what is in sight. `remember`ed words and names are known."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        self._dictionary = Dictionary(theme.resources() / "dictionaries")
        self._known: dict[str, bool] = {}
        self._asked: set[str] = set()
        own = panel.host.recall("dictionary", [])
        self._own: set[str] = {str(word) for word in own} if isinstance(own, list) else set()
        self.on = bool(panel.host.recall("spelling", True))
        self._feeder = Feeder(threads=1).serve(panel)
        self._feeder.ready.connect(self._answered)
        self._feeder.failed.connect(lambda _key, _error: None)
        self._number = 0
        self._menus: dict[int, tuple[QMenu, QAction, int, int]] = {}
        self._later = QTimer(panel)
        self._later.setSingleShot(True)
        self._later.setInterval(600)
        self._later.timeout.connect(self.look)
        panel.editor.styling.misspelt = self.misspelt
        panel.editor.authors.changed.connect(lambda *_: self._later.start())
        panel.editor.verticalScrollBar().valueChanged.connect(lambda _value: self._later.start())

    def misspelt(self, line: str) -> Iterable[tuple[int, int]]:
        """The words of a line that are known to be wrong."""
        if not self.on or self._panel.manuscript.mode == "code":
            return ()
        return [
            (start, len(word))
            for start, word in words_of(line)
            if self._known.get(word) is False and word not in self._own
        ]

    def look(self) -> None:
        """Look up the words in sight that nobody has looked up yet."""
        if not self.on or not self._panel.isVisible():
            return
        fresh: list[str] = []
        for block, _offset in visible(self._panel.editor):
            for _start, word in words_of(block.text()):
                if word not in self._known and word not in self._asked and word not in self._own:
                    self._asked.add(word)
                    fresh.append(word)
        if fresh:
            self._number += 1
            self._feeder.ask(self._number, lambda words=tuple(fresh[:AT_ONCE]): self._dictionary.check(words))
            self._asked.difference_update(fresh[AT_ONCE:])

    def _answered(self, key: object, answer: object) -> None:
        if isinstance(key, tuple):
            self._suggest(key[1], answer)
            return
        assert isinstance(answer, dict)
        self._known |= answer
        self._asked.difference_update(answer)
        wrong = {word for word, right in answer.items() if not right}
        styling = self._panel.editor.styling
        for block, _offset in list(visible(self._panel.editor)):
            if any(word in wrong for _, word in words_of(block.text())):
                styling.rehighlightBlock(block)
        if self._asked:
            self._later.start()

    def fill_menu(self, menu: QMenu, position: int) -> None:
        """What to do about the word at a character, if it is underlined."""
        editor = self._panel.editor
        block = editor.document().findBlock(position)
        inside = position - block.position()
        wrong = set(self.misspelt(block.text()))
        for start, word in words_of(block.text()):
            if start <= inside <= start + len(word) and (start, len(word)) in wrong:
                self._offer(menu, block.position() + start, word)
                return

    def _offer(self, menu: QMenu, start: int, word: str) -> None:
        """Suggestions take up to half a second: they come into the open menu."""
        waiting = menu.addAction("Looking for suggestions …")
        waiting.setEnabled(False)
        menu.addAction(icon("book-bookmark"), f"“{word[:40]}” is right", lambda: self.remember(word))
        menu.addSeparator()
        self._number += 1
        self._menus[self._number] = (menu, waiting, start, start + len(word))
        self._feeder.ask(("suggest", self._number), lambda: self._dictionary.suggest(word))

    def _suggest(self, number: int, words: object) -> None:
        menu, waiting, start, end = self._menus.pop(number)
        if not isValid(menu):
            return
        for word in words if isinstance(words, list) else []:
            action = QAction(word, menu)
            action.triggered.connect(lambda _on=False, word=word: self.replace(start, end, word))
            font = action.font()
            font.setBold(True)
            action.setFont(font)
            menu.insertAction(waiting, action)
        if words:
            menu.removeAction(waiting)
        else:
            waiting.setText("No suggestions")

    def replace(self, start: int, end: int, word: str) -> None:
        """Put the right word in."""
        editor = self._panel.editor
        author = editor.authors.at(start)
        editor.replace(start, end, word, name="spelling", author=author.author if author else 0)

    def remember(self, word: str) -> None:
        """A word is right from now on, in every manuscript."""
        self._own.add(word)
        self._panel.host.remember("dictionary", sorted(self._own))
        self._again()

    def set_on(self, on: bool) -> None:
        """Underline, or do not."""
        self.on = on
        self._panel.host.remember("spelling", on)
        self._again()
        self.look()

    def _again(self) -> None:
        for block, _offset in list(visible(self._panel.editor)):
            self._panel.editor.styling.rehighlightBlock(block)
