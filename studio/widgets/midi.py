"""MIDI devices: keyboards that are played, and devices that play, through mido and python-rtmidi where these are there.

The library is loaded at the first question. Ports come and go: `Keyboard.look` and the sender's own thread open what is
wished for as soon as it is connected, and let go of what has gone. Messages are plain bytes, as in a MIDI file.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.api import StudioError
from studio.widgets.sound import Player

__all__ = ["Hear", "Keyboard", "MidiDevices", "Part", "Sender", "load_backend"]

_log = logging.getLogger(__name__)

Hear = Callable[[bytes, float], None]
"""A message and when it came (`time.perf_counter()`); called in the driver's thread: be quick."""

POLL_SECONDS = 0.003
"""How late a message is sent at most."""
LOOK_SECONDS = 2.0
"""How often a device that is wished for and not there is looked for."""


def load_backend() -> Any:
    """mido's backend for this system. Raises StudioError where the library or the system's MIDI is missing."""
    try:
        import mido
        import rtmidi  # noqa: F401 - mido would name only itself
    except ImportError as error:
        raise StudioError(
            "MIDI devices need the python-rtmidi library, which is not installed.",
            'Install it (pip install "python-rtmidi>=1.5.8") and start Studio again; everything else works.',
            details=str(error),
        ) from error
    problem: Exception | None = None
    # Without ALSA's sequencer there may be JACK; other systems have one interface only.
    for api in ("/LINUX_ALSA", "/UNIX_JACK") if sys.platform.startswith("linux") else ("",):
        try:
            backend = mido.Backend(f"mido.backends.rtmidi{api}")
            backend.get_input_names()
        except (OSError, ValueError, RuntimeError) as error:
            problem = error
        else:
            return backend
    raise StudioError(
        "This system has no MIDI: its sequencer cannot be reached.",
        "On Linux load snd-seq (sudo modprobe snd-seq) or start JACK; everything else works.",
        details=str(problem),
    )


def plain(name: str) -> str:
    """A port's name without the numbers that change when it is plugged in again."""
    return re.sub(r" \d+:\d+$", "", name)


class MidiDevices:
    """What is connected. Calls take up to some tenths of a second: not for the window's thread."""

    def __init__(self, load: Callable[[], Any] = load_backend) -> None:
        self._load = load
        self._backend: Any = None
        self._lock = threading.Lock()

    def _loaded(self) -> Any:
        with self._lock:
            if self._backend is None:
                self._backend = self._load()
            return self._backend

    def inputs(self) -> list[str]:
        """Names of keyboards. Raises StudioError."""
        return self._names("get_input_names")

    def outputs(self) -> list[str]:
        """Names of devices that play. Raises StudioError."""
        return self._names("get_output_names")

    def _names(self, call: str) -> list[str]:
        try:
            return list(dict.fromkeys(plain(name) for name in getattr(self._loaded(), call)()))
        except (OSError, RuntimeError) as error:
            raise StudioError("The MIDI devices could not be listed.", details=str(error)) from error

    def open_input(self, name: str, hear: Hear) -> Any:
        """A port that calls `hear`. Raises StudioError where it is not there, or taken."""
        return self._open("input", name, callback=lambda m: hear(bytes(m.bytes()), time.perf_counter()))

    def open_output(self, name: str) -> Any:
        """A port with `send`. Raises StudioError."""
        return self._open("output", name)

    def _open(self, kind: str, name: str, **options: Any) -> Any:
        backend = self._loaded()
        try:
            full = next(n for n in getattr(backend, f"get_{kind}_names")() if plain(n) == name)
            return getattr(backend, f"open_{kind}")(full, **options)
        except (StopIteration, OSError, RuntimeError) as error:
            raise StudioError(
                f"The MIDI device “{name}” is not connected, or another program has it.",
                "Connect it, or choose another.",
                details=str(error),
            ) from error


class Keyboard:
    """One chosen input. `look` opens it once it is there and lets go of it when it has gone."""

    def __init__(self, devices: MidiDevices, hear: Hear) -> None:
        self._devices, self._hear = devices, hear
        self._port: Any = None
        self._opened = ""
        self._lock = threading.Lock()
        self.name = ""

    @property
    def connected(self) -> bool:
        return self._port is not None

    def choose(self, name: str) -> None:
        """Listen to another from the next `look` on; "" for none."""
        self.name = name

    def look(self) -> bool:
        """Whether it is there now. Raises StudioError where it is taken, or there is no MIDI at all."""
        with self._lock:
            there = self._devices.inputs() if self.name or self._port is not None else []
            if self._port is not None and (self._opened != self.name or self.name not in there):
                self._close()
            if self._port is None and self.name in there:
                self._port, self._opened = self._devices.open_input(self.name, self._hear), self.name
            return self._port is not None

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.close()


@dataclass(frozen=True)
class Part:
    """What one device plays: messages by frames of the player's source, ascending."""

    frames: Sequence[int]
    messages: Sequence[bytes]


