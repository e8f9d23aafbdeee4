"""Spelling on the page: words that the dictionary does not know are underlined, once it was asked in its own time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QInputDialog, QMenu
from shiboken6 import isValid

from studio.api import StudioError
from studio.widgets import theme
from studio.widgets.feeder import Feeder
from studio.widgets.icons import icon

from .document_places import spread
from .document_spelling import ENGLISH, LONGEST, Dictionary, dictionaries, system_folders, words_of
from .document_typography import quotes_of
from .editor_paint import visible
from .settings import TextSettings

if TYPE_CHECKING:
    from .panel import TextPanel

AT_ONCE = 400
"""Words that one look into the dictionary takes; it takes about 0.1 ms a word."""


class Spelling:
    """Checks what is in sight. `remember`ed words and names are known."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        self._there: dict[str, Path] = {}
        self.language = ENGLISH
        self._dictionary = Dictionary([])
        self._named: frozenset[str] = frozenset()
        self._known: dict[str, bool] = {}
        self._asked: set[str] = set()
        own = panel.host.recall("dictionary", [])
        self._own: set[str] = {str(word) for word in own} if isinstance(own, list) else set()
        self.on = bool(panel.host.recall("spelling", True))
        self._feeder = Feeder(threads=1).serve(panel)
        self._feeder.ready.connect(self._answered)
        self._feeder.failed.connect(self._failed)
        self._number = 0
        self._first = 0
        """The first question in the language of now: an answer to an earlier one is of another language."""
        self._menus: dict[int, tuple[QMenu, QAction, int, int]] = {}
        self._later = QTimer(panel)
        self._later.setSingleShot(True)
        self._later.setInterval(600)
        self._later.timeout.connect(self.look)
        panel.editor.styling.misspelt = self.misspelt
        panel.editor.authors.changed.connect(lambda *_: self._later.start())
        panel.editor.verticalScrollBar().valueChanged.connect(lambda _value: self._later.start())

    # --- the language ---

    def languages(self) -> dict[str, str]:
        """The languages there are dictionaries for, by their codes, each with its name."""
        own = self._panel.host.settings(TextSettings).dictionaries.strip()
        folders = [Path(own).expanduser()] if own else []
        self._there = dictionaries([*folders, theme.resources() / "dictionaries", *system_folders()])
        names = {ENGLISH: "English (British and American)"} if {"en_US", "en_GB"} & set(self._there) else {}
        return {**names, **dict(sorted(((code, name_of(code)) for code in self._there), key=lambda item: item[1]))}

    def use(self, language: str) -> None:
        """Spell and quote as a language does from now on; one without a dictionary is quoted and not spelt."""
        self.languages()
        self.language = language
        self._dictionary = Dictionary.of(language, self._there)
        self._known.clear()
        self._asked.clear()
        self._feeder.forget()
        self._first = self._number + 1
        for editor in self._panel.page.editors():
            editor.quotes = quotes_of(language)
        self._again()
        self._later.start()

    def choose(self, language: str) -> None:
        """The artist says what the text is written in; new manuscripts begin with it."""
        self._panel.manuscript.view["language"] = language
        self._panel.host.remember("language", language)
        self._panel.host.changed()
        self.use(language)

    def follow(self) -> None:
        """The language of the manuscript that is shown."""
        usual = str(self._panel.host.recall("language", ENGLISH))
        self.use(str(self._panel.manuscript.view.get("language") or usual))

    def show_menu(self) -> None:
        """The languages, at the caret."""
        editor = self._panel.editor
        menu = QMenu(self._panel)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_languages(menu)
        menu.popup(editor.viewport().mapToGlobal(editor.cursorRect().bottomLeft()))

    def fill_languages(self, menu: QMenu) -> None:
        """Offer the languages in a menu, and spelling itself."""
        menu.clear()
        group = QActionGroup(menu)
        for code, name in self.languages().items():
            action = menu.addAction(name, lambda code=code: self.choose(code))
            action.setCheckable(True)
            action.setChecked(code == self.language)
            group.addAction(action)
        menu.addSeparator()
        check = menu.addAction("Check spelling", lambda: self.set_on(not self.on))
        check.setCheckable(True)
        check.setChecked(self.on)

    def _failed(self, key: object, error: object) -> None:
        if not isinstance(key, tuple) and isinstance(error, StudioError):
            self._panel.host.say(f"{error.message} {error.hint}")

    # --- words ---

    def _mine(self, word: str) -> bool:
        """Words that were said to be right, and the names that memory and lorebook speak of."""
        return word in self._own or word in self._named or word.removesuffix("’s").removesuffix("'s") in self._named

    def _learn_names(self) -> None:
        manuscript = self._panel.manuscript
        told = [str(manuscript.params.get("memory", "")), *(entry.title for entry in manuscript.lore)]
        told += [", ".join(entry.keys) for entry in manuscript.lore]
        self._named = frozenset(word for line in told for _, word in words_of(line[:LONGEST]) if word[0].isupper())

    def misspelt(self, line: str) -> Iterable[tuple[int, int]]:
        """The words of a line that are known to be wrong."""
        if not self.on or self._panel.manuscript.mode == "code":
            return ()
        return [
            (start, len(word))
            for start, word in words_of(line)
            if self._known.get(word) is False and not self._mine(word)
        ]

    def look(self) -> None:
        """Look up the words in sight that nobody has looked up yet."""
        if not self.on or not self._panel.isVisible():
            return
        self._learn_names()
        fresh: list[str] = []
        for block, _offset in visible(self._panel.editor):
            for _start, word in words_of(block.text()):
                if word not in self._known and word not in self._asked and not self._mine(word):
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
        assert isinstance(key, int)
        if key < self._first:
            return
        self._known |= answer
        self._asked.difference_update(answer)
        wrong = {word for word, right in answer.items() if not right}
        styling = self._panel.editor.styling
        for block, _offset in list(visible(self._panel.editor)):
            if any(word in wrong for _, word in words_of(block.text())):
                styling.rehighlightBlock(block)
        if self._asked or len(answer) == AT_ONCE:
            self._later.start()

    def fill_menu(self, menu: QMenu, position: int) -> None:
        """What to do about the word at a character, if it is underlined."""
        editor = self._panel.editor
        block = editor.document().findBlock(position)
        inside = position - block.position()
        line = spread(block.text())
        wrong = set(self.misspelt(line))
        for start, word in words_of(line):
            if start <= inside <= start + len(word) and (start, len(word)) in wrong:
                self._offer(menu, block.position() + start, word)
                return

    def _offer(self, menu: QMenu, start: int, word: str) -> None:
        """Suggestions take up to half a second: they come into the open menu."""
        waiting = menu.addAction("Looking for suggestions …")
        waiting.setEnabled(False)
        menu.addAction(icon("book-bookmark"), f"Add “{word[:40]}” to my dictionary", lambda: self.remember(word))
        menu.addAction("Ignore it in this sitting", lambda: self.ignore(word))
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

    def ignore(self, word: str) -> None:
        """Underline a word no more until the program is started again."""
        self._known[word] = True
        self._again()

    def own_words(self) -> list[str]:
        """The words of the artist's own dictionary, sorted."""
        return sorted(self._own, key=str.casefold)

    def set_own_words(self, words: Iterable[str]) -> None:
        """Another list of them."""
        self._own = {word.strip() for word in words if word.strip()}
        self._panel.host.remember("dictionary", sorted(self._own))
        self._again()

    def edit_words(self) -> None:
        """Show the artist's own dictionary, to change it."""
        panel = self._panel
        words, sure = QInputDialog.getMultiLineText(
            panel, "My dictionary", "Words that are right, one per line", "\n".join(self.own_words())
        )
        if sure:
            self.set_own_words(words.split("\n"))

    def set_on(self, on: bool) -> None:
        """Underline, or do not."""
        self.on = on
        self._panel.host.remember("spelling", on)
        self._again()
        self.look()

    def _again(self) -> None:
        for block, _offset in list(visible(self._panel.editor)):
            self._panel.editor.styling.rehighlightBlock(block)


def name_of(code: str) -> str:
    """A language in its own words: "Deutsch (Österreich)"; the code where nobody knows it."""
    locale = QLocale(code)
    if locale.language() == QLocale.Language.C:
        return code
    name = locale.nativeLanguageName() or code
    country = locale.nativeTerritoryName()
    name = name[:1].upper() + name[1:]
    return f"{name} ({country})" if country and "(" not in name and "_" in code and code != "en_US" else name
