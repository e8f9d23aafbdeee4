"""The bar over the roll: play, stop, loop, metronome, where we are, tempo, key, metre, grid, and the tracks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from studio.api import StudioError
from studio.inference.notes.score import MODES
from studio.widgets import icons, theme
from studio.widgets.controls import IconButton
from studio.widgets.numbers import NumberBox

from . import document_tracks as tracks
from .document_time import Grid
from .names import key_name
from .panel_pop import PopButton
from .panel_rack import Rack
from .panel_sheet import Sheet
from .panel_tracks import Tracks
from .params import TEMPO

GRIDS: tuple[tuple[str, Grid | None], ...] = (
    ("1/4", Grid(4)),
    ("1/4 triplet", Grid(4, triplet=True)),
    ("1/8", Grid(8)),
    ("1/8 triplet", Grid(8, triplet=True)),
    ("1/8 dotted", Grid(8, dotted=True)),
    ("1/16", Grid(16)),
    ("1/16 triplet", Grid(16, triplet=True)),
    ("1/32", Grid(32)),
    ("1/64", Grid(64)),
    ("Off", None),
)
METRES = ((4, 4), (3, 4), (2, 4), (5, 4), (6, 8), (7, 8), (9, 8), (12, 8), (2, 2))


class Transport(QWidget):
    """Says what is wanted; the panel knows how. `play_wanted` is a toggle."""

    play_wanted = Signal()
    stop_wanted = Signal()
    start_wanted = Signal()
    loop_toggled = Signal(bool)
    metronome_toggled = Signal(bool)
    count_in_toggled = Signal(bool)
    record_toggled = Signal(bool)
    devices_wanted = Signal()
    model_wanted = Signal()

    def __init__(self, sheet: Sheet, rack: Rack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet = sheet
        self.rewind = IconButton("skip-back", "To the beginning")
        self.play = QPushButton()
        self.play.setProperty("kind", "primary")
        self.play.setAutoDefault(False)
        self.play.clicked.connect(self.play_wanted)
        self.stop = IconButton("stop", "Stop", help="Stop, and go back to where it began")
        self.loop = IconButton("repeat", "Loop", help="Repeat the marked bars; the whole piece where none are")
        self.metronome = IconButton("timer", "Metronome", help="Clicks on every beat. Right click for a count-in.")
        self.record = IconButton(
            "record", "Record", help="Write down what is played on the MIDI keyboard; the transport starts"
        )
        self.devices = IconButton("headphones", "Devices", help="Sound output, MIDI keyboard, how to record")
        self.devices.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.devices.setMenu(QMenu(self.devices))
        self.devices.menu().aboutToShow.connect(self.devices_wanted)
        self.record.setCheckable(True)
        self.record.toggled.connect(self._show_record)
        self.record.toggled.connect(self.record_toggled)
        self.loop.setCheckable(True)
        self.metronome.setCheckable(True)
        self.place = QLabel("1.1.1")
        self.place.setProperty("look", "place")
        self.place.setAccessibleName("Position")
        self.place.setMinimumWidth(theme.tokens().px(58))
        self.place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.tempo = NumberBox(TEMPO)
        self.tempo.setAccessibleName("Tempo")
        self.tempo.setToolTip("Quarter notes a minute")
        self.tempo.setSuffix(" BPM")
        self.tempo.setFixedWidth(theme.tokens().px(78))
        self.key = PopButton("Key", "The key: what is highlighted, snapped to, and what the model keeps to")
        self.metre = PopButton("Metre", "Beats in a bar")
        self.grid = PopButton("Snap", "What notes snap to; Ctrl while dragging does without")
        self.tracks = Tracks(sheet, rack)
        self.more = IconButton("dots-three", "More controls", help="What has no room in this row")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(QMenu(self.more))
        self.more.menu().aboutToShow.connect(self._fill_more)
        self._aside: list[QWidget] = []
        self._lay_out()
        self._fill()
        self.rewind.clicked.connect(self.start_wanted)
        self.stop.clicked.connect(self.stop_wanted)
        self.loop.toggled.connect(self.loop_toggled)
        self.metronome.toggled.connect(self.metronome_toggled)
        self.metronome.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.metronome.customContextMenuRequested.connect(self._metronome_menu)
        self.tempo.valueChanged.connect(self._tempo_edited)
        self.tracks.model_wanted.connect(self.model_wanted)
        self.counts_in: Callable[[], bool] = lambda: False
        sheet.edited.connect(self.refresh)
        self.show_playing(False)
        self.refresh()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        row.setSpacing(theme.px(theme.XS))
        for part in (self.rewind, self.play, self.stop, self.record, self.loop, self.metronome, self.devices):
            row.addWidget(part)
            # A click leaves the focus where one works: Space plays, it does not press the last button again.
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.place)
        row.addSpacing(theme.XS)
        for part in (self.tempo, self.key, self.metre, self.grid):
            row.addWidget(part)
        for pop in (self.key, self.metre, self.grid):
            pop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.more)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.hide()
        row.addSpacing(theme.S)
        self.tracks.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(self.tracks, 1)
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def _fill(self) -> None:
        for name, grid in GRIDS:
            self.grid.menu_.addAction(name, lambda grid=grid: self.set_grid(grid))
        for numerator, denominator in METRES:
            self.metre.menu_.addAction(
                f"{numerator} / {denominator}", lambda n=numerator, d=denominator: self.set_metre(n, d)
            )
        self.keep = self.key.menu_.addAction("Keep what I draw and move in the key")
        self.keep.setCheckable(True)
        self.keep.toggled.connect(self.set_in_key)
        self.key.menu_.addSeparator()
        for mode in MODES:
            inside = self.key.menu_.addMenu(mode[:1].upper() + mode[1:])
            for tonic in range(12):
                flats = (tonic, mode != "major") in tracks.FLAT_KEYS
                inside.addAction(key_name(tonic, mode, flats), lambda t=tonic, m=mode: self.set_key(t, m))

    # Where there is little room

    def minimumSizeHint(self) -> QSize:
        """Room for what is never put aside."""
        return QSize(theme.tokens().px(300), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What does not fit goes into a menu."""
        super().resizeEvent(event)
        row = self.layout()
        assert row is not None
        margins, gap = row.contentsMargins(), row.spacing()
        spare: tuple[QWidget, ...] = (
            self.devices, self.rewind, self.metronome, self.record, self.metre, self.loop, self.grid,
            self.key,
        )  # fmt: skip
        fixed = (self.play, self.stop, self.place, self.tempo)
        need = sum(_wide(part) + gap for part in (*spare, *fixed)) + theme.tokens().px(75) + 3 * theme.S
        room = self.width() - margins.left() - margins.right()
        self._aside = []
        for part in spare:
            if need <= room:
                break
            need -= _wide(part) + gap - (0 if self._aside else _wide(self.more) + gap)
            self._aside.append(part)
        for part in spare:
            part.setHidden(part in self._aside)
        self.more.setVisible(bool(self._aside))

    def _fill_more(self) -> None:
        menu = self.more.menu()
        menu.clear()
        for part in self._aside:
            name = part.accessibleName()
            if isinstance(part, PopButton):
                part.menu_.setTitle(f"{name}: {part.accessibleDescription()}")
                menu.addMenu(part.menu_)
            elif part is self.devices:
                self.devices.menu().setTitle(name)
                menu.addMenu(self.devices.menu())
            elif isinstance(part, QToolButton):
                action = menu.addAction(part.icon(), name, part.click)
                action.setCheckable(part.isCheckable())
                action.setChecked(part.isChecked())

    def show_playing(self, playing: bool) -> None:
        """The button says what it will do."""
        self.play.setAccessibleName("Pause" if playing else "Play")
        self.play.setToolTip("Pause  Space" if playing else "Play  Space")
        icons.put(self.play, "pause-fill" if playing else "play-fill", role="on_accent", size=18)

    def show_recording(self, on: bool) -> None:
        """The button follows what happens: the end of the piece ends a recording too."""
        with QSignalBlocker(self.record):
            self.record.setChecked(on)
        self._show_record(on)

    def _show_record(self, on: bool) -> None:
        icons.put(self.record, "record-fill" if on else "record", role="danger" if on else "text")

    def show_place(self, tick: int) -> None:
        """Bar, beat, sixteenth."""
        bar, beat, rest = self._sheet.timeline.place(tick)
        words = f"{bar}.{beat}.{rest * 4 // self._sheet.score.ppq + 1}"
        if words != self.place.text():
            self.place.setText(words)

    def refresh(self) -> None:
        """Tempo, key and metre at the beginning, and the grid."""
        score = self._sheet.score
        with QSignalBlocker(self.tempo):
            self.tempo.setValue(score.tempos[0].bpm)
        key, metre = score.key_at(0), score.metres[0]
        self.key.show_value(key_name(key.tonic, key.mode, key.flats))
        self.metre.show_value(f"{metre.numerator} / {metre.denominator}")
        grid = next((name for name, grid in GRIDS if grid == self._sheet.grid), "Off")
        self.grid.show_value(grid)

    def set_grid(self, grid: Grid | None) -> None:
        """Snap to something else from now on."""
        self._sheet.grid = grid
        self.refresh()
        self._sheet.edited.emit()

    def set_key(self, tonic: int, mode: str) -> None:
        """The piece is in another key; its notes stay."""
        self._sheet.edit("another key", tracks.set_key(self._sheet.score, 0, tonic, mode))

    def set_in_key(self, on: bool) -> None:
        """Whether drawn and moved notes stay in the key."""
        self._sheet.in_key = on
        with QSignalBlocker(self.keep):
            self.keep.setChecked(on)

    def set_metre(self, numerator: int, denominator: int) -> None:
        """Other bars; the notes stay where they are."""
        self._sheet.edit("another metre", tracks.set_metre(self._sheet.score, 0, numerator, denominator))

    def _tempo_edited(self, bpm: float) -> None:
        try:
            score = tracks.set_tempo(self._sheet.score, 0, bpm)
        except (ValueError, StudioError):
            return
        if score.tempos != self._sheet.score.tempos:
            self._sheet.edit("another tempo", score)

    def _metronome_menu(self, place: object) -> None:
        menu = QMenu(self)
        action = menu.addAction("Count in one bar before playing")
        action.setCheckable(True)
        action.setChecked(self.counts_in())
        action.toggled.connect(self.count_in_toggled)
        menu.popup(self.metronome.mapToGlobal(self.metronome.rect().bottomLeft()))


def _wide(part: QWidget) -> int:
    """What a part needs to be seen whole."""
    return max(part.sizeHint().width(), part.minimumWidth())
