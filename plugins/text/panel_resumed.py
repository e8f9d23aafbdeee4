"""What stood on offer, or was being written, when the window was closed: it comes to its place again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .panel_draft import Draft
from .panel_requests import SELECTION_TASKS

if TYPE_CHECKING:
    from .panel_writing import Writing


def draft_of(writing: Writing, hidden: dict[str, Draft], job: str) -> Draft | None:
    """The draft that a job writes: on the page, or `hidden`. One that goes on is shown where the caret waits for it."""
    if writing.draft is not None and writing.draft.job == job:
        return writing.draft
    if job not in hidden and (draft := _resumed(writing, job)) is not None:
        if not _is_awaited(writing, draft):
            hidden[job] = draft
            return draft
        writing.draft = draft
        writing.editor.ghost.begin(writing.places.range(draft.place)[0])
        return draft
    return hidden.get(job)


def _resumed(writing: Writing, job: str) -> Draft | None:
    """The draft of a job that is known from an earlier sitting and not done yet; None for every other job."""
    tree = writing.requests.manuscript.branches
    generation = tree.generations.get(job)
    if generation is None or generation.results or job in writing.requests.sent:
        return None
    mine = sorted((each for each in tree.branches.values() if each.job == job), key=lambda each: each.alternative)
    if not mine:
        return None
    first = mine[0]
    start, _ = writing.places.range(first.place)
    parent = tree.branches.get(first.parent)
    head = parent.text[: first.keep] if parent is not None else ""
    text, ids = writing.editor.text(), [each.id for each in mine]
    plain = writing.requests.manuscript.mode == "code"
    before = text[max(start - 1, 0) : start]
    return Draft(first.place, ids, before, generation.task, job, head, running=True, plain=plain)


def _is_awaited(writing: Writing, draft: Draft) -> bool:
    """True where it goes on from the caret, and nothing else is on offer: then it is shown."""
    start, _ = writing.places.range(draft.place)
    at_caret = _caret(writing) == start
    return writing.draft is None and at_caret and not draft.head and draft.task not in SELECTION_TASKS


def offered(writing: Writing) -> int:
    """The branch that is on offer at the caret, whole and untouched; 0 for none."""
    draft = writing.draft
    if draft is None or draft.running or draft.taken or draft.replaces or draft.head:
        return 0
    if draft.task in (*SELECTION_TASKS, "look") or writing.editor.ghost.position() != _caret(writing):
        return 0
    return draft.branches[draft.shown]


def offer_again(writing: Writing) -> None:
    """Offer what was on offer when the manuscript was kept."""
    manuscript = writing.requests.manuscript
    number = manuscript.view.get("offered")
    branch = manuscript.branches.branches.get(number) if isinstance(number, int) else None
    if branch is not None and branch.text and writing.places.range(branch.place) == (_caret(writing),) * 2:
        writing.offer(branch)


def _caret(writing: Writing) -> int:
    cursor = writing.editor.textCursor()
    return -1 if cursor.hasSelection() else cursor.position()
