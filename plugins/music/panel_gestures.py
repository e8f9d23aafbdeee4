"""What the mouse does in the piano roll: select, draw, move, stretch, copy, erase, mark bars."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from studio.widgets import theme

from . import document_edit as edits
from . import document_shape as shape
from .document import Note, Score
from .panel_lens import Lens
from .panel_sheet import Region, Sheet

Tool = Literal["select", "draw", "erase", "mark"]
Part = Literal["", "body", "left", "right"]
EDGE = 6.0
"""Pixels at either end of a note by which it is stretched; a third of the note where it is short."""
EDGE_PACE = 30
"""Milliseconds between two scrolls while one drags beyond the edge."""
FAR = 3.0
"""Pixels of movement before a press becomes a drag: a shaking hand must not move notes."""


@dataclass(slots=True)
class Drag:
    """A gesture on its way: where it began, what the score was, and which notes it is about."""

    kind: Literal["marquee", "move", "left", "right", "draw", "erase", "pan", "bars"]
    at: QPointF
    before: Score
    ids: frozenset[int] = frozenset()
    anchor: Note | None = None
    copied: bool = False
    begun: bool = False
    kept: frozenset[int] = frozenset()
    pitches: int = 0
    """By how many semitones the notes were moved when one was last heard."""


class Gestures(QObject):
    """`sounded` asks for a note to be heard, `moved` for a repaint of what lies over the drawing."""

    sounded = Signal(int, int)
    moved = Signal()
    keyed = Signal()
    """Keys have moved notes: they may be out of sight."""
    tool_changed = Signal(str)

    def __init__(self, sheet: Sheet, lens: Lens, view: QWidget) -> None:
        super().__init__(view)
        self._sheet, self._lens, self._view = sheet, lens, view
        self.tool: Tool = "select"
        self._drag: Drag | None = None
        self._here = QPointF()
        self._space = False
        self._keys = Qt.KeyboardModifier.NoModifier
        self._edge = QTimer(self)
        self._edge.setInterval(EDGE_PACE)
        self._edge.timeout.connect(self._scroll_on)
        self.velocity = 90

    def set_tool(self, tool: Tool) -> None:
        """Select, draw or erase."""
        self.tool = tool
        self._show_cursor(self._here)
        self.tool_changed.emit(tool)

    def busy(self) -> bool:
        """True while a button is held: nobody should change the score under the hand."""
        return self._drag is not None

    # What is where

    def hit(self, place: QPointF) -> tuple[Note | None, Part]:
        """The note under a place, of the track in front first, and which part of it."""
        lens, sheet = self._lens, self._sheet
        tick, pitch = lens.tick(place.x()), lens.pitch(place.y())
        tracks = sorted(sheet.score.tracks, key=lambda t: t.id != sheet.track_id)
        for track in tracks:
            reach = max(1, round(3 / lens.scale))
            for note in reversed(track.between(int(tick) - reach, int(tick) + reach + 1)):
                if note.pitch != pitch:
                    continue
                left, right = lens.x(note.start), max(lens.x(note.end), lens.x(note.start) + 3)
                if not left - 1 <= place.x() <= right + 1:
                    continue
                edge = min(EDGE, (right - left) / 3)
                if place.x() >= right - edge:
                    return note, "right"
                return note, "left" if place.x() <= left + edge and right - left > 14 else "body"
        return None, ""

    def choose_at(self, place: QPointF) -> None:
        """Select what is under the mouse, as a right click does, unless it is selected already."""
        note, _ = self.hit(place)
        if note is not None and note.id not in self._sheet.selection:
            self._take(note, add=False)

    def _take(self, note: Note, *, add: bool) -> None:
        sheet = self._sheet
        home = sheet.score.home_track.get(note.id, "")
        sheet.choose_track(home)
        if add:
            sheet.select(sheet.selection ^ {note.id})
        elif note.id not in sheet.selection:
            sheet.select({note.id})

    # The mouse

    def press(self, event: QMouseEvent) -> None:
        """Begin."""
        place, keys = event.position(), event.modifiers()
        self._here = place
        if event.button() == Qt.MouseButton.MiddleButton or self._space:
            self._drag = Drag("pan", place, self._sheet.score)
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self.tool == "mark" or keys & Qt.KeyboardModifier.AltModifier:  # many desktops keep Alt to themselves
            self._drag = Drag("bars", place, self._sheet.score)
            return
        note, part = self.hit(place)
        if self.tool == "erase":
            self._drag = Drag("erase", place, self._sheet.score)
            self._erase(place)
        elif note is not None:
            self._press_note(note, part, place, keys)
        elif self.tool == "draw":
            self._begin_note(place, keys)
        else:
            kept = self._sheet.selection if keys & Qt.KeyboardModifier.ShiftModifier else frozenset()
            self._sheet.select(kept)
            self._drag = Drag("marquee", place, self._sheet.score, kept=kept)

    def _press_note(self, note: Note, part: Part, place: QPointF, keys: Qt.KeyboardModifier) -> None:
        self._take(note, add=bool(keys & Qt.KeyboardModifier.ShiftModifier))
        ids = self._sheet.selection
        if note.id not in ids:
            return
        kind: Literal["left", "right", "move"] = part if part in ("left", "right") else "move"  # type: ignore[assignment]
        copied = kind == "move" and bool(keys & Qt.KeyboardModifier.ControlModifier)
        self._drag = Drag(kind, place, self._sheet.score, ids, note, copied=copied)
        self.sounded.emit(note.pitch, note.velocity)

    def _begin_note(self, place: QPointF, keys: Qt.KeyboardModifier) -> None:
        sheet, track = self._sheet, self._sheet.track
        if track is None:
            return
        free = bool(keys & Qt.KeyboardModifier.ControlModifier)
        start = sheet.snap(self._lens.tick(place.x()), down=True, free=free)
        pitch = self._lens.pitch(place.y())
        if sheet.keeps_key():
            pitch = shape.in_key(pitch, sheet.score.key_at(start))
        note = Note(0, start, sheet.step(), pitch, self.velocity)
        before = sheet.score
        score, ids = edits.add(before, track.id, [note])
        if ids:
            sheet.show(score)
            sheet.select(ids)
            self._drag = Drag("draw", place, before, frozenset(ids), sheet.score.note(ids[0]), begun=True)
            self.sounded.emit(note.pitch, note.velocity)

    def move(self, event: QMouseEvent) -> None:
        """Go on, or show what could begin here."""
        place = event.position()
        drag = self._drag
        if drag is None:
            self._here = place
            self._show_cursor(place)
            return
        if not drag.begun and (place - drag.at).manhattanLength() < FAR:
            return
        drag.begun = True
        if drag.kind == "pan":
            step = place - self._here
            self._lens.scroll(left=self._lens.left - step.x() / self._lens.scale, top=self._lens.top - step.y())
        self._here, self._keys = place, event.modifiers()
        if drag.kind in ("move", "marquee", "left", "right", "draw", "bars") and not self._beyond().isNull():
            self._edge.start()
        self._go_on(drag)

    def _go_on(self, drag: Drag) -> None:
        """What a drag does where the mouse is now."""
        free = bool(self._keys & Qt.KeyboardModifier.ControlModifier) and not drag.copied
        match drag.kind:
            case "marquee":
                self._marquee(drag)
            case "move":
                self._move_notes(drag, free)
            case "left" | "right" | "draw":
                self._stretch(drag, free)
            case "erase":
                self._erase(self._here)
        self.moved.emit()

    def _beyond(self) -> QPointF:
        """How far the mouse is beyond the edges of the view."""
        place, size = self._here, self._view.size()
        x = min(0.0, place.x()) + max(0.0, place.x() - size.width() + 1)
        return QPointF(x, min(0.0, place.y()) + max(0.0, place.y() - size.height() + 1))

    def _scroll_on(self) -> None:
        """Whoever drags beyond the edge wants to go on there; faster the further away."""
        drag, beyond, lens = self._drag, self._beyond(), self._lens
        if drag is None or beyond.isNull():
            self._edge.stop()
            return
        left, top = lens.left, lens.top
        lens.scroll(left=left + beyond.x() * 0.5 / lens.scale, top=top + beyond.y() * 0.5)
        # Where the drag began stays where it is in the piece.
        drag.at -= QPointF((lens.left - left) * lens.scale, lens.top - top)
        self._go_on(drag)

    def _marquee(self, drag: Drag) -> None:
        area = QRectF(drag.at, self._here).normalized()
        lens, sheet = self._lens, self._sheet
        first, last = int(lens.tick(area.left())), int(lens.tick(area.right())) + 1
        high, low = lens.pitch(area.top()), lens.pitch(area.bottom())
        track = sheet.track
        found = () if track is None else track.between(first, last)
        sheet.select(drag.kept | {n.id for n in found if low <= n.pitch <= high})

    def _move_notes(self, drag: Drag, free: bool) -> None:
        assert drag.anchor is not None
        sheet, lens, old = self._sheet, self._lens, drag.anchor
        step = (self._here.x() - drag.at.x()) / lens.scale
        ticks = sheet.snap(max(0.0, old.start + step), free=free) - old.start
        if sheet.grid is not None and not free and abs(step) < sheet.step() / 2:
            ticks = 0  # a note off the grid is not pulled onto it by moving it up or down
        pitches = lens.pitch(self._here.y()) - lens.pitch(drag.at.y())
        ids: Collection[int] = drag.ids
        if drag.copied:
            score, ids = edits.copy(drag.before, drag.ids, ticks=ticks, pitches=pitches)
        else:
            score = edits.move(drag.before, drag.ids, ticks=ticks, pitches=pitches)
        if pitches and sheet.keeps_key():
            score = shape.fit_to_key(score, ids)
        sheet.show(score)
        sheet.select(ids)
        if pitches != drag.pitches:
            drag.pitches = pitches
            self.sounded.emit(max(0, min(127, old.pitch + pitches)), old.velocity)

    def _stretch(self, drag: Drag, free: bool) -> None:
        assert drag.anchor is not None
        sheet, old = self._sheet, drag.anchor
        tick = self._lens.tick(self._here.x())
        base = drag.before
        if drag.kind == "draw":
            end = max(sheet.snap(tick, free=free), old.start + (1 if free else sheet.step()))
            score = edits.change(sheet.score, drag.ids, lambda n: replace(n, length=end - n.start))
            sheet.show(score)
        elif drag.kind == "left":
            step = sheet.snap(max(0.0, tick), free=free) - old.start
            sheet.show(edits.resize(base, drag.ids, ticks=step, left=True, shortest=sheet.step() // 2))
        else:
            step = sheet.snap(tick, free=free) - old.end
            sheet.show(edits.resize(base, drag.ids, ticks=step, shortest=sheet.step() // 2))

    def _erase(self, place: QPointF) -> None:
        note, _ = self.hit(place)
        if note is not None:
            self._sheet.show(edits.remove(self._sheet.score, [note.id]))

    def release(self, event: QMouseEvent) -> None:
        """End; what was changed becomes one entry of the undo stack."""
        drag, self._drag = self._drag, None
        self._edge.stop()
        self._show_cursor(event.position())
        self.moved.emit()
        if drag is None:
            return
        if drag.kind == "bars":
            self._mark(drag, event)
            return
        if drag.kind == "marquee" and not drag.begun:
            self._sheet.set_regions(())
        words = {
            "move": "copying notes" if drag.copied else "moving notes",
            "left": "stretching notes",
            "right": "stretching notes",
            "draw": "a new note",
            "erase": "erasing",
        }
        after = self._sheet.score
        if drag.kind in words and after is not drag.before:
            self._sheet.edit(words[drag.kind], after, before=drag.before)

    def _mark(self, drag: Drag, event: QMouseEvent) -> None:
        timeline, lens = self._sheet.timeline, self._lens
        ends = sorted((lens.tick(drag.at.x()), lens.tick(event.position().x())))
        last = max(0, timeline.bars - 1)
        first, final = (min(last, timeline.bar(tick)) for tick in ends)
        region = Region(first, final, (self._sheet.track_id,))
        more = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if self._sheet.track_id:
            self._sheet.set_regions([*(self._sheet.regions if more else ()), region])

    def double(self, event: QMouseEvent) -> None:
        """Select tool: a new note on empty ground, none where one was."""
        if event.button() != Qt.MouseButton.LeftButton or self.tool != "select":
            return
        note, _ = self.hit(event.position())
        if note is not None:
            self._sheet.edit("removing a note", edits.remove(self._sheet.score, [note.id]))
        else:
            self._begin_note(event.position(), event.modifiers())

    # The keyboard

    def key(self, event: QKeyEvent) -> bool:
        """True where the key meant something."""
        sheet, ids = self._sheet, self._sheet.selection
        keys = event.modifiers()
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat() and not keys and self._view.underMouse():
            self._space = True
            self._view.setCursor(Qt.CursorShape.OpenHandCursor)
            return False  # Space alone still plays: panning needs the mouse as well
        if not ids or keys & Qt.KeyboardModifier.AltModifier:
            return False
        octave = 12 if keys & Qt.KeyboardModifier.ShiftModifier else 1
        wide = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                pitches = octave if event.key() == Qt.Key.Key_Up else -octave
                if sheet.keeps_key() and not wide:
                    sheet.edit("moving notes", shape.transpose(sheet.score, ids, pitches, in_key=True))
                else:
                    sheet.edit("moving notes", edits.move(sheet.score, ids, pitches=pitches))
                first = sheet.notes()[0]
                self.sounded.emit(first.pitch, first.velocity)
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                sign = 1 if event.key() == Qt.Key.Key_Right else -1
                if wide:
                    sheet.edit("stretching notes", edits.resize(sheet.score, ids, ticks=sign * sheet.step()))
                else:
                    sheet.edit("moving notes", edits.move(sheet.score, ids, ticks=sign * sheet.step()))
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                sheet.edit("removing notes", edits.remove(sheet.score, ids))
            case _:
                return False
        self.keyed.emit()
        return True

    def key_up(self, event: QKeyEvent) -> None:
        """Space is let go."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor(self._here)

    # What lies over the drawing

    def paint(self, painter: QPainter) -> None:
        """The frame that is being drawn."""
        drag = self._drag
        if drag is None or not drag.begun or drag.kind not in ("marquee", "bars"):
            return
        colours = theme.tokens()
        area = QRectF(drag.at, self._here).normalized()
        if drag.kind == "bars":
            timeline, lens = self._sheet.timeline, self._lens
            first, last = (timeline.bar(lens.tick(x)) for x in (area.left(), area.right()))
            start, end = timeline.bar_span(first, last)
            area = QRectF(lens.x(start), 0, (end - start) * lens.scale, self._view.height())
        wash = colours.color("accent")
        wash.setAlphaF(0.15)
        painter.fillRect(area, wash)
        painter.setPen(QPen(colours.color("accent"), 1))
        painter.drawRect(area)

    def _show_cursor(self, place: QPointF) -> None:
        wanted = Qt.CursorShape.ArrowCursor
        if self._space:
            wanted = Qt.CursorShape.OpenHandCursor
        elif self.tool in ("erase", "mark"):
            wanted = Qt.CursorShape.CrossCursor
        else:
            note, part = self.hit(place)
            if part in ("left", "right"):
                wanted = Qt.CursorShape.SizeHorCursor
            elif note is not None:
                wanted = Qt.CursorShape.SizeAllCursor
            elif self.tool == "draw":
                wanted = Qt.CursorShape.CrossCursor
        if self._view.cursor().shape() != wanted:
            self._view.setCursor(QCursor(wanted))
