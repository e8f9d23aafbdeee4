"""The side panels: quiet docks whose wish to be seen is the artist's, remembered apart from what is in front."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QWidget

from studio.widgets import theme


class Grip(QWidget):
    """The title bar of a dock: nothing to see but a line to drag it by, while the mouse is over it."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("dockGrip")
        self.setToolTip(f"Drag to move the {title.lower()}; Tab over the picture hides it")
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self._scale()

    def sizeHint(self) -> QSize:
        """As low as can still be hit."""
        return QSize(theme.tokens().px(60), theme.tokens().px(8))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return QSize(1, self.sizeHint().height())

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the line."""
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the line."""
        super().leaveEvent(event)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._scale()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The dock's own surface, and the line."""
        current = theme.tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), current.color("surface" if self._on_side() else "window"))
        if self.underMouse():
            width, height = current.px(36), current.px(3)
            line = QRect(0, 0, width, height)
            line.moveCenter(self.rect().center())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current.color("track"))
            painter.drawRoundedRect(line, height / 2, height / 2)
        painter.end()

    def _on_side(self) -> bool:
        dock = self.parentWidget()
        return isinstance(dock, SideDock) and dock.objectName() == "inspector"

    def _scale(self) -> None:
        self.setFixedHeight(self.sizeHint().height())


class SideDock(QDockWidget):
    """A dock that is on screen where the artist wants it and the place in front has a use for it.

    Emits `wanted_changed` when the artist showed or hid it.
    """

    wanted_changed = Signal()

    def __init__(self, name: str, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self.setTitleBarWidget(Grip(title, self))
        self._wanted = True
        self._useful = True

    @property
    def wanted(self) -> bool:
        """Whether the artist wants to see it."""
        return self._wanted

    def want(self, on: bool) -> None:
        """Show or hide it, on the artist's word."""
        if on != self._wanted:
            self._wanted = on
            self._apply()
            self.wanted_changed.emit()

    def set_useful(self, on: bool) -> None:
        """Say whether what is in front has a use for it."""
        self._useful = on
        self._apply()

    def settle(self) -> None:
        """Apply both wishes again after Qt restored its own idea of the docks."""
        self._apply()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.want(False)

    def _apply(self) -> None:
        self.setVisible(self._wanted and self._useful)
