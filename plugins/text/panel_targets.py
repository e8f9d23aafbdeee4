"""Words to reach: what stands below the outline, and where the targets of a manuscript and of a day are set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.api import ParamSpec
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.numbers import NumberBox
from studio.widgets.text import Label

from .document_progress import HIGHEST
from .panel_rows import rows_of

if TYPE_CHECKING:
    from .panel import TextPanel

DAYS = 14
"""Days that the page of targets shows."""


@dataclass(frozen=True, slots=True)
class Count:
    """Words that stand there, and those of today; each target is 0 where there is none."""

    words: int = 0
    target: int = 0
    today: int = 0
    daily: int = 0

    def lines(self) -> tuple[tuple[str, int, int], tuple[str, int, int]]:
        """What is said, how much there is, and how much it shall be: of the whole, and of today."""
        whole = f"{self.words:,} of {self.target:,} words" if self.target else counted(self.words)
        today = f"{self.today:,} of {self.daily:,} today" if self.daily else f"{self.today:,} today"
        return (whole, self.words, self.target), (today, self.today, self.daily)


def counted(words: int) -> str:
    """A number of words in words."""
    return f"{words:,} word" if words == 1 else f"{words:,} words"


class Tally(QAbstractButton):
    """The words of the manuscript and of today, each with a bar where it has a target. A press asks for the targets."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName("Words")
        self.setToolTip("Words in the manuscript, and today. Click to set targets")
        self.count = Count()
        self.show_count(self.count)

    def show_count(self, count: Count) -> None:
        """Show other numbers."""
        self.count = count
        (whole, _, _), (today, _, _) = count.lines()
        self.setAccessibleDescription(f"{whole}, {today}")
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines, each with room for its bar."""
        return QSize(theme.px(120), theme.px(56))

    def minimumSizeHint(self) -> QSize:
        """As high as it is."""
        return QSize(theme.px(60), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The words and the bars."""
        current = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.underMouse() or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current.color("field"))
            painter.drawRoundedRect(area, current.px(6), current.px(6))
        if self.hasFocus():
            painter.setPen(current.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, current.px(6), current.px(6))
        painter.setFont(theme.font(current.label, tabular=True))
        half = area.height() / 2
        for number, (said, there, target) in enumerate(self.count.lines()):
            row = QRectF(area.left() + current.px(8), area.top() + number * half, area.width() - current.px(16), half)
            painter.setPen(current.color("muted"))
            words = painter.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, round(row.width()))
            painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
            if target:
                line = QRectF(row.left(), row.bottom() - current.px(4), row.width(), current.px(2))
                _bar(painter, line, there, target)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()


def _bar(painter: QPainter, line: QRectF, there: int, target: int) -> None:
    done = min(max(there, 0) / target, 1.0)
    painter.fillRect(line, theme.tokens().color("track"))
    reached = theme.tokens().color("success" if done >= 1.0 else "accent")
    painter.fillRect(QRectF(line.left(), line.top(), line.width() * done, line.height()), reached)


