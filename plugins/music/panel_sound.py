"""What is heard: the score with the take one looks at, from the playhead on, and keys that are struck."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from studio.api import PanelHost, Problem
from studio.widgets.sound import Player, Stream, open_device

from .document import Score
from .panel_rack import Rack
from .panel_sheet import Sheet
from .panel_takes import Takes
from .params import MusicSettings
from .playback import ScoreSource

FRAME = 16
"""Milliseconds between two places of the playhead."""
SOON = 16
"""Milliseconds in which edits are gathered before they are heard: a drag makes a hundred of them a second."""
TAP = 350
"""Milliseconds that a drawn or dragged note is heard."""


class Sound(QObject):
    """`moved` carries the tick that is heard and whether it moves, `playing` whether anything plays."""

    moved = Signal(float, bool)
    playing = Signal(bool)
    failed = Signal(object)

    def __init__(self, host: PanelHost, sheet: Sheet, takes: Takes, rack: Rack, parent: QObject) -> None:
        super().__init__(parent)
        self._host, self._sheet, self._takes, self._rack = host, sheet, takes, rack
        self._tick = 0.0
        self._from = 0.0
        self._looping = False
        self._count_in = False
        self._loop: tuple[int, int] | None = None
        self.overlay: Callable[[Score], Score] | None = None
        """What is being recorded, laid over what is heard."""
        self._keys: list[int] = []
        self._was_playing = False
        self.source = ScoreSource(sheet.score)
        self._silent = False
        self.player = Player(self.source, device=_device(host), opener=_open)
        self._frames = QTimer(self)
        self._frames.setInterval(FRAME)
        self._frames.timeout.connect(self._follow)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self._hand_over)
        self._taps = QTimer(self)
        self._taps.setSingleShot(True)
        self._taps.setInterval(TAP)
        self._taps.timeout.connect(self.let_go)
        sheet.edited.connect(self.refresh)
        rack.changed.connect(self._again)
        # The feeder must not outlive the panel; it knows no Qt, so it can be told while the panel goes.
        self.destroyed.connect(self.player.close)

    # The score

    def refresh(self) -> None:
        """Something else is to be heard from now on."""
        if not self._soon.isActive():
            self._soon.start()

    def _hear(self, score: Score) -> None:
        self._rack.want(score)
        self.source.set_score(score, self._rack.voicing)

    def _again(self) -> None:
        self._hear(self._takes.score())

    def _hand_over(self) -> None:
        score = self._takes.score()
        self._hear(score if self.overlay is None else self.overlay(score))
        self.player.set_loop(self._loop_frames())

    # The transport

    def tick(self) -> float:
        """Where the playhead is."""
        return self._tick

    def is_playing(self) -> bool:
        """True from Play to Stop."""
        return self.player.playing

    def play(self) -> None:
        """From the playhead on; from the beginning where that is at the end."""
        self._hand_over()
        self._silent = False
        if self._tick >= max(self._sheet.score.length, self._takes.score().length) - 1:
            self._tick = 0.0
        self._from = self._tick
        self.player.play(self.source.samples(self._tick), loop=self._loop_frames(), count_in=self._count_in)
        self._frames.start()
        self._say_playing()

    def pause(self) -> None:
        """Stay where it is."""
        self._tick = self._heard()
        self.player.stop()
        self._say_playing()
        self.moved.emit(self._tick, False)

    def toggle(self) -> None:
        """Space."""
        if self.is_playing():
            self.pause()
        else:
            self.play()

    def stop(self) -> None:
        """Back to where it began; a second time to the beginning."""
        was = self.is_playing()
        self.player.stop()
        self._tick = self._from if was else 0.0
        self._from = self._tick
        self._say_playing()
        self.moved.emit(self._tick, False)

    def seek(self, tick: int) -> None:
        """Go there, playing or not."""
        self._tick = self._from = float(max(0, tick))
        self.player.seek(self.source.samples(self._tick))
        self.moved.emit(self._tick, False)

    def set_loop(self, start: int, end: int) -> None:
        """The marked bars."""
        self._loop = (start, end)
        self.player.set_loop(self._loop_frames())

    def set_looping(self, on: bool) -> None:
        """Round and round, or through to the end."""
        self._looping = on
        self.player.set_loop(self._loop_frames())

    def set_metronome(self, on: bool) -> None:
        """Clicks on the beats."""
        self.source.metronome = on

    def set_count_in(self, on: bool) -> None:
        """One bar before it begins."""
        self._count_in = on

    def counts_in(self) -> bool:
        """Whether a bar is counted before it begins."""
        return self._count_in

    def loop_end(self) -> int:
        """The tick at which the loop turns."""
        return self._loop[1] if self._loop else self._sheet.score.length

    def _loop_frames(self) -> tuple[int, int] | None:
        if not self._looping:
            return None
        start, end = self._loop or (0, self._sheet.score.length)
        return self.source.samples(start), self.source.samples(end)

    def _heard(self) -> float:
        return self.source.tick(max(0.0, self.player.position()))

    def _follow(self) -> None:
        problem = self.player.problem
        if problem is not None:
            self._frames.stop()
            self._say_playing()
            if self._silent:
                self._host.say(problem.message)  # nobody asked to play: a note was drawn or a key touched
            else:
                self.failed.emit(Problem.of(problem))
            return
        if not self.player.playing:
            self._frames.stop()
            if self._was_playing:
                self._tick = self._from
                self.moved.emit(self._tick, False)
            self._say_playing()
            return
        tick = self._heard()
        if tick != self._tick:
            self._tick = tick
            self.moved.emit(tick, True)

    def _say_playing(self) -> None:
        playing = self.is_playing()
        if playing != self._was_playing:
            self._was_playing = playing
            self.playing.emit(playing)
        if not playing and not self._keys:
            self._frames.stop()

    # Keys

    def strike(self, pitch: int, velocity: int) -> None:
        """Hear a pitch in the instrument of the track in front."""
        track = self._sheet.track
        if track is None or (self._silent and self.player.problem is not None):
            return  # a device that was not there a moment ago is tried again by Play, not by every note
        self._silent = not self.is_playing()
        self.let_go()
        self._keys.append(self.source.key_down(track, pitch, velocity))
        self.player.arm()
        self._taps.start()
        self._frames.start()

    def let_go(self) -> None:
        """No key is down any more."""
        self._taps.stop()
        for key in self._keys:
            self.source.key_up(key)
        self._keys.clear()


def _device(host: PanelHost) -> str:
    """What was chosen in the panel, else in Settings."""
    return str(host.recall("sound_output", "")) or host.settings(MusicSettings).device


def _open(device: str, rate: int) -> Stream:
    return open_device(device, rate)
