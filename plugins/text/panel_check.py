"""“Check this text”: does it bear the watermark of a model here? The answer is put as carefully as it is certain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.api import Cancelled, Event, Failed, Finished, Request, StudioError
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.text import Label

from .document_outline import count_words, to_markdown
from .document_places import whole
from .panel_targets import counted

if TYPE_CHECKING:
    from .panel import TextPanel

MOST = 200_000
"""Characters that are checked; a mark shows in far fewer."""
LEFT, RIGHT = -3.0, 9.0
"""Deviations at the ends of the scale."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `marked` is None where nothing can be said."""

    marked: bool | None
    deviations: float
    sure: float
    tokens: int
    choices: int
    whole: bool
    words: str

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Verdict:
        """From what the checker keeps."""
        marked = facts.get("marked")
        return cls(
            marked if isinstance(marked, bool) else None,
            float(facts.get("deviations", 0.0)),
            float(facts.get("sure", 4.0)),
            int(facts.get("tokens", 0)),
            int(facts.get("choices", 0)),
            bool(facts.get("whole", True)),
            str(facts.get("words", "")),
        )

    @property
    def title(self) -> str:
        """In three words."""
        return {True: "The watermark was found", False: "No watermark was found", None: "Nothing can be said"}[
            self.marked
        ]

    @property
    def figures(self) -> str:
        """The numbers behind it."""
        read = "" if self.whole else " Only the beginning was read."
        told = f"{self.tokens:,} tokens were looked at; at {self.choices:,} of them the model had a choice.{read}"
        if self.marked is None:
            return told
        far = f"{abs(self.deviations):.1f} standard deviations {'above' if self.deviations >= 0 else 'below'} chance"
        return f"{far}; from {self.sure:.1f} above on it counts as found. {told}"


class Scale(QWidget):
    """Where a text stands between chance and certainty."""

    def __init__(self, verdict: Verdict, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict = verdict
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("How far from chance")
        self.setAccessibleDescription(verdict.figures)

    def sizeHint(self) -> QSize:
        """A line with its words below."""
        return QSize(theme.px(380), theme.px(38))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line, the places of chance and of certainty, and the text's own."""
        current, found = theme.tokens(), self._verdict
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge, level = current.px(8), current.px(10)
        width = self.width() - 2 * edge

        def at(deviations: float) -> float:
            return edge + width * (min(max(deviations, LEFT), RIGHT) - LEFT) / (RIGHT - LEFT)

        painter.setPen(Qt.PenStyle.NoPen)
        for left, right, colour in ((LEFT, found.sure, "track"), (found.sure, RIGHT, "success")):
            painter.setBrush(current.color(colour))
            painter.drawRect(QRectF(at(left), level - 1.5, at(right) - at(left), 3))
        painter.setBrush(current.color("success" if found.marked else "accent"))
        painter.drawEllipse(QPointF(at(found.deviations), level), current.px(6), current.px(6))
        painter.setFont(theme.font(current.small))
        painter.setPen(current.color("muted"))
        for place, word in ((0.0, "chance"), (found.sure, "found")):
            painter.drawLine(QPointF(at(place), level - 4), QPointF(at(place), level + 4))
            below = QRectF(at(place) - width / 4, level + current.px(9), width / 2, self.height())
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, word)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()


class CheckDialog(QDialog):
    """Says what was found, by what, and what it means."""

    def __init__(self, about: str, verdict: Verdict, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Check this text")
        self.setAccessibleName(verdict.title)
        self.setAccessibleDescription(f"{about}. {verdict.words} {verdict.figures}")
        self.verdict = verdict
        close = Button("Close", "primary")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.XL), theme.px(theme.XL), theme.px(theme.XL), theme.px(theme.L))
        column.setSpacing(theme.px(theme.M))
        head = QVBoxLayout()
        head.setSpacing(theme.px(theme.XS))
        head.addWidget(Label(verdict.title, "title", wrap=True))
        head.addWidget(Label(about, "label", wrap=True))
        column.addLayout(head)
        if verdict.marked is not None:
            column.addWidget(Scale(verdict))
        words = Label(verdict.words, wrap=True)
        words.setMinimumWidth(theme.px(380))
        column.addWidget(words)
        column.addWidget(Label(verdict.figures, "label", wrap=True))
        column.addLayout(foot)

    def showEvent(self, event: QShowEvent) -> None:
        """As high as its words: Qt gives a dialog two thirds of the screen at most, and cuts the lines."""
        super().showEvent(event)
        column = self.layout()
        if column is not None:
            self.resize(self.width(), max(self.height(), column.totalHeightForWidth(self.width())))


class Check:
    """Asks for checks of one panel's text and says what came out."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        self._jobs: dict[str, str] = {}
        """What is checked, in words, by job."""

    def ask(self) -> None:
        """Check the selection, or the whole text."""
        panel = self._panel
        model = panel.settings_pane.chosen_model()
        selected = panel.editor.textCursor().selectedText().replace("\u2029", "\n")
        text = selected if selected.strip() else panel.editor.text()
        # As models write it: an empty line between paragraphs. Another spelling is other tokens, and hides the mark.
        written = text if panel.manuscript.mode == "code" else to_markdown(text)
        generator = f"{panel.host.panel_id.partition('.')[0]}.checker"
        try:
            if not text.strip():
                raise StudioError("There is no text to check.", "Write something, or bring a text in.")
            ref = None if model is None else model.ref()
            job = panel.host.submit(Request(generator, {"text": whole(written[:MOST])}, 0, ref), title="Check a text")
        except StudioError as error:
            panel.show_error(error)
            return
        what = f"{'The selection' if selected.strip() else 'The whole text'}, {counted(count_words(text))}"
        self._jobs[job] = f"{what}, read by {model.title}" if model is not None else what

    def hear(self, event: Event) -> bool:
        """True for an event of a check."""
        if event.job_id not in self._jobs:
            return False
        if isinstance(event, Finished):
            about = self._jobs.pop(event.job_id)
            for artifact in event.artifacts:
                self._say(about, Verdict.of(artifact.facts))
        elif isinstance(event, Failed):
            del self._jobs[event.job_id]
            self._panel.page.show_problem(event.problem)
        elif isinstance(event, Cancelled):
            del self._jobs[event.job_id]
        return True

    def _say(self, about: str, verdict: Verdict) -> None:
        dialog = CheckDialog(about, verdict, self._panel)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
