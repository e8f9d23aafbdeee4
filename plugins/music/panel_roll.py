"""The piano roll: rows of pitches, columns of beats, notes as blocks; what is drawn is kept: only changes cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.widgets import theme

from .document import Ints, Score, Track
from .panel_columns import Raster, Seen, argb
from .panel_gestures import Gestures
from .panel_lens import Lens
from .panel_palette import mixed, track_colour
from .panel_sheet import Sheet
from .panel_surface import Surface

BLACK = frozenset((1, 3, 6, 8, 10))
PLAIN = 1500
"""Above so many notes in sight they are drawn as plain blocks: round corners are not seen then, but they cost."""
SHADES = 4


class PianoRoll(Surface):
    """Paints the sheet through the lens and hands the mouse to `gestures`. The playhead lies over what is drawn."""

    heard = Signal(int, int)
    """A pitch and a velocity to be heard while one draws or drags."""

    def __init__(self, sheet: Sheet, lens: Lens, parent: QWidget | None = None) -> None:
        super().__init__("Piano roll", lens, near=8, parent=parent)
        self._sheet, self._lens = sheet, lens
        self._drawn: QPixmap | None = None
        self._ground, self._ground_of = QPixmap(), tuple[object, ...]()
        self.highlight_scale = True
        self.ghost_tracks = True
        self.gestures: Gestures = Gestures(sheet, lens, self)
        sheet.edited.connect(self.redraw)
        sheet.chosen.connect(self.redraw)
        sheet.recorded_changed.connect(self.redraw)
        lens.changed.connect(self.redraw)
        self.gestures.sounded.connect(self.heard)
        self.gestures.moved.connect(self.update)
        self._describe()
        sheet.edited.connect(self._describe)
        sheet.chosen.connect(self._describe)

    # What is said

    def _describe(self) -> None:
        sheet = self._sheet
        track = sheet.track
        bars = sheet.timeline.bars
        words = f"{sheet.score.note_count} notes in {bars} {'bar' if bars == 1 else 'bars'}"
        if track is not None:
            words += f", writing into {track.name}"
        if sheet.selection:
            words += f", {len(sheet.selection)} selected"
        for region in sheet.regions[:1]:
            words += f", bars {region.first + 1} to {region.last + 1} marked"
        self.setAccessibleDescription(words)

    # The playhead

    def playhead(self) -> float:
        """The tick that is heard, or -1."""
        return self._playhead

    # Painting

    def redraw(self) -> None:
        """Something to be seen has changed."""
        self._drawn = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The lens knows how much there is to see."""
        super().resizeEvent(event)
        self._lens.resize(self.width(), self.height())
        self.redraw()

    def changeEvent(self, event: QEvent) -> None:
        """Another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.redraw()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The kept drawing, and what moves over it."""
        if self._drawn is None:
            self._draw()
        painter = QPainter(self)
        if self._drawn is not None:
            painter.drawPixmap(0, 0, self._drawn)
        self.gestures.paint(painter)
        colours = theme.tokens()
        if self._playhead >= 0:
            x = self._lens.x(self._playhead)
            painter.setPen(QPen(colours.color("text"), 1.5))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        if self._keyboard and self.hasFocus():
            painter.setPen(QPen(colours.color("accent"), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _draw(self) -> None:
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if size.isEmpty():
            return
        drawn = QPixmap(self._ground_for(size, ratio))
        painter = QPainter(drawn)
        self._draw_regions(painter)
        self._draw_notes(painter)
        painter.end()
        self._drawn = drawn

    def _ground_for(self, size: QSize, ratio: float) -> QPixmap:
        """Rows and beats: the same while notes come, go and move."""
        lens, sheet, track = self._lens, self._sheet, self._sheet.track
        score = sheet.score
        drums = track is not None and track.drums
        place = (lens.left, lens.top, lens.scale, lens.row, size, ratio, theme.tokens())
        seen = (*place, drums, self.highlight_scale, sheet.grid, score.metres, score.keys, score.length, score.ppq)
        if seen != self._ground_of:
            ground = QPixmap(size)
            ground.setDevicePixelRatio(ratio)
            painter = QPainter(ground)
            self._draw_rows(painter, drums=drums)
            self._draw_beats(painter)
            painter.end()
            self._ground, self._ground_of = ground, seen
        return self._ground

    def _draw_rows(self, painter: QPainter, *, drums: bool) -> None:
        lens, colours = self._lens, theme.tokens()
        light = colours.name == "light"
        base = colours.color("surface") if light else colours.color("canvas")
        dark = mixed(base, colours.color("window") if light else QColor("black"), 0.6 if light else 0.28)
        painter.fillRect(self.rect(), base)
        key = self._sheet.score.key_at(round(lens.left))
        scale = key.scale if self.highlight_scale and not drums else frozenset(range(12))
        tint, line = mixed(base, colours.color("accent"), 0.09), mixed(base, colours.color("line"), 0.55)
        for pitch in range(lens.pitch(self.height()), lens.pitch(0) + 1):
            # Whole pixels: what lies between them costs ten times as much, and is blurred.
            top, below = round(lens.y(pitch)), round(lens.y(pitch - 1))
            if pitch % 12 in BLACK:
                painter.fillRect(0, top, self.width(), below - top, dark)
            if self.highlight_scale and len(scale) < 12 and pitch % 12 == key.tonic:
                painter.fillRect(0, top, self.width(), below - top, tint)
            if pitch % 12 in (0, 5):
                painter.fillRect(0, below, self.width(), 1, line)

    def _draw_beats(self, painter: QPainter) -> None:
        lens, sheet, colours = self._lens, self._sheet, theme.tokens()
        first, last = lens.span()
        beat = sheet.timeline.beat_ticks(sheet.score.metre_at(first)) * lens.scale
        faint, strong = mixed(colours.color("canvas"), colours.color("line"), 0.6), colours.color("line")
        if sheet.grid is not None and sheet.step() * lens.scale >= 12:
            painter.setPen(mixed(colours.color("canvas"), colours.color("line"), 0.3))
            for tick in self._steps(first, last):
                painter.drawLine(QPointF(lens.x(tick), 0), QPointF(lens.x(tick), self.height()))
        bars = 1
        while bars * beat * 4 < 28:
            bars *= 2
        for tick, bar in sheet.timeline.beats(max(0, first), last):
            if not bar and beat < 10:
                continue
            if bar and bars > 1 and sheet.timeline.bar(tick) % bars:
                continue
            painter.setPen(QPen(strong if bar else faint, 1.4 if bar else 1))
            painter.drawLine(QPointF(lens.x(tick), 0), QPointF(lens.x(tick), self.height()))
        end = lens.x(sheet.score.length)
        if end < self.width():
            beyond = mixed(colours.color("canvas"), colours.color("window"), 0.85)
            beyond.setAlphaF(0.7)
            painter.fillRect(QRectF(end, 0, self.width() - end, self.height()), beyond)

    def _steps(self, first: int, last: int) -> Sequence[int]:
        timeline, found = self._sheet.timeline, []
        bar = timeline.bar(max(0, first))
        while timeline.bar_start(bar) < last and self._sheet.grid is not None:
            start, end = timeline.bar_start(bar), timeline.bar_start(bar + 1)
            step = self._sheet.grid.ticks(self._sheet.score.ppq)
            found += [round(start + i * step) for i in range(1, int((end - start) / step) + 1)]
            bar += 1
        return found

    def _draw_regions(self, painter: QPainter) -> None:
        colours = theme.tokens()
        wash, edge = colours.color("accent"), colours.color("accent")
        for region in self._sheet.regions:
            start, end = self._sheet.timeline.bar_span(region.first, region.last)
            place = QRectF(self._lens.x(start), 0.5, (end - start) * self._lens.scale, self.height() - 1)
            wash.setAlphaF(0.13)
            painter.fillRect(place, wash)
            edge.setAlphaF(0.85)
            pen = QPen(edge, 1.2, Qt.PenStyle.DashLine)
            pen.setDashPattern([4, 3])
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place)

    def _draw_notes(self, painter: QPainter) -> None:
        sheet = self._sheet
        shown = [t for t in sheet.score.tracks if t.id != sheet.track_id] if self.ghost_tracks else []
        shown += [] if sheet.track is None else [sheet.track]
        seen = [(track, found) for track in shown if len((found := self._seen(track)).rows)]
        if self._lens.row >= 7 and sum(len(found.rows) for _, found in seen) <= PLAIN:
            for track, found in seen:
                self._draw_track(painter, track, found)
        elif seen:
            raster = Raster(self.width())
            for track, found in seen:
                self._fill_track(raster, track, found)
            gap = self._gap()
            raster.draw(painter, lambda p: self._lens.y(p) + gap / 2, self._lens.row - gap, self.height())
        for ghosts in (sheet.ghosts, sheet.recorded):
            if ghosts is not None:
                self._draw_ghosts(painter, ghosts)

    def _gap(self) -> float:
        return 1.0 if self._lens.row > 7 else 0.0

    def _seen(self, track: Track) -> Seen:
        """The track's notes that are in sight."""
        rows = track.sounding(*self._lens.span())
        return Seen(track, rows, self._places(track.starts[rows], track.pitches[rows], track.ends[rows]))

    def _places(self, starts: Ints, pitches: Ints, ends: Ints) -> np.ndarray:
        """[n, 4] of x, y, width, height."""
        lens = self._lens
        gap = self._gap()
        x = (starts - lens.left) * lens.scale
        width = np.maximum((ends - starts) * lens.scale - 1.0, 2.0)
        y = (127 - pitches) * lens.row - lens.top + gap / 2
        return np.stack([x, y, width, np.full(len(starts), lens.row - gap)], axis=1)

    def _inks(self, track: Track) -> list[QColor]:
        """Colours of a track's notes, from soft to loud, then those that would go, and the selected ones."""
        colours = theme.tokens()
        base, colour = colours.color("canvas"), track_colour(track.colour)
        if track.mute:
            colour = mixed(colour, colours.color("hint"), 0.8)
        strength = 1.0 if track.id == self._sheet.track_id else 0.55
        loud = [mixed(base, colour, strength * (0.5 + 0.5 * (i + 1) / SHADES)) for i in range(SHADES)]
        return [*loud, mixed(base, colour, 0.16), mixed(colour, colours.color("text"), 0.45)]

    def _shades(self, seen: Seen) -> np.ndarray:
        faint, chosen = seen.among(self._sheet.faded), seen.among(self._sheet.selection)
        shade = np.minimum(SHADES - 1, seen.track.velocities[seen.rows] * SHADES // 128)
        shade[faint], shade[chosen & ~faint] = SHADES, SHADES + 1
        return np.asarray(shade)

    def _fill_track(self, raster: Raster, track: Track, seen: Seen) -> None:
        """Very many notes, as plain blocks."""
        shade, inks = self._shades(seen), self._inks(track)
        inks[-1] = mixed(inks[-1], theme.tokens().color("text"), 0.5)  # no frame tells selected notes apart here
        order = np.argsort(shade, kind="stable")
        pitches, left, width = track.pitches[seen.rows][order], seen.places[order, 0], seen.places[order, 2]
        raster.fill(pitches, left, width, argb(inks)[shade[order]])
        locked = seen.track.locked[seen.rows][order]
        if locked.any():
            ink = np.repeat(argb([theme.tokens().color("text")]), int(locked.sum()))
            raster.fill(pitches[locked], left[locked], np.minimum(width[locked], 2.0), ink)

    def _draw_track(self, painter: QPainter, track: Track, seen: Seen) -> None:
        colours = theme.tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade, inks = self._shades(seen), self._inks(track)
        painter.setPen(Qt.PenStyle.NoPen)
        for number, ink in enumerate(inks):
            painter.setBrush(ink)
            if number == SHADES + 1:
                painter.setPen(QPen(colours.color("text"), 1.4))
            for rect in seen.rects(shade == number):
                painter.drawRoundedRect(rect, 2.5, 2.5)
        self._draw_locks(painter, seen.places[seen.track.locked[seen.rows]].tolist())

    def _draw_locks(self, painter: QPainter, places: list[list[float]]) -> None:
        """A bar at the left end: seen on every colour, and also on a note of three pixels."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.tokens().color("text"))
        for x, y, width, height in places:
            painter.drawRect(QRectF(x, y, min(3.0, width), height))

    def _draw_ghosts(self, painter: QPainter, ghosts: Score) -> None:
        colours = theme.tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for track in ghosts.tracks:
            colour = track_colour(track.colour)
            pen = QPen(colour, 1.1, Qt.PenStyle.DashLine)
            pen.setDashPattern([3, 2])
            painter.setPen(pen)
            painter.setBrush(mixed(colours.color("canvas"), colour, 0.4))
            places = self._places(track.starts, track.pitches, track.ends)
            for place in places[(places[:, 0] < self.width()) & (places[:, 0] + places[:, 2] > 0)].tolist():
                painter.drawRoundedRect(QRectF(*place), 2.5, 2.5)

    # Mouse and keys

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with what is under the mouse."""
        self.gestures.choose_at(QPointF(event.pos()))
        self.menu_wanted.emit(event.globalPos())

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The end of Space."""
        self.gestures.key_up(event)
        super().keyReleaseEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl: zoom to the mouse, Ctrl+Shift: rows, Shift: sideways; else up and down."""
        turn = event.angleDelta()
        steps = (turn.y() or turn.x()) / 120
        place, keys = event.position(), event.modifiers()
        if keys & Qt.KeyboardModifier.ControlModifier and keys & Qt.KeyboardModifier.ShiftModifier:
            self._lens.zoom_rows(1.15**steps, place.y())
        elif keys & Qt.KeyboardModifier.ControlModifier:
            self._lens.zoom(1.2**steps, place.x())
        elif keys & Qt.KeyboardModifier.ShiftModifier or abs(turn.x()) > abs(turn.y()):
            self._lens.scroll(left=self._lens.left - steps * 90 / self._lens.scale)
        else:
            self._lens.scroll(top=self._lens.top - steps * 60)
        event.accept()
