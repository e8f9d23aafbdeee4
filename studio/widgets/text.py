"""Showing text that somebody else wrote: never as markup, never longer than a line can bear, always breakable."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

BREAK = "\u200b"
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
"""As html.escape, without its 2,000 names of letters in every start."""
_LONG = re.compile(r"\S{40}(?=\S)")


def shorten(text: str, limit: int = 400) -> str:
    """At most `limit` characters of `text`, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def soften(text: str, limit: int = 4000) -> str:
    """`text` for display only: shortened, and with a break point in every word of more than 40 characters.

    Qt lays a single long word out in quadratic time: 1,000,000 characters froze a text view for 82 s.
    """
    return _LONG.sub(lambda found: found.group() + BREAK, shorten(text, limit))


def tip(text: str) -> str:
    """`text` as a tooltip: a few plain words as they are, anything longer or with markup in it as an escaped paragraph
    (Qt wraps only rich text).
    """
    if len(text) <= 60 and not set(text) & set("<>&\n"):
        return text
    return f"<p style='margin: 0; white-space: pre-wrap'>{soften(text, 1000).translate(_HTML)}</p>"


class Label(QLabel):
    """A label for any text: plain, softened, in one of the voices of the theme."""

    def __init__(self, text: str = "", tone: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if tone:
            self.setProperty("tone", tone)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show `text`, softened."""
        super().setText(soften(text))


class SteadyLabel(Label):
    """One line for what changes many times a second. Its size only ever grows: a QLabel of another size makes the
    whole window lay itself out again, docks and all, at every new text.
    """

    def setText(self, text: str) -> None:
        """Show `text`, softened."""
        super().setText(text)
        wanted = self.sizeHint()
        if wanted.width() > self.minimumWidth() or wanted.height() != self.minimumHeight():
            self.setFixedSize(max(wanted.width(), self.minimumWidth()), wanted.height())

    def settle(self) -> None:
        """Give back room that is not needed any more; something else is shown now."""
        self.setFixedSize(self.sizeHint())

    def changeEvent(self, event: QEvent) -> None:
        """Another text size, another size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self.settle()


class ElidedLabel(QLabel):
    """One line that ends in "…" where the room is short, with the whole text as its tooltip then."""

    def __init__(
        self,
        text: str = "",
        tone: str = "",
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if tone:
            self.setProperty("tone", tone)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show the first line's worth of `text`."""
        super().setText(shorten(" ".join(text[:4000].split()), 600))
        self._update_tip()

    def minimumSizeHint(self) -> QSize:
        """Wide enough for the ellipsis: this label never holds a layout open."""
        return QSize(self.fontMetrics().horizontalAdvance("…"), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say the whole in the tooltip only where it does not fit."""
        super().resizeEvent(event)
        self._update_tip()

    def _update_tip(self) -> None:
        short = self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()
        self.setToolTip(tip(self.text()) if short else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the shortened line."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        area = self.contentsRect()
        line = self.fontMetrics().elidedText(self.text(), self._mode, area.width())
        painter.drawText(area, self.alignment() | Qt.TextFlag.TextSingleLine, line)
        painter.end()


def hint(text: str, *, wrap: bool = True) -> Label:
    """A label in the quietest voice, for what is good to know."""
    return Label(text, "hint", wrap=wrap)
