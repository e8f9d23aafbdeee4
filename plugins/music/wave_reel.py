"""Samples in a file, read where they are asked for and given as 32-bit floats, whatever they are in the file.

The file is read, not mapped: a disk that is pulled out is silence then, where a mapping would take the program down.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import IO, Literal

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.float32]
Kind = Literal["int16", "int24", "float"]
BYTES: dict[Kind, int] = {"int16": 2, "int24": 3, "float": 4}
"""What a sample takes, with its lowest byte first."""


class Reel:
    """`frames` x `channels` samples from byte `first` of an open file on. The file is closed with the reel; `temporary`
    are the bytes that are given back then.
    """

    def __init__(
        self, file: IO[bytes], frames: int, channels: int, kind: Kind, *, first: int = 0, temporary: int = 0
    ) -> None:
        self.frames, self.channels, self.temporary = frames, channels, temporary
        self._kind: Kind = kind
        self._first, self._row = first, channels * BYTES[kind]
        self._number = os.dup(file.fileno())
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, self._number)

    def read(self, first: int, last: int) -> Frames:
        """[last - first, channels]; what cannot be read is silence."""
        size = (last - first) * self._row
        try:
            data = self._bytes(self._first + first * self._row, size)
        except OSError:
            data = b""
        if len(data) < size:
            data += bytes(size - len(data))
        return unpacked(data, self._kind).reshape(-1, self.channels)

    def _bytes(self, place: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._number, size, place)
        with self._lock:
            os.lseek(self._number, place, os.SEEK_SET)
            return os.read(self._number, size)


def packed(sound: Frames, kind: Kind) -> bytes:
    """As "int16" or "float"."""
    if kind == "float":
        return np.ascontiguousarray(sound, "<f4").tobytes()
    return np.clip(np.round(sound * 32_768.0), -32_768, 32_767).astype("<i2").tobytes()


def unpacked(data: bytes, kind: Kind) -> Frames:
    """One row of samples, 1 is full scale."""
    if kind == "float":
        return np.array(np.frombuffer(data, "<f4"), np.float32)
    if kind == "int16":
        return np.frombuffer(data, "<i2") * np.float32(1 / 32_768)
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return wide.view("<i4")[:, 0] * np.float32(1 / 2**31)
