"""How alike two results of one medium are: pictures by their pixels, texts by their words, music by its notes."""

from __future__ import annotations

import io
import json
import math
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from studio.core import media
from studio.core.verdict import Answer

if TYPE_CHECKING:
    from PIL import Image

Found = tuple[Answer, str, float | None]
"""The answer, how far apart they are in words, and the PSNR in dB for pictures that differ."""

CLOSE = 30.0
"""dB of PSNR from which two pictures look alike."""
_READ = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF")
_SIDE = 16_384
_PEAK = 255.0
_MIDI_LIMIT = 20_000_000
_PITCHES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def compared(kind: str, data: bytes, made: str, again: bytes) -> Found:
    """A file of type `kind` and what was made `again`, of type `made`, by the first entry of WAYS that fits both."""
    if data == again:
        return Answer.IDENTICAL, "", None
    for pattern, way in WAYS:
        if media.accepts((pattern,), kind) and media.accepts((pattern,), made):
            return way(data, again)
    if media.kind(kind) != media.kind(made):
        return Answer.DIFFERENT, f"it is {kind}, and {made} was made", None
    return files(data, again)


# --- pictures ---------------------------------------------------------------------------------------------------------


def pictures(data: bytes, again: bytes) -> Found:
    """Two pictures by their pixels; one of another size is compared at the size of `data`."""
    from PIL import Image  # not on the way to the window

    try:
        one, two = _pixels(data), _pixels(again)
    except (OSError, ValueError, SyntaxError, Warning):
        return Answer.DIFFERENT, "the picture cannot be read", None
    if one.size != two.size:
        note = f"{one.width} × {one.height} pixels instead of {two.width} × {two.height}"
        if abs(one.width * two.height - one.height * two.width) > max(one.size) * max(two.size) // 100:
            return Answer.DIFFERENT, note, None
        two = two.resize(one.size, Image.Resampling.LANCZOS)
    else:
        note = ""
    psnr = _psnr(one, two)
    if psnr is None:
        return (Answer.CLOSE, note, None) if note else (Answer.IDENTICAL, "", None)
    words = f"PSNR {psnr:.1f} dB" + (f", {note}" if note else "")
    return (Answer.CLOSE if psnr >= CLOSE else Answer.DIFFERENT), words, psnr


def _pixels(data: bytes) -> Image.Image:
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=_READ) as picture:
            if max(picture.size) > _SIDE:
                raise ValueError("too large")
            return ImageOps.exif_transpose(picture).convert("RGB")


def _psnr(one: Image.Image, two: Image.Image) -> float | None:
    """In dB; None where no pixel differs."""
    from PIL import ImageChops

    counts = ImageChops.difference(one, two).histogram()
    total = sum(counts)
    error = sum(count * (level % 256) ** 2 for level, count in enumerate(counts)) / max(total, 1)
    return None if error == 0 else 10 * math.log10(_PEAK**2 / error)


# --- words and notes --------------------------------------------------------------------------------------------------


def texts(data: bytes, again: bytes) -> Found:
    """Two texts, word by word; spaces and line ends do not count, a program that saves a file again changes them."""
    first, second = (one.decode("utf-8", "replace").split() for one in (data, again))
    return _rows(first, second, "word", lambda word: word[:40])


def notes(data: bytes, again: bytes) -> Found:
    """Two MIDI files, note by note: when it begins, for how long, how high and how loud, and in which track."""
    try:
        first, second = _notes(data), _notes(again)
    except (OSError, ValueError, EOFError, IndexError, KeyError):
        return Answer.DIFFERENT, "the MIDI file cannot be read", None
    return _rows(first, second, "note", lambda note: f"{note[1]} at beat {note[0]:g}")


def scores(data: bytes, again: bytes) -> Found:
    """Two scores of ours, note by note; what the notes are called does not count."""
    try:
        first, second = _score_notes(data), _score_notes(again)
    except (ValueError, KeyError, TypeError, IndexError, ZeroDivisionError, RecursionError):
        return Answer.DIFFERENT, "the score cannot be read", None
    return _rows(first, second, "note", lambda note: f"{note[1]} at beat {note[0]:g}")


