"""Two pictures over one another, side by side, or as their difference."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.text import shorten

STEP = 0.02
STRONGER = 2
"""How often the difference is doubled: what differs by one in 255 would not be seen."""


class Way(StrEnum):
    """How the two are laid out."""

    SLIDER = "Slider"
    SIDE = "Side by side"
    DIFFERENCE = "Difference"


class ComparePane(QWidget):
    """The two pictures. The slider follows the mouse and the arrow keys; `left` shows before it, `right` behind."""

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.left, self.right = QImage(), QImage()
        self.names = ("", "")
        self.way = Way.SLIDER
        self.split = 0.5
        self._difference: QImage | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_pair(self, left: QImage, right: QImage, names: tuple[str, str]) -> None:
        """Show two pictures; the one on the right is stretched to the size of the left one where they differ."""
        self.left, self.right, self.names = left, right, names
        self._difference = None
        self.update()

    def set_split(self, split: float) -> None:
        """Move the slider, 0 … 1."""
        self.split = min(max(split, 0.0), 1.0)
        self.update()
        self.moved.emit()

    def difference(self) -> QImage:
        """How much the colours differ, made stronger so that a little is seen; black where they are the same."""
        if self._difference is None:
            self._difference = _difference(self.left, self.right)
        return self._difference

    def rects(self) -> tuple[QRectF, QRectF]:
        """Where the two pictures are; the same place twice unless they stand side by side."""
        room = QRectF(self.rect()).adjusted(
            theme.px(theme.L), theme.px(theme.S), -theme.px(theme.L), -theme.px(theme.S)
        )
        if self.way is not Way.SIDE:
            place = _fitted(self.left.size(), room)
            return place, place
        half = (room.width() - theme.px(theme.S)) / 2
        one = QRectF(room.left(), room.top(), half, room.height())
        return _fitted(self.left.size(), one), _fitted(self.left.size(), one.translated(half + theme.px(theme.S), 0))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The pictures, the slider, the names."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), theme.tokens().color("canvas"))
        if not self.left.isNull() and not self.right.isNull():
            self._paint(painter)
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        one, two = self.rects()
        if self.way is Way.DIFFERENCE:
            painter.drawImage(one, self.difference())
            same = "The two are identical" if self.left == self.right else "Black where they are the same"
            self._name(painter, one, same, right=False)
        elif self.way is Way.SIDE:
            painter.drawImage(one, self.left)
            painter.drawImage(two, self.right)
            self._name(painter, one, self.names[0], right=False)
            self._name(painter, two, self.names[1], right=False)
        else:
            painter.drawImage(one, self.left)
            x = one.left() + one.width() * self.split
            painter.save()
            painter.setClipRect(QRectF(x, one.top(), one.right() - x, one.height()))
            painter.drawImage(one, self.right)
            painter.restore()
            self._name(painter, one, self.names[0], right=False)
            self._name(painter, one, self.names[1], right=True)
            self._handle(painter, one, x)

    def _handle(self, painter: QPainter, place: QRectF, x: float) -> None:
        painter.setPen(QPen(QColor(0, 0, 0, 120), 4))
        painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
        painter.setPen(QPen(QColor("white"), 2))
        painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
        painter.setBrush(theme.tokens().color("accent"))
        painter.drawEllipse(QPointF(x, place.center().y()), theme.px(7), theme.px(7))

    def _name(self, painter: QPainter, place: QRectF, name: str, *, right: bool) -> None:
        current = theme.tokens()
        painter.setFont(theme.font(current.label))
        most = int(place.width() / 2) - 2 * theme.px(theme.M)
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, max(most, 20))
        width = painter.fontMetrics().horizontalAdvance(text) + 2 * theme.px(theme.S)
        height = painter.fontMetrics().height() + theme.px(theme.XS)
        edge = theme.px(theme.S)
        left = place.right() - width - edge if right else place.left() + edge
        spot = QRectF(left, place.bottom() - height - edge, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 170))
        painter.drawRoundedRect(spot, 5, 5)
        painter.setPen(QColor("white"))
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The slider goes to the mouse."""
        self.mouseMoveEvent(event)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The slider follows the mouse while it is pressed."""
        over = self.way is Way.SLIDER and not self.left.isNull()
        self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.ArrowCursor)
        if over and event.buttons() & Qt.MouseButton.LeftButton:
            place = self.rects()[0]
            self.set_split((event.position().x() - place.left()) / max(place.width(), 1.0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit again."""
        super().resizeEvent(event)
        self.update()


