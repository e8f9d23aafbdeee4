"""Media types (MIME) and the few rules about them. A new medium is a new string, never a new class."""

from __future__ import annotations

from fnmatch import fnmatchcase

PNG = "image/png"
JPEG = "image/jpeg"
WEBP = "image/webp"
AVIF = "image/avif"
TIFF = "image/tiff"
TEXT = "text/plain"
MARKDOWN = "text/markdown"
MIDI = "audio/midi"
WAV = "audio/wav"

RGB = "image/x-rgb8"
"""Preview only: raw rows of 8-bit red, green, blue without padding; width and height stand in the preview."""

ROLL = "application/vnd.studio.roll+json"
"""Preview only: the notes of a step as a small picture of themselves. UTF-8 JSON, {"length": 4, "notes": [[start,
length, pitch], …]}: start and length in the unit of the whole length, pitch as MIDI counts it."""

SUFFIXES = {
    PNG: ".png",
    JPEG: ".jpg",
    WEBP: ".webp",
    AVIF: ".avif",
    TIFF: ".tiff",
    TEXT: ".txt",
    MARKDOWN: ".md",
    MIDI: ".mid",
    WAV: ".wav",
}
_WILD = frozenset("*?[")
"""Only patterns with one of these become regular expressions: 0.1 ms each, and a start asks for a hundred."""


def kind(media: str) -> str:
    """The part before the slash: image, text, audio, video, model."""
    return media.partition("/")[0]


def is_record(media: str) -> bool:
    """True for what a generator keeps beside a result for its own panel ("application/vnd.studio.tokens+json"): it is
    an artifact of its job like any other, but nobody looks for it in the library.
    """
    return media.startswith("application/vnd.studio.")


def suffix(media: str) -> str:
    """The usual file name ending with its dot; `.bin` for a media type nobody told us about."""
    return SUFFIXES.get(media, ".bin")


def accepts(patterns: tuple[str, ...], media: str) -> bool:
    """True where one of `patterns` ("image/*", "text/plain") fits `media`."""
    return media in patterns or any(fnmatchcase(media, pattern) for pattern in patterns if _WILD.intersection(pattern))
