"""The card that says what went wrong, where it went wrong, in words, with the next step."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFontDatabase,
    QGuiApplication,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from studio.core.errors import Problem
from studio.widgets import icons, theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.text import Label, shorten, soften


class ErrorCard(Card):
    """A Problem with its hint; the details behind a fold, with a button that copies everything.

    `acted` is a press on the button named by `action`, `dismissed` the cross (or Escape on the card). All text is
    shown as plain text, whoever wrote it.
    """

    acted = Signal()
    dismissed = Signal()

    def __init__(self, problem: Problem, *, action: str = "", parent: QWidget | None = None) -> None:
        super().__init__("error", parent)
        self._picture = QLabel()
        self._message = Label("", "heading", wrap=True)
        self._hint = Label("", "muted", wrap=True)
        self._action = Button(action or " ")
        self._action.clicked.connect(self.acted)
        self._close = IconButton("x", "Dismiss", size=16)
        self._close.clicked.connect(self._dismiss)
        self._more = Button("Details", "quiet", icon="caret-right")
        self._more.setCheckable(True)
        self._more.toggled.connect(self._unfold)
        self._copy = Button("Copy details", "quiet", icon="copy")
        self._copy.clicked.connect(self.copy)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setAccessibleName("Details")
        self._details.setTabChangesFocus(True)
        self._details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._details.hide()
        self._lay_out()
        self.set_problem(problem, action=action)

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(theme.px(theme.XS))
        words.addWidget(self._message)
        words.addWidget(self._hint)
        top = QHBoxLayout()
        top.setSpacing(theme.px(theme.M))
        top.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        top.addWidget(self._action, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        foot = QHBoxLayout()
        foot.setSpacing(theme.px(theme.XS))
        foot.addSpacing(theme.px(20))
        foot.addWidget(self._more)
        foot.addWidget(self._copy)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.M), theme.px(theme.M), theme.px(theme.M), theme.px(theme.S))
        column.setSpacing(theme.px(theme.S))
        column.addLayout(top)
        column.addLayout(foot)
        column.addWidget(self._details)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Room for every line: a column that is short of it would cut them."""
        for label in (self._message, self._hint):
            label.setMinimumHeight(label.heightForWidth(label.width()) if label.text() else 0)
        super().resizeEvent(event)

    def problem(self) -> Problem:
        """What it shows."""
        return self._problem

    def set_problem(self, problem: Problem, *, action: str = "") -> None:
        """Show another problem."""
        self._problem = problem
        self._message.setText(soften(problem.message, 600))
        self._hint.setText(soften(problem.hint, 600))
        self._hint.setVisible(bool(problem.hint))
        self._action.setText(action)
        self._action.setAccessibleName(action)
        self._action.setVisible(bool(action))
        self._more.setChecked(False)
        self._more.setVisible(bool(problem.details))
        self._copy.setVisible(bool(problem.details))
        self._details.setPlainText(soften(problem.details, 40_000))
        self._draw()
        self.setAccessibleName(shorten(problem.message, 300))
        self.setAccessibleDescription(shorten(problem.hint, 300))

    def _draw(self) -> None:
        edge = theme.px(20)
        sign = icons.icon("warning-circle", "danger")
        self._picture.setPixmap(sign.pixmap(QSize(edge, edge), self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:
        """The sign is a drawing: draw it again in the new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_picture"):
            self._draw()

    def copy(self) -> None:
        """Put message, hint and all details on the clipboard."""
        parts = (self._problem.message, self._problem.hint, self._problem.details)
        QGuiApplication.clipboard().setText("\n\n".join(part for part in parts if part))
        self._copy.setText("Copied")

    def _unfold(self, opened: bool) -> None:
        self._details.setVisible(opened)
        self._details.setFixedHeight(theme.px(160))
        icons.put(self._more, "caret-down" if opened else "caret-right", role="muted", size=16, gap=4)
        self._copy.setText("Copy details")

    def _dismiss(self) -> None:
        self.hide()
        self.dismissed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape dismisses it while the focus is inside."""
        if event.key() == Qt.Key.Key_Escape:
            self._dismiss()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Tell assistive technology at once."""
        super().showEvent(event)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
