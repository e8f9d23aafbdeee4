"""Words inside WAV and MP3 files, written and read: RIFF chunks and ID3 tags. libsndfile does the other formats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

MOST_TEXT = 4_000_000


def chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def info(title: str, comment: str) -> bytes:
    """The INFO chunk of a WAV file."""
    fields = [(b"INAM", title), (b"ISFT", "Studio"), (b"ICMT", comment)]
    body = b"".join(chunk(name, text.encode() + b"\0") for name, text in fields if text)
    return chunk(b"LIST", b"INFO" + body)


def loop(samples: int, rate: int) -> bytes:
    """A `smpl` chunk: one endless loop over all samples."""
    head: Sequence[int] = (0, 0, 1_000_000_000 // rate, 60, 0, 0, 0, 1, 0)
    row: Sequence[int] = (0, 0, 0, samples - 1, 0, 0)
    return chunk(b"smpl", b"".join(n.to_bytes(4, "little") for n in (*head, *row)))


def with_chunks(data: bytes, chunks: Sequence[bytes]) -> bytes:
    """A RIFF file with more chunks at its end."""
    whole = data + b"".join(chunks)
    return whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:]


def wav_sound(path: Path) -> tuple[int, int]:
    """Where the sound of a WAV file begins, and how many bytes of it there are; (0, 0) for another kind of file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        at = 12
        for _ in range(1000 if head[:4] == b"RIFF" and head[8:12] == b"WAVE" else 0):
            file.seek(at)
            head = file.read(8)
            length = int.from_bytes(head[4:], "little")
            if len(head) < 8 or head[:4] == b"data":
                return (at + 8, min(length, size - at - 8)) if head[:4] == b"data" else (0, 0)
            at += 8 + length + length % 2
    return 0, 0


def wav_comment(path: Path) -> str:
    """The comment of a WAV file's INFO chunk, or "". Chunks are stepped over, their sound is not read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 12
        for _ in range(1000):
            file.seek(at)
            head = file.read(8)
            if len(head) < 8:
                return ""
            length = int.from_bytes(head[4:], "little")
            if head[:4] == b"LIST" and length < MOST_TEXT and at + 8 + length <= size:
                found = _comment_in(file.read(length))
                if found:
                    return found
            at += 8 + length + length % 2
    return ""


def _comment_in(body: bytes) -> str:
    at = 4
    while body[:4] == b"INFO" and at + 8 <= len(body):
        length = int.from_bytes(body[at + 4 : at + 8], "little")
        if body[at : at + 4] == b"ICMT":
            return body[at + 8 : at + 8 + length].rstrip(b"\0").decode("utf-8", "replace")
        at += 8 + length + length % 2
    return ""


def id3(title: str, comment: str) -> bytes:
    """An ID3 2.4 tag in UTF-8, to stand before an MP3. libsndfile's own would be Latin-1."""
    frames = b""
    if title:
        frames += _frame(b"TIT2", b"\x03" + title.encode())
    if comment:
        frames += _frame(b"COMM", b"\x03eng\0" + comment.encode())
    return b"ID3\x04\0\0" + _safe(len(frames)) + frames if frames else b""


def _safe(number: int) -> bytes:
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _frame(name: bytes, body: bytes) -> bytes:
    return name + _safe(len(body)) + b"\0\0" + body


def id3_comment(path: Path) -> str:
    """The comment in the tag that `id3` wrote, or "". Tags of other programs are not understood."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:6] != b"ID3\x04\0\0":
            return ""
        body = file.read(min(_unsafe(head[6:10]), MOST_TEXT))
    at = 0
    while at + 10 <= len(body):
        size = _unsafe(body[at + 4 : at + 8])
        if body[at : at + 4] == b"COMM" and body[at + 10 : at + 15] == b"\x03eng\0":
            return body[at + 15 : at + 10 + size].decode("utf-8", "replace")
        at += 10 + size
    return ""


def _unsafe(four: bytes) -> int:
    number = 0
    for byte in four:
        number = number << 7 | byte & 0x7F
    return number
