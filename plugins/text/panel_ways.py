"""Keeps the margin's card in step: the running alternatives, or the ways on that were kept at the caret."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextCursor

from .document_branches import Branch
from .document_outline import Section
from .editor_sections import Move
from .panel_draft import Draft, common
from .panel_margin import Way
from .panel_requests import SELECTION_TASKS

if TYPE_CHECKING:
    from .panel import TextPanel

FINISHES = {"length": "", "stop": "stopped", "eos": "ended", "cancelled": "stopped"}


class Ways:
    """Also keeps the word targets of sections at their headings."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        self._place = 0
        self._beside: tuple[Draft | None, int] = (None, 0)
        self._targets: list[tuple[QTextCursor, int]] = []
        panel.page.margin.chosen.connect(self._chosen)
        panel.page.margin.closed.connect(self.close)

    # --- the card ---

    def show(self) -> None:
        """Show the draft's alternatives, or the kept ways of the place that was opened."""
        panel = self._panel
        draft = panel.writing.draft
        if draft is not None and draft.task not in SELECTION_TASKS and len(draft.branches) > 1:
            self._show_draft(draft)
        elif draft is None and self._place:
            self.open(self._place)
        elif draft is None or draft.task not in SELECTION_TASKS:
            panel.page.hide_card()
        self._tell()

    def _tell(self) -> None:
        draft = self._panel.writing.draft
        self._panel.page.show_busy(draft is not None and draft.running)
        note = self._panel.page.note
        if draft is None:
            if note.text().startswith(("Tab ", "Esc ")):
                note.setText("")
                self._panel.sight.remark()
            return
        if draft.task in SELECTION_TASKS:
            note.setText("Esc stops" if draft.running else "")
        elif draft.running:
            note.setText("Tab takes it, Ctrl+→ a word, Esc stops")
        else:
            note.setText("Tab takes it, Esc leaves it")

    def _show_draft(self, draft: Draft) -> None:
        ways = []
        for number, branch in enumerate(draft.branches):
            text = draft.texts[number][len(draft.head) :] if draft.texts[number].startswith(draft.head) else ""
            text = text or draft.texts[number]
            ways.append(Way(branch, text, number == draft.shown, note=FINISHES.get(draft.finishes[number], "")))
        page = self._panel.page
        hint = "Tab accept    Alt ↓ next    Esc keep what is there" if draft.running else "Tab accept    Alt ↓ next"
        page.margin.show_ways(ways, title="Other ways on", hint=hint)
        if self._beside[0] is not draft:
            # Ways that share their beginning begin at other places of the text: the card stays where it came up.
            self._beside = draft, self._panel.editor.ghost.position()
        page.show_card(self._beside[1])

    def open(self, place: int) -> None:
        """Show all ways on from a place."""
        panel = self._panel
        tree = panel.manuscript.branches
        branches = [branch for branch in tree.at(place) if branch.text]
        if not branches:
            self.close()
            return
        current = panel.places.current(place)
        ways = []
        for branch in branches:
            generation = tree.generations.get(branch.job)
            own = branch.text[branch.keep :] if branch.parent else branch.text
            notes = ["in the text"] if branch.id == current else []
            if generation is not None and generation.task in SELECTION_TASKS:
                notes.append(generation.task)
            if branch.parent:
                notes.append("forked")
            ways.append(Way(branch.id, own, branch.id == current, tree.depth(branch), ", ".join(notes)))
        self._place = place
        panel.page.margin.show_ways(
            ways, title=f"{len(ways)} ways on from here", hint="Click one to look at it, Tab takes it"
        )
        panel.page.show_card(panel.places.range(place)[0])

    def open_here(self) -> None:
        """Show the ways on from the place at the caret."""
        panel = self._panel
        place = panel.again.place()
        if place:
            self.open(place)
        else:
            panel.host.say("Nothing was written by a model here")

    def close(self) -> None:
        """Take the card away."""
        self._place = 0
        self._panel.page.hide_card()

    def caret_moved(self) -> None:
        """The card of kept ways goes when the caret leaves its place."""
        panel = self._panel
        if self._place and panel.writing.draft is None:
            position = panel.editor.textCursor().position()
            start, end = panel.places.range(self._place)
            if not start <= position <= end:
                self.close()

    def _chosen(self, number: int) -> None:
        panel = self._panel
        draft = panel.writing.draft
        if draft is not None and number in draft.branches:
            panel.writing.show_number(draft.branches.index(number))
        else:
            branch = panel.manuscript.branches.branches.get(number)
            if branch is not None and panel.places.current(branch.place) != branch.id:
                panel.writing.offer(branch)
        panel.editor.setFocus()

    def cycle(self, by: int) -> None:
        """Alt with an arrow where no ghost is: look at the next kept way."""
        panel = self._panel
        if panel.writing.draft is not None:
            panel.writing.turn(by)
            return
        place = panel.again.place()
        branches = [branch for branch in panel.manuscript.branches.at(place) if branch.text] if place else []
        if not branches:
            return
        current = panel.places.current(place)
        ids = [branch.id for branch in branches]
        at = ids.index(current) if current in ids else (-1 if by > 0 else 0)
        branch = branches[(at + by) % len(branches)]
        if branch.id != current:
            panel.writing.offer(branch)

    def scrub(self, branch: Branch, shown: str) -> None:
        """Show the text as it was at a step: what came later steps back."""
        panel = self._panel
        start, end = panel.places.range(branch.place)
        there = panel.editor.text()[start:end]
        offered = panel.writing.draft
        if offered is not None and offered.replaces and offered.place == branch.place:
            end = max(end, panel.editor.ghost.position() + offered.replaces)
        same = common(there, shown)
        draft = Draft(branch.place, [branch.id], "", "look", branch.job, shown[:same], end - start - same)
        draft.texts = [shown]
        panel.writing.look_at(draft, start + same)

    # --- targets ---

    def load_targets(self, targets: Mapping[int, int]) -> None:
        """Hold targets at their headings."""
        self._targets = []
        for position, words in targets.items():
            self._hold(position, words)

    def _hold(self, position: int, words: int) -> None:
        cursor = QTextCursor(self._panel.editor.document())
        cursor.setPosition(min(position, self._panel.editor.document().characterCount() - 1))
        self._targets.append((cursor, words))

    def targets(self) -> dict[int, int]:
        """Words to reach, by where the section's heading is."""
        return {cursor.block().position(): words for cursor, words in self._targets}

    def carry(self, move: Move, edit: Callable[[], object]) -> None:
        """Move a part of the text: the places of ways in it and the targets of its headings come along. Of their own
        they would stay where it was cut out.
        """
        places, targets = self._panel.places.positions(), self.targets()
        edit()
        self._panel.places.load({name: move.carried(at) for name, at in places.items()}, self._panel.places.branches)
        self.load_targets({move.carried(at): words for at, words in targets.items()})

    def targets_of(self, sections: Sequence[Section]) -> list[int]:
        """The target of each section, 0 for none."""
        known = self.targets()
        return [known.get(section.start, 0) for section in sections]

    def set_target(self, section: Section, words: int) -> None:
        """Set or take away (0) a target."""
        self._targets = [item for item in self._targets if item[0].block().position() != section.start]
        if words:
            self._hold(section.start, words)
        self._panel.host.changed()
        self._panel.sight.look_again()
