"""Where a model holds the story for told, it goes on with a new scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .document_outline import scene_lead

if TYPE_CHECKING:
    from .panel_draft import Draft
    from .panel_writing import Writing


def next_scene(writing: Writing, draft: Draft) -> str | None:
    """Begin a new scene behind a text that a job had nothing to add to: the text with it, None where there can be
    none.
    """
    editor = writing.editor
    text = editor.text().rstrip("\n")
    caret = editor.textCursor().position()
    lead = scene_lead(text)
    at_end = caret >= len(text) and draft.task == "continue" and "eos" in draft.finishes
    if not at_end or not lead or writing.requests.manuscript.mode != "prose":
        return None
    editor.replace(len(text), len(editor.text()), lead, name="new scene")
    return text + lead
