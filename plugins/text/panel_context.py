"""What the model sees: what was sent, coloured by where it came from, with its tokens, and what was left out."""

from __future__ import annotations

import html
from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button
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
    """Shows a Report: what would be sent now, or what was. `live_wanted` asks for the first."""

    live_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.summary = Label("", "label", wrap=True)
        self.budget = Budget()
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self.legend.setAccessibleName("Tokens by origin")
        self._last: Report | None = None
        self.last = Button("As sent last", "quiet", help="Exactly what the last generation was given, token by token")
        self.last.setCheckable(True)
        self.last.setEnabled(False)
        self.last.toggled.connect(self._turned)
        self.view = QPlainTextEdit()
        self.view.setReadOnly(True)
        self.view.setAccessibleName("What the model sees")
        self.view.setMinimumHeight(theme.px(200))
        self.left_out = Label("", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.px(theme.S), 0, 0)
        column.setSpacing(theme.px(theme.S))
        for part in (self.summary, self.budget, self.legend, self.view, self.left_out):
            column.addWidget(part)
        column.addWidget(self.last, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_report(None)

    def show_report(self, report: Report | None, *, live: bool = False) -> None:
        """Show what was sent, or (`live`) what would be; None where nobody knows yet."""
        if live and self.last.isChecked():
            return
        there = report is not None and bool(report.sent)
        for part in (self.budget, self.legend, self.view):
            part.setVisible(there)
        self.left_out.setVisible(bool(report and report.left_out))
        if report is None or not there:
            self.summary.setText("Write something: this shows what the model is sent.")
            return
        about = "about " if live else ""
        limit = f" of {report.limit:,}" if report.limit else ""
        said = f"{'Would be sent' if live else 'Sent last'}: {about}{report.tokens:,}{limit} tokens"
        if report.room:
            said += f", {report.room:,} kept free for the answer"
        self.summary.setText(said + ".")
        self.budget.report = report
        self.budget.update()
        self.legend.setText(_legend(report))
        self._fill(report)
        self.left_out.setText("Left out: " + "; ".join(_reason(segment) for segment in report.left_out) + ".")

    def sent(self, report: Report) -> None:
        """Keep what was sent last; a press on the button shows it."""
        self._last = report
        self.last.setEnabled(True)
        if self.last.isChecked():
            self.show_report(report)

    def _turned(self, on: bool) -> None:
        if on and self._last is not None:
            self.show_report(self._last)
        elif not on:
            self.live_wanted.emit()

    def _fill(self, report: Report) -> None:
        self.view.clear()
        cursor = QTextCursor(self.view.document())
        for segment in report.sent:
            name = ORIGINS.get(segment.origin, (segment.origin, "", ""))[0]
            head = QTextCharFormat()
            head.setForeground(colour(segment.origin))
            head.setFontWeight(600)
            title = f" · {segment.title}" if segment.title else ""
            title += f" · {segment.why}" if segment.why else ""
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


def _legend(report: Report) -> str:
    """Whose part of the bar is which colour, and how many tokens it has."""
    counts: dict[str, int] = {}
    for segment in report.sent:
        counts[segment.origin] = counts.get(segment.origin, 0) + segment.tokens
    said = [
        f'<span style="color:{colour(origin).name()}">{ORIGINS.get(origin, (html.escape(origin), "", ""))[0]}'
        f"\u00a0{tokens:,}</span>"
        for origin, tokens in counts.items()
    ]
    free = max(report.limit - report.tokens - report.room, 0) if report.limit else 0
    if free:
        said.append(f'<span style="color:{theme.tokens().color("muted").name()}">free\u00a0{free:,}</span>')
    return " &nbsp; ".join(said)


def _reason(segment: Segment) -> str:
    name = segment.title or ORIGINS.get(segment.origin, (segment.origin, "", ""))[0]
    return f"{name} ({segment.tokens:,} tokens{', ' + segment.why if segment.why else ''})"
