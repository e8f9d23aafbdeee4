"""The page a second time, at another place of the text.

There is one editor that writes, with the model's ghost, its cards and its keys. Whoever goes into the other half finds
it there: the two change places, each with what the other showed, so that nothing moves on the screen.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QSplitter

from .editor import ManuscriptEdit

_BY_HAND = (Qt.FocusReason.MouseFocusReason, Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)


class SecondEdit(ManuscriptEdit):
    """Shows an editor's document. `entered` says that somebody wants to work here."""

    entered = Signal()

    def __init__(self, first: ManuscriptEdit) -> None:
        super().__init__(first.document())
        self.setAccessibleName("Manuscript, second view")
        # A click takes the ghost out of its paragraph for a moment, whichever half it hits.
        self.ghost = first.ghost
        self.picture_of = first.picture_of
        self.typography, self.quotes, self.code = first.typography, first.quotes, first.code
        self.restyle()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click, or the end of a selection."""
        super().mouseReleaseEvent(event)
        self.entered.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu is that of the editor, which stands here from now on."""
        self.entered.emit()
        super().contextMenuEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Entered with the keyboard; a click says so itself when it is done."""
        super().focusInEvent(event)
        if event.reason() not in _BY_HAND:
            self.entered.emit()


def change_places(splitter: QSplitter, first: ManuscriptEdit, second: ManuscriptEdit) -> None:
    """Let two views of one document change places, carets and what they show."""
    splitter.setUpdatesEnabled(False)
    sizes = splitter.sizes()
    carets = first.textCursor(), second.textCursor()
    places = first.verticalScrollBar().value(), second.verticalScrollBar().value()
    splitter.insertWidget(1 - splitter.indexOf(first), first)
    splitter.setSizes(sizes)
    for editor, caret in zip((second, first), carets, strict=True):
        editor.setTextCursor(caret)
    for editor, place in zip((second, first), places, strict=True):
        editor.verticalScrollBar().setValue(place)
    splitter.setUpdatesEnabled(True)
    first.setFocus()
