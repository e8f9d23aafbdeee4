"""Around the waveform: the transport with the tools over it, the bar to ask the model under it, the level beside it."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QVBoxLayout, QWidget

from studio.widgets import icons, theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.prompt import PromptEdit
from studio.widgets.text import ElidedLabel

from .panel_palette import mixed
from .panel_pop import PopButton, TaskButton
from .panel_wave_asking import TASKS
from .wave import Wave, spoken_time

TOOLS: tuple[tuple[str, str, str], ...] = (
    ("cut", "scissors", "Cut  Ctrl+X"),
    ("trim", "crop", "Keep only the selection  Ctrl+T"),
    ("fade-in", "trend-up", "Fade in"),
    ("fade-out", "trend-down", "Fade out"),
    ("normalise", "arrows-out-line-vertical", "Normalize to −1 dB  N"),
    ("silence", "speaker-slash", "Silence"),
    ("reverse", "arrow-u-up-left", "Back to front"),
)
"""Name of the command, icon, tooltip."""
FLOOR = -60.0


class WaveTransport(QWidget):
    """Says what is wanted; the panel knows how. `tool_wanted` carries the name of a command."""

    play_wanted = Signal()
    stop_wanted = Signal()
    start_wanted = Signal()
    loop_toggled = Signal(bool)
    spectral_toggled = Signal(bool)
    volume_moved = Signal(float)
    tool_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rewind = IconButton("skip-back", "To the beginning")
        self.play = QPushButton()
        self.play.setProperty("kind", "primary")
        self.play.setAutoDefault(False)
        self.stop = IconButton("stop", "Stop", help="Stop, and go back to where it began")
        self.loop = IconButton("repeat", "Loop", help="Repeat the selection; all of it where nothing is selected  L")
        self.loop.setCheckable(True)
        self.place = QLabel("0:00.000")
        self.place.setProperty("look", "place")
        self.place.setAccessibleName("Position")
        self.place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.span = ElidedLabel("", "label")
        self.span.setAccessibleName("Selection")
        self.tools = [IconButton(icon, help.partition("  ")[0], help=help) for _, icon, help in TOOLS]
        self.more = PopButton("More edits", "All edits, regions, markers and files")
        self.more.setText("Edit  ▾")
        self.spectral = IconButton("chart-bar", "Spectrogram", help="Spectrogram instead of the waveform  S")
        self.spectral.setCheckable(True)
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self.volume.setRange(0, 100)
        self.volume.setValue(100)
        self.volume.setAccessibleName("Listening volume")
        self.volume.setToolTip("How loud you listen; the sound itself stays as it is")
        self._lay_out()
        self.play.clicked.connect(self.play_wanted)
        self.rewind.clicked.connect(self.start_wanted)
        self.stop.clicked.connect(self.stop_wanted)
        self.loop.toggled.connect(self.loop_toggled)
        self.spectral.toggled.connect(self.spectral_toggled)
        # A slider's middle is half as loud to the ear, not half the voltage.
        self.volume.valueChanged.connect(lambda value: self.volume_moved.emit((value / 100) ** 2))
        for button, (name, _, _) in zip(self.tools, TOOLS, strict=True):
            button.clicked.connect(lambda _=False, name=name: self.tool_wanted.emit(name))
        self.show_playing(False)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        row.setSpacing(theme.px(theme.XS))
        for part in (self.rewind, self.play, self.stop, self.loop):
            row.addWidget(part)
        row.addSpacing(theme.S)
        row.addWidget(self.place)
        row.addWidget(self.span, 1)
        for tool in self.tools:
            row.addWidget(tool)
        row.addWidget(self.more)
        row.addSpacing(theme.S)
        row.addWidget(self.spectral)
        row.addWidget(self.volume)
        self.span.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.volume.setFixedWidth(theme.px(84))
        self.place.setMinimumWidth(theme.px(84))
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, what stands in the menu too makes place for what does not."""
        super().resizeEvent(event)
        row = self.layout()
        always = (self.play, self.stop, self.loop, self.place, self.more, self.spectral)
        room = self.width() - 2 * theme.M - 3 * theme.S
        room -= sum(part.sizeHint().width() + row.spacing() for part in always)
        for group in ([self.volume], [self.rewind], self.tools):
            wanted = sum(max(part.sizeHint().width(), part.minimumWidth()) + row.spacing() for part in group)
            for part in group:
                part.setVisible(wanted <= room)
            room -= wanted

    def minimumSizeHint(self) -> QSize:
        """As narrow as it can become."""
        return QSize(theme.px(280), super().minimumSizeHint().height())

    def show_playing(self, playing: bool) -> None:
        """The button says what it will do."""
        self.play.setAccessibleName("Pause" if playing else "Play")
        self.play.setToolTip("Pause  Space" if playing else "Play  Space")
        icons.put(self.play, "pause-fill" if playing else "play-fill", role="on_accent", size=18)

    def show_place(self, seconds: float) -> None:
        """Minutes, seconds, thousandths."""
        words = spoken_time(seconds, digits=3)
        if words != self.place.text():
            self.place.setText(words)

    def show_wave(self, wave: Wave, selection: tuple[int, int]) -> None:
        """What can be done, and what is selected."""
        start, end = selection
        there = wave.length > 0
        for part in (self.play, self.rewind, self.stop, self.loop, self.spectral, *self.tools):
            part.setEnabled(there)
        for button, (name, _, _) in zip(self.tools, TOOLS, strict=True):
            button.setEnabled(there and (end > start or name in ("normalise", "reverse", "fade-in", "fade-out")))
        if end > start:
            words = f"{spoken_time((end - start) / wave.rate, digits=3)} selected"
        else:
            words = f"{spoken_time(wave.seconds)} in all" if there else ""
        self.span.setText(words)


