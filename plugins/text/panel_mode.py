"""What kind of document it is: prose, a conversation, or source code. The page, the keys and the requests follow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from studio.widgets.feeder import Feeder
from studio.widgets.icons import icon

from .document_chat import YOU
from .document_code import LANGUAGES, LARGEST, coloured, line_alone
from .editor_paint import visible
from .speaking import speaks

if TYPE_CHECKING:
    from .panel import TextPanel

TURNS = {"you": "muted", "model": "accent", "system": "muted"}
"""Who speaks in a conversation, and the colour of the heading that says so."""


class Mode:
    """Keeps one panel in its mode."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        self._lines: list[list[tuple[int, int, str]]] = []
        self._texts: list[str] = []
        self._feeder = Feeder(threads=1).serve(panel)
        self._feeder.ready.connect(self._coloured)
        self._feeder.failed.connect(lambda _key, _error: None)
        self._number = 0
        panel.editor.styling.colours = self.colours
        menu = QMenu(panel.page.kind)
        menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # the button has its sign at the right
        self._group = QActionGroup(menu)
        self._entries = {}
        for mode, language, title, sign in (
            ("prose", "", "Prose", "text-align-left"),
            ("chat", "", "Conversation", "chat-circle"),
            *(("code", name, f"Code: {words}", "code") for name, words, _ in LANGUAGES),
        ):
            action = menu.addAction(icon(sign), title, lambda m=mode, lang=language: self.set(m, lang))
            action.setCheckable(True)
            self._group.addAction(action)
            self._entries[mode, language] = action
        menu.addSeparator()
        languages = menu.addMenu(icon("text-aa"), "Language")
        languages.aboutToShow.connect(lambda: panel.spelling.fill_languages(languages))
        menu.aboutToShow.connect(self._offer)
        panel.page.kind.setMenu(menu)

    def _offer(self) -> None:
        """A conversation only with a model that can hold one."""
        model, entry = self._panel.writing.requests.model(), self._entries["chat", ""]
        can = model is None or speaks(model) is not False
        entry.setEnabled(can or self._panel.manuscript.mode == "chat")
        entry.setText("Conversation" if can else "Conversation (this model has no chat template)")

    def set(self, mode: str, language: str = "") -> None:
        """Make it another kind of document. The text stays."""
        panel = self._panel
        manuscript = panel.manuscript
        manuscript.mode, manuscript.language = mode, language
        self.apply()
        if mode == "chat" and panel.editor.document().isEmpty():
            panel.editor.replace(0, 0, f"{YOU}\n", name="conversation")
        panel.host.changed()
        panel.editor.setFocus()

    def apply(self) -> None:
        """Show the page as the manuscript's mode wants it."""
        panel = self._panel
        manuscript = panel.manuscript
        code = manuscript.mode == "code"
        styling, page = panel.editor.styling, panel.editor.page
        speakers = TURNS if manuscript.mode == "chat" else {}
        changed = (styling.plain, styling.speakers) != (code, speakers)
        styling.plain = page.dense = code
        styling.speakers = speakers
        panel.page.verb = "Answer" if speakers else "Continue"
        panel.page.show_busy(panel.writing.busy())
        for editor in panel.page.editors():
            editor.typography = not code
            editor.code = code
            editor.restyle()
        action = self._entries.get((manuscript.mode, manuscript.language))
        if action is not None:
            action.setChecked(True)
        titles = {"prose": "Prose", "chat": "Conversation", "code": "Code"}
        language = next((words for name, words, _ in LANGUAGES if name == manuscript.language), "") if code else ""
        panel.page.kind.setText(language or titles[manuscript.mode])
        self._texts, self._lines = [], []
        if changed or code:
            styling.rehighlight()
        self.look()

    def colours(self, number: int, line: str) -> Iterable[tuple[int, int, str]]:
        """The colours of a line: as it was seen in its place, otherwise by itself."""
        if number < len(self._texts) and self._texts[number] == line:
            return self._lines[number]
        return line_alone(line, self._panel.manuscript.language)

    def look(self) -> None:
        """Colour the whole text away from the window."""
        panel = self._panel
        if panel.manuscript.mode != "code" or panel.editor.document().characterCount() > LARGEST:
            return
        text, language = panel.editor.text(), panel.manuscript.language
        self._number += 1
        self._feeder.forget()
        self._feeder.ask(self._number, lambda: (text, coloured(text, language)))

    def _coloured(self, number: object, answer: object) -> None:
        if number != self._number or not isinstance(answer, tuple):
            return
        text, lines = answer
        before = dict(enumerate(self._lines))
        self._texts, self._lines = text.split("\n"), lines
        styling = self._panel.editor.styling
        for block, _offset in list(visible(self._panel.editor)):
            at = block.blockNumber()
            if at < len(lines) and before.get(at) != lines[at]:
                styling.rehighlightBlock(block)
