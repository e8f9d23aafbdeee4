"""The bytes of Standard MIDI files: chunks and events, bounded, so that a broken or hostile file is found out at once.

Events keep their bytes: what nobody here understands (unknown meta events, system exclusive, escapes) can be written
back as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from studio.api import StudioError

from .document import MOST_EVENTS, MOST_TICKS, MOST_TRACKS

MOST_HOURS = 24

Event = tuple[int, bytes]
"""(tick, message): status and data; for meta events also the kind, both with the length before the body."""

_CHANNEL_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}


def unwrapped(data: bytes) -> bytes:
    """The MIDI file inside a RIFF container, where it is one."""
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        at = data.find(b"MThd", 12, 200)
        return data[at:] if at > 0 else data
    return data


def _chunks(data: bytes) -> Iterator[tuple[int, int]]:
    """(first byte, byte after the last) of every track. ValueError."""
    if data[:4] != b"MThd" or len(data) < 14:
        raise ValueError("no MIDI header")
    if int.from_bytes(data[8:10]) > 2:
        raise ValueError("unknown type of file")
    at, found = 8 + int.from_bytes(data[4:8]), 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8])
        if at + 8 + size > len(data):
            raise ValueError(f"a chunk of {size} bytes is cut off")
        if data[at : at + 4] == b"MTrk":
            found += 1
            if found > MOST_TRACKS:
                raise StudioError(f"This MIDI file has more than {MOST_TRACKS} tracks.", "Split it elsewhere.")
            yield at + 8, at + 8 + size
        at += 8 + size
    if not found:
        raise ValueError("no track")


def _number(data: bytes, at: int, last: int) -> tuple[int, int]:
    """A variable-length number and where it ends. ValueError where it is longer than four bytes."""
    value = 0
    for _ in range(4):
        if at >= last:
            raise ValueError("a number is cut off")
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    raise ValueError("a number of more than four bytes")


def number(value: int) -> bytes:
    """A variable-length number of up to four bytes."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def _events(data: bytes, first: int, last: int) -> Iterator[Event]:
    """The events of one track. ValueError."""
    at, running, tick = first, 0, 0
    while at < last:
        delta, at = _number(data, at, last)
        tick += delta
        if at >= last:
            raise ValueError("an event is cut off")
        status, begin = data[at], at
        if status >= 0x80:
            at += 1
        elif running:
            status = running
        else:
            raise ValueError("running status with nothing before it")
        if status == 0xFF:
            size, at = _number(data, at + 1, last)
        elif status in (0xF0, 0xF7):
            size, at = _number(data, at, last)
        elif status < 0xF0:
            size, running = _CHANNEL_BYTES[status & 0xF0], status
        else:
            raise ValueError(f"status {status:02x}")
        if at + size > last:
            raise ValueError("an event is cut off")
        yield tick, data[begin : at + size] if status >= 0xF0 else bytes((status, *data[at : at + size]))
        at += size


def parse(data: bytes) -> tuple[int, int, list[list[Event]]]:
    """(type, division, tracks). Raises StudioError for what is damaged or absurd, after a bounded look."""
    data = unwrapped(data)
    tracks: list[list[Event]] = []
    left = MOST_EVENTS
    try:
        division = int.from_bytes(data[12:14])
        longest = min(MOST_TICKS, MOST_HOURS * 3600 * 4 * (division if 0 < division < 0x8000 else 500))
        for first, last in _chunks(data):
            found: list[Event] = []
            for event in _events(data, first, last):
                left -= 1
                if left < 0:
                    raise StudioError(
                        f"This MIDI file has more than {MOST_EVENTS:,} events.", "Nobody could edit so many."
                    )
                if event[0] > longest:
                    raise StudioError(
                        "This MIDI file would last for days.", f"Studio reads up to {MOST_HOURS} hours; is it damaged?"
                    )
                found.append(event)
            tracks.append(found)
        return int.from_bytes(data[8:10]), division, tracks
    except (IndexError, ValueError, KeyError) as error:
        raise StudioError(
            "This MIDI file is damaged or not whole.", "Try another copy of it.", details=str(error)
        ) from error


def meta(message: bytes) -> tuple[int, bytes]:
    """(kind, body) of a meta event, (-1, b"") of any other."""
    if message[0] != 0xFF:
        return -1, b""
    size, at = _number(message, 2, len(message))
    return message[1], message[at : at + size]


def meta_event(kind: int, body: bytes) -> bytes:
    """The opposite of `meta`."""
    return bytes((0xFF, kind)) + number(len(body)) + body


def build(kind: int, division: int, tracks: Iterable[Iterable[Event]]) -> bytes:
    """A file. Events must be in order; an end of track is added to each where there is none."""
    chunks = []
    for events in tracks:
        out, before, ended = bytearray(), 0, False
        for tick, message in events:
            out += number(tick - before) + message
            before, ended = tick, message[:2] == b"\xff\x2f"
        if not ended:
            out += b"\0" + meta_event(0x2F, b"")
        chunks.append(b"MTrk" + len(out).to_bytes(4) + bytes(out))
    head = kind.to_bytes(2) + len(chunks).to_bytes(2) + division.to_bytes(2)
    return b"MThd" + len(head).to_bytes(4) + head + b"".join(chunks)
