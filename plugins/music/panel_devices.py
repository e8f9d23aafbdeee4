"""The menu of devices: where sound comes out, which keyboard is played, and how what is played is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMenu

from studio.api import PanelHost, Problem, StudioError
from studio.widgets.feeder import Feeder
from studio.widgets.midi import Keyboard, MidiDevices, Part, Sender
from studio.widgets.sound import output_devices

from .document_tracks import audible
from .midi_write import live_parts
from .panel_record import Recorder
from .panel_sheet import Sheet
from .panel_sound import Sound
from .render import RATE

LOOK = 2000
"""Milliseconds between two looks at what is connected, while anything is wished for."""
LOOK_AGAIN = 60_000
"""And where there is no MIDI at all."""


class Devices(QObject):
    """Sound outputs, MIDI keyboard and MIDI outputs. `changed` says that other ones are there now."""

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self, host: PanelHost, sheet: Sheet, sound: Sound, parent: QObject, *, midi: MidiDevices | None = None
    ) -> None:
        super().__init__(parent)
        self._host, self._sheet, self._sound = host, sheet, sound
        self._midi = midi or MidiDevices()
        self.sender = Sender(sound.player, self._midi)
        self.recorder = Recorder(sheet, sound, self.sender.now, self)
        self.keyboard = Keyboard(self._midi, self.recorder.hear)
        self.keyboard.choose(str(host.recall("midi_input", "")))
        self.sounds: list[str] = []
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self._problems: dict[str, str] = {}
        self._said, self._asked = "", False
        self._connected = self._playing_out = False
        self._feeder = Feeder(threads=1).serve(self)
        self._feeder.ready.connect(self._found)
        self._feeder.failed.connect(self._failed)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)
        sheet.edited.connect(self.refresh)
        sound.playing.connect(lambda _on: self.sender.wake())
        self.destroyed.connect(self.sender.close)
        self.destroyed.connect(self.keyboard.close)
        self.refresh()

    def close(self) -> None:
        """Let go of everything."""
        self._timer.stop()
        self._feeder.wait()
        self.keyboard.close()
        self.sender.close()

    # What is connected

    def refresh(self) -> None:
        """The score may have other devices now."""
        wished = {t.output for t in self._sheet.score.tracks if t.output}
        if wished or self.keyboard.name:
            if not self._timer.isActive():
                self._timer.start()
                self._look()
        else:
            self._timer.stop()
        self._hand_over()

    def _look(self) -> None:
        self._feeder.ask("midi", self._ports)

    def _ports(self) -> tuple[list[str], list[str], bool]:
        return self._midi.inputs(), self._midi.outputs(), self.keyboard.look()

    def list_all(self) -> None:
        """Ask the system, for a menu that is about to be shown."""
        self._feeder.ask("sound", output_devices)
        self._feeder.ask("midi", self._ports)

    def _found(self, key: str, found: object) -> None:
        self._problems.pop(key, None)
        if key == "sound":
            self.sounds = list(found)  # type: ignore[call-overload]
        else:
            self._said = ""
            self._timer.setInterval(LOOK)
            self.inputs, self.outputs, connected = found  # type: ignore[misc]
            self.sender.look(self.outputs)
            if connected != self._connected:
                self._connected = connected
                self.recorder.set_open(connected)
                self._host.say(f"{self.keyboard.name} is {'ready' if connected else 'not connected any more'}")
            self._hand_over()
        self.changed.emit()

    def _failed(self, key: str, error: Exception) -> None:
        words = error.message if isinstance(error, StudioError) else str(error)
        wished = self.keyboard.name or any(t.output for t in self._sheet.score.tracks)
        if key == "midi" and wished and words != self._said:
            self._said = words  # once, not every two seconds
            if self._asked:
                self.failed.emit(Problem.of(error) if isinstance(error, StudioError) else Problem(words))
            else:
                self._host.say(words)  # a keyboard of another sitting: nobody has asked for it just now
        self._asked = False
        if key == "midi":
            self._timer.setInterval(LOOK_AGAIN)  # each try may be told to the terminal by the system
        self._problems[key] = words
        self.changed.emit()

    # What is played where

    def _hand_over(self) -> None:
        score = self._sheet.score
        elsewhere = frozenset(t.id for t in score.tracks if t.output and t.output in self.outputs)
        self._sound.source.elsewhere = elsewhere
        parts = live_parts(score, elsewhere & audible(score), RATE) if elsewhere else {}
        if parts or self._playing_out:
            self._playing_out = bool(parts)
            self.sender.set_parts({device: Part(*rows) for device, rows in parts.items()})

    def use_sound(self, name: str) -> None:
        """Another sound output, from now on and the next time."""
        self._host.remember("sound_output", name)
        self._sound.player.choose(name)

    def use_keyboard(self, name: str) -> None:
        """Another keyboard, or none."""
        self._host.remember("midi_input", name)
        self.keyboard.choose(name)
        self._said, self._asked = "", bool(name)
        self.refresh()
        self._look()

    def outputs_there(self) -> list[str]:
        """The MIDI devices that can play a track, as last seen."""
        return self.outputs

    # The menu

    def refill(self, menu: QMenu) -> None:
        """Other devices are known than when the menu opened."""
        if menu.isVisible():
            self.fill(menu)

    def fill(self, menu: QMenu) -> None:
        """Devices, and how to record."""
        menu.clear()
        self._choices(menu.addMenu("Sound output"), "The system's own", self.sounds, self._sound.player.device,
                      self.use_sound, "sound")  # fmt: skip
        self._choices(menu.addMenu("MIDI keyboard"), "None", self.inputs, self.keyboard.name, self.use_keyboard, "midi")
        menu.addSeparator()
        recorder = self.recorder
        for words, on, take in (
            ("Record over what is there", recorder.over, lambda: setattr(recorder, "over", True)),
            ("Record in place of what is there", not recorder.over, lambda: setattr(recorder, "over", False)),
        ):
            action = menu.addAction(words, take)
            action.setCheckable(True)
            action.setChecked(on)
        menu.addSeparator()
        action = menu.addAction("Quantize what is recorded")
        action.setCheckable(True)
        action.setChecked(recorder.quantise)
        action.toggled.connect(lambda on: setattr(recorder, "quantise", on))
        action = menu.addAction("Count in one bar")
        action.setCheckable(True)
        action.setChecked(self._sound.counts_in())
        action.toggled.connect(self._sound.set_count_in)

    def _choices(
        self, menu: QMenu, none: str, names: Sequence[str], now: str, use: Callable[[str], None], key: str
    ) -> None:
        offered = [*names, *([now] if now and now not in names else [])]
        for name in ("", *offered):
            words = name or none
            action = menu.addAction(words if not name or name in names else f"{words} (not connected)")
            action.triggered.connect(lambda _=False, name=name: use(name))
            action.setCheckable(True)
            action.setChecked(name == now)
        problem = self._problems.get(key)
        if problem and not names:
            menu.addSeparator()
            menu.addAction(problem).setEnabled(False)
