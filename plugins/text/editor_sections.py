"""Chapters and scenes as edits of the text: each is one step of undo, and who wrote what moves along."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QTextCursor

from .document_outline import Section, whole_end
from .editor import ManuscriptEdit
from .editor_authors import written_by


@dataclass(frozen=True, slots=True)
class Move:
    """Characters `start` … `end` go in front of character `into`, where they begin at `place`."""

    start: int
    end: int
    into: int

    @property
    def place(self) -> int:
        """Where they begin afterwards."""
        return self.into if self.into < self.start else self.into - (self.end - self.start)

    def carried(self, at: int) -> int:
        """Where a character is afterwards."""
        size = self.end - self.start
        if self.start <= at < self.end:
            return self.place + at - self.start
        if self.into <= at < self.start:
            return at + size
        return at - size if self.end <= at < self.into else at

    def back(self) -> Move:
        """The way back."""
        place = self.place
        return Move(place, place + self.end - self.start, self.end if place < self.start else self.start)


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

    def plan(self, sections: list[Section], source: int, target: int) -> Move | None:
        """How a section comes with what is inside it before section `target` (behind the last where it is their
        number); None where it is there.
        """
        start, end = sections[source].start, whole_end(sections, source)
        into, last = sections[target].start if target < len(sections) else sections[-1].end, sections[-1].end
        if start <= into <= end:
            return None
        # A last line without an end would run into what is moved behind it.
        opened = bool(self._editor.document().lastBlock().text())
        return Move(start, end + (opened and end == last), into + (opened and into == last))

    def move(self, move: Move) -> None:
        """Do it."""
        editor = self._editor
        editor.ghost.clear()
        with Step(editor, "move") as cursor:
            cursor.movePosition(QTextCursor.MoveOperation.End)
            if cursor.block().text():
                cursor.insertText("\n", written_by(0))
            cursor.setPosition(move.start)
            cursor.setPosition(move.end, QTextCursor.MoveMode.KeepAnchor)
            taken = cursor.selection()
            cursor.removeSelectedText()
            cursor.setPosition(move.place)
            cursor.insertFragment(taken)
        editor.move_to(move.place)


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
