"""The card of a track: what plays it, how loud and where, and whether it is heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, QSignalBlocker, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from studio.api import Choice, ParamSpec
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.fields import ChoiceField, SliderField
from studio.widgets.text import Label

from . import document_tracks as tracks
from .document import COLOURS, Score
from .instruments import NAMES
from .panel_palette import track_colour
from .panel_pop import PopButton
from .panel_rack import Rack
from .panel_sheet import Sheet

WIDTH = 300
_BY_NAME = "As the instrument says"


class TrackCard(QFrame):
    """A popup; each change is one entry of the undo stack, a slider's whole way too."""

    def __init__(self, sheet: Sheet, track_id: str, rack: Rack, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("card", "plain")
        self._sheet, self._track_id, self._rack = sheet, track_id, rack
        self._before: Score = sheet.score
        track = sheet.score.track(track_id)
        self.setAccessibleName(f"Track {track.name}")
        self.name = QLineEdit(track.name)
        self.name.setAccessibleName("Name of the track")
        self.name.setMaxLength(80)
        choices = tuple(Choice(name, name[:1].upper() + name[1:]) for name in NAMES)
        known = track.instrument if track.instrument in NAMES else NAMES[0]
        self.instrument = ChoiceField(ParamSpec("instrument", "choice", known, "Instrument", choices=choices))
        self.sound = PopButton("Sound", "What plays the track: Studio's own synthesiser, or a SoundFont")
        self.sound.menu_.aboutToShow.connect(lambda: rack.fill(self.sound.menu_, sheet, track_id, parent or self))
        self.output = PopButton("MIDI out", "A MIDI device that plays the track in place of Studio")
        self.output.menu_.aboutToShow.connect(lambda: rack.fill_outputs(self.output.menu_, sheet, track_id))
        self.preset = ChoiceField(ParamSpec("preset", "choice", "", "Preset", choices=(Choice("", _BY_NAME),)))
        self.volume = SliderField(
            ParamSpec(
                "volume", "integer", round(track.volume * 100), "Volume", minimum=0, maximum=100, step=1, unit="%"
            )
        )
        self.pan = SliderField(
            ParamSpec("pan", "integer", round(track.pan * 100), "Pan", minimum=-100, maximum=100, step=1,
                      help="Left of the middle is below zero, right above")
        )  # fmt: skip
        self.mute = Button("Mute", name="Mute")
        self.solo = Button("Solo", name="Solo")
        for button, on in ((self.mute, track.mute), (self.solo, track.solo)):
            button.setCheckable(True)
            button.setChecked(on)
        self.remove = Button("Remove", "quiet", icon="trash", name="Remove the track")
        self._lay_out()
        self.name.editingFinished.connect(
            lambda: self._set("renaming a track", name=self.name.text().strip() or "Track")
        )
        self.instrument.changed.connect(lambda value: self._set("another instrument", instrument=str(value)))
        self.preset.changed.connect(lambda value: self._set("another preset", preset=str(value)))
        sheet.edited.connect(self._show_sound)
        rack.changed.connect(self._show_sound)
        self._show_sound()
        self.volume.changed.connect(lambda value: self._slide(volume=value / 100))
        self.pan.changed.connect(lambda value: self._slide(pan=value / 100))
        self.mute.toggled.connect(lambda on: self._set("muting" if on else "unmuting", mute=on))
        self.solo.toggled.connect(lambda on: self._set("solo", solo=on))
        self.remove.clicked.connect(self._remove)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        column.setSpacing(theme.M)
        column.addWidget(self.name)
        column.addWidget(self.instrument)
        row = QHBoxLayout()
        row.addWidget(Label("Sound", "label"))
        row.addStretch(1)
        row.addWidget(self.sound)
        column.addLayout(row)
        column.addWidget(self.preset)
        row = QHBoxLayout()
        row.addWidget(Label("MIDI out", "label"))
        row.addStretch(1)
        row.addWidget(self.output)
        column.addLayout(row)
        column.addWidget(self.volume)
        column.addWidget(self.pan)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self.mute)
        row.addWidget(self.solo)
        row.addStretch(1)
        row.addWidget(self.remove)
        column.addLayout(row)
        column.addWidget(Label("Colour", "label"))
        swatches = QGridLayout()
        swatches.setSpacing(theme.XS)
        for index in range(COLOURS):
            swatches.addWidget(self._swatch(index), index // 6, index % 6)
        column.addLayout(swatches)
        self.setFixedWidth(theme.tokens().px(WIDTH))

    def _show_sound(self) -> None:
        if not self._there():
            return
        track = self._sheet.score.track(self._track_id)
        self.sound.show_value(Path(track.font).stem[:24] if track.font else "Studio synth")
        self.output.show_value(track.output[:24] or "None")
        presets = self._rack.fonts.presets(track.font)
        self.preset.setVisible(bool(presets))
        if presets:
            with QSignalBlocker(self.preset):
                rows = (Choice(p.key, f"{p.name}   {p.key}") for p in presets)
                self.preset.set_choices((Choice("", _BY_NAME), *rows))
                self.preset.set_value(track.preset)
        self.adjustSize()

    def _swatch(self, index: int) -> QToolButton:
        button = QToolButton()
        button.setAccessibleName(f"Colour {index + 1}")
        edge = theme.tokens()
        button.setFixedSize(edge.px(34), edge.px(20))
        chosen = self._sheet.score.track(self._track_id).colour == index
        frame = f"2px solid {edge.text}" if chosen else "none"
        button.setStyleSheet(
            f"QToolButton {{ background: {track_colour(index).name()}; border-radius: 5px; border: {frame}; }}"
            f"QToolButton:focus {{ border: 2px solid {edge.accent}; }}"
        )
        button.clicked.connect(lambda: (self._set("another colour", colour=index), self.close()))
        return button

    def open_at(self, place: QPoint) -> None:
        """Show it there, wholly on the screen."""
        self.adjustSize()
        screen = self.screen().availableGeometry()
        x = min(place.x(), screen.right() - self.width() - theme.S)
        y = min(place.y(), screen.bottom() - self.height() - theme.S)
        self.move(max(screen.left(), x), max(screen.top(), y))
        self.show()
        self.instrument.setFocus(Qt.FocusReason.PopupFocusReason)

    def _there(self) -> bool:
        return any(t.id == self._track_id for t in self._sheet.score.tracks)

    def _set(self, text: str, **fields: object) -> None:
        if not self._there():
            return
        score = self._sheet.score
        old = score.track(self._track_id)
        if all(getattr(old, name) == value for name, value in fields.items()):
            return
        if str(fields.get("instrument", "")) and old.name.casefold() == old.instrument.casefold():
            words = str(fields["instrument"])
            fields["name"] = words[:1].upper() + words[1:]
            with QSignalBlocker(self.name):
                self.name.setText(str(fields["name"]))
        self._sheet.edit(text, tracks.set_track(score, self._track_id, **fields))
        self._before = self._sheet.score

    def _slide(self, **fields: float) -> None:
        """Heard at once, one entry when the card closes or something else changes."""
        if self._there():
            track = self._sheet.score.track(self._track_id)
            self._sheet.show(self._sheet.score.with_track(replace(track, **fields)))

    def _remove(self) -> None:
        self.settle()
        if self._there():
            self._sheet.edit("removing a track", tracks.remove_tracks(self._sheet.score, [self._track_id]))
        self.close()

    def settle(self) -> None:
        """What was slid becomes one entry."""
        if self._sheet.score is not self._before:
            self._sheet.edit("mixing", self._sheet.score, before=self._before)
            self._before = self._sheet.score

    def hideEvent(self, event: object) -> None:
        """The end of all sliding."""
        self.settle()
