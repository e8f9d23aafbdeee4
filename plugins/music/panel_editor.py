"""Ruler, keys, roll and velocities around one lens, with their scroll bars: the desk on which a score is edited."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollBar, QVBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import IconButton
from studio.widgets.text import Label

from .panel_gestures import Gestures, Tool
from .panel_keys import Keys
from .panel_lens import PITCHES, Lens
from .panel_roll import PianoRoll
from .panel_ruler import Ruler
from .panel_sheet import Sheet
from .panel_velocity import VelocityLane

TOOLS: tuple[tuple[Tool, str, str, str], ...] = (
    ("select", "cursor", "Select tool", "Select, move, stretch; a double click writes a note  V"),
    ("draw", "pencil-simple", "Draw tool", "Write notes  B"),
    ("erase", "eraser", "Eraser", "Remove notes  E"),
    ("mark", "selection-plus", "Marker", "Mark what the model writes anew; Shift adds more  A"),
)


LEAST_ROLL = 100
"""Pixels of the roll below which it is the only thing that is shown."""


class Corner(QWidget):
    """The empty place where ruler and keys meet."""

    def __init__(self, words: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.S, theme.XS, theme.S, 0)
        if words:
            column.addWidget(Label(words, "hint"), 0, Qt.AlignmentFlag.AlignTop)
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)


class Tools(Corner):
    """What the mouse does, where ruler and keys meet."""

    def __init__(self, gestures: Gestures) -> None:
        super().__init__()
        row = QHBoxLayout()
        row.setSpacing(0)
        self._buttons: dict[str, IconButton] = {}
        for tool, picture, name, help in TOOLS:
            button = IconButton(picture, name, help=help, kind="tiny", size=16)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus in the roll
            button.clicked.connect(lambda _on, tool=tool: gestures.set_tool(tool))
            self._buttons[tool] = button
            row.addWidget(button)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.setContentsMargins(theme.XS, 0, theme.XS, 0)
        layout.addLayout(row)
        gestures.tool_changed.connect(self._show)
        self._show(gestures.tool)

    def _show(self, tool: str) -> None:
        for name, button in self._buttons.items():
            button.setChecked(name == tool)


class Editor(QWidget):
    """`sought` carries a tick to go to, `struck` a pitch and a velocity to be heard."""

    sought = Signal(int)
    struck = Signal(int, int)

    def __init__(self, sheet: Sheet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = sheet
        self.lens = Lens(self)
        self.keys = Keys(sheet, self.lens)
        self.ruler = Ruler(sheet, self.lens)
        self.roll = PianoRoll(sheet, self.lens)
        self.velocities = VelocityLane(sheet, self.lens)
        self._across = QScrollBar(Qt.Orientation.Horizontal)
        self._down = QScrollBar(Qt.Orientation.Vertical)
        self._fitted = False
        self.follow = True
        """Turn the page with the playhead."""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.ruler, 0, 1)
        grid.addWidget(self.keys, 1, 0)
        grid.addWidget(self.roll, 1, 1)
        grid.addWidget(self._down, 1, 2)
        self._loud = Corner("Velocity")
        grid.addWidget(self._loud, 2, 0)
        grid.addWidget(self.velocities, 2, 1)
        grid.addWidget(self._across, 3, 1)
        grid.setRowStretch(1, 1)
        grid.setColumnStretch(1, 1)
        self._sizes()
        self.lens.changed.connect(self._show_place)
        sheet.edited.connect(self._follow_length)
        self._across.valueChanged.connect(lambda value: self.lens.scroll(left=value / self.lens.scale))
        self._down.valueChanged.connect(lambda value: self.lens.scroll(top=float(value)))
        self.ruler.sought.connect(self.sought)
        self.roll.heard.connect(self.struck)
        self.roll.gestures.keyed.connect(self.reveal_notes)
        self.tools = Tools(self.roll.gestures)
        grid.addWidget(self.tools, 0, 0)
        self.keys.struck.connect(lambda pitch: self.struck.emit(pitch, 96))
        self.setFocusProxy(self.roll)
        self._follow_length()

    def _sizes(self) -> None:
        self.keys.setFixedWidth(self.keys.sizeHint().width())
        self.ruler.setFixedHeight(self.ruler.sizeHint().height())
        self.velocities.setFixedHeight(self.velocities.sizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        """The whole piece, the first time."""
        super().showEvent(event)
        if not self._fitted:
            self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the notes themselves have no room the velocities make some."""
        super().resizeEvent(event)
        room = self.height() - self.ruler.height() - self.velocities.height() >= theme.tokens().px(LEAST_ROLL)
        for part in (self._loud, self.velocities):
            part.setVisible(room)

    def fit(self) -> None:
        """Show the whole piece, or the middle octaves where there are no notes yet."""
        score = self.sheet.score
        pitches = [int(p) for t in score.tracks if t.notes and not t.drums for p in (t.pitches.min(), t.pitches.max())]
        if not pitches and self.sheet.track is not None and self.sheet.track.drums:
            pitches = [35, 60]
        low, high = (min(pitches), max(pitches)) if pitches else (48, 76)
        self._fitted = self.isVisible()
        self.lens.resize(self.roll.width(), self.roll.height())
        self.lens.fit(0, score.length, low, high)

    def follow_writing(self, task: str) -> None:
        """Keep in sight what the model writes; a new piece is shown as a whole, as far as it is written."""
        ghosts, lens = self.sheet.ghosts, self.lens
        if ghosts is None or not ghosts.note_count or not self.follow or self.roll.gestures.busy():
            return
        pitches = [int(p) for t in ghosts.tracks if t.notes and not t.drums for p in (t.pitches.min(), t.pitches.max())]
        if (
            task == "piece"
            and pitches
            and not (lens.pitch(self.roll.height() - 1) <= min(pitches) <= max(pitches) <= lens.pitch(0))
        ):
            lens.fit(0, max(ghosts.length, self.sheet.score.length), min(pitches), max(pitches))
        elif task == "continue":
            lens.reveal(max(int(t.starts[-1]) for t in ghosts.tracks if t.notes))

    def reveal_notes(self) -> None:
        """Bring the selected notes into sight, where keys have moved them out of it."""
        notes, lens = self.sheet.notes(), self.lens
        if notes:
            lens.reveal(notes[0].start)
            lens.reveal_rows(min(n.pitch for n in notes), max(n.pitch for n in notes))

    def set_playhead(self, tick: float, *, moving: bool) -> None:
        """What is heard, or where it will begin."""
        if moving and self.follow and not self.roll.gestures.busy():
            self.lens.reveal(tick)
        self.roll.set_playhead(tick)
        self.ruler.set_playhead(tick)

    def _follow_length(self) -> None:
        ghosts = self.sheet.ghosts
        self.lens.set_length(max(self.sheet.score.length, 0 if ghosts is None else ghosts.length))

    def _show_place(self) -> None:
        lens = self.lens
        with QSignalBlocker(self._across), QSignalBlocker(self._down):
            self._across.setRange(0, max(0, int(lens.widest() * lens.scale)))
            self._across.setPageStep(lens.width)
            self._across.setSingleStep(60)
            self._across.setValue(int(lens.left * lens.scale))
            self._down.setRange(0, int(lens.tallest()))
            self._down.setPageStep(lens.height)
            self._down.setSingleStep(int(lens.row))
            self._down.setValue(int(lens.top))
        self._across.setVisible(lens.widest() > 0)
        self._down.setVisible(PITCHES * lens.row > lens.height)
