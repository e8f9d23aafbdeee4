"""The turns of a conversation: the heading of an answer is written before it is asked for, and goes if none comes."""

from __future__ import annotations

from collections.abc import Callable

from studio.api import Problem

from .document_chat import YOU, opening
from .editor import ManuscriptEdit
from .panel_draft import Draft
from .panel_requests import Requests
from .speaking import speaks, speechless


class Turns:
    """Opens turns in an editor; `tell` is told why one cannot be."""

    def __init__(self, editor: ManuscriptEdit, requests: Requests, tell: Callable[[Problem], None]) -> None:
        self._editor, self._requests, self._tell = editor, requests, tell
        self._lead = ""
        self._end = 0
        self._job = ""

    def open(self, caret: int) -> int | None:
        """Write the heading of the model's turn at the caret where it is not there yet: where the answer begins, or
        None for a model that cannot answer. Nothing happens in other documents.
        """
        self._lead, self._end = "", caret
        if self._requests.manuscript.mode != "chat":
            return caret
        model = self._requests.model()
        if model is not None and speaks(model) is False:
            self._tell(speechless(model))
            return None
        self._lead = opening(self._editor.text(), caret)
        if self._lead:
            self._editor.replace(caret, caret, self._lead, name="next turn")
            self._end += len(self._lead)
        return self._end

    def asked(self, draft: Draft | None) -> None:
        """The answer is asked for, or could not be."""
        self._job = "" if draft is None else draft.job
        if draft is None:
            self._close()

    def end(self, position: int) -> None:
        """An answer that ends here was taken: the caret goes into the person's next turn, which opens if need be.
        Nothing happens in other documents.
        """
        if self._requests.manuscript.mode != "chat":
            return
        self._lead = ""
        turn = f"\n{YOU}\n"
        behind = self._editor.text()[position:]
        if behind.startswith(turn):
            self._editor.move_to(position + len(turn))
        elif not behind.startswith("\n#"):
            self._editor.replace(position, position, turn, name="next turn", join=True)

    def stopped(self, draft: Draft) -> None:
        """Where no answer came its heading goes, so that the text is what it was."""
        if draft.job == self._job and draft.task != "look" and not draft.wrote():
            self._close()

    def _close(self) -> None:
        start = self._end - len(self._lead)
        if self._lead and self._editor.text()[start : self._end] == self._lead:
            self._editor.replace(start, self._end, "", name="no answer")
        self._lead = ""
