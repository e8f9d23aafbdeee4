"""The canvas of a panel for pictures: the view, what it says while it is empty, and a line on size and zoom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from studio.core.steps import Preview
from studio.widgets import theme
from studio.widgets.canvas_view import CanvasView
from studio.widgets.empty import EmptyState
from studio.widgets.pictures import preview_image
from studio.widgets.text import Label


class Canvas(QWidget):
    """Shows a finished picture or a preview of it in the same place.

    `dropped` carries a list of Paths, or a QImage where no file was behind the picture. `menu_requested` hands over a
    QMenu to fill; an empty one is not shown.
    """

    dropped = Signal(object)
    menu_requested = Signal(QMenu)
    view_changed = Signal()

    def __init__(
        self, *, title: str = "Nothing here yet", text: str = "", icon: str = "image", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._wanted = QSize()
        self.view = CanvasView(self)
        self.view.setAccessibleName("Canvas")
        self.empty = EmptyState(title, text, icon=icon, parent=self)
        # Drops and clicks are for the view below.
        self.empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.empty.button.hide()
        self._caption = Label("", "hint")
        self._caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(self.view)
        inside.addWidget(self.empty)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.px(theme.XS))
        column.setSpacing(theme.px(theme.XS))
        column.addWidget(self.view, 1)
        column.addWidget(self._caption)
        self.setProperty("surface", "canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusProxy(self.view)
        self.view.dropped.connect(self.dropped)
        self.view.menu_requested.connect(self.menu_requested)
        self.view.view_changed.connect(self._describe)
        self._describe()

    def keep_free(self, above: int) -> None:
        """Leave so many pixels above the picture to what floats there."""
        margins = self._column.contentsMargins()
        if margins.top() != above:
            self._column.setContentsMargins(0, above, 0, margins.bottom())

    def set_image(self, image: QImage | None) -> None:
        """Show a finished picture, or nothing."""
        size = image.size() if image is not None else QSize()
        self._wanted = QSize(size)
        self.view.show_image(image, size, smooth=False)
        self._describe()

    def set_target(self, width: int, height: int) -> None:
        """Say how large the result will be, so that its previews stand where it will stand."""
        self._wanted = QSize(width, height)

    def set_preview(self, preview: Preview) -> bool:
        """Show an unfinished picture, stretched smoothly to the size of the result; False where it is no picture."""
        image = preview_image(preview)
        if image is None:
            return False
        target = self._wanted if not self._wanted.isEmpty() else image.size()
        self.view.show_image(image, target, smooth=True)
        self._describe()
        return True

    def image(self) -> QImage | None:
        """What is on show."""
        return self.view.image()

    def set_file(self, path: Path | Callable[[], Path | None] | None) -> None:
        """The file that dragging the picture out hands over, or a function that knows it then."""
        self.view.file_to_drag = path if callable(path) or path is None else lambda: path

    def zoom(self) -> float:
        """Device pixels for each picture pixel."""
        return self.view.zoom()

    def fit(self) -> None:
        """Show the whole picture (Ctrl+0)."""
        self.view.fit()

    def actual_size(self) -> None:
        """Show every pixel once (Ctrl+1)."""
        self.view.set_zoom(1.0)

    def _describe(self) -> None:
        nothing = self.view.is_empty()
        self.empty.setVisible(nothing)
        size = self.view.target()
        words = "" if nothing else f"{size.width()} × {size.height()}    {round(self.view.zoom() * 100)} %"
        self._caption.setText(words)
        said = self.empty.accessibleName() if nothing else words.replace("    ", ", ")
        if said != self.view.accessibleDescription():
            self.view.setAccessibleDescription(said)
        self.view_changed.emit()
