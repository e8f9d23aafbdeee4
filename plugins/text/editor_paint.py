"""What lies under and over the letters: the selection, tints, pins, pictures, and the veil of the focus mode."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTextBlock, QTextLayout

from studio.widgets import theme

from .document_places import spread
from .editor_layout import BREAK, paper

if TYPE_CHECKING:
    from .editor import ManuscriptEdit


@dataclass(frozen=True, slots=True)
class Tint:
    """Characters `start` … `end` on a coloured ground; `outline` only draws its edge."""

    start: int
    end: int
    colour: QColor
    outline: bool = False


def visible(editor: ManuscriptEdit) -> Iterator[tuple[QTextBlock, QPointF]]:
    """The paragraphs in sight, each with where its layout begins in the viewport."""
    block = editor.firstVisibleBlock()
    offset = editor.contentOffset()
    height = editor.viewport().height()
    while block.isValid() and offset.y() <= height:
        area = editor.blockBoundingRect(block)
        if block.isVisible():
            yield block, QPointF(offset)
        offset.setY(offset.y() + area.height())
        block = block.next()


def areas(editor: ManuscriptEdit, block: QTextBlock, offset: QPointF, start: int, end: int) -> Iterator[QRectF]:
    """The rectangles, as high as the lines are apart, of characters of a block (document positions); the ghost among
    them is none of them.
    """
    layout = block.layout()
    low, high = max(start - block.position(), 0), min(end - block.position(), block.length() - 1)
    extra, at = len(spread(layout.preeditAreaText())), layout.preeditAreaPosition()
    if extra and low < at < high:
        yield from _areas(editor, layout, offset, low, at)
        low, high = at + extra, high + extra
    elif extra:
        low += extra if low >= at else 0
        high += extra if high > at else 0
    yield from _areas(editor, layout, offset, low, high)


def _areas(editor: ManuscriptEdit, layout: QTextLayout, offset: QPointF, low: int, high: int) -> Iterator[QRectF]:
    pitch = editor.page.pitch()
    begin = layout.lineForTextPosition(low)  # a page in the heat view has hundreds of words to be placed
    for number in range(max(begin.lineNumber() - 1, 0) if begin.isValid() else 0, layout.lineCount()):
        line = layout.lineAt(number)
        first, last = line.textStart(), line.textStart() + line.textLength()
        if first > high:
            break
        if last < low or first > high or (low < high and (last <= low or first >= high)):
            continue
        left, right = _x(line, max(low, first)), _x(line, min(high, last))
        top = line.y() + (line.height() - max(pitch, line.height())) / 2
        yield QRectF(offset.x() + left, offset.y() + top, max(right - left, 0), max(pitch, line.height()))


def _x(line: object, position: int) -> float:
    found = line.cursorToX(position)  # type: ignore[attr-defined]
    return float(found[0] if isinstance(found, tuple) else found)


def under(editor: ManuscriptEdit, painter: QPainter, part: QRect) -> None:
    """Paint what lies under the letters in a part of the viewport: a page in the heat view has hundreds of words, and
    a letter that is typed changes one paragraph.
    """
    cursor = editor.textCursor()
    chosen = (cursor.selectionStart(), cursor.selectionEnd()) if cursor.hasSelection() else (0, 0)
    wash = theme.tokens().color("accent")
    wash.setAlpha(70 if theme.tokens().name == "dark" else 55)
    painter.setPen(Qt.PenStyle.NoPen)
    starts = [tint.start for tint in editor.tints]
    for block, offset in visible(editor):
        first, last = block.position(), block.position() + block.length()
        if not editor.blockBoundingRect(block).translated(offset).adjusted(-4, -4, 4, 4).intersects(QRectF(part)):
            continue
        place = max(bisect_left(starts, first) - 1, 0)
        while place < len(editor.tints) and editor.tints[place].start < last:
            tint = editor.tints[place]
            if tint.end > first:
                _tint(editor, painter, block, offset, tint)
            place += 1
        for tint in editor.marks:
            if tint.start < last and tint.end > first:
                _tint(editor, painter, block, offset, tint)
        if chosen[0] < last and chosen[1] > first:
            for area in areas(editor, block, offset, *chosen):
                if chosen[1] >= last:
                    area.setWidth(area.width() + 6)
                painter.fillRect(area, wash)


def _tint(editor: ManuscriptEdit, painter: QPainter, block: QTextBlock, offset: QPointF, tint: Tint) -> None:
    for area in areas(editor, block, offset, tint.start, tint.end):
        inset = area.adjusted(-1, 2.5, 1, -2.5)
        if tint.outline:
            painter.setPen(QPen(tint.colour, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint.colour)
        painter.drawRoundedRect(inset, 3, 3)
    painter.setPen(Qt.PenStyle.NoPen)


def over(editor: ManuscriptEdit, painter: QPainter) -> None:
    """Paint what lies over the letters."""
    _pictures_and_breaks(editor, painter)
    if editor.document().isEmpty() and not editor.ghost.text:
        _invite(editor, painter)
    ghost = editor.ghost
    if ghost.active() and ghost.replaces:
        _fade(editor, painter, ghost.position(), ghost.position() + ghost.replaces)
    if editor.focused:
        _focus(editor, painter)


def _invite(editor: ManuscriptEdit, painter: QPainter) -> None:
    """What to do on an empty page, where the first line will be."""
    line = editor.document().firstBlock().layout().lineAt(0)
    if line.isValid():
        painter.setPen(theme.tokens().color("muted"))
        painter.setFont(theme.serif(editor.page.pixels))
        area = QRectF(8, line.y() - 3, editor.viewport().width() - 12, 4 * editor.page.pitch())
        painter.drawText(area, int(Qt.TextFlag.TextWordWrap), editor.accessibleDescription())


def _pictures_and_breaks(editor: ManuscriptEdit, painter: QPainter) -> None:
    here = editor.textCursor().block()
    for block, offset in visible(editor):
        kind = max(block.userState(), 0) & 0xFF
        if kind == BREAK and block != here and block.layout().lineCount():
            line = block.layout().lineAt(0)
            area = QRectF(offset.x(), offset.y() + line.y() - 14, editor.viewport().width(), line.height() + 28)
            painter.setPen(theme.tokens().color("muted"))
            painter.setFont(theme.serif(editor.page.pixels))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "∗   ∗   ∗")
        picture = editor.picture_of(block)
        if picture is not None:
            area = editor.blockBoundingRect(block).translated(offset)
            size = picture.deviceIndependentSize()
            room = editor.page.room(block)[1]
            painter.drawPixmap(QPointF(offset.x() + 4, area.bottom() - room - size.height()), picture)


def _fade(editor: ManuscriptEdit, painter: QPainter, start: int, end: int) -> None:
    """What would be replaced steps back, with a line through it."""
    veil = paper()
    veil.setAlpha(150)
    line = theme.tokens().color("danger")
    line.setAlpha(150)
    for block, offset in visible(editor):
        if start < block.position() + block.length() and end > block.position():
            for area in areas(editor, block, offset, start, end):
                painter.fillRect(area, veil)
                middle = area.center().y() + 1
                painter.setPen(QPen(line, 1))
                painter.drawLine(QPointF(area.left(), middle), QPointF(area.right(), middle))


def _focus(editor: ManuscriptEdit, painter: QPainter) -> None:
    """Everything but the paragraph with the caret steps back."""
    veil = paper()
    veil.setAlpha(175 if theme.tokens().name == "dark" else 190)
    here = editor.textCursor().block()
    width = editor.viewport().width()
    for block, offset in visible(editor):
        if block != here:
            area = editor.blockBoundingRect(block)
            painter.fillRect(QRectF(0, offset.y(), width, area.height()), veil)
