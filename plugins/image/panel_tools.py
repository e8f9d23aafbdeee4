"""The slim tool bar that floats over the canvas: move, zoom, compare, copy, export."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.canvas import Canvas
from studio.widgets.controls import Card, IconButton, rule


class ToolBar(Card):
    """Buttons over the upper left corner of the canvas. `comparing` is true while the start picture is to be shown."""

    comparing = Signal(bool)
    repaint_wanted = Signal()
    copy_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__("plain", parent)
        self._canvas = canvas
        self._from: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Tools")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.XS, theme.XS, theme.XS, theme.XS)
        self._column.setSpacing(2)
        self.drag = self._tool("cursor", "Drag out", "Drag the picture out as a file")
        self.hand = self._tool("hand", "Move", "Move the picture (V, or Space and drag)")
        self._rules = [rule(), rule()]
        self._column.addWidget(self._rules[0])
        self.repaint_tool = self._tool("paint-brush", "Repaint", "Paint over what shall be made anew (M)")
        self.fit = self._tool("corners-out", "Fit", "Show the whole picture (Ctrl+0)")
        self.actual = self._tool("number-square-one", "100 %", "Show every pixel once (Ctrl+1)")
        self._column.addWidget(self._rules[1])
        self.compare = self._tool("square-half", "Compare with the start picture", "Hold to see the start picture")
        self.copy = self._tool("copy", "Copy picture", "Copy the picture (Ctrl+C)")
        self.export = self._tool("export", "Export…", "Export… (Ctrl+E)")
        self.drag.setCheckable(True)
        self.hand.setCheckable(True)
        self.drag.setChecked(True)
        self.drag.clicked.connect(lambda _checked=False: self.set_moving(False))
        self.hand.clicked.connect(lambda _checked=False: self.set_moving(True))
        self.fit.clicked.connect(canvas.fit)
        self.actual.clicked.connect(canvas.actual_size)
        self.compare.pressed.connect(lambda: self.comparing.emit(True))
        self.compare.released.connect(lambda: self.comparing.emit(False))
        self.repaint_tool.clicked.connect(self.repaint_wanted)
        self.copy.clicked.connect(self.copy_wanted)
        self.export.clicked.connect(self.export_wanted)
        canvas.view.installEventFilter(self)

    def _tool(self, sign: str, name: str, help: str) -> IconButton:
        button = IconButton(sign, name, help=help, role="text")
        self._column.addWidget(button)
        return button

    def stand(self, room: int) -> None:
        """Upright in `room` pixels of height where that is enough (it is not with large text on a small screen), else
        lying.
        """
        self._lay(QBoxLayout.Direction.TopToBottom)
        if self.sizeHint().height() > room:
            self._lay(QBoxLayout.Direction.LeftToRight)
        self.adjustSize()

    def _lay(self, direction: QBoxLayout.Direction) -> None:
        self._column.setDirection(direction)
        for line in self._rules:
            line.setVisible(direction is QBoxLayout.Direction.TopToBottom)

    def moving(self) -> bool:
        """True while the left button moves the picture instead of dragging it out."""
        return self.hand.isChecked()

    def set_moving(self, on: bool) -> None:
        """Choose between moving the picture and dragging it out."""
        self.hand.setChecked(on)
        self.drag.setChecked(not on)
        self._canvas.view.drag_out = not on
        if on:
            self._canvas.view.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self._canvas.view.unsetCursor()

    def show_state(self, *, picture: bool, kept: bool, start: bool) -> None:
        """What can be done: with any picture, with a kept one, with a start picture to compare with."""
        for button in (self.drag, self.hand, self.fit, self.actual, self.copy):
            button.setEnabled(picture)
        self.export.setEnabled(kept)
        self.repaint_tool.setEnabled(kept)
        self.compare.setVisible(start)
        self.compare.setEnabled(picture)
        self.adjustSize()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """With the hand the left button moves the picture."""
        if self.moving() and isinstance(event, QMouseEvent):
            kind, left = event.type(), Qt.MouseButton.LeftButton
            if kind == QEvent.Type.MouseButtonPress and event.button() == left:
                self._from = event.position()
                self._canvas.view.setCursor(Qt.CursorShape.ClosedHandCursor)
                return True
            if kind == QEvent.Type.MouseMove and self._from is not None:
                self._canvas.view.pan(event.position() - self._from)
                self._from = event.position()
                return True
            if kind == QEvent.Type.MouseButtonRelease and event.button() == left and self._from is not None:
                self._from = None
                self._canvas.view.setCursor(Qt.CursorShape.OpenHandCursor)
                return True
        return super().eventFilter(watched, event)
