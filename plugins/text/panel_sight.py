"""What follows the text a moment after the last key: outline, counts, and the view that is chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.api import Model, StudioError

from . import context
from .document_outline import Section, count_words, outline, section_at, to_markdown, words_inside
from .document_places import whole
from .editor_paint import visible

if TYPE_CHECKING:
    from .editor import ManuscriptEdit
    from .panel import TextPanel

MOST = 200_000
"""Characters before the caret that the look at the context takes."""
USUAL = 2048
HEAT = "Warm: less expected. Click a word to see others"
AUTHORS = "Blue: a model wrote it. Green: typed into it. The rest is yours"


def window_of(model: Model | None) -> int:
    """How many tokens a model reads, by its configuration; a usual number where that does not say."""
    if model is None:
        return USUAL
    try:
        data = json.loads((model.path / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return USUAL
    names = ("max_position_embeddings", "n_positions", "max_seq_len", "context")
    found = next((data[name] for name in names if isinstance(data, dict) and isinstance(data.get(name), int)), USUAL)
    return max(int(found), 16)


class Sight:
    """Looks at one panel's text."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        self._warmed: dict[ManuscriptEdit, tuple[int, int]] = {}

    def look_again(self) -> None:
        """Outline, counts and views follow the text."""
        text = self._panel.editor.text()
        # A comment is no chapter.
        sections = outline(text) if self._panel.manuscript.mode != "code" else []
        whole = words_inside(sections)
        total = sum(map(count_words, text.split("\n"))) if not sections else sum(section.words for section in sections)
        count = self._panel.targets.see(total)
        self._panel.page.outline.show_sections(sections, self._panel.ways.targets_of(sections), whole, count)
        self._count(count.lines()[0][0])
        self._moved_quietly(sections)
        self.tint()
        self.show_context()
        self._panel.mode.look()
        typed = sum(run.length for run in self._panel.editor.authors.runs() if run.edited)
        written = sum(run.length for run in self._panel.editor.authors.runs()) - typed
        self._panel.settings_pane.show_shares(len(text) - typed - written, written, typed)

    def show_context(self) -> None:
        """Show what would be sent now, while somebody looks; after a generation what was sent."""
        panel = self._panel
        viewer = panel.settings_pane.context
        if not viewer.isVisible():
            return
        caret = panel.editor.textCursor().selectionEnd()
        values = panel.manuscript.params
        told = context.Told(
            whole(to_markdown(panel.editor.text()[:caret][-MOST:])).rstrip(" "),
            str(values.get("memory", "")),
            str(values.get("note", "")),
            int(values.get("note_depth", 3)),
            tuple(entry.entry() for entry in panel.manuscript.lore),
            int(values.get("lore_budget", 25)),
            int(values.get("lore_depth", 20)),
            panel.writing.requests.reach(),
        )
        limit = int(values.get("context", 0)) or window_of(panel.settings_pane.chosen_model())
        try:
            report = context.build(told, limit=limit, room=int(values.get("length", 120)))
        except StudioError as error:
            viewer.summary.setText(f"{error.message} {error.hint}")
            return
        viewer.show_report(report, live=True)

    def _moved_quietly(self, sections: Sequence[Section]) -> None:
        self._panel.page.outline.set_current(section_at(sections, self._panel.editor.textCursor().position()))

    def _count(self, words: str) -> None:
        chosen = self._panel.editor.textCursor().selectedText()
        if chosen:
            words = f"{sum(map(count_words, chosen.split(chr(0x2029)))):,} selected of {words}"
        self._panel.page.words.setText(words)
        self._panel.page.show_words(bool(chosen))

    def tint(self) -> None:
        """Draw the view that is chosen."""
        buttons = self._panel.page.buttons
        self._warmed.clear()
        if buttons["heat"].isChecked():
            self.remark()
            for editor in self._panel.page.editors():
                self._warm(editor)
            return
        if buttons["authors"].isChecked():
            tints = self._panel.views.author_tints()
        else:
            tints = []
        self.remark()
        for editor in self._panel.page.editors():
            editor.tints = tints
            editor.viewport().update()

    def remark(self) -> None:
        """Say what the colours mean, unless something more urgent is said."""
        note, buttons = self._panel.page.note, self._panel.page.buttons
        if note.text() in ("", HEAT, AUTHORS):
            heat, authors = (buttons[name].isChecked() for name in ("heat", "authors"))
            note.setText(HEAT if heat else AUTHORS if authors else "")

    def _warm(self, editor: ManuscriptEdit) -> None:
        """Colour the words in sight and a page around them; scrolling asks for more."""
        low, high = _in_sight(editor, 0)
        known = self._warmed.get(editor, (0, -1))
        if known[0] <= low and high <= known[1]:
            return
        self._warmed[editor] = span = _in_sight(editor, 1)
        editor.tints = self._panel.views.heat_tints(*span)
        editor.viewport().update()

    def scrolled(self, editor: ManuscriptEdit) -> None:
        """Other words came into sight."""
        if self._panel.page.buttons["heat"].isChecked():
            self._warm(editor)

    def set_view(self, name: str, on: bool) -> None:
        """One of the views' buttons was pressed."""
        buttons = self._panel.page.buttons
        if on and name in ("heat", "authors"):
            buttons["authors" if name == "heat" else "heat"].setChecked(False)
        if name == "split":
            self._panel.page.split(on)
            second = self._panel.page.second
            if second is not None:
                second.verticalScrollBar().valueChanged.connect(lambda _value: self.scrolled(second))
        for editor in self._panel.page.editors():
            editor.focused = buttons["focus"].isChecked()
            editor.typewriter = buttons["typewriter"].isChecked()
            editor.viewport().update()
        if name == "typewriter" and on:
            self._panel.editor.centerCursor()
        self.tint()
        if not self._panel.restoring:
            self._panel.manuscript.view[name] = on
            self._panel.host.changed()


def _in_sight(editor: ManuscriptEdit, pages: int) -> tuple[int, int]:
    """The characters of the paragraphs in sight, and of so many pages before and behind."""
    shown = [block for block, _offset in visible(editor)]
    if not shown:
        return 0, 0
    first, last = shown[0], shown[-1]
    for _ in range(pages * len(shown)):
        first = first.previous() if first.previous().isValid() else first
        last = last.next() if last.next().isValid() else last
    return first.position(), last.position() + last.length()
