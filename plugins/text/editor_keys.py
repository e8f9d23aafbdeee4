"""What keys mean on the page while a ghost is there, and which of them change the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QKeySequence

if TYPE_CHECKING:
    from .editor import ManuscriptEdit

_E = TypeVar("_E", QKeyEvent, QInputMethodEvent)

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


def as_typed(editor: ManuscriptEdit, event: _E, press: Callable[[_E], None]) -> None:
    """Let an event put its letters in, as a person's. What is selected goes first, as part of the same step: Qt would
    make it the person's before it takes it away, and undo would bring it back so.
    """
    text = event.text() if isinstance(event, QKeyEvent) else event.commitString() or event.preeditString()
    held = isinstance(event, QKeyEvent) and bool(event.modifiers() & HELD)
    if held or not text or text in "\b\x7f\x1b":
        press(event)
        return
    cursor = editor.textCursor()
    over = cursor.hasSelection()
    if over:
        cursor.beginEditBlock()
        cursor.removeSelectedText()
        editor.setTextCursor(cursor)
    editor.setCurrentCharFormat(editor.authors.typing(cursor.position()))
    press(event)
    if over:
        cursor.endEditBlock()


def changes_text(event: QKeyEvent) -> bool:
    """True for a key that changes the text."""
    standard = QKeySequence.StandardKey
    if any(event.matches(key) for key in (standard.Paste, standard.Cut, standard.DeleteEndOfWord)):
        return True
    if event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Enter):
        return True
    return bool(event.text().isprintable() and event.text()) and not event.modifiers() & HELD
