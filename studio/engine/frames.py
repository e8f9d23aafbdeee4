"""Frames: how the window's process and a generation host talk. A JSON header and binary blobs, never pickles."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Protocol

from studio.core.values import frozen

_MAGIC = b"SF1\n"
_HEAD = struct.Struct(">4sI")
_HEADER_LIMIT = 64 * 2**20
_BLOB_LIMIT = 16 * 2**30


class FrameError(Exception):
    """What came through the pipe is not a frame."""


@frozen
class Frame:
    """`kind` says what it is, `data` is JSON, `blobs` are bytes by value."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    blobs: tuple[bytes, ...] = ()


class Channel(Protocol):
    """A worker's end of the line."""

    def receive(self) -> Frame | None:
        """The next frame; waits for it. None when the other end is gone. Raises FrameError."""

    def send(self, frame: Frame) -> None:
        """Send a frame; may be called from any thread."""


def pack(frame: Frame) -> tuple[bytes, ...]:
    """The pieces to write, one after the other. Raises TypeError or ValueError where `data` is not JSON."""
    header = json.dumps(
        {"kind": frame.kind, "data": frame.data, "blobs": [len(blob) for blob in frame.blobs]},
        separators=(",", ":"),
        allow_nan=False,
    ).encode()
    return (_HEAD.pack(_MAGIC, len(header)) + header, *frame.blobs)


def unpack(read: Callable[[int], bytes]) -> Frame | None:
    """The next frame from `read(size)`, which returns fewer bytes only at the end. None at a clean end.

    Raises FrameError for anything but whole, well-formed frames.
    """
    head = read(_HEAD.size)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise FrameError("the line was cut inside a frame")
    magic, size = _HEAD.unpack(head)
    if magic != _MAGIC or size > _HEADER_LIMIT:
        raise FrameError("the line carries something that is not a frame")
    raw = _whole(read, size)
    try:
        header = json.loads(raw)
        kind, data, sizes = str(header["kind"]), dict(header["data"]), [int(length) for length in header["blobs"]]
    except (KeyError, TypeError, ValueError) as error:
        raise FrameError(f"a frame has a broken header: {error}") from error
    if any(length < 0 for length in sizes) or sum(sizes) > _BLOB_LIMIT:
        raise FrameError("a frame announces more than a frame may carry")
    return Frame(kind, data, tuple(_whole(read, length) for length in sizes))


def _whole(read: Callable[[int], bytes], size: int) -> bytes:
    data = read(size)
    if len(data) < size:
        raise FrameError("the line was cut inside a frame")
    return data
