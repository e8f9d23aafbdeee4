"""The dock on the right: the inspector of the panel in front, scrolled where it is longer than the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollArea, QStackedWidget, QWidget

from studio.ui.docks import SideDock
from studio.widgets import theme

NARROWEST = 250
"""Pixels that an inspector's fields need."""


class InspectorDock(SideDock):
    """Holds one inspector for each panel that was opened."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("inspector", "Inspector", parent)
        self.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        self._stack = QStackedWidget(self)
        self._stack.setProperty("surface", "surface")
        self._stack.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._stack.setAccessibleName("Inspector")
        self._shown: dict[str, QWidget] = {}
        self.setWidget(self._stack)
        self._fit()

    def _fit(self) -> None:
        self._stack.setMinimumWidth(theme.tokens().px(NARROWEST))

    def changeEvent(self, event: QEvent) -> None:
        """Letters of another size need another width."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_stack"):
            self._fit()

    def show_for(self, panel: str, inspector: QWidget | None) -> None:
        """Bring the inspector of `panel` to front; `inspector` is asked for only the first time."""
        if panel not in self._shown:
            self._shown[panel] = self._page(inspector if inspector is not None else QWidget())
            self._stack.addWidget(self._shown[panel])
        self._stack.setCurrentWidget(self._shown[panel])

    def knows(self, panel: str) -> bool:
        """True where `show_for` has put an inspector for this panel."""
        return panel in self._shown

    def forget(self, panel: str) -> None:
        """The panel is gone."""
        page = self._shown.pop(panel, None)
        if page is not None:
            self._stack.removeWidget(page)
            page.deleteLater()

    @staticmethod
    def _page(inspector: QWidget) -> QWidget:
        if isinstance(inspector, QAbstractScrollArea):
            return inspector
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inspector)
        return area
