"""The remark in the page's tools: what the keys do now, what the colours mean. It takes two short lines at most."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.widgets.text import Label, tip

LINES = 2


class Note(Label):
    """A label that never holds a layout open: what does not fit ends in "…" and is told in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "label", parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Remark")

    def setText(self, text: str) -> None:
        """Show a remark, or nothing."""
        super().setText(text)
        self._tell()

    def sizeHint(self) -> QSize:
        """Two lines high."""
        return QSize(0, LINES * self.fontMetrics().lineSpacing())

    def minimumSizeHint(self) -> QSize:
        """As high, and as narrow as it must be."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say the whole in the tooltip only where it does not fit."""
        super().resizeEvent(event)
        self._tell()

    def _tell(self) -> None:
        lines = self.lines()
        self.setToolTip(tip(self.text()) if lines and lines[-1].endswith("…") and not self.text().endswith("…") else "")

    def lines(self) -> list[str]:
        """What is drawn, line by line."""
        text, wide = self.text(), self.contentsRect().width()
        layout = QTextLayout(text, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        found: list[str] = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(wide)
            start = line.textStart()
            if len(found) == LINES - 1:
                found.append(self.fontMetrics().elidedText(text[start:].strip(), Qt.TextElideMode.ElideRight, wide))
                break
            found.append(text[start : start + line.textLength()].strip())
        layout.endLayout()
        return [line for line in found if line]

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines, in the middle of the height."""
        lines = self.lines()
        metrics = self.fontMetrics()
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        top = self.contentsRect().center().y() - len(lines) * metrics.lineSpacing() / 2 + metrics.ascent() + 1
        for number, line in enumerate(lines):
            painter.drawText(QPointF(self.contentsRect().left(), top + number * metrics.lineSpacing()), line)
        painter.end()