class CompareView(QWidget):
    """A pane with its three ways and a way out. Left and Right move the slider, 1 2 3 choose the way, X swaps the two.

    `closed` is emitted when the artist has seen enough: Escape, or the button.
    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Compare")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("surface", "canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.pane = ComparePane()
        self.buttons: dict[Way, Button] = {}
        self._ways = QButtonGroup(self)
        bar = Card("plain")
        bar.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(bar)
        row.setContentsMargins(theme.XS, theme.XS, theme.XS, theme.XS)
        row.setSpacing(theme.XS)
        for number, way in enumerate(Way, start=1):
            button = Button(way, "quiet", help=f"{way}  {number}")
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, way=way: self.set_way(way))
            self._ways.addButton(button)
            self.buttons[way] = button
            row.addWidget(button)
        self.swap_button = IconButton("arrows-left-right", "Swap the two", help="Swap the two  X")
        self.close_button = IconButton("x", "Close the comparison", help="Close the comparison  Esc")
        self.swap_button.clicked.connect(self.swap)
        self.close_button.clicked.connect(self.closed)
        row.addWidget(self.swap_button)
        row.addWidget(self.close_button)
        top = QHBoxLayout()
        top.setContentsMargins(0, theme.M, 0, 0)
        top.addStretch(1)
        top.addWidget(bar)
        top.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.S)
        column.addLayout(top)
        column.addWidget(self.pane, 1)
        self.pane.moved.connect(self._describe)
        self.set_way(Way.SLIDER)

    def set_pair(self, left: QImage, right: QImage, names: tuple[str, str]) -> None:
        """Show two pictures with what they are called."""
        self.pane.set_pair(left, right, (shorten(names[0], 80), shorten(names[1], 80)))
        self._describe()

    def set_way(self, way: Way) -> None:
        """Lay the two out in another way."""
        self.pane.way = way
        self.buttons[way].setChecked(True)
        self.pane.update()
        self._describe()

    def swap(self) -> None:
        """Left becomes right."""
        pane = self.pane
        self.set_pair(pane.right, pane.left, (pane.names[1], pane.names[0]))

    def _describe(self) -> None:
        pane = self.pane
        words = [f"{pane.way}: {pane.names[0]} and {pane.names[1]}"]
        if not pane.left.isNull() and pane.left == pane.right:
            words.append("the two are identical")
        elif pane.way is Way.SLIDER:
            words.append(f"{round(pane.split * 100)} %")
        if pane.left.size() != pane.right.size():
            words.append("stretched to the same size")
        said = ", ".join(words)
        if said != self.accessibleDescription():
            self.setAccessibleDescription(said)

    def event(self, event: QEvent) -> bool:
        """Escape leaves the comparison before the window cancels a job with it; letters are no tools here."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if plain and event.key() not in (Qt.Key.Key_Tab, Qt.Key.Key_F1, Qt.Key.Key_F6, Qt.Key.Key_F11):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What the keys do."""
        key, pane = event.key(), self.pane
        ways = {Qt.Key.Key_1: Way.SLIDER, Qt.Key.Key_2: Way.SIDE, Qt.Key.Key_3: Way.DIFFERENCE}
        splits = {
            Qt.Key.Key_Left: pane.split - STEP,
            Qt.Key.Key_Right: pane.split + STEP,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: 1.0,
        }
        if key in (Qt.Key.Key_Escape, Qt.Key.Key_C):
            self.closed.emit()
        elif key in ways:
            self.set_way(ways[Qt.Key(key)])
        elif key == Qt.Key.Key_X:
            self.swap()
        elif key in splits and pane.way is Way.SLIDER:
            pane.set_split(splits[Qt.Key(key)])
        else:
            super().keyPressEvent(event)


def _fitted(size: QSize, room: QRectF) -> QRectF:
    scaled = QSizeF(size).scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRectF(0, 0, scaled.width(), scaled.height())
    place.moveCenter(room.center())
    return QRectF(place.toRect())


def _difference(left: QImage, right: QImage) -> QImage:
    made = left.convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)
    painter.drawImage(QRect(0, 0, made.width(), made.height()), right.convertToFormat(QImage.Format.Format_RGB32))
    painter.end()
    for _ in range(STRONGER):
        same = made.copy()
        painter = QPainter(made)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Plus)
        painter.drawImage(0, 0, same)
        painter.end()
    return made
