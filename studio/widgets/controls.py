"""Buttons as Studio wears them, the fold of a section, and a line that sets them apart."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.widgets import icons, theme
from studio.widgets.text import ElidedLabel, Label, tip

_ICON_ROLES = {"primary": "on_accent", "quiet": "muted", "icon": "muted", "boxed": "muted", "danger": "danger"}


class Button(QPushButton):
    """A button with words. `kind` is "" (plain), "primary" (the one thing to do here), "quiet" or "danger"."""

    def __init__(
        self,
        text: str,
        kind: str = "",
        *,
        icon: str = "",
        name: str = "",
        help: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._icon = icon
        self.setProperty("kind", kind)
        self.setAccessibleName(name or text)
        self.setAutoDefault(False)
        if help:
            self.setToolTip(tip(help))
            self.setAccessibleDescription(help)
        if icon:
            self._put_icon()

    def set_icon(self, icon: str) -> None:
        """Show another icon."""
        if icon != self._icon:
            self._icon = icon
            self._put_icon()

    def _put_icon(self) -> None:
        icons.put(self, self._icon, role=_ICON_ROLES.get(str(self.property("kind")), "text"), size=16, gap=4)

    def changeEvent(self, event: QEvent) -> None:
        """Icons grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self._icon:
            self._put_icon()


class IconButton(QToolButton):
    """A square button with only an icon; `name` is what a screen reader says, `help` the tooltip (the name if empty).

    `kind` is "icon" (bare), "boxed" (beside a field) or "tiny" (inside a label row).
    """

    def __init__(
        self,
        icon: str,
        name: str,
        *,
        help: str = "",
        kind: str = "icon",
        size: int = icons.SIZE,
        role: str = "muted",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon, self._size, self._role = icon, size, role
        self.setProperty("kind", kind)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.rename(name, help)
        self.set_icon(icon)

    def rename(self, name: str, help: str = "") -> None:
        """Change what it is called."""
        self.setAccessibleName(name)
        self.setToolTip(tip(help or name))
        if help:
            self.setAccessibleDescription(help)

    def set_icon(self, icon: str, role: str = "") -> None:
        """Show another icon, in another colour where `role` is given."""
        self._icon = icon
        self._role = role or self._role
        icons.put(self, icon, role=self._role, size=self._size)

    def changeEvent(self, event: QEvent) -> None:
        """Icons grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.set_icon(self._icon)


class Fold(QPushButton):
    """The line that opens and closes a part: a title, and a hint at what is inside while it is closed."""

    def __init__(self, title: str, summary: str = "", *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "fold")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)
        self._title = Label(title, "label")
        self._summary = ElidedLabel(summary, "label")
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        room = self._summary.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self._summary.setSizePolicy(room)
        self._mark = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 0, 0, 0)
        row.setSpacing(theme.px(theme.S))
        row.addWidget(self._title)
        row.addWidget(self._summary, 1)
        row.addWidget(self._mark)
        for child in (self._title, self._summary, self._mark):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.toggled.connect(self._show_state)
        self._show_state(False)

    def set_summary(self, summary: str) -> None:
        """What to say about the inside while it is closed."""
        self._summary.setText(summary)
        self._show_state(self.isChecked())

    def sizeHint(self) -> QSize:
        """One line of label text with room to hit."""
        return QSize(theme.px(120), theme.px(28))

    def minimumSizeHint(self) -> QSize:
        """As high as `sizeHint`, as narrow as anybody likes."""
        return QSize(theme.px(60), self.sizeHint().height())

    def _show_state(self, opened: bool) -> None:
        self._draw()
        self._summary.setVisible(not opened)
        state = "open" if opened else "closed"
        words = self._summary.text()
        self.setAccessibleDescription(f"{state}: {words}" if words and not opened else state)

    def _draw(self) -> None:
        edge = theme.px(12)
        caret = icons.icon("caret-down" if self.isChecked() else "caret-right", "muted")
        self._mark.setPixmap(caret.pixmap(QSize(edge, edge), self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:
        """The caret is a drawing: draw it again in the new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_mark"):
            self._draw()


class Section(QWidget):
    """A part of a form behind a Fold. Put widgets into `body`, at once or in `later`, which is called once, right
    before it opens for the first time.
    """

    toggled = Signal(bool)

    def __init__(
        self,
        title: str,
        summary: str = "",
        *,
        opened: bool = False,
        later: Callable[[], None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._later = later
        self.fold = Fold(title, summary)
        self._inside = QWidget()
        self.body = QVBoxLayout(self._inside)
        self.body.setContentsMargins(0, theme.px(theme.S), 0, 0)
        self.body.setSpacing(theme.px(theme.M))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.fold)
        column.addWidget(self._inside)
        self._inside.setVisible(opened)
        self.fold.setChecked(opened)
        self.fold.toggled.connect(self._toggle)

    def is_open(self) -> bool:
        """True while the inside is shown."""
        return self.fold.isChecked()

    def set_open(self, opened: bool) -> None:
        """Show or hide the inside."""
        self.fold.setChecked(opened)

    def _toggle(self, opened: bool) -> None:
        if opened and self._later is not None:
            later, self._later = self._later, None
            later()
        self._inside.setVisible(opened)
        self.toggled.emit(opened)


def rule(vertical: bool = False) -> QFrame:
    """A hairline."""
    line = QFrame()
    line.setFrameShape(QFrame.Shape.VLine if vertical else QFrame.Shape.HLine)
    return line


class Card(QFrame):
    """A quiet box: `look` is "plain" (a surface), "field" (something to type into) or "error"."""

    resized = Signal()

    def __init__(self, look: str = "plain", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", look)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell whoever lays something over it."""
        super().resizeEvent(event)
        self.resized.emit()


def bold(font: QFont) -> QFont:
    """The same font in semibold."""
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made
