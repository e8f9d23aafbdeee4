"""The top bar: the project and whether it is saved, the palette's field in the middle, undo, redo and export."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QUndoGroup, QUndoStack
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from studio.ui.commands import Commands, native
from studio.widgets import icons, theme
from studio.widgets.controls import IconButton
from studio.widgets.text import ElidedLabel, Label, tip

_MENU = (
    "project.new",
    "project.open",
    "-",
    "project.save",
    "project.import",
    "export",
    "-",
    "window.settings",
    "view.sides",
    "view.theme",
    "-",
    "help.shortcuts",
    "help.about",
    "-",
    "window.quit",
)


class TopBar(QFrame):
    """Emits `palette_wanted`; everything else goes through the commands."""

    palette_wanted = Signal()

    def __init__(self, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setAccessibleName("Top bar")
        self._commands = commands
        self._project = QToolButton(self)
        self._project.setObjectName("projectButton")
        self._project.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._project.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self._project.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._project.setIcon(icons.icon("caret-down", "muted"))
        self._project.setAccessibleName("Project")
        self._menu = QMenu(self._project)
        # The button is mirrored to have its caret behind the name; its menu must not be.
        self._menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self._recent = QMenu("Open recent", self._menu)
        self._menu.aboutToShow.connect(self._fill_menu)
        self._project.setMenu(self._menu)
        self._saved = Label("saved", "label")
        self._saved.setAccessibleName("Saved state")

        self._search = QPushButton(self)
        self._search.setObjectName("paletteField")
        self._search.setAccessibleName("Search or run a command")
        self._search.setAccessibleDescription(f"Opens the command palette, {native('Ctrl+K')}")
        self._search.setCursor(Qt.CursorShape.PointingHandCursor)
        self._search.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._search.clicked.connect(self.palette_wanted)
        inside = QHBoxLayout(self._search)
        inside.setContentsMargins(12, 0, 12, 0)
        inside.setSpacing(10)
        self._glass = QLabel(self._search)
        words = ElidedLabel("Search or run a command", "muted")
        keys = Label(native("Ctrl+K").replace("+", " "), "label")
        for label in (self._glass, words, keys):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside.addWidget(self._glass)
        inside.addWidget(words, 1)
        inside.addWidget(keys)

        left, right = QHBoxLayout(), QHBoxLayout()
        left.setSpacing(6)
        left.addWidget(self._project)
        left.addWidget(self._saved)
        left.addStretch(1)
        right.setSpacing(4)
        right.addStretch(1)
        self.undo = self._button("edit.undo", "arrow-u-up-left", "Undo")
        self.redo = self._button("edit.redo", "arrow-u-up-right", "Redo")
        self.export = self._button("export", "export", "Export…")
        self.sides = self._button("view.sides", "layout", "Side panels")
        for button in (self.undo, self.redo, self.export, self.sides):
            right.addWidget(button)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(16)
        layout.addLayout(left, 1)
        layout.addWidget(self._search, 1)
        layout.addLayout(right, 1)
        self._scale()

    def set_project(self, name: str) -> None:
        """Show the project's name."""
        shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, 240)
        self._project.setText(shown)
        self._project.setToolTip(name)
        self._project.setAccessibleDescription(name)

    def set_saved(self, text: str, *, trouble: bool = False) -> None:
        """Say how it stands: "saved", "saving …", "not saved"."""
        self._saved.setText(text)
        self._saved.setAccessibleDescription(text)
        theme.tone(self._saved, "error" if trouble else "label")

    def show_possible(self) -> None:
        """Grey out what has no sense in the place that is in front."""
        for button, command in ((self.export, "export"), (self.sides, "view.sides")):
            button.setEnabled(self._commands.possible(command))

    def show_undo_of(self, stack: QUndoStack | QUndoGroup | None) -> None:
        """Offer what a stack can undo and redo; None: nothing can be undone here."""
        can_undo, can_redo = stack is not None and stack.canUndo(), stack is not None and stack.canRedo()
        undo_text = stack.undoText() if stack is not None and can_undo else ""
        redo_text = stack.redoText() if stack is not None and can_redo else ""
        self.show_undo(can_undo, can_redo, undo_text, redo_text)

    def show_undo(self, undo: bool, redo: bool, undo_text: str, redo_text: str) -> None:
        """Light the two arrows and name what they would do."""
        for button, on, word, text in ((self.undo, undo, "Undo", undo_text), (self.redo, redo, "Redo", redo_text)):
            button.setEnabled(on)
            keys = next((c.keys for c in [self._commands.get(f"edit.{word.lower()}")] if c is not None), "")
            button.setToolTip(tip(f"{word} {text}  {keys}" if text else f"{word}  {keys}"))
            button.setAccessibleDescription(text)

    def set_recent(self, entries: list[tuple[str, str]]) -> None:
        """Offer these projects again: (command id, title)."""
        self._recent.clear()
        for name, title in entries:
            entry = self._recent.addAction(title.replace("&", "&&"))
            entry.triggered.connect(lambda _checked=False, name=name: self._commands.run(name))

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "undo"):
            self._scale()

    def _scale(self) -> None:
        px = theme.tokens().px
        self._project.setIconSize(QSize(px(12), px(12)))
        self._glass.setPixmap(icons.icon("magnifying-glass", "muted").pixmap(px(16), px(16)))
        self._search.setFixedHeight(px(32))

    def describe(self) -> None:
        """Take the keys into the tooltips, once the commands are there."""
        self.show_undo(False, False, "", "")
        for button, command in ((self.export, "export"), (self.sides, "view.sides")):
            found = self._commands.get(command)
            if found is not None:
                button.setToolTip(tip(f"{found.title}  {found.keys}"))

    def _button(self, command: str, icon: str, name: str) -> IconButton:
        button = IconButton(icon, name, role="text", parent=self)
        button.clicked.connect(lambda: self._commands.run(command))
        return button

    def _fill_menu(self) -> None:
        self._menu.clear()
        self._commands.menu(self._menu, _MENU[:2])
        if not self._recent.isEmpty():
            self._menu.addMenu(self._recent)
        self._commands.menu(self._menu, _MENU[2:])