def _score_notes(data: bytes) -> list[tuple[float, str, float, int, int]]:
    score = json.loads(data)
    beat = int(score["ppq"])
    found = [
        (int(start) / beat, _pitch(int(pitch)), int(length) / beat, int(velocity), number)
        for number, track in enumerate(score["tracks"])
        for _, start, length, pitch, velocity, *_ in track["notes"]
    ]
    return sorted(found)


def _pitch(number: int) -> str:
    return f"{_PITCHES[number % 12]}{number // 12 - 1}"


def _rows(first: Sequence[Any], second: Sequence[Any], what: str, name: Callable[[Any], str]) -> Found:
    if first == second:
        return Answer.IDENTICAL, "", None
    pairs = enumerate(zip(first, second, strict=False))
    same = next((n for n, (one, two) in pairs if one != two), min(len(first), len(second)))
    was = f"“{name(first[same])}”" if same < len(first) else "the end"
    now = f"“{name(second[same])}”" if same < len(second) else "the end"
    close = same * 2 >= max(len(first), len(second))
    answer = Answer.CLOSE if close else Answer.DIFFERENT
    return answer, f"from {what} {same + 1} on, {now} for {was}", None


def _notes(data: bytes) -> list[tuple[float, str, float, int, int]]:
    """Beat, name, length in beats, velocity and track of every note, in the order in which they are heard."""
    import mido  # type: ignore[import-untyped]  # not on the way to the window

    if len(data) > _MIDI_LIMIT:
        raise ValueError("too large")
    file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    beat = file.ticks_per_beat or 480
    found: list[tuple[float, str, float, int, int]] = []
    for number, track in enumerate(file.tracks):
        now, sounding = 0, dict[tuple[int, int], list[tuple[int, int]]]()
        for message in track:
            now += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            key = (message.channel, message.note)
            if message.type == "note_on" and message.velocity:
                sounding.setdefault(key, []).append((now, message.velocity))
            elif sounding.get(key):
                start, velocity = sounding[key].pop(0)
                found.append((start / beat, _pitch(message.note), (now - start) / beat, velocity, number))
    return sorted(found)


# --- sound and everything else ----------------------------------------------------------------------------------------


def sounds(data: bytes, again: bytes) -> Found:
    """Two sound files by their samples: how far the difference lies below the sound, and from when on."""
    import numpy as np  # not on the way to the window
    import soundfile  # type: ignore[import-untyped]

    try:
        one, rate = soundfile.read(io.BytesIO(data), always_2d=True)
        two, other = soundfile.read(io.BytesIO(again), always_2d=True)
    except (RuntimeError, OSError, ValueError, TypeError):
        return Answer.DIFFERENT, "the sound cannot be read", None
    if rate != other or one.shape != two.shape:
        was, now = f"{len(one) / rate:.2f} s at {rate} Hz", f"{len(two) / other:.2f} s at {other} Hz"
        return Answer.DIFFERENT, f"{now} instead of {was}" if was != now else "another number of channels", None
    apart = np.abs(one - two).max(axis=1) if len(one) else np.zeros(1)
    if not apart.any():
        return Answer.IDENTICAL, "", None
    power, error = float(np.mean(one**2)), float(np.mean((one - two) ** 2))
    level = 10 * math.log10(power / error) if power else -math.inf
    words = f"from {int((apart > 0).argmax()) / rate:.2f} s on, the difference {level:.1f} dB below the sound"
    return (Answer.CLOSE if level >= CLOSE else Answer.DIFFERENT), words, None


def files(data: bytes, again: bytes) -> Found:
    """Two files of which only the bytes are known."""
    same = next((n for n, (a, b) in enumerate(zip(data, again, strict=False)) if a != b), min(len(data), len(again)))
    return Answer.DIFFERENT, f"from byte {same + 1:,} of {len(data):,} on", None


WAYS: tuple[tuple[str, Callable[[bytes, bytes], Found]], ...] = (
    ("image/*", pictures),
    ("text/*", texts),
    ("audio/midi", notes),
    ("audio/mid", notes),
    ("audio/x-midi", notes),
    ("audio/vnd.studio.score+json", scores),
    ("audio/*", sounds),
)
"""What two results of a media type are compared by. A new medium is one more entry."""
