"""The bytes of a steps file: a header, then one record a step, each part with its own checksum.

All numbers are little endian. Header (16 bytes): magic, format number, zeros. Record: a head of 44 bytes (mark, index,
the lengths of its three parts, their CRC-32, the CRC-32 of the head), then the parts: JSON about the step, the preview
and the state. See docs/project-folder.md.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

from studio.core.steps import Step
from studio.core.values import frozen
from studio.store.preview_format import pack_preview, unpack_preview

FORMAT = 3
HEADER = struct.Struct("<8sI4x")
MAGIC = b"STUDIOst"
HEAD = struct.Struct("<4sIIIQIII")
CRC = struct.Struct("<I")
MARK = b"\xf1STP"
HEAD_SIZE = HEAD.size + CRC.size

ABOUT_LIMIT = 1 << 20
PREVIEW_LIMIT = 1 << 25
STATE_LIMIT = 1 << 36
STEPS_LIMIT = 1 << 20
"""Nobody's generation has a million steps: what says so is damaged or hostile."""

_SAMPLE = 1024
_PAYS = 0.9
"""Compress only what shrinks to less than this: the noise of the first denoising steps does not."""


class Damaged(ValueError):
    """A part of a steps file is not what was written."""


@frozen
class Head:
    """Where one record lies: `offset` in the file, the lengths of its parts in bytes, and their CRC-32."""

    offset: int
    index: int
    about: int
    preview: int
    state: int
    about_crc: int
    preview_crc: int
    state_crc: int

    @property
    def end(self) -> int:
        """The offset just behind the record."""
        return self.offset + HEAD_SIZE + self.about + self.preview + self.state

    def sane(self) -> bool:
        """False for lengths that nobody would have written."""
        return _sane(self.index, self.about, self.preview, self.state)


def _sane(index: int, about: int, preview: int, state: int) -> bool:
    return index < STEPS_LIMIT and about <= ABOUT_LIMIT and preview <= PREVIEW_LIMIT and state <= STATE_LIMIT


def header() -> bytes:
    """What a steps file begins with."""
    return HEADER.pack(MAGIC, FORMAT)


def read_header(data: bytes) -> int:
    """The format number. Raises Damaged where it is no steps file."""
    if len(data) < HEADER.size:
        raise Damaged("too short for a header")
    magic, number = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise Damaged("not a steps file")
    return int(number)


def pack(step: Step, state: bytes = b"") -> bytes:
    """One record; `state` is packed already. Raises ValueError or TypeError for what is no JSON."""
    preview = b""
    about: dict[str, Any] = {"total": step.total, "label": step.label}
    if step.preview is not None:
        preview, about["preview"] = pack_preview(step.preview)
    text = json.dumps(about, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    head = HEAD.pack(
        MARK,
        step.index,
        len(text),
        len(preview),
        len(state),
        zlib.crc32(text),
        zlib.crc32(preview),
        zlib.crc32(state),
    )
    record = b"".join((head, CRC.pack(zlib.crc32(head)), text, preview, state))
    if not _sane(step.index, len(text), len(preview), len(state)):
        raise ValueError(f"step {step.index} is too large to be kept ({len(record)} bytes)")
    return record


def unpack_head(data: bytes, offset: int) -> Head | None:
    """The head at the start of `data`, which was read at `offset`; None where there is none or it is damaged."""
    if len(data) < HEAD_SIZE or not data.startswith(MARK):
        return None
    if CRC.unpack_from(data, HEAD.size)[0] != zlib.crc32(data[: HEAD.size]):
        return None
    head = Head(offset, *HEAD.unpack_from(data)[1:])
    return head if head.sane() else None


def unpack_step(head: Head, about: bytes, preview: bytes) -> Step:
    """The step, without its state. Raises Damaged."""
    if zlib.crc32(about) != head.about_crc or zlib.crc32(preview) != head.preview_crc:
        raise Damaged(f"step {head.index}: checksum")
    try:
        values = json.loads(about.decode("utf-8", "surrogatepass"))
        look = values.get("preview")
        return Step(
            index=head.index,
            total=int(values["total"]),
            label=str(values.get("label", "")),
            has_state=head.state > 0,
            preview=None if look is None else unpack_preview(look, preview, limit=PREVIEW_LIMIT),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Damaged(f"step {head.index}: {error}") from error


def squeeze(data: bytes) -> tuple[bytes, bool]:
    """`data` through zlib where that pays, judged by a sample from its middle, and whether it was done."""
    if len(data) < 64:
        return data, False
    start = max(0, (len(data) - _SAMPLE) // 2)
    sample = data[start : start + _SAMPLE]
    if len(zlib.compress(sample, 1)) > _PAYS * len(sample):
        return data, False
    small = zlib.compress(data, 1)
    return (small, True) if len(small) < _PAYS * len(data) else (data, False)


def unsqueeze(data: bytes, squeezed: bool, size: int, *, limit: int) -> bytes:
    """The opposite of `squeeze`, never more than `size` bytes. Raises ValueError where the size is another."""
    if not 0 <= size <= limit:
        raise ValueError(f"{size} bytes is out of bounds")
    if squeezed:
        inflate = zlib.decompressobj()
        try:
            data = inflate.decompress(data, size + 1)  # bounded: a bomb stops one byte past what was promised
        except zlib.error as error:
            raise ValueError(str(error)) from error
    if len(data) != size:
        raise ValueError(f"{len(data)} bytes instead of {size}")
    return data
