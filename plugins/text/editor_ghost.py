"""Ghost text: what a model offers, set at its place in the paragraph without being in the document.

It is put where Qt puts the unfinished text of an input method: it wraps and pushes what follows along, and no undo, no
search and no file ever sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextCharFormat, QTextCursor, QTextLayout

from studio.widgets import theme

if TYPE_CHECKING:
    from .editor import ManuscriptEdit

LIMIT = 12_000
"""Characters of ghost text that are drawn; one paragraph is laid out anew with each look at it."""


class Ghost:
    """The ghost of one editor: `text` stands at `position()`; `replaces` characters behind it would go."""

    def __init__(self, editor: ManuscriptEdit) -> None:
        self._editor = editor
        self._anchor: QTextCursor | None = None
        self._block = -1
        self.text = ""
        self.replaces = 0
        self.followed = (-1, -1)
        """From where to where the page was scrolled to keep it in sight; -1 where it was not."""
        self.tints: Sequence[tuple[int, int, object]] = ()

    def active(self) -> bool:
        """True from `begin` to `clear`."""
        return self._anchor is not None

    def position(self) -> int:
        """Where it stands, in characters of the document; -1 while there is none."""
        return -1 if self._anchor is None else self._anchor.position()

    def begin(self, position: int, *, replaces: int = 0) -> None:
        """Take a place."""
        self.clear()
        self._anchor = QTextCursor(self._editor.document())
        self._anchor.setPosition(position)
        self._anchor.setKeepPositionOnInsert(False)
        self.replaces = replaces

    def show(self, text: str, tints: Sequence[tuple[int, int, object]] = ()) -> None:
        """Show `text`; `tints` colour parts of it (start, end, colour)."""
        if self._anchor is None:
            return
        self.text, self.tints = text, tints
        self.put_up()

    def clear(self) -> None:
        """Take it away."""
        self.take_down()
        self._anchor = None
        self.text, self.replaces, self.followed, self.tints = "", 0, (-1, -1), ()
        self._editor.viewport().update()

    def put_up(self) -> None:
        """Set it into its paragraph, as after something else had to lay that out."""
        if self._anchor is None:
            return
        block = self._anchor.block()
        if self._block not in (-1, block.blockNumber()):
            self.take_down()
        self._block = block.blockNumber()
        layout = block.layout()
        shown = self.text[:LIMIT].replace("\n", "\u2028")
        if self.replaces and shown and not shown[-1].isspace():
            shown += " "  # what it would replace follows at once
        at = self._anchor.positionInBlock()
        layout.setPreeditArea(at, shown)
        starts = frozenset(at + place + 1 for place, letter in enumerate(shown) if letter == "\u2028")
        self._editor.page.ghost = (self._block, starts)
        ranges = []
        if shown:
            part = QTextLayout.FormatRange()
            part.start, part.length, part.format = at, len(shown), _style("accent")
            ranges.append(part)
        layout.setFormats(ranges)
        self._editor.styling.rehighlightBlock(block)
        self._editor.document().markContentsDirty(block.position(), block.length())

    def take_down(self) -> None:
        """Take it out of its paragraph for a moment."""
        if self._block < 0:
            return
        block = self._editor.document().findBlockByNumber(self._block)
        self._block = -1
        self._editor.page.ghost = (-1, frozenset())
        if block.isValid():
            layout = block.layout()
            layout.setPreeditArea(-1, "")
            layout.setFormats([])
            self._editor.styling.rehighlightBlock(block)
            self._editor.document().markContentsDirty(block.position(), block.length())


def _style(role: str) -> QTextCharFormat:
    style = QTextCharFormat()
    colour = theme.tokens().color(role)
    if theme.tokens().name == "dark":
        colour = colour.lighter(112)
    style.setForeground(colour)
    return style
