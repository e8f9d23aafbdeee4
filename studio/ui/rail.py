"""The left rail: one button per panel on top, the pages of the shell below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.core.values import frozen
from studio.ui.commands import native
from studio.widgets import icons, theme


@frozen
class Place:
    """Somewhere to go: a panel (by its full id) or a page of the shell."""

    id: str
    title: str
    icon: str
    page: bool = False


class RailButton(QToolButton):
    """A place on the rail, with an optional number or dot in its corner."""

    def __init__(self, place: Place, shortcut: str) -> None:
        super().__init__()
        self.place = place
        self._badge = ""
        self._trouble = False
        self._shortcut = shortcut
        self.setObjectName("railButton")
        self.setText(place.title)
        self.setAccessibleName(place.title)
        self.setCheckable(True)
        self.setIcon(icons.icon(place.icon, "muted"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(f"{place.title}  {native(shortcut)}" if shortcut else place.title)
        self.toggled.connect(self._take_icon)

    def _take_icon(self, front: bool) -> None:
        self.setIcon(icons.icon(self.place.icon, "text" if front else "muted"))

    def set_badge(self, text: str, said: str = "", *, trouble: bool = False) -> None:
        """Show a short text in the corner ("" for none); `said` is what a screen reader adds."""
        self._badge, self._trouble = text, trouble
        self.setAccessibleDescription(said)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._badge:
            return
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPixelSize(tokens.px(10))
        font.setBold(True)
        painter.setFont(font)
        height = tokens.px(15)
        width = max(height, painter.fontMetrics().horizontalAdvance(self._badge) + tokens.px(8))
        corner = QRectF(self.width() / 2 + tokens.px(4), tokens.px(3), width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.danger if self._trouble else tokens.accent))
        painter.drawRoundedRect(corner, height / 2, height / 2)
        painter.setPen(QColor(tokens.on_accent))
        painter.drawText(corner, Qt.AlignmentFlag.AlignCenter, self._badge)


class Rail(QWidget):
    """Emits `chosen(place id)`. Up, Down, Home and End walk along it; where it gets too low the words give way."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAccessibleName("Panels and pages")
        self._buttons: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 8, 6, 8)
        self._layout.setSpacing(4)

    def set_places(self, panels: Sequence[Place], pages: Sequence[Place]) -> None:
        """Show these places; the first nine panels answer to Alt+1 … Alt+9."""
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._buttons.clear()
        for number, place in enumerate((*panels, *pages), start=1):
            if place.page and not any(b.place.page for b in self._buttons.values()):
                self._layout.addStretch(1)
            button = RailButton(place, f"Alt+{number}" if number <= 9 else "")
            button.clicked.connect(lambda _checked=False, name=place.id: self.chosen.emit(name))
            self._group.addButton(button)
            self._layout.addWidget(button)
            self._buttons[place.id] = button
        self._fit()

    def places(self) -> list[Place]:
        """What stands on the rail, from top to bottom."""
        return [button.place for button in self._buttons.values()]

    def button(self, place: str) -> RailButton | None:
        """The button of a place."""
        return self._buttons.get(place)

    def set_front(self, place: str) -> None:
        """Mark the place that is shown."""
        if (button := self._buttons.get(place)) is not None:
            button.setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        buttons = list(self._buttons.values())
        at = next((i for i, button in enumerate(buttons) if button.hasFocus()), -1)
        to = {
            Qt.Key.Key_Down: min(at + 1, len(buttons) - 1),
            Qt.Key.Key_Up: max(at - 1, 0),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(buttons) - 1,
        }.get(Qt.Key(event.key()))
        if to is None or not buttons:
            super().keyPressEvent(event)
            return
        buttons[to].setFocus(Qt.FocusReason.TabFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        px = theme.tokens().px
        words = QFontMetrics(theme.font(theme.tokens().small, weight=QFont.Weight.Medium))
        widest = max((words.horizontalAdvance(place.title) for place in self.places()), default=0)
        wordy = words.height() + px(22) + px(16)
        wordless = 0 < self.height() < len(self._buttons) * (wordy + 4) + 24
        self.setFixedWidth(px(22) + 34 if wordless else max(px(68), min(px(96), widest + 28)))
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if wordless else Qt.ToolButtonStyle.ToolButtonTextUnderIcon
        for button in self._buttons.values():
            button.setToolButtonStyle(style)
            button.setIconSize(QSize(px(22), px(22)))
            button.setFixedHeight(px(22) + 14 if wordless else wordy)
