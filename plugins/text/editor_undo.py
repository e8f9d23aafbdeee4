"""Undo and redo that stay where something changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .editor import ManuscriptEdit


def retrace(editor: ManuscriptEdit, step: Callable[[], None]) -> None:
    """Run a step of undo or redo. The ghost belongs to the text as it is now, so it is away meanwhile. Qt leaves the
    caret at the very beginning after a step that was put together of several: it goes to what changed instead, and the
    page only scrolls where that is out of sight.
    """
    touched: list[tuple[int, int]] = []

    def note(at: int, _gone: int, come: int) -> None:
        touched.append((at, at + come))

    bar = editor.verticalScrollBar()
    was = bar.value()
    editor.ghost.take_down()
    editor.document().contentsChange.connect(note)
    try:
        step()
    finally:
        editor.document().contentsChange.disconnect(note)
    editor.ghost.put_up()
    if not touched:
        return
    low, high = min(start for start, _ in touched), max(end for _, end in touched)
    if not low <= editor.textCursor().position() <= high:
        bar.setValue(was)
        editor.move_to(high)
