"""Sound as it is made: a feeder thread writes what a source renders to the sound card, and knows what is heard now.

No callback: one in Python would wait for the interpreter while a model computes, and glitch. The feeder writes ahead
into a buffer of half a second instead, and fills as much of it as the machine turns out to need. sounddevice is loaded
by the feeder at the first sound; where its PortAudio library or a device is missing, `Player.problem` says so in one
line, and everything else works.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from studio.api import StudioError
from studio.widgets.sound_clock import Clock, Lead
from studio.widgets.sound_devices import Opener, Stream, open_device, output_devices

__all__ = ["Clock", "Opener", "Player", "Source", "Stream", "open_device", "output_devices"]

_log = logging.getLogger(__name__)

Frames = npt.NDArray[np.float32]

BLOCK = 512
"""Frames that are rendered and written at a time: 11 ms at 48 kHz."""
AHEAD_SECONDS = 3
"""How far ahead notes are made ready while there is time."""
FIRST_SECONDS = 0.4
"""How much must be ready before it begins: a chord that nobody has heard yet may take longer than the buffer lasts."""
IDLE_WAIT = 0.25
IDLE_SECONDS = 20.0
"""After so long without anything to play, the device is given back."""


class Source(Protocol):
    """What makes the sound. All calls but the properties come from the feeder thread, `prepare` from one beside it.

    `latency` is by how many frames its output is late (a limiter that looks ahead). `length` is where it ends.
    """

    rate: int
    latency: int

    @property
    def length(self) -> int: ...

    def read(self, start: int | None, frames: int) -> Frames:
        """(2, frames) from a place; None while the transport stands: what still rings, and keys that are held."""

    def count_in(self, at: int, left: int, frames: int) -> Frames:
        """(2, frames) of counting, `left` frames before the piece begins at `at`."""

    def count_in_length(self, at: int) -> int:
        """How many frames one counts before playing from there."""

    def relocate(self, place: int) -> int:
        """Where to go on when `place` would be next: elsewhere after an edit that moved what is heard there."""

    def prepare(self, start: int | None, frames: int) -> bool:
        """A little work (some milliseconds) for so many frames from there on, or for keys that are played (None); False
        where there is nothing to do.
        """


@dataclass(slots=True)
class _Span:
    """What a run of written frames holds: the source from `place` on, or None for no place (stopped, counting in)."""

    first: int
    frames: int
    place: int | None
    waits_at: int


class Player:
    """Plays a source. Every call is for the window's thread and returns at once."""

    def __init__(self, source: Source, *, device: str = "", opener: Opener = open_device) -> None:
        self.source = source
        self._device, self._open = device, opener
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._work = threading.Event()
        self._thread: threading.Thread | None = None
        self._maker: threading.Thread | None = None
        self._closed = False
        self._place: int | None = None
        self._origin = 0
        self._count = 0
        self._loop: tuple[int, int] | None = None
        self._written = 0
        self._latency = 0
        self._spans: deque[_Span] = deque(maxlen=512)
        self._clock = Clock(source.rate)
        self._restart = False
        self._lead = Lead()
        self.live = False
        """True while somebody plays along: keys must be heard at once, even while the transport runs."""
        self._wanted: object = None
        """Stands for a place that is played from as soon as its first sounds are made; None: they are."""
        self._problem: StudioError | None = None
        self.underruns = 0

    # --- what the transport says ---

    @property
    def playing(self) -> bool:
        return self._place is not None

    @property
    def problem(self) -> StudioError | None:
        """Why there is no sound, in one line; None while all is well. Cleared by the next `play` or `arm`."""
        return self._problem

    @property
    def device(self) -> str:
        """The chosen device; "" for the system's own choice."""
        return self._device

    def choose(self, device: str) -> None:
        """Play through another device from now on."""
        with self._lock:
            self._device, self._restart = device, True
        self._wake.set()

    def arm(self) -> None:
        """Open the device, so that keys sound at once."""
        self._problem = None
        self._begin()

    def play(self, start: int, *, loop: tuple[int, int] | None = None, count_in: bool = False) -> None:
        """Play from a frame, round and round in `loop` if given, after counting in if wished."""
        with self._lock:
            self._problem = None
            self._loop = loop if loop and loop[1] > loop[0] else None
            self._place, self._origin = max(0, start), max(0, start)
            self._count = self.source.count_in_length(self._origin) if count_in else 0
            self._wanted = object()
        self._begin()

    def stop(self) -> None:
        """Stop; what rings dies away."""
        with self._lock:
            self._place, self._count = None, 0

    def seek(self, place: int) -> None:
        """Go on from another frame."""
        with self._lock:
            if self._place is not None:
                self._place, self._count = max(0, place), 0
            self._origin = max(0, place)

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        """Another loop (first frame, frame after the last), or none."""
        with self._lock:
            self._loop = loop if loop and loop[1] > loop[0] else None

    def position(self) -> float:
        """The frame of the source that is heard now: what the playhead shows. While counting in, where it will begin;
        when stopped, where it was started.
        """
        with self._lock:
            if self._place is None:
                return float(self._origin)
            span, heard = self._span(time.perf_counter())
            if span is None:
                return float(self._origin)
            return float(span.waits_at) if span.place is None else span.place + heard

    def position_at(self, when: float) -> float | None:
        """The frame of the source that was heard at a moment of `time.perf_counter()`, not long ago. None where nothing
        was: before the transport ran, or while counting in.
        """
        with self._lock:
            span, heard = self._span(when)
            return None if span is None or span.place is None else span.place + heard

    def _span(self, when: float) -> tuple[_Span | None, float]:
        """What was heard then, and how many frames of it had been."""
        heard = self._clock.heard(when) - self.source.latency
        span = next((s for s in reversed(self._spans) if s.first <= heard), None)
        return span, 0.0 if span is None else min(heard - span.first, float(span.frames))

    def close(self) -> None:
        """Stop and give the device back. The player cannot be used afterwards."""
        with self._lock:
            self._closed, self._place = True, None
        self._wake.set()
        self._work.set()
        for thread in (self._thread, self._maker):
            if thread is not None:
                thread.join(5)
        self._thread = self._maker = None

    # --- the feeder ---

    def _begin(self) -> None:
        with self._lock:
            if self._closed:
                return
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="sound feeder", daemon=True)
                self._thread.start()
                # What is needed soon is made beside the feeder: one long note takes longer than the buffer lasts.
                self._maker = threading.Thread(target=self._make, args=(self._thread,), name="sound maker", daemon=True)
                self._maker.start()
        self._wake.set()
        self._work.set()

    def _run(self) -> None:
        try:
            while not self._closed and self._feed():
                pass
        except StudioError as error:
            self._give_up(error)
        except Exception as error:  # noqa: BLE001 - the boundary to a driver, which may raise anything
            _log.info("sound output failed: %s", error)
            self._give_up(
                StudioError(
                    "The sound device stopped.", "Connect it again or choose another, then play.", details=str(error)
                )
            )

    def _make(self, feeder: threading.Thread) -> None:
        """Have what will be heard soon made, as long as the feeder lives."""
        while feeder.is_alive() and not self._closed:
            place, wanted = self._place, self._wanted
            seconds = AHEAD_SECONDS if wanted is None else FIRST_SECONDS
            try:
                busy = self.source.prepare(place, int(seconds * self.source.rate))
            except Exception as error:  # noqa: BLE001 - what cannot be made cannot be read either: there it is told
                _log.info("a sound could not be made: %s", error)
                busy = False
            if busy:
                continue
            with self._lock:
                if place is not None and self._wanted is wanted:
                    self._wanted = None
            self._work.wait(IDLE_WAIT if place is None and not self.live else BLOCK / self.source.rate)
            self._work.clear()

    def _give_up(self, error: StudioError) -> None:
        with self._lock:
            self._problem, self._place, self._count = error, None, 0
            self._clock.reset()
            self._spans.clear()
            self._written = 0

    def _feed(self) -> bool:
        """Feed one device until it is changed (True), or the player is closed or idle (False)."""
        stream = self._open(self._device, self.source.rate)
        with self._lock:
            self._restart = False
            self._lead.begin(time.perf_counter())
            self._written = 0
            self._spans.clear()
            self._clock.reset()
        try:
            stream.start()
            capacity = self._capacity(stream)
            idle = time.perf_counter()
            while not self._closed and not self._restart:
                piece = self._next()
                if self._place is not None or self.live or np.abs(piece).max() > 1e-5:
                    idle = time.perf_counter()
                self._ahead(stream, capacity)
                dry = stream.write(np.ascontiguousarray(piece.T).tobytes())
                self._told(stream, capacity, bool(dry))
                if time.perf_counter() - idle > IDLE_SECONDS:
                    return self._leave_if_idle()
        finally:
            stream.abort()
            stream.close()
        return not self._closed

    def _leave_if_idle(self) -> bool:
        with self._lock:
            if self._place is None:
                self._thread = None
                return False
        return True

    def _capacity(self, stream: Stream) -> int:
        """How many frames wait between a write and the ear when the buffer is full."""
        latency = stream.latency
        seconds = float(latency[1] if isinstance(latency, tuple) else latency)
        return max(int(seconds * self.source.rate), stream.write_available)

    def _next(self) -> Frames:
        """The next block, cut at the ends of the loop and of the piece."""
        with self._lock:
            place, count, loop, origin = self._place, self._count, self._loop, self._origin
        start = place
        if place is not None:
            place = self.source.relocate(place)
        parts: list[Frames] = []
        left = BLOCK
        first = self._written
        spans: list[_Span] = []
        ready = self._wanted is None
        while left:
            if place is not None and ready and count > 0:
                frames = min(left, count)
                parts.append(self.source.count_in(place, count, frames))
                spans.append(_Span(first, frames, None, place))
                count -= frames
            elif place is not None and ready:
                if loop and place >= loop[1]:
                    place = loop[0]
                frames = min(left, loop[1] - place) if loop else left
                parts.append(self.source.read(place, frames))
                spans.append(_Span(first, frames, place, place))
                place += frames
            else:
                frames = left
                parts.append(self.source.read(None, frames))
                spans.append(_Span(first, frames, None, origin))
            left, first = left - frames, first + frames
        with self._lock:
            # Only if nobody stopped, sought or started anew meanwhile.
            if self._place == start and place is not None and ready:
                ended = not loop and place >= self.source.length + self.source.rate
                self._place, self._count = (None if ended else place), count
            self._spans.extend(spans)
            self._written += BLOCK
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _ahead(self, stream: Stream, capacity: int) -> None:
        """Wait until more is wanted."""
        rate, first = self.source.rate, True
        while not self._closed and not self._restart:
            lead = min(self._lead.seconds(live=self.live or self._place is None), 0.8 * capacity / rate)
            waiting = (capacity - stream.write_available) / rate
            if first and self._written > rate:
                self._lead.tell(waiting, lead, time.perf_counter())
            first = False
            if waiting <= lead:
                return
            self._wake.wait(waiting - lead)
            self._wake.clear()

    def _told(self, stream: Stream, capacity: int, dry: bool) -> None:
        now = time.perf_counter()
        with self._lock:
            if dry:
                self.underruns += 1
                # After a hole some drivers count wrongly what waits; a fresh stream, which takes a moment, counts anew.
                self._restart = self._lead.dry(now) and not self.live
                self._clock.reset()
            waiting = max(0, capacity - stream.write_available)
            self._clock.tell(self._written - waiting, now)
