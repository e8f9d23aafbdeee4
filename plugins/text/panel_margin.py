"""The card in the margin: the ways on from a place, side by side, one of them shown in the text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QTextOption
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Card, IconButton
from studio.widgets.text import Label, shorten

WIDTH = 236
LINES = 3
MORE = "⌘R" if sys.platform == "darwin" else "Ctrl+R"


@dataclass(frozen=True, slots=True)
class Way:
    """One row: the branch, its text, whether it is shown, how deep it hangs, and what is said about it."""

    id: int
    text: str
    shown: bool = False
    depth: int = 0
    note: str = ""


class WayRow(QAbstractButton):
    """A way on, in its first lines."""

    def __init__(self, way: Way, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.way = way
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.number = number
        self.show_way(way)

    def show_way(self, way: Way) -> None:
        """Show another state of it."""
        self.way = way
        self.setChecked(way.shown)
        said = shorten(" ".join(way.text.split()), 300) or "not begun"
        self.setAccessibleName(f"Way {self.number}: {said}")
        self.setAccessibleDescription(", ".join(part for part in (way.note, "shown" if way.shown else "") if part))
        self.update()

    def sizeHint(self) -> QSize:
        """Some lines of serif text and a line about it."""
        current = theme.tokens()
        lines = QFontMetricsF(theme.serif(current.px(14))).lineSpacing() * LINES
        note = current.px(16) if self.way.note else 0
        return QSize(current.px(WIDTH - 24), round(lines) + note + current.px(14))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The words, and a ground while it is shown or pointed at."""
        current = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current.color("hover" if self.isChecked() else "field"))
            painter.drawRoundedRect(area, current.px(6), current.px(6))
        if self.hasFocus():
            painter.setPen(current.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, current.px(6), current.px(6))
        inside = area.adjusted(
            current.px(10 + 10 * min(self.way.depth, 4)), current.px(6), -current.px(8), -current.px(5)
        )
        if self.way.note:
            painter.setFont(theme.font(current.small))
            painter.setPen(current.color("muted"))
            line = QRectF(inside.left(), inside.bottom() - current.px(14), inside.width(), current.px(14))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.way.note)
            inside.setBottom(inside.bottom() - current.px(16))
        font = theme.serif(current.px(14))
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(current.color("text" if self.isChecked() else "muted"))
        words = " ".join(self.way.text.split())[:400] or "…"
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        painter.drawText(inside, _fitting(words, metrics, inside), option)
        painter.end()


def _fitting(words: str, metrics: QFontMetricsF, area: QRectF) -> str:
    """As many words as fit into the lines there are."""
    flags = Qt.TextFlag.TextWordWrap  # as it is drawn: broken anywhere, more would seem to fit
    room = area.height() + 1
    if metrics.boundingRect(QRectF(0, 0, area.width(), 10_000), int(flags), words).height() <= room:
        return words
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        if metrics.boundingRect(QRectF(0, 0, area.width(), 10_000), int(flags), words[:middle] + "…").height() <= room:
            low = middle
        else:
            high = middle - 1
    return words[:low].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


class MarginCard(Card):
    """`chosen(id)` is a click on a way, `more_wanted` the wish for another, `closed` the cross."""

    chosen = Signal(int)
    more_wanted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("plain", parent)
        self.setAccessibleName("Other ways on")
        self._title = Label("Other ways on", "label")
        self._close = IconButton("x", "Close", kind="tiny", size=14)
        self._close.clicked.connect(self.closed)
        said = f"Another way on  {MORE}"
        self.more = IconButton("arrow-clockwise", "Another way on", help=said, kind="tiny", size=14)
        self.more.clicked.connect(self.more_wanted)
        self._rows: list[WayRow] = []
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(theme.XS))
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._hint = Label("", "hint", wrap=True)
        top = QHBoxLayout()
        top.setContentsMargins(theme.px(6), 0, 0, 0)
        top.addWidget(self._title)
        top.addStretch(1)
        top.addWidget(self.more)
        top.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.M), theme.px(10), theme.px(theme.M), theme.px(10))
        column.setSpacing(theme.px(6))
        column.addLayout(top)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._hint)
        self.hide()

    def show_ways(self, ways: Sequence[Way], *, title: str, hint: str) -> None:
        """Show these ways; rows stay where they are as long as their number does."""
        self._title.setText(title)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        if len(ways) != len(self._rows):
            for row in self._rows:
                row.setParent(None)
                row.deleteLater()
            self._rows = [WayRow(way, number + 1) for number, way in enumerate(ways)]
            for number, row in enumerate(self._rows):
                row.clicked.connect(lambda _on=False, row=row: self.chosen.emit(row.way.id))
                self._column.insertWidget(number, row)
        for row, way in zip(self._rows, ways, strict=True):
            row.show_way(way)
            if way.shown:
                self._scroll.ensureWidgetVisible(row)

    def rows(self) -> list[WayRow]:
        """The rows from top to bottom."""
        return list(self._rows)

    def height_for(self, most: int) -> int:
        """The height it wants, no more than `most` pixels."""
        rows = sum(row.sizeHint().height() + theme.px(theme.XS) for row in self._rows)
        head = theme.px(52) + (self._hint.heightForWidth(theme.px(WIDTH - 24)) if self._hint.isVisibleTo(self) else 0)
        return max(min(rows + head, most), theme.px(120))
