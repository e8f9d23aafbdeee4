"""What lies over the roll: how to begin, an error card, and the takes to choose from."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal

from studio.api import Problem
from studio.widgets import theme
from studio.widgets.empty import EmptyState
from studio.widgets.errors import ErrorCard

from .panel_bar import TakesBar
from .panel_editor import Editor

CARD_WIDTH = 520
HOW_TO_BEGIN = "Press Compose for a first piece.\nOr double-click to write notes of your own, and let the model go on."


class Floating(QObject):
    """Keeps everything in its place when the roll changes its size. `try_again` is the card's button."""

    try_again = Signal()

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.empty = EmptyState("Nothing is written yet", HOW_TO_BEGIN, icon="music-notes", parent=editor.roll)
        self.empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.takes = TakesBar(editor.roll)
        self.card = ErrorCard(Problem(""), parent=editor)
        self.card.hide()
        self.card.acted.connect(self.try_again)
        self.card.resized.connect(self._place_card)
        editor.roll.installEventFilter(self)
        editor.sheet.edited.connect(self._show_empty)
        self._show_empty()

    def show_problem(self, problem: Problem | None, *, action: str = "") -> None:
        """Say what went wrong and what to do; None takes the card away."""
        self.card.setVisible(problem is not None)
        if problem is not None:
            self.card.set_problem(problem, action=action)
            self._place_card()
            self.card.raise_()

    def _show_empty(self) -> None:
        sheet = self._editor.sheet
        self.empty.setVisible(not sheet.score.note_count and (sheet.ghosts is None or not sheet.ghosts.note_count))

    def _place_card(self) -> None:
        room = self._editor.width()
        self.card.setFixedWidth(min(theme.tokens().px(CARD_WIDTH), max(240, room - 2 * theme.XL)))
        self.card.adjustSize()
        self.card.move((room - self.card.width()) // 2, theme.tokens().px(56))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The roll has another size."""
        if watched is self._editor.roll and event.type() == QEvent.Type.Resize:
            self.empty.setGeometry(self._editor.roll.rect())
            self.takes.place_over()
            self._place_card()
        return super().eventFilter(watched, event)
