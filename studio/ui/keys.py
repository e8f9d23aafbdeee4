"""Keys whose meaning depends on where the focus is: Tab over the artwork, undo in a text without anything to undo."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

_CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)


class FocusKeys(QObject):
    """Listens to the widget that has the focus, and to no other. `artwork` tells whether Tab hides the side panels."""

    def __init__(
        self, window: QWidget, *, in_panel: Callable[[QWidget], bool], toggle_sides: Callable[[], object]
    ) -> None:
        super().__init__(window)
        self._in_panel = in_panel
        self._toggle = toggle_sides
        self._at: QWidget | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self._app = app
        self._app.focusChanged.connect(self._moved)

    def close(self) -> None:
        """Listen no more."""
        self._app.focusChanged.disconnect(self._moved)
        self._moved(None, None)

    def _moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        if self._at is not None:
            self._at.removeEventFilter(self)
            self._at.destroyed.disconnect(self._gone)
        self._at = now
        if now is not None:
            now.installEventFilter(self)
            now.destroyed.connect(self._gone)

    def _gone(self) -> None:
        self._at = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Tab over the artwork; let undo pass where a text has nothing to undo."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab:
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if plain and isinstance(watched, QWidget) and self.over_artwork(watched):
                self._toggle()
                return True
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo, redo = event.matches(QKeySequence.StandardKey.Undo), event.matches(QKeySequence.StandardKey.Redo)
            if (undo and not _can(watched, "Undo")) or (redo and not _can(watched, "Redo")):
                event.ignore()
                return True
        return False

    def over_artwork(self, widget: QWidget) -> bool:
        """True for the canvas of a panel: in the panel, and neither a control nor something to type into."""
        return (
            self._in_panel(widget)
            and not isinstance(widget, _CONTROLS)
            and not widget.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        )


def _can(widget: QObject, what: str) -> bool:
    if isinstance(widget, (QPlainTextEdit, QTextEdit)):
        document = widget.document()
        return not widget.isReadOnly() and bool(getattr(document, f"is{what}Available")())
    if isinstance(widget, QLineEdit):
        return not widget.isReadOnly() and bool(getattr(widget, f"is{what}Available")())
    return True
