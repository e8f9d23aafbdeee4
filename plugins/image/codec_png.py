"""The texts in a PNG, read chunk by chunk with bounds on everything: a 54 kB file can unpack to gigabytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from studio.api import StudioError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT_LIMIT = 2_000_000
"""Bytes of one text, unpacked. The longest recipe has two prompts of 20,000 characters."""
ALL_LIMIT = 8_000_000
CHUNK_LIMIT = 20_000
"""A PNG has some hundred chunks; one with millions of empty ones is made to be slow."""


def texts(path: Path) -> Mapping[str, str]:
    """All texts by their keyword; of two with the same the first counts. Raises StudioError for what is no PNG."""
    found: dict[str, str] = {}
    room = ALL_LIMIT
    with path.open("rb") as file:
        if file.read(8) != SIGNATURE:
            raise StudioError(f"{path.name} is not a PNG picture.", "Try another copy of it.")
        for kind, size in _chunks(file):
            if kind not in (b"tEXt", b"zTXt", b"iTXt") or size > TEXT_LIMIT or size > room:
                file.seek(size + 4, 1)
                continue
            data = file.read(size)
            file.seek(4, 1)
            read = _text(kind, data)
            if read is not None:
                room -= len(read[1])
                found.setdefault(*read)
    return found


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    for _ in range(CHUNK_LIMIT):
        head = file.read(8)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        yield kind, size


def _text(kind: bytes, data: bytes) -> tuple[str, str] | None:
    keyword, found, rest = data.partition(b"\0")
    if not found or not keyword or len(keyword) > 79:
        return None
    name = keyword.decode("latin-1")
    if kind == b"tEXt":
        return name, rest.decode("latin-1")
    if kind == b"zTXt":
        plain = unpack(rest[1:], TEXT_LIMIT) if rest[:1] == b"\0" else None
        return None if plain is None else (name, plain.decode("latin-1"))
    packed = rest[:1] == b"\1"
    parts = rest[2:].split(b"\0", 2)  # language, translated keyword, text
    if len(parts) < 3:
        return None
    body = unpack(parts[2], TEXT_LIMIT) if packed else parts[2]
    return None if body is None else (name, body.decode("utf-8", "replace"))


def unpack(data: bytes, limit: int) -> bytes | None:
    """Inflate to at most `limit` bytes; None for more, and for what is damaged or cut off."""
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(data, limit)
    except zlib.error:
        return None
    return plain if inflater.eof else None
