"""A keyboard that is played: heard at once in the instrument of the track in front, and written down if wished."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from .controls import PEDAL
from .document import Score, Track
from .panel_sheet import Sheet
from .panel_sound import Sound
from .playback import ScoreSource
from .recording import Take

DRAIN = 20
"""Milliseconds between two looks at what was played."""
EARLY = 0.25
"""Seconds before the beginning in which a key that is still down then counts as struck with it."""

Send = Callable[[str, bytes], None]


class Recorder(QObject):
    """`hear` is for the driver's thread, all else for the window's. `recording` says whether it is written down."""

    recording = Signal(bool)

    def __init__(self, sheet: Sheet, sound: Sound, send: Send, parent: QObject) -> None:
        super().__init__(parent)
        self._sheet, self._sound, self._send = sheet, sound, send
        self._source: ScoreSource = sound.source
        self._inbox: deque[tuple[float, bytes]] = deque()
        self._track: Track | None = None
        self._open = False
        self._keys: dict[int, int] = {}
        self._held: set[int] = set()
        self._pedal = False
        self._early: dict[int, tuple[float, bytes]] = {}
        self._take: Take | None = None
        self._at = 0.0
        self.armed = False
        self.over = True
        self.quantise = False
        self._timer = QTimer(self)
        self._timer.setInterval(DRAIN)
        self._timer.timeout.connect(self.drain)
        for signal in (sheet.chosen, sheet.edited):
            signal.connect(self._look)
        sound.playing.connect(self._playing)
        self._look()

    def _look(self) -> None:
        before, self._track = self._track, self._sheet.track
        if self._open and self._track is not None and (before is None or _sound(before) != _sound(self._track)):
            self._source.warm(self._track)

    def set_open(self, on: bool) -> None:
        """A keyboard is there, or has gone."""
        self._sound.player.live = self._open = on
        if on:
            self._timer.start()
            if self._track is not None:
                self._source.warm(self._track)
            self._sound.player.arm()
        else:
            self._source.wheels.rest()
            if self._take is None:
                self._timer.stop()

    # The driver's thread

    def hear(self, message: bytes, when: float) -> None:
        """Sound at once; what is written down waits for `drain`."""
        if not message or message[0] >= 0xF0:
            return
        self._inbox.append((when, message))
        track, kind = self._track, message[0] & 0xF0
        if track is None:
            return
        if track.output and track.id in self._source.elsewhere:
            self._send(track.output, bytes((kind | track.channel, *message[1:])))
        elif kind == 0x90 and message[2]:
            self._release(message[1])
            self._held.add(message[1])
            self._keys[message[1]] = self._source.key_down(track, message[1], message[2])
            if self._sound.player.problem is None:
                self._sound.player.arm()
        elif kind in (0x80, 0x90):
            self._held.discard(message[1])
            if not self._pedal:
                self._release(message[1])
        elif kind == 0xB0 and message[1] == PEDAL:
            self._pedal = message[2] >= 64
            if not self._pedal:
                for pitch in [p for p in self._keys if p not in self._held]:
                    self._release(pitch)
        else:
            self._source.wheels.hear(message)

    def _release(self, pitch: int) -> None:
        key = self._keys.pop(pitch, None)
        if key is not None:
            self._source.key_up(key)

    # The window's thread

    def set_armed(self, on: bool) -> None:
        """Write down what is played from now on, or from the moment the transport runs."""
        if on == self.armed:
            return
        self.armed = on
        if not on:
            self._finish()
        elif self._sound.is_playing():
            self._begin()
        else:
            self._sound.play()
        self.recording.emit(on)

    def _playing(self, playing: bool) -> None:
        if playing and self.armed:
            self._begin()
        elif not playing and self._take is not None:
            self.set_armed(False)

    def _begin(self) -> None:
        track = self._sheet.track
        if track is not None and self._take is None:
            first = round(self._sound.tick())
            self._take, self._at = Take(track.id, first, first, ppq=self._sheet.score.ppq), float(first)
            self._early.clear()
            self._timer.start()
            self._sound.overlay = self._laid_over

    def drain(self) -> None:
        """Write down what has come since."""
        while self._inbox:
            when, message = self._inbox.popleft()
            frame = self._sound.player.position_at(when) if self._take is not None else None
            if frame is not None:
                self._advance(self._source.tick(frame))
                assert self._take is not None
                self._take.hear(message, round(self._at))
            elif message[0] & 0xF0 == 0x90 and message[2]:
                self._early[message[1]] = (when, message)
            elif message[0] & 0xF0 in (0x80, 0x90):
                self._early.pop(message[1], None)
        if self._take is not None:
            frame = self._sound.player.position_at(time.perf_counter())
            if frame is not None:
                self._advance(self._source.tick(frame))
                self._show()

    def _advance(self, tick: float) -> None:
        take = self._take
        assert take is not None
        for when, message in self._early.values():
            if time.perf_counter() - when < EARLY:
                take.hear(message, take.first)
        self._early.clear()
        if tick < self._at - 1:
            take.passed(round(tick), turned=self._sound.loop_end())
            self._sound.refresh()
        else:
            take.passed(round(tick))
        self._at = tick

    def _show(self) -> None:
        take = self._take
        if take is not None and (take.notes or take.sounding(0)):
            track = self._sheet.score.track(take.track_id) if self._there(take) else None
            if track is not None:
                ghost = track.with_notes(take.sounding(round(self._at)))
                self._sheet.show_recorded(Score(tracks=(ghost,), length=self._sheet.score.length))

    def _there(self, take: Take) -> bool:
        return any(t.id == take.track_id for t in self._sheet.score.tracks)

    def _laid_over(self, score: Score) -> Score:
        """What the next turn of a loop plays: what was recorded in the ones before too."""
        return score if self._take is None else self._written(score)

    def _written(self, score: Score) -> Score:
        take = self._take
        assert take is not None
        return take.score(score, grid=self._sheet.grid if self.quantise else None, over=self.over)

    def _finish(self) -> None:
        if self._take is None:
            return
        self.drain()
        self._take.finish(round(self._at))
        score = self._written(self._sheet.score)
        played = bool(self._take.notes or self._take.events)
        self._take = None
        self._sound.overlay = None
        self._sheet.show_recorded(None)
        if played:
            self._sheet.edit("recording", score)
        self._sound.refresh()


def _sound(track: Track) -> tuple[str, bool, str, str]:
    return track.instrument, track.drums, track.font, track.preset
