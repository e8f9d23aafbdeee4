"""What the model sees: what was sent, coloured by where it came from, with its tokens, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.text import Label, soften

from .wire import Report, Segment

ORIGINS: Mapping[str, tuple[str, str, str]] = {
    "memory": ("Memory", "#d9a05b", "#8a5a12"),
    "lore": ("Lorebook", "#7cc48f", "#1f6b37"),
    "story": ("Story", "#a5a5ab", "#56565c"),
    "note": ("Author’s note", "#d58bd8", "#8a2f8e"),
    "after": ("What follows", "#6fb7d6", "#17607f"),
    "passage": ("Selection", "#93a1ff", "#3544c2"),
    "instruction": ("Instruction", "#ff9d7a", "#a33d12"),
    "template": ("Template", "#6f6f77", "#66666d"),
}
SHOWN = 6000
"""Characters of one part that are shown; a whole novel is not read here."""


def colour(origin: str) -> QColor:
    """The colour of an origin in the theme of the moment."""
    known = ORIGINS.get(origin, ORIGINS["template"])
    return QColor(known[2] if theme.tokens().name == "light" else known[1])


class Budget(QWidget):
    """A bar: how much of the context each origin took, and what is kept free for the answer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.report = Report(())
        self.setFixedHeight(theme.px(10))

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(theme.px(200), theme.px(10))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The shares."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        painter.fillRect(area, theme.tokens().color("track"))
        whole = max(self.report.limit, self.report.tokens + self.report.room, 1)
        left = area.left()
        for segment in self.report.sent:
            wide = area.width() * segment.tokens / whole
            painter.fillRect(QRectF(left, area.top(), wide, area.height()), colour(segment.origin))
            left += wide
        painter.end()


class ContextViewer(QWidget):
    """Shows a Report."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.summary = Label("", "label", wrap=True)
        self.budget = Budget()
        self.view = QPlainTextEdit()
        self.view.setReadOnly(True)
        self.view.setAccessibleName("What the model sees")
        self.view.setMinimumHeight(theme.px(200))
        self.legend = Label("", "hint", wrap=True)
        self.left_out = Label("", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.px(theme.S), 0, 0)
        column.setSpacing(theme.px(theme.S))
        for part in (self.summary, self.budget, self.view, self.left_out):
            column.addWidget(part)
        self.show_report(None)

    def show_report(self, report: Report | None, *, live: bool = False) -> None:
        """Show what was sent, or (`live`) what would be; None where nobody knows yet."""
        there = report is not None and bool(report.sent)
        for part in (self.budget, self.view):
            part.setVisible(there)
        self.left_out.setVisible(bool(report and report.left_out))
        if report is None or not there:
            self.summary.setText("After the first Ctrl+Enter this shows exactly what the model was sent.")
            return
        about = "about " if live else ""
        limit = f" of {report.limit:,}" if report.limit else ""
        said = f"{'Would be sent' if live else 'Sent last'}: {about}{report.tokens:,}{limit} tokens"
        if report.room:
            said += f", {report.room:,} kept free for the answer"
        self.summary.setText(said + ".")
        self.budget.report = report
        self.budget.update()
        self._fill(report)
        self.left_out.setText("Left out: " + "; ".join(_reason(segment) for segment in report.left_out) + ".")

    def _fill(self, report: Report) -> None:
        self.view.clear()
        cursor = QTextCursor(self.view.document())
        for segment in report.sent:
            name = ORIGINS.get(segment.origin, (segment.origin, "", ""))[0]
            head = QTextCharFormat()
            head.setForeground(colour(segment.origin))
            head.setFontWeight(600)
            title = f" · {segment.title}" if segment.title else ""
            cursor.insertText(f"{name}{title}  {segment.tokens:,}\n", head)
            body = QTextCharFormat()
            tint = colour(segment.origin)
            tint.setAlpha(28)
            body.setBackground(tint)
            text = segment.text
            if len(text) > SHOWN:
                text = f"{text[: SHOWN // 3]} […] {text[-2 * SHOWN // 3 :]}"
            cursor.insertText(soften(text, SHOWN + 20).rstrip("\n") + "\n", body)
        self.view.moveCursor(QTextCursor.MoveOperation.End)


def _reason(segment: Segment) -> str:
    name = segment.title or ORIGINS.get(segment.origin, (segment.origin, "", ""))[0]
    return f"{name} ({segment.tokens:,} tokens{', ' + segment.why if segment.why else ''})"
