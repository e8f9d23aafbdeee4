"""The side panels: quiet docks whose wish to be seen is the artist's, remembered apart from what is in front."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QWidget

from studio.widgets.controls import IconButton
from studio.widgets.text import Label


class DockTitle(QWidget):
    """A quiet line above a dock: its title, room for the dock's own controls, and a button that hides it."""

    hide_wanted = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dockTitle")
        self.label = Label(title, "label")
        self._hide = IconButton("x", f"Hide {title.lower()}", help=f"Hide {title.lower()}  Tab", size=14)
        self._hide.clicked.connect(self.hide_wanted)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(16, 6, 8, 2)
        self.row.setSpacing(8)
        self.row.addWidget(self.label)
        self.row.addStretch(1)
        self.row.addWidget(self._hide)

    def add(self, widget: QWidget) -> None:
        """Put a control before the hide button."""
        self.row.insertWidget(self.row.count() - 1, widget)


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
        self.title = DockTitle(title, self)
        self.title.hide_wanted.connect(lambda: self.want(False))
        self.setTitleBarWidget(self.title)
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
