"""A baseline TIFF writer for RGB in 8 and 16 bits a colour (TIFF 6.0): Pillow has none for 16-bit RGB."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 2, 3, 4, 5, 7
_STRIP_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    data: bytes


def _shorts(tag: int, *values: int) -> _Entry:
    return _Entry(tag, _SHORT, len(values), struct.pack(f"<{len(values)}H", *values))


def _longs(tag: int, *values: int) -> _Entry:
    return _Entry(tag, _LONG, len(values), struct.pack(f"<{len(values)}I", *values))


def write(
    pixels: np.ndarray,
    *,
    compress: bool = True,
    xmp: bytes = b"",
    icc_profile: bytes = b"",
    user_comment: bytes = b"",
) -> bytes:
    """A little-endian TIFF. `pixels` are [height, width, 3], uint8 or uint16; Deflate with the horizontal predictor
    where `compress`.
    """
    height, width, _ = pixels.shape
    bits = pixels.dtype.itemsize * 8
    rows = max(1, _STRIP_BYTES // (width * 3 * pixels.dtype.itemsize))
    strips = [_strip(pixels[top : top + rows], compress) for top in range(0, height, rows)]
    offsets, at = [], 8
    for strip in strips:
        offsets.append(at)
        at += len(strip) + len(strip) % 2
    entries = [
        _longs(256, width),
        _longs(257, height),
        _shorts(258, bits, bits, bits),
        _shorts(259, 8 if compress else 1),
        _shorts(262, 2),  # RGB
        _longs(273, *offsets),
        _shorts(277, 3),
        _longs(278, rows),
        _longs(279, *(len(strip) for strip in strips)),
        _Entry(282, _RATIONAL, 1, struct.pack("<II", 72, 1)),
        _Entry(283, _RATIONAL, 1, struct.pack("<II", 72, 1)),
        _shorts(284, 1),
        _shorts(296, 2),
        _Entry(305, _ASCII, 7, b"Studio\0"),
        _shorts(317, 2 if compress else 1),
        _shorts(339, 1, 1, 1),
    ]
    if xmp:
        entries.append(_Entry(700, _BYTE, len(xmp), xmp))
    if icc_profile:
        entries.append(_Entry(34675, _UNDEFINED, len(icc_profile), icc_profile))
    body = b"".join(strip + b"\0" * (len(strip) % 2) for strip in strips)
    if user_comment:
        exif = _directory([_Entry(37510, _UNDEFINED, len(user_comment), user_comment)], at)
        entries.append(_longs(34665, at))
        body += exif
        at += len(exif)
    return struct.pack("<2sHI", b"II", 42, at) + body + _directory(entries, at)


def _strip(pixels: np.ndarray, compress: bool) -> bytes:
    if not compress:
        return pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    # Differences of neighbours, wrapping around as unsigned numbers do.
    left = np.zeros_like(pixels)
    left[:, 1:] = pixels[:, :-1]
    return zlib.compress((pixels - left).astype(pixels.dtype.newbyteorder("<")).tobytes(), 6)


def _directory(entries: list[_Entry], at: int) -> bytes:
    """A directory that starts at the offset `at`, with the values that do not fit into its entries behind it."""
    ordered = sorted(entries, key=lambda entry: entry.tag)
    behind = at + 2 + 12 * len(ordered) + 4
    head, tail = [struct.pack("<H", len(ordered))], b""
    for entry in ordered:
        if len(entry.data) <= 4:
            value = entry.data.ljust(4, b"\0")
        else:
            value = struct.pack("<I", behind + len(tail))
            tail += entry.data + b"\0" * (len(entry.data) % 2)
        head.append(struct.pack("<HHI", entry.tag, entry.kind, entry.count) + value)
    return b"".join(head) + struct.pack("<I", 0) + tail
