"""What can be done with a selection: rewrite it, repaint around pinned words, judge the result; and the page's menu."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMenu

from studio.api import Problem, StudioError
from studio.widgets import theme
from studio.widgets.icons import icon

from .editor_authors import written_by
from .editor_sections import Step
from .panel_bar import SelectionBar
from .panel_draft import Draft
from .panel_pins import HINT, Pins
from .panel_requests import TITLES
from .panel_review import Review

if TYPE_CHECKING:
    from .panel import TextPanel

PROVEN = "Checked:"
UNTOUCHED = "The text outside of the selection would have changed, so nothing was put in."


class Selection(QObject):
    """The selection of one panel's editor."""

    def __init__(self, panel: TextPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self._pins: Pins | None = None
        self._judged: Draft | None = None
        self._last: tuple[str, str, str] = ("rewrite", "", "")
        self.bar = SelectionBar(panel.editor)
        self.bar.wanted.connect(self.run)
        self.card = Review(panel.page)
        self.card.applied.connect(self._apply)
        self.card.closed.connect(self._keep_old)
        self.card.again.connect(self._again)
        panel.editor.selectionChanged.connect(self.selected)
        panel.editor.page_changed.connect(self._place)
        panel.editor.verticalScrollBar().valueChanged.connect(lambda _v: self._place_bar())
        panel.editor.written.connect(self._over)
        panel.editor.authors.changed.connect(lambda *_: self._finish_pins(False))
        panel.editor.clicked_at.connect(self._pin_at)
        panel.page.find.closed.connect(self.selected)
        panel.editor.installEventFilter(self)
        panel.page.installEventFilter(self)

    # --- the bar ---

    def selected(self) -> None:
        """Show the bar over a selection."""
        editor = self._panel.editor
        there = editor.textCursor().hasSelection() and self._panel.writing.draft is None and self.card.isHidden()
        there = there and self._panel.page.find.isHidden()  # a place that was found is to be read
        if there and self._pins is None:
            self.bar.show_for("selection", editor.width() - theme.px(theme.XL))
            self._place_bar()
        elif self._pins is None:
            self.bar.hide()

    def _place(self) -> None:
        self._place_bar()
        self._place_card()

    def _place_bar(self) -> None:
        if self.bar.isHidden():
            return
        editor = self._panel.editor
        start = self._pins.span[0] if self._pins else editor.textCursor().selectionStart()
        end = self._pins.span[1] if self._pins else editor.textCursor().selectionEnd()
        size = self.bar.sizeHint()
        spot = editor.place_of(start)
        top = spot.y() - size.height() - theme.px(8)
        if top < 4:
            top = editor.place_of(end).y() + editor.page.pitch() + theme.px(6)
        left = min(max(spot.x() - theme.px(6), 4), max(editor.width() - size.width() - theme.px(theme.L), 4))
        bottom = max(editor.height() - size.height() - 4, 4)
        self.bar.setGeometry(round(left), round(min(max(top, 4), bottom)), size.width(), size.height())
        self.bar.raise_()

    def span(self) -> tuple[int, int] | None:
        """The selection in whole words, without space at its ends; None where nothing is selected."""
        editor = self._panel.editor
        cursor = editor.textCursor()
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        text = editor.text()
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start >= end:
            return None
        while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
            end += 1
        return start, end

    def run(self, what: str) -> None:
        """Do what a button of the bar, a menu or a command asks for."""
        if what in ("pins-go", "pins-stop"):
            self._finish_pins(what == "pins-go")
            return
        span = self.span()
        if span is None:
            self._panel.host.say("Select a passage first")
            return
        if what == "repaint":
            self._begin_pins(span)
        elif what == "tone":
            words, sure = QInputDialog.getText(
                self._panel, "Change the tone", "How should it sound?", QLineEdit.EchoMode.Normal, "gloomier"
            )
            if sure and words.strip():
                self._ask("tone", span, instruction=words.strip())
        elif what == "prompt":
            self._panel.host.say("Making a prompt of it …")
            self._ask("prompt", span)
        else:
            self._ask(what, span)

    def _ask(self, task: str, span: tuple[int, int], *, instruction: str = "", pinned: str = "") -> None:
        self._last = (task, instruction, pinned)
        self.bar.hide()
        if self._panel.settings_pane.commit():
            self._panel.page.show_problem(None)
            self._panel.writing.rewrite(task, *span, instruction=instruction, pinned=pinned)

    def _over(self, _step: str) -> None:
        """What was proven is no news any more after the next edit."""
        if self._panel.page.note.text().startswith(PROVEN):
            self._panel.page.note.setText("")
            self._panel.sight.remark()

    # --- pins ---

    def _begin_pins(self, span: tuple[int, int]) -> None:
        editor = self._panel.editor
        editor.move_to(span[1])
        self._pins = Pins(editor, span, self._finish_pins)
        self._panel.page.note.setText(HINT)
        self.bar.show_for("pins", editor.width() - theme.px(theme.XL))
        self._place_bar()
        editor.setFocus()

    def _pin_at(self, position: int) -> None:
        if self._pins is not None:
            self._pins.click(position)

    def _finish_pins(self, go: bool) -> None:
        if self._pins is None:
            return
        pins, self._pins = self._pins, None
        pinned = pins.lines()
        pins.clear()
        self._panel.page.note.setText("")
        self.bar.hide()
        if go:
            self._ask("repaint", pins.span, pinned=pinned)

    # --- judging ---

    def review(self, draft: Draft) -> None:
        """Show what a rewrite would change."""
        tree = self._panel.manuscript.branches
        known = [(number, tree.branches.get(branch)) for number, branch in enumerate(draft.branches)]
        versions = [draft.texts[number].strip("\n") for number, branch in known if branch and draft.texts[number]]
        original = next((branch.original for _, branch in known if branch is not None), "")
        if not versions or not original:
            self._panel.writing.dismiss()
            return
        self._judged = draft
        self._panel.writing.show_only_place()
        self.card.show_versions(TITLES.get(draft.task, "Rewrite"), original, versions)
        self.card.show()
        self._place_card()
        self.card.raise_()
        self._bring_above()
        self.card.diff.setFocus()

    def _place_card(self) -> None:
        if self.card.isHidden():
            return
        page, editor = self._panel.page, self._panel.editor
        self.card.fit(editor.geometry().translated(page.splitter.geometry().topLeft()))

    def _bring_above(self) -> None:
        """The passage that is judged stands above the card, its beginning if it is long."""
        editor = self._panel.editor
        ghost, pitch, bar = editor.ghost, editor.page.pitch(), editor.verticalScrollBar()
        room = editor.mapFromGlobal(self.card.mapToGlobal(self.card.rect().topLeft())).y()
        for _ in range(6):  # one step is a line, and paragraphs are further apart
            top = editor.place_of(ghost.position()).y()
            low = editor.place_of(ghost.position() + ghost.replaces).y() + pitch
            over = top - pitch if top < 0 else min(low - room, top - pitch)
            if top >= 0 and over <= 0:
                break
            bar.setValue(bar.value() + (math.ceil(over / pitch) if over > 0 else math.floor(over / pitch)))

    def _apply(self, version: int, text: str, taken: set[int]) -> None:
        """Put the taken changes in, and make sure that nothing else has moved."""
        draft, panel = self._judged, self._panel
        ghost = panel.editor.ghost
        if draft is None or not ghost.active():
            self._done()
            return
        start = ghost.position()
        end = start + ghost.replaces
        whole = panel.editor.text()
        if whole[start:end] != "".join(piece.old for piece in self.card.pieces):
            self._done()
            panel.page.show_problem(
                Problem("The passage was changed meanwhile.", "Select it again and ask for another version.")
            )
            return
        author = draft.branches[min(version, len(draft.branches) - 1)]
        panel.writing.dismiss()
        self._put_in(start, taken, author, TITLES.get(draft.task, "Rewrite"))
        after = panel.editor.text()
        if after[:start] != whole[:start] or after[start + len(text) :] != whole[end:] or len(after) < start:
            panel.editor.undo()
            panel.show_error(StudioError(UNTOUCHED, "This is a fault of Studio; please report it."))
        else:
            outside = len(whole) - (end - start)
            panel.page.note.setText(f"{PROVEN} the {outside:,} characters outside of the selection are unchanged.")
        self._done()
        panel.editor.move_to(start + len(text))

    def _put_in(self, start: int, taken: set[int], author: int, name: str) -> None:
        """Each taken change at its own place, last one first, as one step of undo; what stays keeps its author."""
        editor = self._panel.editor
        with Step(editor, name) as cursor:
            for number in sorted(taken, reverse=True):
                piece = self.card.pieces[number]
                cursor.setPosition(start + piece.start)
                cursor.setPosition(start + piece.start + len(piece.old), cursor.MoveMode.KeepAnchor)
                cursor.insertText(piece.new, written_by(author))

    def _keep_old(self) -> None:
        self._panel.writing.dismiss()
        self._done()

    def _again(self) -> None:
        ghost = self._panel.editor.ghost
        span = (ghost.position(), ghost.position() + ghost.replaces)
        self._done()
        self._panel.writing.dismiss()
        task, instruction, pinned = self._last
        self._ask(task, span, instruction=instruction, pinned=pinned)

    def _done(self) -> None:
        self._judged = None
        self.card.hide()
        self._panel.editor.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The card keeps its place; Esc and Enter while words are pinned."""
        if event.type() == QEvent.Type.Resize and watched is self._panel.page:
            self._place()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._pins is not None:
            return self._pins.key(event)
        return super().eventFilter(watched, event)

    # --- the menu ---

    def menu(self, event: QContextMenuEvent) -> None:
        """What a right click on the page offers."""
        panel, editor = self._panel, self._panel.editor
        menu = QMenu(panel)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        cursor = editor.textCursor()
        at = editor.cursorForPosition(editor.viewport().mapFrom(editor, event.pos())).position()
        panel.spelling.fill_menu(menu, at)
        if cursor.hasSelection():
            for task in ("rewrite", "expand", "shorten", "tone", "repaint"):
                menu.addAction(TITLES[task] + ("…" if task in ("tone", "repaint") else ""), lambda t=task: self.run(t))
            menu.addAction(icon("image"), "Send to Image as a prompt", lambda: self.run("prompt"))
            menu.addSeparator()
            menu.addAction(icon("scissors"), "Cut\tCtrl+X", editor.cut)
            menu.addAction(icon("copy"), "Copy\tCtrl+C", editor.copy)
        else:
            menu.addAction(icon("sparkle"), "Continue from here\tCtrl+Enter", panel.generate)
            if panel.views.token_at(at) is not None:
                menu.addAction(icon("list-bullets"), "Other words here…", lambda: panel.open_token(at))
            if panel.places.of_caret(at):
                menu.addAction(
                    icon("git-branch"), "Ways on from here", lambda: panel.ways.open(panel.places.of_caret(at))
                )
            menu.addSeparator()
        menu.addAction(icon("clipboard"), "Paste\tCtrl+V", editor.paste)
        menu.addAction("Select all\tCtrl+A", editor.selectAll)
        menu.popup(event.globalPos())

    def ask_target(self, row: int) -> None:
        """Ask how many words a section shall have."""
        panel = self._panel
        sections = panel.page.outline.sections()
        if not 0 <= row < len(sections):
            return
        now = panel.ways.targets_of(sections)[row]
        words, sure = QInputDialog.getInt(
            panel, "Word target", f"Words for “{sections[row].name[:40]}” (0: none)", now or 2000, 0, 1_000_000, 100
        )
        if sure:
            panel.ways.set_target(sections[row], words)