class Sender:
    """Sends parts to their devices when the player's sound of that place is heard. A thread of its own: the window may
    be busy. When the transport stops, jumps or loops, every key that is down is let go.
    """

    def __init__(self, player: Player, devices: MidiDevices) -> None:
        self._player, self._devices = player, devices
        self._parts: Mapping[str, Part] = {}
        self._ports: dict[str, Any] = {}
        self._looked: dict[str, float] = {}
        self._gone: set[str] = set()
        self._down: dict[str, set[tuple[int, int]]] = {}
        self._told: dict[str, set[bytes]] = {}
        """System exclusive messages that a device has had since its port was opened."""
        self._wishes: deque[tuple[str, bytes]] = deque()
        self._wake, self._closed = threading.Event(), False
        self._thread: threading.Thread | None = None

    def set_parts(self, parts: Mapping[str, Part]) -> None:
        """Play these from now on."""
        self._parts = dict(parts)
        self._begin()

    def now(self, device: str, message: bytes) -> None:
        """Send a message at once: somebody plays. From any thread."""
        self._wishes.append((device, message))
        self._begin()

    def wake(self) -> None:
        """The transport has begun to run."""
        self._wake.set()

    def connected(self, device: str) -> bool:
        """Whether a device takes messages."""
        return device in self._ports

    def look(self, there: Sequence[str]) -> None:
        """These devices are connected: others are opened anew once they are back."""
        self._gone = set(self._ports) - set(there)
        self._wake.set()

    def close(self) -> None:
        """Let go of all keys and ports."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)

    def _begin(self) -> None:
        if not self._closed and self._thread is None and (self._parts or self._wishes):
            self._thread = threading.Thread(target=self._run, name="midi sender", daemon=True)
            self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        last: float | None = None
        while not self._closed:
            self._open()
            while self._wishes:
                self._send(*self._wishes.popleft())
            here = self._player.position_at(time.perf_counter()) if self._player.playing else None
            if here is None:
                if last is not None:
                    self._silence()
                last = None
                self._wake.wait(POLL_SECONDS if self._player.playing else 0.2)
                self._wake.clear()
                continue
            rate = self._player.source.rate
            if last is None or here < last - rate * 0.02 or here > last + rate * 0.5:
                # A little before here: what begins where the transport or the loop does must not be missed.
                last = max(0.0, here - rate * 0.05)
                self._jump(last)
            if here > last:
                self._play(last, here)
                last = here
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()
        self._silence()
        for port in self._ports.values():
            port.close()

    def _play(self, first: float, last: float) -> None:
        for device, part in self._parts.items():
            for index in range(bisect_left(part.frames, first), bisect_left(part.frames, last)):
                self._send(device, part.messages[index])

    def _jump(self, place: float) -> None:
        """From here on: keys up, then the programs and controllers as they stand there. What sets a device up (system
        exclusive) comes first, where it has not had it yet.
        """
        self._silence()
        for device, part in self._parts.items():
            standing: dict[tuple[int, int], bytes] = {}
            for message in part.messages[: bisect_left(part.frames, place)]:
                if message[0] == 0xF0 and message not in self._told.get(device, ()):
                    self._send(device, message)
            for message in part.messages[: bisect_left(part.frames, place)]:
                kind = message[0] & 0xF0
                if kind in (0xB0, 0xC0, 0xE0):
                    standing[message[0], message[1] if kind == 0xB0 else -1] = message
            # A program is chosen from the bank that was chosen before it.
            for message in sorted(standing.values(), key=lambda m: (m[0] & 0xF0) == 0xC0):
                self._send(device, message)

    def _send(self, device: str, message: bytes) -> None:
        port = self._ports.get(device)
        if port is None:
            return
        import mido

        try:
            port.send(mido.Message.from_bytes(message))
        except (OSError, RuntimeError, ValueError) as error:
            _log.info("MIDI device %s: %s", device, error)
            self._ports.pop(device, None)
            return
        if message[0] == 0xF0:
            self._told.setdefault(device, set()).add(message)
            return
        kind, key = message[0] & 0xF0, (message[0] & 15, message[1] if len(message) > 1 else 0)
        if kind == 0x90 and message[2]:
            self._down.setdefault(device, set()).add(key)
        elif kind in (0x80, 0x90):
            self._down.get(device, set()).discard(key)

    def _silence(self) -> None:
        """Every key up, every pedal, and "all notes off" for devices that lost count."""
        for device, part in self._parts.items():
            for channel, pitch in self._down.pop(device, set()):
                self._send(device, bytes((0x80 | channel, pitch, 64)))
            for channel in sorted({m[0] & 15 for m in part.messages if m[0] < 0xF0}):
                for controller in (64, 123):
                    self._send(device, bytes((0xB0 | channel, controller, 0)))

    def _open(self) -> None:
        """Ports for all devices that something is to be sent to."""
        for device in self._gone & set(self._ports):
            self._ports.pop(device).close()
            self._looked.pop(device, None)
        self._gone = set()
        wanted = set(self._parts) | {device for device, _ in self._wishes}
        for device in wanted - set(self._ports):
            now = time.monotonic()
            if now - self._looked.get(device, -LOOK_SECONDS) >= LOOK_SECONDS:
                self._looked[device] = now
                try:
                    self._ports[device] = self._devices.open_output(device)
                    self._told.pop(device, None)
                except StudioError as error:
                    _log.info("%s", error)
