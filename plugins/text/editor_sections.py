"""Chapters and scenes as edits of the text: each is one step of undo, and who wrote what moves along."""

from __future__ import annotations

from PySide6.QtGui import QTextCursor

from .document_outline import Section, whole_end
from .editor import ManuscriptEdit
from .editor_authors import written_by


class Sections:
    """Moves, joins and names parts of the text of one editor."""

    def __init__(self, editor: ManuscriptEdit) -> None:
        self._editor = editor

    def add(self, heading: str, position: int) -> None:
        """Put a heading (or a scene break) at a position, on a line of its own, and the caret behind it."""
        text = self._editor.text()
        before = "" if position == 0 or text[position - 1 : position] == "\n" else "\n"
        after = "\n" if position >= len(text) or text[position] != "\n" else ""
        self._editor.replace(position, position, f"{before}{heading}{after}", name="new section")
        if heading.startswith("#"):
            start = position + len(before)
            title = start + len(heading) - len(heading.lstrip("# "))
            self._editor.move_to(title, select_to=start + len(heading))
        self._editor.setFocus()

    def rename(self, section: Section, title: str) -> None:
        """Give a section another title; a scene without one gets a heading instead of its break."""
        if not title:
            return
        if section.level == 0:
            self._editor.replace(0, 0, f"# {title}\n", name="rename", caret=False)
            return
        line = self._editor.text()[section.start : section.body].rstrip("\n")
        marks = line[: len(line) - len(line.lstrip("#"))] if section.title else "##"
        self._editor.replace(section.start, section.start + len(line), f"{marks} {title}", name="rename", caret=False)

    def merge(self, section: Section) -> None:
        """Join a section to the one before: its heading goes."""
        self._editor.replace(section.start, section.body, "", name="merge")

    def move(self, sections: list[Section], source: int, target: int) -> None:
        """Move a section with what is inside it before section `target` (behind the last where it is their number)."""
        start, end = sections[source].start, whole_end(sections, source)
        into = sections[target].start if target < len(sections) else sections[-1].end
        if start <= into <= end:
            return
        editor = self._editor
        editor.ghost.clear()
        old = sections[-1].end
        with Step(editor, "move") as cursor:
            closed = self._close_last_line(cursor)
            end, into = (at + closed if at == old else at for at in (end, into))
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            taken = cursor.selection()
            cursor.removeSelectedText()
            place = into if into < start else into - (end - start)
            cursor.setPosition(place)
            cursor.insertFragment(taken)
        editor.move_to(place)

    def _close_last_line(self, cursor: QTextCursor) -> int:
        """A last line without an end would run into what is moved behind it; how many characters were added."""
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not cursor.block().text():
            return 0
        cursor.insertText("\n", written_by(0))
        return 1


class Step:
    """A block of edits that is one step of undo."""

    def __init__(self, editor: ManuscriptEdit, name: str) -> None:
        self._editor, self._name = editor, name
        self._cursor = QTextCursor(editor.document())

    def __enter__(self) -> QTextCursor:
        self._editor.name_step(self._name)
        self._cursor.beginEditBlock()
        return self._cursor

    def __exit__(self, *_: object) -> None:
        self._cursor.endEditBlock()
        self._editor.name_step("")
