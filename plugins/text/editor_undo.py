"""Undo and redo that stay where something changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .editor import ManuscriptEdit


def retrace(editor: ManuscriptEdit, step: Callable[[], None]) -> None:
    """Run a step of undo or redo. The ghost is no text, so it is away meanwhile; where the step changes the words that
    it goes on from, or that it would replace, it is rejected, as by typing. Qt leaves the
    caret at the very beginning after a step that was put together of several: it goes to what changed instead, and the
    page only scrolls where that is out of sight.
    """
    touched: list[tuple[int, int]] = []
    place, ends = editor.ghost.position(), editor.ghost.position() + editor.ghost.replaces
    left = False

    def note(at: int, gone: int, come: int) -> None:
        nonlocal place, ends, left
        touched.append((at, at + come))
        left = left or (at <= ends and at + gone >= place)
        if at + gone < place:
            place, ends = place + come - gone, ends + come - gone

    bar = editor.verticalScrollBar()
    was = bar.value()
    editor.ghost.take_down()
    editor.document().contentsChange.connect(note)
    try:
        step()
    finally:
        editor.document().contentsChange.disconnect(note)
    editor.ghost.put_up()
    if left and editor.ghost.active():
        editor.ghost_key.emit("reject")
    if not touched:
        return
    low, high = min(start for start, _ in touched), max(end for _, end in touched)
    if not low <= editor.textCursor().position() <= high:
        bar.setValue(was)
        editor.move_to(high)
