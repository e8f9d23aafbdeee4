"""How a page of prose is set: room between lines and paragraphs, which QPlainTextEdit alone does not give.

The plain layout takes a token in under 3 ms whatever the length of the text; it only places its lines too close. Lines
are moved apart here after Qt has broken them, paragraph by paragraph, and only for those in sight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QTextBlock, QTextDocument
from PySide6.QtWidgets import QPlainTextDocumentLayout

from studio.widgets import theme

PITCH = 1.62
"""Distance of lines by the size of the letters."""
GAP = 0.55
"""Room below a paragraph, in lines."""
ABOVE = {1: 1.5, 2: 1.0, 3: 0.6}
"""Room above a heading by its level, in lines."""
AT_TOP = 1.6
"""Room above the first paragraph, in lines."""


def paper() -> QColor:
    """The ground of the page: the window's own in the dark, paper in the light."""
    return theme.tokens().color("canvas") if theme.tokens().name == "dark" else QColor("#fcfcfb")


LINE, LIST, BREAK, CODE, PICTURE = 0, 10, 11, 12, 13
"""Kinds of a paragraph beside headings (1 … 6), as the highlighter keeps them in the block's state."""


class PageLayout(QPlainTextDocumentLayout):
    """Places the lines of a document. `pixels` is the size of body letters, `picture_height` gives the room that a
    picture's paragraph needs below its line, in pixels. `ghost` are the number of the block with the ghost, and where
    in its layout paragraphs of the ghost begin: they get the room that they will have once they are taken.
    """

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.pixels = 18
        self.dense = False
        self.picture_height: Callable[[QTextBlock], float] = lambda _block: 0.0
        self.ghost: tuple[int, frozenset[int]] = (-1, frozenset())
        self._settling = False

    @contextmanager
    def settled(self, block: QTextBlock) -> Iterator[None]:
        """Changes of one paragraph's layout that are none of its text: it is laid out once behind them. Qt itself
        would do so three times for each, and drop the layout of paragraphs behind it.
        """
        before = self.blockBoundingRect(block)
        yield
        self._settling = True
        try:
            self.document().markContentsDirty(block.position(), block.length())
        finally:
            self._settling = False
        if self.blockBoundingRect(block).height() == before.height():
            self.updateBlock.emit(block)
        else:
            self.update.emit()

    def documentChanged(self, position: int, removed: int, added: int) -> None:
        """Lay out anew what an edit has touched."""
        if not self._settling:
            super().documentChanged(position, removed, added)

    def pitch(self) -> float:
        """Pixels from line to line of body text."""
        return round(self.pixels * (1.4 if self.dense else PITCH))

    def room(self, block: QTextBlock) -> tuple[float, float]:
        """Pixels above and below the lines of a paragraph."""
        kind = max(block.userState(), 0) & 0xFF
        pitch = self.pitch()
        first = not block.previous().isValid()
        above = ABOVE.get(kind, 0.0) if not first else 0.0
        below = GAP
        if kind == LIST:
            below = 0.12 if (max(block.next().userState(), 0) & 0xFF) == LIST else GAP
        elif kind == CODE or self.dense:
            below = 0.0
        elif kind == BREAK:
            above, below = 0.3, GAP + 0.3
        elif 1 <= kind <= 6:
            below = 0.3
        if first:
            above = AT_TOP
        return round(above * pitch), round(below * pitch)

    def blockBoundingRect(self, block: QTextBlock) -> QRectF:
        """The paragraph with all its room."""
        area = super().blockBoundingRect(block)
        if not block.isValid() or not block.isVisible():
            return area
        layout = block.layout()
        count = layout.lineCount()
        if not count:
            return area
        above, below = self.room(block)
        last = layout.lineAt(count - 1)
        pitch = max(self.pitch(), round(layout.lineAt(0).height() * 1.12))
        parted = 0
        if self.ghost[0] == block.blockNumber() and self.ghost[1]:
            parted = sum(layout.lineAt(number).textStart() in self.ghost[1] for number in range(count))
        gaps = parted * round(GAP * pitch)
        expected = above + (count - 1) * pitch + gaps + round((pitch - last.height()) / 2)
        if last.y() != expected or layout.lineAt(0).y() != above + round((pitch - layout.lineAt(0).height()) / 2):
            self._place(block, above, pitch, parted > 0)
        area.setHeight(above + count * pitch + gaps + below + self.picture_height(block))
        return area

    def _place(self, block: QTextBlock, above: int, pitch: int, parted: bool) -> None:
        layout = block.layout()
        top = above
        for number in range(layout.lineCount()):
            line = layout.lineAt(number)
            if parted and line.textStart() in self.ghost[1]:
                top += round(GAP * pitch)
            line.setPosition(QPointF(line.x(), top + round((pitch - line.height()) / 2)))
            top += pitch
