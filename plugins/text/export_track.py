"""A track under an exported story: a sound file inside the page or the book, which is played while one reads."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from studio.api import StudioError

MOST_BYTES = 50_000_000
_PAGES = {".mp3": "audio/mpeg", ".opus": "audio/ogg", ".ogg": "audio/ogg", ".wav": "audio/wav", ".flac": "audio/flac"}
_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
"""What MP3 can have."""


@dataclass(frozen=True, slots=True)
class Track:
    """A sound file; `name` is what it is called in a book."""

    data: bytes
    kind: str
    name: str


def track_of(chosen: str, *, book: bool = False) -> Track | None:
    """The file of that path; None where none is chosen. Raises StudioError for what readers cannot play.

    In a book it is MP3 whatever it was: the one kind that readers of every EPUB 3 play without a fallback
    (https://www.w3.org/TR/epub-33/#sec-core-media-types; Opus came with 3.3).
    """
    if not chosen.strip():
        return None
    path = Path(chosen.strip()).expanduser()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise StudioError("The track is larger than 50 MB.", "Export it as MP3 or Opus, or choose a shorter one.")
        data = path.read_bytes()
    except OSError as error:
        raise StudioError(
            "The track is not there.", "Choose the file again, or leave the track empty.", details=str(error)
        ) from error
    suffix = _suffix(data)
    if not suffix:
        raise StudioError(
            f"{path.name} is no sound that a browser plays.", "Choose an MP3, Opus, Ogg, WAV or FLAC file."
        )
    if book and suffix != ".mp3":
        data, suffix = _as_mp3(data, path.name), ".mp3"
    return Track(data, _PAGES[suffix], f"track{suffix}")


def _as_mp3(data: bytes, name: str) -> bytes:
    import soundfile  # only who puts a sound into a book waits for it

    from studio.inference.resampling import resample

    try:
        frames, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
        if rate not in _RATES:
            frames, rate = resample(frames, rate, _RATES[0]), _RATES[0]
        made = io.BytesIO()
        soundfile.write(made, frames[:, :2], rate, "MPEG_LAYER_III", format="MP3")
    except (soundfile.LibsndfileError, ValueError) as error:
        raise StudioError(f"{name} cannot be read.", "Choose another sound file.", details=str(error)) from error
    return made.getvalue()


def _suffix(data: bytes) -> str:
    """By what is inside, not by the name."""
    if data[:4] == b"OggS":
        return ".opus" if b"OpusHead" in data[:100] else ".ogg"
    if data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return ".mp3"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return ".wav"
    return ".flac" if data[:4] == b"fLaC" else ""


def player(source: str) -> str:
    """What plays it, as XHTML. Nothing sounds before the reader wants it to."""
    return f'<p class="track"><audio controls="controls" loop="loop" title="Music" src="{source}"></audio></p>\n'
