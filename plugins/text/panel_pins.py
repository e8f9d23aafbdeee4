"""Pinning words of a passage: what stays when the rest is written anew. With clicks, or with the arrows and Space."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from studio.widgets import theme

from .document_diff import words_at
from .editor import ManuscriptEdit
from .editor_paint import Tint
from .spelling import as_lines

HINT = "Click the words to keep, or ← → and Space. Enter repaints the rest"
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class Pins:
    """The words of `span` in an editor, some of them pinned, one of them current for the keyboard."""

    def __init__(self, editor: ManuscriptEdit, span: tuple[int, int], finish: Callable[[bool], None]) -> None:
        self._editor = editor
        self.span = span
        self._finish = finish
        start, end = span
        self._words = [(start + low, start + high) for low, high in words_at(editor.text()[start:end])]
        self._pinned: set[tuple[int, int]] = set()
        self._at = -1
        self._draw()

    def click(self, position: int) -> None:
        """Pin the word at a character, or let it go."""
        for number, (low, high) in enumerate(self._words):
            if low <= position <= high:
                self._at = number
                self._toggle()
                return

    def key(self, event: QKeyEvent) -> bool:
        """Arrows go from word to word, Space pins, Enter repaints, Esc leaves. True for a key that is not the page's:
        nothing may be typed meanwhile.
        """
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self._finish(False)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish(True)
        elif key in _STEPS and self._words:
            if self._at < 0:
                self._at = 0 if _STEPS[key] > 0 else len(self._words) - 1
            else:
                self._at = min(max(self._at + _STEPS[key], 0), len(self._words) - 1)
            self._editor.move_to(self._words[self._at][1])
            self._draw()
        elif key == Qt.Key.Key_Space:
            self._at = max(self._at, 0)
            self._toggle()
        else:
            return bool(event.text()) or key in (Qt.Key.Key_Up, Qt.Key.Key_Down)
        return True

    def lines(self) -> str:
        """The pinned words as a request spells them."""
        text = self._editor.text()
        return as_lines([text[start:end] for start, end in sorted(self._pinned)])

    def clear(self) -> None:
        """Take the marks away."""
        self._editor.marks = ()
        self._editor.viewport().update()

    def _toggle(self) -> None:
        if self._words:
            self._pinned ^= {self._words[self._at]}
            self._draw()

    def _draw(self) -> None:
        ground, edge, here = (theme.tokens().color("accent") for _ in range(3))
        ground.setAlpha(34)
        here.setAlpha(80)
        marks = [Tint(*self.span, ground)]
        if self._at >= 0:
            marks.append(Tint(*self._words[self._at], here))
        self._editor.marks = [*marks, *(Tint(start, end, edge, outline=True) for start, end in sorted(self._pinned))]
        self._editor.viewport().update()
