"""What a file is, by its first bytes, and what its header says: nothing is decoded here."""

from __future__ import annotations

import struct
from pathlib import Path

from studio.core import media

HEAD = 4096
"""How many bytes `sniff` wants to see."""

SUFFIXES = {
    "image/gif": ".gif",
    "audio/flac": ".flac",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/aiff": ".aiff",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "model/gltf-binary": ".glb",
}
"""Endings of what can be brought in beside what `studio.core.media` knows."""

_PNG = b"\x89PNG\r\n\x1a\n"
_STARTS = (
    (_PNG, media.PNG),
    (b"\xff\xd8\xff", media.JPEG),
    (b"II*\0", media.TIFF),
    (b"MM\0*", media.TIFF),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"MThd", media.MIDI),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xfa", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"glTF", "model/gltf-binary"),
)
_TEXTS = {".txt": media.TEXT, ".md": media.MARKDOWN, ".markdown": media.MARKDOWN}


def suffix(media_type: str) -> str:
    """The file name ending for a media type, with its dot."""
    return SUFFIXES.get(media_type) or media.suffix(media_type)


def sniff(head: bytes, name: str = "") -> str:
    """The media type of a file that begins with `head` (its first 4096 bytes, or all of it); "" where unknown.

    `name` only tells kinds of text apart.
    """
    for start, found in _STARTS:
        if head.startswith(start):
            return found
    if head[:4] == b"RIFF":
        return {b"WEBP": media.WEBP, b"WAVE": media.WAV}.get(head[8:12], "")
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "audio/aiff"
    if head[4:8] == b"ftyp":
        return media.AVIF if head[8:12] in (b"avif", b"avis") else "video/mp4"
    return _TEXTS.get(Path(name).suffix.lower(), media.TEXT) if _is_text(head) else ""


def _is_text(head: bytes) -> bool:
    if not head or b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) >= HEAD  # a letter may be cut in two
    return True


def png_size(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, from its first 24 bytes; None for anything else."""
    if len(head) < 24 or not head.startswith(_PNG) or head[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height
