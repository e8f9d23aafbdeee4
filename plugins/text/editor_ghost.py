"""Ghost text: what a model offers, set at its place in the paragraph without being in the document.

It is put where Qt puts the unfinished text of an input method: it wraps and pushes what follows along, and no undo, no
search and no file ever sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextCursor, QTextLayout

from studio.widgets import theme

from .document_places import spread

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

    def near(self, cursor: QTextCursor) -> bool:
        """True where typing at a cursor would change the paragraphs that the ghost is in, or join others to them."""
        if self._anchor is None:
            return False
        block, document = self._anchor.block(), self._editor.document()
        last = document.findBlock(self.position() + self.replaces)
        end = last.position() + last.length() if last.isValid() else document.characterCount()
        return cursor.selectionEnd() + 1 >= block.position() and cursor.selectionStart() <= end

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
        self.text, self.tints = spread(text), tints
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
        shown = self.text[:LIMIT].replace("\n", "\u2028")
        if self.replaces and shown and not shown[-1].isspace():
            shown += " "  # what it would replace follows at once
        self._set(block, self._anchor.positionInBlock(), shown)

    def take_down(self) -> None:
        """Take it out of its paragraph for a moment."""
        if self._block < 0:
            return
        block = self._editor.document().findBlockByNumber(self._block)
        self._block = -1
        if block.isValid():
            self._set(block, -1, "")

    def _set(self, block: QTextBlock, at: int, shown: str) -> None:
        """Put text at a place of a paragraph's layout in the place of what stands there; the paragraph alone is laid
        out, and once: a look at a long ghost comes thirty times a second.
        """
        layout = block.layout()
        if (layout.preeditAreaPosition(), spread(layout.preeditAreaText())) == (at, shown):
            return
        ranges = _moved(layout, at, len(shown))
        if shown:
            part = QTextLayout.FormatRange()
            part.start, part.length, part.format = at, len(shown), _style("accent")
            ranges.append(part)
        page = self._editor.page
        starts = (at + place + 1 for place, letter in enumerate(shown) if letter == "\u2028")
        page.ghost = (self._block, frozenset(starts))
        with page.settled(block):
            layout.setPreeditArea(at, shown)
            layout.setFormats(ranges)


def _moved(layout: QTextLayout, at: int, count: int) -> list[QTextLayout.FormatRange]:
    """The styles of a paragraph's words where they are once `count` characters stand at `at` instead of the ghost that
    stands there now; the ghost's own is not among them.
    """
    was, old = layout.preeditAreaPosition(), len(spread(layout.preeditAreaText()))
    ranges = []
    for part in layout.formats():
        start, end = part.start, part.start + part.length
        if old and start == was and end <= was + old:
            continue
        if old and end >= was + old:
            start, end = start - old if start > was else start, end - old
        if count and end > at:
            start, end = start + count if start >= at else start, end + count
        part.start, part.length = start, end - start
        ranges.append(part)
    return ranges


def _style(role: str) -> QTextCharFormat:
    style = QTextCharFormat()
    colour = theme.tokens().color(role)
    if theme.tokens().name == "dark":
        colour = colour.lighter(112)
    style.setForeground(colour)
    return style
