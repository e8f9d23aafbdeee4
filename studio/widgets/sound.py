"""Sound as it is made: a feeder thread writes what a source renders to the sound card, and knows what is heard now.

No callback: one in Python would wait for the interpreter while a model computes, and glitch. The feeder writes ahead
into a buffer of up to half a second instead. sounddevice is loaded by the feeder at the first sound; where its
PortAudio library or a device is missing, `Player.problem` says so in one line, and everything else works.
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
from studio.widgets.sound_devices import BUFFER_SECONDS, Opener, Stream, open_device, output_devices

__all__ = ["Clock", "Opener", "Player", "Source", "Stream", "open_device", "output_devices"]

_log = logging.getLogger(__name__)

Frames = npt.NDArray[np.float32]

BLOCK = 1024
"""Frames that are rendered and written at a time: 21 ms at 48 kHz."""
LEAD_SECONDS = 0.35
"""How much waits in the device while the transport runs on an idle machine: an edit is heard this much later."""
DIP = 0.6
"""Where less than this share of it was left, the machine is busy, and BUFFER_SECONDS are kept waiting from then on."""
AHEAD_SECONDS = 3
"""How far ahead notes are made ready while there is time."""
FIRST_SECONDS = 0.4
"""How much must be ready before it begins: a chord that nobody has heard yet may take longer than the buffer lasts."""
LIVE_SECONDS = 0.1
"""How much waits while it stands: a key that is pressed is heard this much later."""
IDLE_SECONDS = 20.0
"""After so long without anything to play, the device is given back."""


class Source(Protocol):
    """What makes the sound. All calls but the properties come from the feeder thread.

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

    def prepare(self, start: int, frames: int) -> bool:
        """A little work (some milliseconds) for so many frames from there on; False where there is nothing to do."""


@dataclass(slots=True)
class _Span:
    """What a run of written frames holds: the source from `place` on, or None for no place (stopped, counting in)."""

    first: int
    frames: int
    place: int | None
    waits_at: int


class Clock:
    """What is heard now, from what was written, how much waits in the buffer, and the computer's own clock.

    The buffer's level is known to some milliseconds only and changes in jumps; the clock runs evenly and follows it.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._offset: float | None = None

    def reset(self) -> None:
        """The output began anew or ran dry."""
        self._offset = None

    def tell(self, heard: float, now: float) -> None:
        """So many frames had been heard at `now` (seconds)."""
        offset = heard - now * self._rate
        if self._offset is None or abs(offset - self._offset) > self._rate * 0.1:
            self._offset = offset
        else:
            self._offset += (offset - self._offset) * 0.05

    def heard(self, now: float) -> float:
        """Frames heard at `now`."""
        return 0.0 if self._offset is None else self._offset + now * self._rate


class Player:
    """Plays a source. Every call is for the window's thread and returns at once."""

    def __init__(self, source: Source, *, device: str = "", opener: Opener = open_device) -> None:
        self.source = source
        self._device, self._open = device, opener
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
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
        self._lead = LEAD_SECONDS
        self._begun = True
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
            self._begun = False
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
            heard = self._clock.heard(time.perf_counter()) - self.source.latency
            for span in reversed(self._spans):
                if span.first <= heard:
                    if span.place is None:
                        return float(span.waits_at)
                    return span.place + min(heard - span.first, span.frames)
            return float(self._origin)

    def close(self) -> None:
        """Stop and give the device back. The player cannot be used afterwards."""
        with self._lock:
            self._closed, self._place = True, None
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None

    # --- the feeder ---

    def _begin(self) -> None:
        with self._lock:
            if self._closed:
                return
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="sound feeder", daemon=True)
                self._thread.start()
        self._wake.set()

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
            self._written = 0
            self._spans.clear()
            self._clock.reset()
        try:
            stream.start()
            capacity = self._capacity(stream)
            idle = time.perf_counter()
            while not self._closed and not self._restart:
                piece = self._next()
                if self._place is not None or np.abs(piece).max() > 1e-5:
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
        parts: list[Frames] = []
        left = BLOCK
        first = self._written
        spans: list[_Span] = []
        start = place
        ready = place is None or self._ready(place)
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

    def _ready(self, place: int) -> bool:
        """Whether the first sounds from a place are there; works on them for about as long as a block lasts."""
        if self._begun:
            return True
        end = time.perf_counter() + BLOCK / self.source.rate / 2
        while self.source.prepare(place, int(FIRST_SECONDS * self.source.rate)):
            if time.perf_counter() > end:
                return False
        self._begun = True
        return True

    def _ahead(self, stream: Stream, capacity: int) -> None:
        """Use the time until more is wanted for work that is needed soon, then wait for what is left of it."""
        if self._place is not None and self._written > self.source.rate:
            waiting = (capacity - stream.write_available) / self.source.rate
            if waiting < self._lead * DIP:
                # The machine is busy: from now on as much as there is room for.
                self._lead = BUFFER_SECONDS
        while not self._closed and not self._restart:
            place = self._place
            lead = min(LIVE_SECONDS if place is None else self._lead, 0.8 * capacity / self.source.rate)
            spare = (capacity - stream.write_available) / self.source.rate - lead
            if spare <= 0:
                return
            if place is None or not self.source.prepare(place, AHEAD_SECONDS * self.source.rate):
                self._wake.wait(spare)
                self._wake.clear()

    def _told(self, stream: Stream, capacity: int, dry: bool) -> None:
        now = time.perf_counter()
        with self._lock:
            if dry:
                self.underruns += 1
                self._clock.reset()
            waiting = max(0, capacity - stream.write_available)
            self._clock.tell(self._written - waiting, now)