class Chart(QWidget):
    """The words of the last days, a column each, and the day's target as a line."""

    def __init__(self, days: Sequence[tuple[date, int]], target: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._days, self.target = list(days), target
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Words of the last days")
        said = [f"{QLocale().toString(day, 'd MMM')} {words:,}" for day, words in self._days if words]
        self.setAccessibleDescription(", ".join(said) or "nothing yet")

    def sizeHint(self) -> QSize:
        """Wide and low."""
        return QSize(theme.px(380), theme.px(120))

    def show_target(self, target: int) -> None:
        """Draw another target."""
        self.target = target
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Columns from the left, today last."""
        current = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        foot = current.px(18)
        area = QRectF(0, current.px(14), self.width(), self.height() - foot - current.px(14))
        highest = max([self.target, *(words for _, words in self._days), 1])
        step = area.width() / max(len(self._days), 1)
        painter.setFont(theme.font(current.small, tabular=True))
        for number, (day, words) in enumerate(self._days):
            tall = max(area.height() * max(words, 0) / highest, 2.0)
            left = area.left() + number * step
            column = QRectF(left + step * 0.18, area.bottom() - tall, step * 0.64, tall)
            reached = self.target and words >= self.target
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current.color("success" if reached else "accent" if words > 0 else "track"))
            painter.drawRoundedRect(column, 2, 2)
            painter.setPen(current.color("muted"))
            if words > 0 and (words == highest or number == len(self._days) - 1):
                above = QRectF(left - step, column.top() - current.px(15), 3 * step, current.px(14))
                above.moveRight(min(above.right(), area.right()))
                flag = Qt.AlignmentFlag.AlignRight if above.right() >= area.right() else Qt.AlignmentFlag.AlignHCenter
                painter.drawText(above, flag | Qt.AlignmentFlag.AlignBottom, f"{words:,}")
            below = QRectF(left, area.bottom() + current.px(2), step, foot - current.px(2))
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, f"{day.day}")
        if self.target:
            level = area.bottom() - area.height() * self.target / highest
            painter.setPen(current.color("muted"))
            painter.drawLine(QPointF(area.left(), level), QPointF(area.right(), level))
        painter.end()


class TargetsDialog(QDialog):
    """Asks for the targets; `values()` are that of the whole and that of a day, 0 for none."""

    def __init__(self, whole: int, daily: int, days: Sequence[tuple[date, int]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Word targets")
        self.setAccessibleName("Word targets")
        self.whole = _number("Whole manuscript", whole, 1000)
        self.daily = _number("Each day", daily, 50)
        self.chart = Chart(days, daily)
        self.daily.valueChanged.connect(lambda value: self.chart.show_target(round(value)))
        keep, leave = Button("Set", "primary"), Button("Cancel", "quiet")
        keep.setDefault(True)
        keep.clicked.connect(self.accept)
        leave.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(leave)
        foot.addWidget(keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.XL), theme.px(theme.XL), theme.px(theme.XL), theme.px(theme.L))
        column.setSpacing(theme.px(theme.M))
        column.addLayout(rows_of([(box.accessibleName(), box) for box in (self.whole, self.daily)], apart=theme.L))
        column.addWidget(Label(f"The last {len(days)} days", "label"))
        column.addWidget(self.chart)
        about = "What the model wrote and you took counts too. A chapter’s own target is in its menu in the outline."
        column.addWidget(Label(about, "hint", wrap=True))
        column.addLayout(foot)

    def values(self) -> tuple[int, int]:
        """What is set."""
        for box in (self.whole, self.daily):
            box.interpretText()
        return round(self.whole.value()), round(self.daily.value())


def _number(name: str, value: int, step: int) -> NumberBox:
    help = f"Words. 0 is no target; an arrow key changes it by {step}."
    spec = ParamSpec("number", "integer", 0, name, help=help, minimum=0, maximum=HIGHEST, step=step, unset="None")
    box = NumberBox(spec, grouped=True)
    box.setValue(value)
    return box


class Targets:
    """Counts for one panel, and asks for its targets."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        panel.page.outline.tally.clicked.connect(self.ask)

    def see(self, words: int) -> Count:
        """So many words stand there now."""
        manuscript = self._panel.manuscript
        today = date.today()
        if manuscript.progress.see(today, words) and not self._panel.restoring:
            self._panel.host.say(f"Today’s {counted(manuscript.progress.target)} are written")
        brought = manuscript.progress.words_of(today)
        return Count(words, manuscript.target, brought, manuscript.progress.target)

    def ask(self) -> None:
        """Ask how many words there shall be."""
        panel = self._panel
        manuscript = panel.manuscript
        days = manuscript.progress.last(date.today(), DAYS)
        dialog = TargetsDialog(manuscript.target, manuscript.progress.target, days, panel)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.set(*dialog.values()))
        dialog.open()

    def set(self, whole: int, daily: int) -> None:
        """Take other targets; 0 is none."""
        self._panel.manuscript.target, self._panel.manuscript.progress.target = whole, daily
        self._panel.host.changed()
        self._panel.sight.look_again()
