"""The manuscript's editor: a page to write on, with a ghost that a model writes and marks for who wrote what."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QMimeData, QPointF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from studio.widgets import theme

from . import editor_paint
from .document import Run
from .document_places import of_page, spread
from .document_typography import ENGLISH, better
from .editor_authors import Authors, written_by
from .editor_ghost import Ghost
from .editor_keys import HELD, as_typed, changes_text, ghost_word
from .editor_layout import PageLayout, paper
from .editor_markdown import MONO, Styling
from .editor_mouse import snapped
from .editor_paint import Tint
from .editor_paste import taken
from .editor_undo import retrace

PIXELS = 18
MEASURE = 37
"""Widest line, in sizes of the letters: about 70 characters of the serif."""
NARROWEST = 28
"""Pixels of the page's margin in a small window."""
_JOINED = "joined"
EMPTY = "Begin to write. Ctrl+Enter lets the model go on from where the caret is."


class ManuscriptEdit(QPlainTextEdit):
    """`written(name)` says that there is one more step of undo. While the ghost is there, `ghost_key(what)` carries
    "accept", "word", "stop", "next", "previous" or "reject"; `clicked_at` a plain click's character.
    """

    written = Signal(str)
    ghost_key = Signal(str)
    clicked_at = Signal(int)
    menu_wanted = Signal(object)
    picture_dropped = Signal(object)
    shortened = Signal(str)
    page_changed = Signal()

    def __init__(self, document: QTextDocument | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tints: Sequence[Tint] = ()
        self.marks: Sequence[Tint] = ()
        self.focused = self.typewriter = False
        self.typography = True
        self.quotes = ENGLISH
        self.code = False
        self.room_right = 0
        self.picture_of: Callable[[QTextBlock], QPixmap | None] = lambda _block: None
        self._step = ""
        self._here = -1
        shared = document is not None
        if document is not None:
            self.setDocument(document)
        else:
            self.document().setDocumentLayout(PageLayout(self.document()))
            self.document().setDocumentMargin(4)
        layout = self.document().documentLayout()
        assert isinstance(layout, PageLayout)
        self.page = layout
        self.styling = self.document().findChild(Styling) or Styling(self.document())
        self.authors = self.document().findChild(Authors) or Authors(self.document())
        self.ghost = Ghost(self)
        self._dress()
        if not shared:
            self.styling.here = lambda block: block.blockNumber() == self._here
            self.page.picture_height = self._picture_height
            self.document().undoCommandAdded.connect(self._stepped)
        self.cursorPositionChanged.connect(self._moved)
        self.selectionChanged.connect(self.viewport().update)

    def _dress(self) -> None:
        self.setAccessibleName("Manuscript")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("page", True)
        self.setCenterOnScroll(True)
        self.setCursorWidth(2)
        self.setTabChangesFocus(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleDescription(EMPTY)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.restyle()

    def restyle(self) -> None:
        """Follow the theme and the size of text."""
        current = theme.tokens()
        pixels = current.px(PIXELS)
        self.page.pixels = self.styling.pixels = pixels
        # The page draws its own selection, as high as the lines are apart.
        sheet = (
            f"QPlainTextEdit, QPlainTextEdit:focus {{ background: {paper().name()}; border: none; padding: 0;"
            f" border-radius: 0; selection-background-color: transparent; selection-color: {current.text}; }}"
        )
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)
        letters = theme.serif(pixels)
        if self.code:
            letters.setFamilies(MONO)
            letters.setPixelSize(current.px(14))
            self.page.pixels = self.styling.pixels = current.px(14)
        self.setFont(letters)
        self.document().setDefaultFont(letters)
        self.fit()

    # --- the page ---

    def fit(self) -> None:
        """Centre the page, or move it left where something needs the room at its right."""
        width = self.width() - self.verticalScrollBar().sizeHint().width()
        measure = min(
            round(self.page.pixels * MEASURE * (1.7 if self.code else 1.0)), max(width - 2 * theme.px(NARROWEST), 120)
        )
        left = (width - measure) // 2
        if self.room_right and width - left - measure < self.room_right:
            left = max(width - measure - self.room_right, theme.px(NARROWEST))
            measure = min(measure, max(width - left - self.room_right, 240))
        right = max(width - left - measure, 0)
        if (left, right) != (self.viewportMargins().left(), self.viewportMargins().right()):
            at = self.ghost.position() if self.ghost.active() else self.textCursor().position()
            was = self.place_of(at).y()
            self.setViewportMargins(left, 0, right, 0)
            self._hold(at, at, was)
            self.page_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The page keeps its measure."""
        self.fit()
        super().resizeEvent(event)
        self.page_changed.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "page"):
            self.styling.rehighlight()
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Grounds, letters, veils."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(event.rect())
        editor_paint.under(self, painter, event.rect())
        painter.end()
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        editor_paint.over(self, painter)
        painter.end()

    def _picture_height(self, block: QTextBlock) -> float:
        picture = self.picture_of(block)
        return 0.0 if picture is None else picture.deviceIndependentSize().height() + 8

    def place_of(self, position: int) -> QPointF:
        """The top left corner of a character's line in this widget, in pixels, also where it is out of sight."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(max(min(position, self.document().characterCount() - 1), 0))
        area = self.cursorRect(cursor)
        return QPointF(self.viewport().mapTo(self, area.topLeft()))

    def follow_ghost(self) -> None:
        """Scroll as the ghost grows below the page, as long as its beginning stays in sight, and the caret there."""
        block, height = self.document().findBlock(max(self.ghost.position(), 0)), self.viewport().height()
        over = self.blockBoundingGeometry(block).translated(self.contentOffset()).bottom() - height
        pitch = self.page.pitch()
        start = self.place_of(self.ghost.position()).y() if over > 0 and self.ghost.near(self.textCursor()) else height
        if start < height and self.ghost.text:
            lines = min(math.ceil(over / pitch), int(max(start - pitch, 0) // pitch))
            if lines > 0:
                bar = self.verticalScrollBar()
                was = bar.value()
                bar.setValue(was + lines)
                self.ghost.followed = (self.ghost.followed[0] if self.ghost.followed[0] >= 0 else was), bar.value()

    # --- the text ---

    def text(self) -> str:
        """All of it, with a character for each place (`document_places`); a paragraph is a line."""
        return of_page(self.document().toRawText())

    def load(self, text: str, runs: Sequence[Run], caret: int = 0) -> None:
        """Another text; undo forgets the one before."""
        self.ghost.clear()
        with QSignalBlocker(self):
            self.setPlainText(text)
        self.authors.load(runs)
        self.move_to(caret)

    def move_to(self, position: int, *, select_to: int = -1) -> None:
        """Put the caret somewhere, or select from there on."""
        last = self.document().characterCount() - 1
        cursor = self.textCursor()
        cursor.setPosition(max(min(position, last), 0))
        if select_to >= 0:
            cursor.setPosition(min(select_to, last), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def replace(
        self, start: int, end: int, text: str, *, name: str, author: int = 0, join: bool = False, caret: bool = True
    ) -> None:
        """Put `text` in the place of characters as one step of undo called `name`; `join` adds to the step before."""
        was = self.place_of(start).y()
        text = spread(text)
        self.ghost.take_down()
        cursor = QTextCursor(self.document())
        self._step = _JOINED if join else name
        if join:
            cursor.joinPreviousEditBlock()
        else:
            cursor.beginEditBlock()
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text, written_by(author))
        cursor.endEditBlock()
        self._step = ""
        self._hold(start, start + len(text), was)
        if caret:
            self.move_to(start + len(text))
        self.ghost.put_up()

    def _hold(self, start: int, end: int, was: float) -> None:
        """Keep a place where it was on the screen. Qt scrolls by lines, and takes a fresh paragraph for one line until
        somebody lays it out: text of many paragraphs would throw the view far down.
        """
        block, last = self.document().findBlock(start), self.document().findBlock(end)
        while block.isValid() and block.position() <= last.position():
            self.page.ensureBlockLayout(block)
            block = block.next()
        bar = self.verticalScrollBar()
        # Scrolling lays out what comes into sight, which counts for the next look.
        for _ in range(6 if 0 <= was < self.height() else 0):
            lines = round((self.place_of(start).y() - was) / self.page.pitch())
            if not lines:
                break
            bar.setValue(bar.value() + lines)

    def name_step(self, name: str) -> None:
        """What the next step of undo is called; "" for typing."""
        self._step = name

    def _stepped(self) -> None:
        if self._step != _JOINED:
            self.written.emit(self._step or "typing")

    def undo(self) -> None:
        """Take the last step back."""
        retrace(self, super().undo)

    def redo(self) -> None:
        """Make it again."""
        retrace(self, super().redo)

    def _moved(self) -> None:
        here = self.textCursor().blockNumber()
        if here != self._here:
            before, self._here = self._here, here
            for number in (before, here):
                block = self.document().findBlockByNumber(number)
                if block.isValid() and any(mark in block.text() for mark in "#*_`~-!"):
                    self.styling.rehighlightBlock(block)
            if self.focused:
                self.viewport().update()
        if self.typewriter:
            self.centerCursor()

    # --- keys ---

    def event(self, event: QEvent) -> bool:
        """Undo and redo are the window's: text and settings share one stack."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
            if event.matches(undo) or event.matches(redo):
                event.ignore()
                return True
            if self.ghost.active() and ghost_word(event):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The ghost's keys while it is there; what changes the text at its place sends it away."""
        if self.ghost.active():
            near, word = self.ghost.near(self.textCursor()), ghost_word(event)
            if word and (near or word != "word"):
                self.ghost_key.emit(word)
                return
            if near and changes_text(event):
                self.ghost_key.emit("reject")
        if event.key() == Qt.Key.Key_Tab and not event.modifiers():
            # In prose it is the ghost's key alone: a tab would make code of a paragraph.
            if self.code:
                self.textCursor().insertText("    ", self.authors.typing(self.textCursor().selectionStart()))
            return
        typed = event.text() if not event.modifiers() & HELD else ""
        before = self.textCursor()
        line = spread(before.block().text())[: before.selectionStart() - before.block().position()]
        as_typed(self, event, super().keyPressEvent)
        if self.code and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.textCursor().insertText(line[: len(line) - len(line.lstrip())])
        if (self.typography and len(typed) == 1 and typed in "\"'-.") or typed.isdigit():
            self._improve(line, typed)

    def _improve(self, line: str, typed: str) -> None:
        change = better(line, typed, self.quotes) if self.typography else None
        cursor = self.textCursor()
        if change is not None and cursor.positionInBlock() == len(line) + 1:
            count, instead = change
            end = cursor.position()
            author = self.authors.at(end - 1)
            self.replace(end - count, end, instead, name="typography", author=author.author if author else 0)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Text from an input method is typed text; it cannot share its paragraph with the ghost."""
        if self.ghost.near(self.textCursor()):
            self.ghost_key.emit("reject")
        as_typed(self, event, super().inputMethodEvent)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt lets an input method finish at a click, and would take the ghost for its text."""
        self.ghost.take_down()
        super().mousePressEvent(snapped(self, event))
        self.ghost.put_up()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select by whole lines' heights."""
        super().mouseMoveEvent(snapped(self, event) if event.buttons() else event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A word."""
        self.ghost.take_down()
        super().mouseDoubleClickEvent(snapped(self, event))
        self.ghost.put_up()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click that selected nothing asks about what is under it."""
        nearer = snapped(self, event)
        super().mouseReleaseEvent(nearer)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self.clicked_at.emit(self.cursorForPosition(nearer.position().toPoint()).position())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The panel fills the menu."""
        self.menu_wanted.emit(event)

    # --- paste and drop ---

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text, and pictures to stand in the manuscript."""
        return source.hasText() or source.hasImage() or source.hasUrls()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Plain text, and who wrote it for a paste into the same manuscript."""
        return self.authors.carried(self.textCursor())

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste as plain text that Qt can lay out; pictures go to the panel."""
        if source.hasImage() or (source.hasUrls() and any(url.isLocalFile() for url in source.urls())):
            self.picture_dropped.emit(source)
            return
        text, said = taken(source.text())
        if not text:
            return
        if self.ghost.near(self.textCursor()):
            self.ghost_key.emit("reject")
        cursor = self.textCursor()
        self._step = "paste"
        self.authors.paste(cursor, text, source)
        self._step = ""
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        if said:
            self.shortened.emit(said)
