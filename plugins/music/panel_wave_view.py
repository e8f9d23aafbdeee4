"""The waveform: peaks or a spectrogram, the selection, the playhead; what is drawn is kept: only changes cost."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.widgets import theme
from studio.widgets.feeder import Feeder

from . import panel_wave_paint as paint
from . import wave_render
from .panel_palette import mixed
from .panel_surface import Surface
from .panel_wave_gestures import WaveGestures
from .panel_wave_lens import WaveLens
from .panel_wave_sheet import WaveSheet
from .wave import spoken_time


class WaveView(Surface):
    """Paints what the sheet shows through the lens. `sought` carries the frame to play from."""

    def __init__(self, sheet: WaveSheet, lens: WaveLens, parent: QWidget | None = None) -> None:
        super().__init__("Waveform", lens, near=3, parent=parent)
        self._sheet, self._lens = sheet, lens
        self._picture: npt.NDArray[np.uint8] | None = None
        self._plain: QImage | None = None
        self._lit: QImage | None = None
        self._spectrum: tuple[paint.Sight, QImage] | None = None
        self._asked: object = None
        self._step: tuple[QImage, str] | None = None
        self.spectral = False
        self._feeder = Feeder(depth=1).serve(self)
        self._feeder.ready.connect(self._spectrum_ready)
        self._numbers = 0
        self.gestures: WaveGestures = WaveGestures(sheet, lens, self)
        self.gestures.sought.connect(self.sought)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        sheet.edited.connect(self.redraw)
        sheet.edited.connect(self._describe)
        sheet.chosen.connect(self.update)
        sheet.chosen.connect(self._describe)
        lens.changed.connect(self.redraw)
        self._describe()

    def sizeHint(self) -> QSize:
        """As large as it can be."""
        return QSize(800, 400)

    # What is said

    def _describe(self) -> None:
        sheet, wave = self._sheet, self._sheet.shown
        kind = "mono" if wave.channels == 1 else "stereo"
        words = f"{spoken_time(wave.seconds)} of sound, {kind}, {wave.rate:,} Hz"
        if sheet.has_range:
            start, end = (spoken_time(frame / wave.rate, digits=3) for frame in sheet.selection)
            words += f", selected from {start} to {end}"
        elif wave.length:
            words += f", cursor at {spoken_time(sheet.cursor / wave.rate, digits=3)}"
        self.setAccessibleDescription(words)

    # What moves over it

    def set_step(self, image: QImage | None, words: str = "") -> None:
        """What a step of the model looks like, over what is being made anew."""
        self._step = None if image is None else (image, words)
        self.update()

    def set_spectral(self, on: bool) -> None:
        """Spectrogram or waveform."""
        self.spectral = on
        self.redraw()

    # Painting

    def redraw(self) -> None:
        """Something to be seen has changed."""
        self._picture = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The lens knows how much there is to see."""
        super().resizeEvent(event)
        self._lens.resize(self.width())
        self.redraw()

    def changeEvent(self, event: QEvent) -> None:
        """Another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._spectrum = None
            self.redraw()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The kept pictures, the selection, the playhead."""
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        colours = theme.tokens()
        painter.fillRect(event.rect(), colours.color("canvas"))
        if self._sheet.shown.length:
            self._paint_sound(painter, event.rect())
        self._paint_ghost(painter)
        self._paint_places(painter)
        if self._keyboard:
            painter.setPen(QPen(colours.color("accent"), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _sight(self) -> paint.Sight:
        ratio = self.devicePixelRatioF()
        lens = self._lens
        return paint.Sight(
            lens.left, lens.scale * ratio, max(1, round(self.width() * ratio)), max(8, round(self.height() * ratio))
        )

    def _paint_sound(self, painter: QPainter, dirty: QRect) -> None:
        colours, sheet = theme.tokens(), self._sheet
        chosen = self._chosen()
        if self.spectral:
            self._paint_spectrum(painter)
            if chosen.width() > 1:
                wash = colours.color("accent")
                wash.setAlphaF(0.16)
                painter.fillRect(chosen, wash)
            return
        line = mixed(colours.color("canvas"), colours.color("line"), 0.8)
        if self._lens.scale > 1.2:
            if chosen.width() > 1:
                painter.fillRect(chosen, colours.color("wash"))
            for top, rows in paint.lanes(self.height(), sheet.shown.channels):
                painter.fillRect(QRectF(dirty.left(), top + rows // 2, dirty.width(), 1), line)
            self._paint_samples(painter, chosen)
            return
        if self._picture is None:
            gap = round(paint.GAP * self.devicePixelRatioF())
            self._picture = paint.waveform(sheet.shown, sheet.shelf, self._sight(), gap)
            self._plain = self._lit = None
        quiet, text, canvas = (colours.color(name) for name in ("muted", "text", "canvas"))
        place = chosen.toAlignedRect().intersected(dirty)
        if place.width() < 2 or place != dirty:
            if self._plain is None:
                plain = mixed(canvas, quiet, 0.62), mixed(canvas, text, 0.78)
                self._plain = paint.painted(self._picture, canvas, line, *plain)
            self._put(painter, self._plain, dirty)
        if place.width() > 1:
            if self._lit is None:
                accent, wash = colours.color("accent"), colours.color("wash")
                body = mixed(accent, text, 0.45 if colours.name == "dark" else 0.35)
                self._lit = paint.painted(self._picture, wash, mixed(wash, accent, 0.2), accent, body)
            self._put(painter, self._lit, place)

    def _put(self, painter: QPainter, image: QImage, place: QRect) -> None:
        ratio = self.devicePixelRatioF()
        source = QRectF(place.x() * ratio, place.y() * ratio, place.width() * ratio, place.height() * ratio)
        painter.drawImage(QRectF(place), image, source)

    def _paint_samples(self, painter: QPainter, chosen: QRectF) -> None:
        """Near enough to see single samples: a line through them, and dots."""
        colours, lens, wave = theme.tokens(), self._lens, self._sheet.shown
        first = max(0, int(lens.left) - 1)
        count = min(wave.length - first, int(self.width() / lens.scale) + 3)
        sound = wave_render.read(wave, self._sheet.shelf, first, max(0, count))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for channel, (top, rows) in enumerate(paint.lanes(self.height(), wave.channels)):
            middle, half = top + rows / 2, rows / 2 - 2
            heights = middle - np.clip(sound[:, channel], -1, 1) * half
            points = [QPointF(lens.x(first + i), y) for i, y in enumerate(heights.tolist())]
            painter.setPen(QPen(colours.color("muted"), 1.3))
            painter.drawPolyline(QPolygonF(points))
            if lens.scale >= 6:
                painter.setPen(Qt.PenStyle.NoPen)
                for point in points:
                    painter.setBrush(colours.color("accent" if chosen.contains(point) else "text"))
                    painter.drawEllipse(point, 2.4, 2.4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_spectrum(self, painter: QPainter) -> None:
        sight = self._sight()
        key = (self._sheet.shown, self._sheet.shelf, sight, self._sheet.tapes.busy())
        if self._asked != key:
            self._asked = key
            self._numbers += 1
            self._feeder.ask(
                self._numbers, partial(_spectrum, self._sheet.shown, self._sheet.shelf, sight, self._numbers)
            )
        if self._spectrum is None:
            return
        was, image = self._spectrum
        x = self._lens.x(was.left)
        wide = was.width / was.scale * self._lens.scale
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, was != sight)
        painter.drawImage(QRectF(x, 0, wide, self.height()), image)
        end = self._lens.x(self._sheet.shown.length)
        if end < self.width():
            painter.fillRect(QRectF(end, 0, self.width() - end, self.height()), theme.tokens().color("canvas"))

    def _spectrum_ready(self, _key: object, found: object) -> None:
        assert isinstance(found, tuple)
        sight, picture, number = found
        if number == self._numbers:
            self._spectrum = (sight, paint.heated(picture))
            self.update()

    def _paint_ghost(self, painter: QPainter) -> None:
        """What an alternative has made anew, and the step one looks at."""
        span = self._sheet.ghost_span
        if span is None:
            return
        colours, lens = theme.tokens(), self._lens
        x, end = lens.x(span[0]), lens.x(span[1])
        place = QRectF(x, 0, max(2.0, end - x), self.height())
        if self._step is not None:
            image, words = self._step
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, image)
            painter.setFont(theme.font(colours.small))
            wide = painter.fontMetrics().horizontalAdvance(words) + 16
            card = QRectF(max(4.0, x + 6), 8, wide, painter.fontMetrics().height() + 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color("surface"))
            painter.drawRoundedRect(card, 6, 6)
            painter.setPen(colours.color("text"))
            painter.drawText(card, Qt.AlignmentFlag.AlignCenter, words)
        painter.setPen(QPen(colours.color("success"), 2))
        for edge in (place.left(), place.right()):
            painter.drawLine(QPointF(edge, 0), QPointF(edge, self.height()))

    def _paint_places(self, painter: QPainter) -> None:
        colours, lens, wave = theme.tokens(), self._lens, self._sheet.shown
        for marker in wave.markers:
            pen = QPen(colours.color("warning"), 1, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            x = lens.x(marker.at)
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        if wave.length and not self._sheet.has_range:
            painter.setPen(QPen(colours.color("accent"), 1))
            x = lens.x(self._sheet.cursor)
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        if self._playhead >= 0 and wave.length:
            x = lens.x(self._playhead)
            colour = QColor("#ffffff") if self.spectral else colours.color("text")
            painter.fillRect(QRectF(x - 0.75, 0, 1.5, self.height()), colour)

    def _chosen(self) -> QRectF:
        start, end = self._sheet.selection
        x = self._lens.x(start)
        return QRectF(x, 0, self._lens.x(end) - x, self.height())

    # The mouse and the keys: what they mean is in the gestures

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.gestures.wheel(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The commands."""
        self.menu_wanted.emit(event.globalPos())


def _spectrum(*args: object) -> object:
    wave, shelf, sight, number = args
    return sight, paint.spectrogram(wave, shelf, sight), number  # type: ignore[arg-type]
