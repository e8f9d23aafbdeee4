"""The keys of the library's grid and of its large view: most mean the same in both."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

_EXPORT = QKeyCombination(Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_E)
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


class LibraryKeys(QObject):
    """Takes the keys of `view` before the window's shortcuts: Space stars, Delete deletes, Ctrl+C, Ctrl+E and Ctrl+Z.
    Each of `more` emits a signal of the view's own.
    """

    star = Signal()
    delete = Signal()
    copy = Signal()
    export = Signal()
    undo = Signal()

    def __init__(self, view: QWidget, more: Mapping[Qt.Key, SignalInstance]) -> None:
        super().__init__(view)
        self._plain: dict[Qt.Key, SignalInstance] = {
            Qt.Key.Key_Space: self.star,
            Qt.Key.Key_Delete: self.delete,
            Qt.Key.Key_Backspace: self.delete,
            **more,
        }
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What a key asks for."""
        if not isinstance(event, QKeyEvent) or event.type() == QEvent.Type.KeyRelease:
            return False
        wish = self._wish(event)
        if wish is None:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            wish.emit()
        return True

    def _wish(self, event: QKeyEvent) -> SignalInstance | None:
        if event.matches(QKeySequence.StandardKey.Copy):
            return self.copy
        if event.matches(QKeySequence.StandardKey.Undo):
            return self.undo
        if event.keyCombination() == _EXPORT:
            return self.export
        return self._plain.get(Qt.Key(event.key())) if event.modifiers() in _PLAIN else None