class AskBar(Card):
    """What the model is to do, in one line and in the prompt; `submitted` is Generate."""

    submitted = Signal()
    task_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("field", parent)
        self.task = TaskButton(TASKS)
        self.task.chosen.connect(self.task_chosen)
        self.words = ElidedLabel("", "label")
        self.prompt = PromptEdit("Prompt", placeholder="Describe the sound", lines=(1, 3), bare=True)
        self.generate = Button("Generate   Ctrl ↵", "primary", icon="sparkle", name="Generate")
        self.generate.setAccessibleDescription("Ctrl+Enter")
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for row in (upper, lower):
            row.setSpacing(theme.px(theme.M))
        upper.addWidget(self.task)
        upper.addWidget(self.words, 1)
        lower.addWidget(self.prompt, 1, Qt.AlignmentFlag.AlignVCenter)
        lower.addWidget(self.generate, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.M), theme.px(theme.S), theme.px(theme.S), theme.px(theme.S))
        column.setSpacing(theme.px(theme.XS))
        column.addLayout(upper)
        column.addLayout(lower)
        self.prompt.submitted.connect(self.submitted)
        self.generate.clicked.connect(self.submitted)

    def show_busy(self, busy: bool) -> None:
        """A second press queues another take."""
        self.generate.setText("Another   Ctrl ↵" if busy else "Generate   Ctrl ↵")

    def set_possible(self, possible: bool) -> None:
        """No model, no sound."""
        for part in (self.generate, self.prompt):
            part.setEnabled(possible)
        self.task.setVisible(possible)


class Meter(QWidget):
    """How loud it is now: a bar for each side, a line where it was loudest a moment ago, red where it is cut off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now = [FLOOR, FLOOR]
        self._held = [FLOOR, FLOOR]
        self._over = [False, False]
        self.setAccessibleName("Level")
        self.setToolTip("Level in decibels below full scale; click to reset")

    def sizeHint(self) -> QSize:
        """Narrow, with room for numbers."""
        return QSize(theme.tokens().px(46), 100)

    def show_level(self, left: float, right: float) -> None:
        """Peaks, 1 is full scale."""
        for side, peak in enumerate((left, right)):
            level = max(FLOOR, 20 * math.log10(peak)) if peak > 1e-6 else FLOOR
            self._now[side] = max(level, self._now[side] - 1.5)
            self._held[side] = max(level, self._held[side] - 0.25)
            self._over[side] |= peak >= 1.0
        if left == right == 0.0:
            self._now = [FLOOR, FLOOR]
        loudest = max(self._held)
        self.setAccessibleDescription(f"{loudest:.0f} dB" if loudest > FLOOR else "Silence")
        self.update()

    def mousePressEvent(self, event: object) -> None:
        """Forget what was too loud."""
        self._over, self._held = [False, False], [FLOOR, FLOOR]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars and numbers."""
        painter = QPainter(self)
        colours = theme.tokens()
        painter.fillRect(self.rect(), colours.color("window"))
        px = colours.px
        top, bottom = px(10), self.height() - px(8)
        room = bottom - top
        painter.setFont(theme.font(colours.small, tabular=True))
        edge, wide = px(6), px(5)
        for side in (0, 1):
            x = edge + side * (wide + 2)
            painter.fillRect(QRectF(x, top, wide, room), colours.color("field"))
            height = room * (self._now[side] - FLOOR) / -FLOOR
            loud = self._now[side] > -3
            painter.fillRect(QRectF(x, bottom - height, wide, height), colours.color("warning" if loud else "success"))
            if self._held[side] > FLOOR:
                y = bottom - room * min(1.0, (self._held[side] - FLOOR) / -FLOOR)
                painter.fillRect(QRectF(x, y - 1, wide, 2), colours.color("text"))
            if self._over[side]:
                painter.fillRect(QRectF(x, top - px(6), wide, px(4)), colours.color("danger"))
        painter.setPen(mixed(colours.color("window"), colours.color("muted"), 1.0))
        left = edge + 2 * wide + px(6)
        free = -1.0
        for level in (0, -6, -12, -24, -36, -48):
            y = bottom - room * (level - FLOOR) / -FLOOR
            if y < free:
                continue
            free = y + px(16)
            painter.drawText(
                QRectF(left, y - px(8), self.width() - left, px(16)),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                str(-level),
            )
