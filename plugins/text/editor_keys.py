"""What keys mean on the page while a ghost is there, and which of them change the text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

_ALT, _CTRL, _SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
HELD = _CTRL | _ALT


def ghost_word(event: QKeyEvent) -> str:
    """What a key means to the ghost, or ""."""
    key, held = event.key(), event.modifiers() & (_CTRL | _ALT | _SHIFT)
    none = Qt.KeyboardModifier.NoModifier
    words = {
        (Qt.Key.Key_Tab, none): "accept",
        (Qt.Key.Key_Right, _CTRL): "word",
        (Qt.Key.Key_Escape, none): "stop",
        (Qt.Key.Key_Down, _ALT): "next",
        (Qt.Key.Key_Up, _ALT): "previous",
    }
    return words.get((Qt.Key(key), held), "")


def changes_text(event: QKeyEvent) -> bool:
    """True for a key that changes the text."""
    standard = QKeySequence.StandardKey
    if any(event.matches(key) for key in (standard.Paste, standard.Cut, standard.DeleteEndOfWord)):
        return True
    if event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Enter):
        return True
    return bool(event.text().isprintable() and event.text()) and not event.modifiers() & HELD
