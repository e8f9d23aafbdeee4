"""Where a click belongs on a page whose lines stand apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QMouseEvent

from .editor_paint import visible

if TYPE_CHECKING:
    from .editor import ManuscriptEdit


def snapped(editor: ManuscriptEdit, event: QMouseEvent) -> QMouseEvent:
    """A click between two lines belongs to the nearer one; Qt would take it for the end of the upper."""
    spot = event.position()
    for block, offset in visible(editor):
        if offset.y() <= spot.y() < offset.y() + editor.blockBoundingRect(block).height():
            layout = block.layout()
            lines = [layout.lineAt(number) for number in range(layout.lineCount())]
            if lines:
                middle = [offset.y() + line.y() + line.height() / 2 for line in lines]
                spot = QPointF(spot.x(), min(middle, key=lambda y: abs(y - spot.y())))
            break
    return QMouseEvent(event.type(), spot, event.globalPosition(), event.button(), event.buttons(), event.modifiers())
