"""The centre of the text panel: outline, tools, the page (once or twice), and the card in its margin."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from studio.api import Problem
from studio.widgets import icons, theme
from studio.widgets.controls import Button, IconButton, rule
from studio.widgets.errors import ErrorCard
from studio.widgets.text import Label

from .editor import ManuscriptEdit
from .editor_find import FindBar
from .editor_layout import paper
from .panel_margin import MORE, WIDTH, MarginCard
from .panel_note import Note
from .panel_outline import WIDTH as OUTLINE
from .panel_outline import Outline
from .panel_split import SecondEdit, change_places
from .panel_viewsmenu import ViewsButton

VIEWS = (
    ("heat", "thermometer-simple", "Show how expected each word of the model was  Ctrl+Shift+H"),
    ("authors", "user-focus", "Show who wrote what  Ctrl+Shift+A"),
    ("focus", "eye", "Focus on one paragraph  Ctrl+Shift+F"),
    ("typewriter", "keyboard", "Typewriter: the line stays in the middle  Ctrl+Shift+T"),
    ("split", "rows", "Split the page in two  Ctrl+Shift+S"),
)
NARROW = 660
"""Pixels of the page below which its tools fold up."""
KEYS = "⌘ ↵" if sys.platform == "darwin" else "Ctrl ↵"
NAMES = {
    "heat": "Heat view",
    "authors": "Authorship view",
    "focus": "Focus mode",
    "typewriter": "Typewriter mode",
    "split": "Split view",
}


class Page(QWidget):
    """`view_changed(name, on)` is a press on one of the views' buttons."""

    view_changed = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outline = Outline()
        self.editor = ManuscriptEdit()
        self.editor.setMinimumHeight(32)  # with large letters on a low screen it is the message that must be read
        self.second: ManuscriptEdit | None = None
        self.find = FindBar()
        self.card = ErrorCard(Problem(""))
        self.card.hide()
        self.words = Label("", "label")
        self.words.setAccessibleName("Word count")
        self.note = Note()
        self.buttons: dict[str, IconButton] = {}
        self.outline_wanted = True
        self._narrow = False
        self._busy = False
        self.verb = "Continue"
        self._lay_out()
        self.margin = MarginCard(self.editor)
        self._anchor = -1
        self.editor.page_changed.connect(self.place_card)
        self.editor.verticalScrollBar().valueChanged.connect(lambda _value: self.place_card())

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(theme.px(theme.S), theme.px(theme.XS), theme.px(theme.M), theme.px(theme.XS))
        tools.setSpacing(theme.px(2))
        self.outline_button = IconButton("list-dashes", "Show or hide the outline", size=18)
        self.find_button = IconButton("magnifying-glass", "Find and replace  Ctrl+F", size=18)
        self.find_button.setAccessibleName("Find and replace")
        # The mark of a menu stands behind the word.
        self.kind = Button(
            "Prose",
            "quiet",
            icon="caret-down",
            name="Kind of document",
            help="Prose, a conversation, or source code",
        )
        self.kind.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        tools.addWidget(self.outline_button)
        tools.addWidget(self.kind)
        tools.addWidget(self.words)
        tools.addSpacing(theme.px(theme.S))
        tools.addWidget(self.note, 1)
        tools.addWidget(self.find_button)
        for name, sign, help in VIEWS:
            button = IconButton(sign, NAMES[name], help=help, size=18)
            button.setCheckable(True)
            button.toggled.connect(lambda on, name=name: self.view_changed.emit(name, on))
            self.buttons[name] = button
            tools.addWidget(button)
        self.views = ViewsButton(self.buttons)
        tools.addWidget(self.views)
        self.go = Button("Continue", "primary", icon="sparkle", name="Generate")
        self.go.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        said = f"Write this another way; what is there is kept beside it  {MORE}"
        self.again = IconButton("arrow-clockwise", "Another way on", help=said, size=18)
        tools.addSpacing(theme.px(theme.S))
        tools.addWidget(self.again)
        tools.addWidget(self.go)
        self._steady()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.editor)
        centre = QVBoxLayout()
        centre.setContentsMargins(0, 0, 0, 0)
        centre.setSpacing(0)
        centre.addLayout(tools)
        centre.addWidget(self.card)
        search = QHBoxLayout()
        search.addStretch(1)
        search.addWidget(self.find, 1000)
        self.find.setMaximumWidth(theme.px(820))
        centre.addLayout(search)
        centre.addWidget(self.splitter, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.outline)
        self._line = rule(vertical=True)
        row.addWidget(self._line)
        row.addLayout(centre, 1)
        self.setAutoFillBackground(True)
        self._dress()
        self.outline_button.clicked.connect(lambda: self._turn_outline(not self.outline.isVisibleTo(self)))
        self.find_button.clicked.connect(self.open_search)
        self.outline.list.left.connect(self.editor.setFocus)

    def _dress(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, paper())
        self.setPalette(palette)

    def show_outline(self, on: bool) -> None:
        """Show or hide the outline, where there is room for it."""
        self.outline_wanted = on
        self._turn_outline(on and not self._narrow)

    def _turn_outline(self, on: bool) -> None:
        """Somebody who presses the button in a narrow window gets it there too."""
        if not self._narrow:
            self.outline_wanted = on
        self.outline.setVisible(on)
        self._line.setVisible(on)
        self.show_words(self.editor.textCursor().hasSelection())

    def enter_outline(self) -> None:
        """Bring the keyboard into the outline, which is shown if need be."""
        if not self.outline.isVisibleTo(self):
            self._turn_outline(True)
        self.outline.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_words(self, selected: bool) -> None:
        """The count stands below the outline; here it is for a selection, and where there is no outline but room."""
        self.words.setVisible(not self._narrow and (selected or not self.outline.isVisibleTo(self)))

    def open_search(self) -> None:
        """Find in the page."""
        self.find.open(self.editor)

    def split(self, on: bool) -> None:
        """Show the text twice, or once."""
        if on and self.second is None:
            self.second = second = SecondEdit(self.editor)
            second.entered.connect(lambda: change_places(self.splitter, self.editor, second))
            self.splitter.insertWidget(1 - self.splitter.indexOf(self.editor), second)
            second.menu_wanted.connect(self.editor.menu_wanted)
            second.shortened.connect(self.editor.shortened)
            second.picture_dropped.connect(second.entered)
            second.picture_dropped.connect(self.editor.picture_dropped)
            second.move_to(self.editor.textCursor().position())
        elif not on and self.second is not None:
            second, self.second = self.second, None
            second.setParent(None)
            second.deleteLater()

    def editors(self) -> list[ManuscriptEdit]:
        """The pages there are."""
        return [self.editor, *([self.second] if self.second is not None else [])]

    def _steady(self) -> None:
        """The button is as wide as its longer word: nothing beside it moves when the model begins to write."""
        self.go.setMinimumWidth(0)
        now, widths = self._busy, []
        for busy in (not now, now):
            self.show_busy(busy)
            widths.append(self.go.sizeHint().width())
        self.go.setMinimumWidth(max(widths))

    def show_busy(self, busy: bool) -> None:
        """Say on the button what a press on it does now."""
        self._busy = busy
        words, keys = ("Stop", "Esc") if busy else (self.verb, KEYS)
        self.go.setText(words if self._narrow else f"{words}   {keys}")
        self.go.setAccessibleName("Stop writing" if busy else "Generate")
        said = "Stop, and keep what is there (Esc)" if busy else "The model writes on from the caret (Ctrl+Enter)"
        self.go.setAccessibleDescription(said)
        self.go.setToolTip(said)
        icons.put(self.go, "stop" if busy else "sparkle", role="on_accent", size=16, gap=4)

    def show_problem(self, problem: Problem | None) -> None:
        """Show what went wrong over the page, or nothing."""
        self.card.setVisible(problem is not None)
        if problem is not None:
            self.card.set_problem(problem)

    # --- the card ---

    def show_card(self, anchor: int) -> None:
        """Put the card beside a character."""
        self._anchor = anchor
        for editor in self.editors():
            editor.room_right = theme.px(WIDTH + 2 * theme.M)
            editor.fit()
        self.place_card()
        self.margin.show()
        self.margin.raise_()

    def hide_card(self) -> None:
        """Take it away; the page goes back to the middle."""
        self.margin.hide()
        self._anchor = -1
        for editor in self.editors():
            editor.room_right = 0
            editor.fit()

    def place_card(self) -> None:
        """Keep the card beside its place, and inside the page."""
        if self._anchor < 0:
            return
        editor = self.editor
        wide = theme.px(WIDTH)
        tall = self.margin.height_for(max(editor.height() - theme.px(theme.L) * 2, theme.px(120)))
        spot: QPointF = editor.place_of(self._anchor)
        margins = editor.viewportMargins()
        left = editor.width() - margins.right() + theme.px(theme.M)
        left = min(left, editor.width() - wide - theme.px(theme.L))
        low, high = theme.px(theme.S), max(editor.height() - tall - theme.px(theme.M), theme.px(theme.S))
        self.margin.setGeometry(round(left), round(min(max(spot.y() - theme.px(8), low), high)), wide, tall)

    def minimumSizeHint(self) -> QSize:
        """Small: what has no room goes into menus, so that large letters do not push the inspector out."""
        return QSize(theme.px(260), theme.px(200))

    def _fit_width(self) -> None:
        """In a narrow window the tools take less room, and the outline comes when it is called."""
        narrow = self.width() < theme.px(NARROW)
        if narrow != self._narrow:
            self._narrow = narrow
            for button in self.buttons.values():
                button.setVisible(not narrow)
            self.views.setVisible(narrow)
            self._turn_outline(self.outline_wanted and not narrow)
            self._steady()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The outline takes its share of a large window; the card follows the page."""
        super().resizeEvent(event)
        self._fit_width()
        wide = min(max(theme.px(OUTLINE), self.width() // 7), theme.px(340))
        self.outline.setFixedWidth(min(wide, self.width() * 2 // 5))
        self.place_card()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "margin"):
            self._dress()
            self._fit_width()
            self._steady()
            for editor in self.editors():
                editor.restyle()
            self.place_card()
