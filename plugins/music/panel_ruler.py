"""The ruler over the roll: bars and chords, the loop, the playhead's handle, and where tempo, metre or key change."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from studio.widgets import theme

from .names import chord_name, key_name
from .panel_handle_ruler import HandleRuler
from .panel_lens import Lens
from .panel_palette import mixed
from .panel_sheet import Region, Sheet


class Ruler(HandleRuler):
    """A click goes there, a drag marks bars; with Shift it sets the loop."""

    menu_wanted = Signal(int, object)

    def __init__(self, sheet: Sheet, lens: Lens, parent: QWidget | None = None) -> None:
        super().__init__(lens, parent)
        self._sheet, self._lens = sheet, lens
        self.setAccessibleName("Bars")
        self.setAccessibleDescription("Click to go there. Drag to mark bars to write anew. Shift and drag to loop.")
        for said in (lens.changed, sheet.edited, sheet.chosen):
            said.connect(self.update)

    def sizeHint(self) -> QSize:
        """Two lines: bars with their chords, and changes of tempo, metre and key."""
        return QSize(400, theme.tokens().px(40))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Numbers, chords, changes, loop, handle."""
        painter = QPainter(self)
        colours = theme.tokens()
        painter.fillRect(self.rect(), colours.color("window"))
        self._paint_marks(painter)
        self._paint_bars(painter)
        self._paint_changes(painter)
        if self._playhead >= 0:
            self._paint_handle(painter)

    def _paint_marks(self, painter: QPainter) -> None:
        colours, lens, timeline = theme.tokens(), self._lens, self._sheet.timeline
        wash = colours.color("accent")
        wash.setAlphaF(0.22)
        for region in self._sheet.regions:
            start, end = timeline.bar_span(region.first, region.last)
            painter.fillRect(QRectF(lens.x(start), 0, (end - start) * lens.scale, self.height()), wash)
        self._paint_loop(painter)

    def _paint_bars(self, painter: QPainter) -> None:
        colours, lens, sheet = theme.tokens(), self._lens, self._sheet
        first, last = lens.span()
        timeline = sheet.timeline
        numbers, words = theme.font(colours.label), theme.font(colours.label)
        bar = timeline.bar(max(0, first))
        width = (timeline.bar_start(bar + 1) - timeline.bar_start(bar)) * lens.scale
        every = 1
        while width * every < 44:
            every *= 2
        bar -= bar % every
        line = self.height() * 0.5
        while timeline.bar_start(bar) < min(last, sheet.score.length):
            x = lens.x(timeline.bar_start(bar))
            painter.setPen(mixed(colours.color("window"), colours.color("line"), 0.9))
            painter.drawLine(QPointF(x, 4), QPointF(x, self.height()))
            painter.setFont(numbers)
            painter.setPen(colours.color("text"))
            painter.drawText(QPointF(x + 6, line + 2), str(bar + 1))
            bar += every
        if width < 30:
            return
        painter.setFont(words)
        painter.setPen(colours.color("muted"))
        metrics = painter.fontMetrics()
        chords = [c for c in sheet.score.chords if first - timeline.ppq * 8 <= c.start < last]
        free = 0.0
        for place, chord in enumerate(chords):
            x = lens.x(chord.start) + 6
            here = timeline.bar(chord.start)
            if timeline.bar_start(here) == chord.start and here % every == 0:
                x += metrics.horizontalAdvance(str(here + 1)) + 6
            bars_end = lens.x(timeline.bar_start(here + 1))
            room = min(lens.x(chords[place + 1].start) if place + 1 < len(chords) else bars_end, bars_end)
            name = chord_name(chord.root, chord.quality, sheet.score.key_at(chord.start).flats)
            wide = metrics.horizontalAdvance(name)
            if x >= free and x + wide <= max(room, x + 1) - 2:
                painter.drawText(QPointF(x, line + 2), name)
                free = x + wide + 6

    def _paint_changes(self, painter: QPainter) -> None:
        colours, lens, score = theme.tokens(), self._lens, self._sheet.score
        painter.setFont(theme.font(colours.small))
        painter.setPen(colours.color("accent"))
        words: dict[int, list[str]] = {}
        for tempo in score.tempos[1:]:
            words.setdefault(tempo.start, []).append(f"{tempo.bpm:g} BPM")
        for metre in score.metres[1:]:
            words.setdefault(metre.start, []).append(f"{metre.numerator}/{metre.denominator}")
        for key in score.keys[1:]:
            words.setdefault(key.start, []).append(key_name(key.tonic, key.mode, key.flats))
        for tick, parts in words.items():
            x = lens.x(tick)
            if -200 < x < self.width():
                painter.drawText(QPointF(x + 6, self.height() - 6), "  ".join(parts))

    def _place(self, x: float) -> int:
        return self._sheet.snap(self._lens.tick(x))

    def _dragged(self, first: float, last: float, keys: Qt.KeyboardModifier) -> None:
        timeline, lens = self._sheet.timeline, self._lens
        begin, end = (min(timeline.bars - 1, timeline.bar(lens.tick(x))) for x in (first, last))
        if keys & Qt.KeyboardModifier.ShiftModifier:
            self.loop_wanted.emit(*timeline.bar_span(begin, end))
        else:
            tracks = tuple(t.id for t in self._sheet.score.tracks)
            if tracks:
                self._sheet.set_regions([Region(begin, end, tracks)])

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Change tempo, metre, key or chord here."""
        bar = self._sheet.timeline.bar(self._lens.tick(event.pos().x()))
        self.menu_wanted.emit(self._sheet.timeline.bar_start(bar), event.globalPos())
