"""What lies over the centre for a while: error cards until they are dismissed, and notices that leave by themselves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.errors import Problem
from studio.widgets import theme
from studio.widgets.errors import ErrorCard
from studio.widgets.toast import Toast

MOST = 3
"""More cards than this say nothing more: the oldest leaves."""
_WIDTH = 620
_LIFT = 92
"""Pixels above the lower edge: the prompt of a panel stays free to type in."""


class Notices(QWidget):
    """A column of error cards at the top of `place`, and a toast at its lower edge. Lets clicks beside it through."""

    def __init__(self, place: QWidget) -> None:
        super().__init__(place)
        self._place = place
        self._cards: list[ErrorCard] = []
        self.toast = Toast(place, lift=_LIFT)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.S)
        self.setAccessibleName("Messages")
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        place.installEventFilter(self)
        self.hide()

    @property
    def problems(self) -> list[Problem]:
        """What the cards say, the newest first."""
        return [card.problem() for card in self._cards]

    def show_problem(self, problem: Problem, *, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Show an error card with at most one button. The same words are not shown twice."""
        for card in self._cards:
            if card.problem().message == problem.message:
                self._dismiss(card)
                break
        card = ErrorCard(problem, action=action, parent=self)
        card.setProperty("leads", action)
        card.dismissed.connect(lambda: self._dismiss(card))
        card.resized.connect(self._arrange, Qt.ConnectionType.QueuedConnection)  # it is laying itself out
        if act is not None:
            card.acted.connect(act)
            card.acted.connect(lambda: self._dismiss(card))
        self._cards.insert(0, card)
        self._column.insertWidget(0, card)
        while len(self._cards) > MOST:
            self._dismiss(self._cards[-1])
        self.show()
        card.show()
        self.raise_()
        self._arrange()

    def say(self, text: str, *, action: str = "", act: Callable[[], None] | None = None) -> None:
        """Show a notice that leaves by itself, with at most one thing to do about it."""
        self.toast.say(text, action=action, act=act)

    def settle(self, action: str) -> None:
        """Take away the cards with this button: the artist went where it leads."""
        for card in [card for card in self._cards if card.property("leads") == action]:
            self._dismiss(card)

    def clear(self) -> None:
        """Take everything away."""
        for card in list(self._cards):
            self._dismiss(card)
        self.toast.leave()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle when the place changes its size."""
        if watched is self._place and event.type() == QEvent.Type.Resize:
            self._arrange()
        return False

    def _dismiss(self, card: ErrorCard) -> None:
        if card in self._cards:
            self._cards.remove(card)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        if not self._cards:
            self.hide()
        self._arrange()

    def _arrange(self) -> None:
        if not self._cards:
            return
        width = min(theme.tokens().px(_WIDTH), self._place.width() - 2 * theme.L)
        self.setFixedWidth(max(width, 120))
        height = self._column.heightForWidth(width) if self._column.hasHeightForWidth() else self.sizeHint().height()
        self.setFixedHeight(min(height, max(80, self._place.height() - 2 * theme.L)))
        self.move((self._place.width() - width) // 2, theme.L)
