"""Another way on from the same place: what writers know as "retry", and readers of chats as the next swipe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from studio.api import Request

from .document import fresh_seed
from .document_chat import YOU
from .panel_requests import SELECTION_TASKS

if TYPE_CHECKING:
    from .panel import TextPanel


class Again:
    """Asks the model once more; what was there stays among the ways, beside the new one."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        panel.page.again.clicked.connect(self.ask)
        panel.page.margin.more_wanted.connect(self.ask)

    def ask(self) -> None:
        """Write another way on from the place of what is on offer, or of what a model wrote at the caret."""
        panel = self._panel
        place = self.place()
        panel.editor.setFocus()
        if not place:
            panel.host.say("Nothing was written by a model here. Ctrl+Enter lets it go on")
            return
        tree = panel.manuscript.branches
        if any(
            tree.generations[way.job].task in SELECTION_TASKS for way in tree.at(place) if way.job in tree.generations
        ):
            panel.host.say("Select the passage to have it written anew once more")
            return
        panel.page.show_problem(None)
        if not panel.settings_pane.commit():
            return
        panel.writing.dismiss()
        start, end = panel.places.range(place)
        end = panel.places.chain_end(end)
        text = panel.editor.text()
        request = panel.writing.requests.to_continue(text[:start] + text[end:], start)
        if request is not None:
            # A locked seed would bring the same words.
            self._begin(replace(request, seed=fresh_seed()), place, start, end)

    def _begin(self, request: Request, place: int, start: int, end: int) -> None:
        """Another way on in the stead of what stands there; the ways that were kept stand beside it."""
        writing, tree = self._panel.writing, self._panel.manuscript.branches
        kept = [branch for branch in tree.at(place) if branch.text]
        own = self._panel.places.range(place)[1]
        before = self._panel.editor.text()[start - 1 : start]
        writing.begin(request, place, start, before, end - start, beside=kept)
        if writing.draft is not None:
            writing.draft.behind = end - own

    def place(self) -> int:
        """The place that is meant: of what is on offer, else of the caret; 0 for none. In a conversation the caret may
        stand in the empty turn behind the answer.
        """
        panel = self._panel
        draft = panel.writing.draft
        if draft is not None and draft.task not in SELECTION_TASKS:
            return draft.place
        caret = panel.editor.textCursor().position()
        found = panel.places.of_caret(caret)
        if found or panel.manuscript.mode != "chat":
            return found
        before = panel.editor.text()[:caret].rstrip()
        return panel.places.of_caret(len(before.removesuffix(YOU).rstrip())) if before.endswith(YOU) else 0
