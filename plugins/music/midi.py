"""Standard MIDI files as scores: whatever the panel does not show is kept as it is, beside the notes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.api import StudioError
from studio.inference.notes.score import MODES, QUALITIES, ROLES, Chord

from . import midi_file
from .document import (
    COLOURS,
    MOST_NOTES,
    Foreign,
    Key,
    Metre,
    Note,
    Score,
    Tempo,
    Track,
    by_start,
    ordered,
)
from .document_time import Timeline
from .instruments import DRUM_KIT, NAMES, name_of, program_of

MOST_BYTES = 32_000_000
RECIPE = "studio.recipe "
SCORE = "studio.score "
"""How our own text events begin: the recipe, and what MIDI has no words for (modes, chords, colours, locks)."""
TEXT, NAME, END, TEMPO, METRE, KEY = 0x01, 0x03, 0x2F, 0x51, 0x58, 0x59


def read(path: Path) -> Score:
    """The score of a MIDI file. Raises StudioError for what is damaged, or more than anybody could work with."""
    return from_bytes(content(path), name=path.stem)


def content(path: Path) -> bytes:
    """The bytes of a file that is not too large. Raises StudioError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise StudioError(f"{path.name} is too large for a MIDI file.", "Studio reads up to 32 MB.")
        return path.read_bytes()
    except OSError as error:
        raise StudioError(f"{path.name} cannot be read.", "Choose the file again.", details=str(error)) from error


def from_bytes(data: bytes, *, name: str = "") -> Score:
    """The score in the bytes of a MIDI file. Raises StudioError."""
    _, division, tracks = midi_file.parse(data)
    return _Reader(division, name).score(tracks)


def recipe_text(data: bytes) -> str:
    """The recipe in the text events of a MIDI file, or "". Raises StudioError."""
    for track in midi_file.parse(data)[2]:
        for _, message in track:
            kind, body = midi_file.meta(message)
            if kind == TEXT and body.startswith(RECIPE.encode()):
                return body[len(RECIPE) :].decode("utf-8", "replace")
    return ""


@dataclass(slots=True)
class _Part:
    """One channel of one track of the file, while it is read."""

    channel: int
    notes: list[Note] = field(default_factory=list)
    extra: list[Foreign] = field(default_factory=list)
    program: int | None = None
    volume: int | None = None
    pan: int | None = None
    waiting: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


class _Reader:
    def __init__(self, division: int, name: str) -> None:
        self._name = name
        self._ppq, self._film = _division(division)
        self._next_id, self._length, self._title = 1, 1, ""
        self._tracks, self._extra = list[Track](), list[Foreign]()
        self._tempos, self._metres, self._keys = list[Tempo](), list[Metre](), list[Key]()
        self._ours: dict[str, Any] = {}

    def score(self, tracks: list[list[midi_file.Event]]) -> Score:
        for number, events in enumerate(tracks):
            self._take(number, events)
            if self._next_id > MOST_NOTES:
                raise StudioError(f"This MIDI file has more than {MOST_NOTES:,} notes.", "Split it elsewhere.")
        tempos = by_start(self._tempos) if not self._film else ()
        metres = by_start(self._metres)
        made = Score(
            tracks=tuple(self._tracks),
            tempos=tempos if tempos and tempos[0].start == 0 else (Tempo(0, 120.0), *tempos),
            metres=metres if metres and metres[0].start == 0 else (Metre(0, 4, 4), *metres),
            keys=by_start(self._keys),
            ppq=self._ppq,
            title=self._title or self._name,
            next_id=self._next_id,
            extra=tuple(self._extra),
        )
        timeline = Timeline(made)
        length = timeline.bar_start(timeline.bar(max(made.last_tick, self._length) - 1) + 1)
        return _with_ours(replace(made, length=max(1, length)), self._ours, one_track=len(tracks) == 1)

    def _take(self, number: int, events: list[midi_file.Event]) -> None:
        parts: dict[int, _Part] = {}
        name, tick, loose = "", 0, list[Foreign]()
        for tick, message in events:
            if message[0] < 0xF0:
                channel = message[0] & 15
                if channel not in parts:
                    parts[channel] = _Part(channel)
                self._play(parts[channel], message, tick)
                continue
            kind, body = midi_file.meta(message)
            if kind == NAME and not name and tick == 0:
                name = _text(body)
            elif not self._timeline(kind, body, tick):
                loose.append(Foreign(tick, message))
        self._length = max(self._length, tick)
        for part in parts.values():
            for pitch, rows in part.waiting.items():
                part.notes += [self._note(start, tick, pitch, velocity, 64) for start, velocity in rows]
        self._store(number, name, parts, loose)

    def _note(self, start: int, end: int, pitch: int, velocity: int, release: int) -> Note:
        self._next_id += 1
        return Note(self._next_id - 1, start, max(1, end - start), pitch, velocity, release=release)

    def _play(self, part: _Part, message: bytes, tick: int) -> None:
        kind, first, second = message[0] & 0xF0, message[1] & 0x7F, message[-1] & 0x7F
        if kind == 0x90 and second:
            part.waiting.setdefault(first, []).append((tick, second))
        elif kind in (0x80, 0x90):
            rows = part.waiting.get(first)
            if rows:
                start, velocity = rows.pop(0)
                part.notes.append(self._note(start, tick, first, velocity, second if kind == 0x80 else 64))
        elif kind == 0xC0 and part.program is None and not part.waiting:
            part.program = first
        elif kind == 0xB0 and first == 7 and part.volume is None and not part.waiting:
            part.volume = second
        elif kind == 0xB0 and first == 10 and part.pan is None and not part.waiting:
            part.pan = second
        else:
            part.extra.append(Foreign(tick, message))

    def _timeline(self, kind: int, body: bytes, tick: int) -> bool:
        """Take what belongs to the whole piece; False for what stays foreign."""
        if kind == TEMPO and len(body) == 3 and any(body):
            self._tempos.append(Tempo(tick, _bpm(int.from_bytes(body))))
        elif kind == METRE and len(body) == 4 and body[0] and body[1] <= 6:
            self._metres.append(Metre(tick, body[0], 1 << body[1], body[2], body[3]))
        elif kind == KEY and len(body) == 2 and body[1] < 2 and abs(_signed(body[0])) <= 7:
            self._keys.append(_key(_signed(body[0]), minor=body[1] == 1, tick=tick))
        elif kind == TEXT and body.startswith(SCORE.encode()):
            self._ours = _json(body[len(SCORE) :])
        else:
            return kind == END or (kind == TEXT and body.startswith(RECIPE.encode()))
        return True

    def _store(self, number: int, name: str, parts: dict[int, _Part], loose: list[Foreign]) -> None:
        if not parts:
            if name and not self._title and number == 0:
                self._title = name
            elif name:
                loose = [Foreign(0, midi_file.meta_event(NAME, name.encode())), *loose]
            self._extra += loose
            return
        if number == 0 and len(parts) > 1:
            self._title = name
        for index, part in enumerate(sorted(parts.values(), key=lambda p: p.channel)):
            drums = part.channel == 9
            instrument = DRUM_KIT if drums else name_of(part.program or 0)
            extra = [*loose, *part.extra] if index == 0 else part.extra
            if drums and part.program is not None:
                extra = [Foreign(0, bytes((0xC9, part.program))), *extra]
            label = name if name and len(parts) == 1 else f"{name} {instrument}".strip()
            self._tracks.append(
                Track(
                    id=f"t{len(self._tracks) + 1}",
                    name=label[:200],
                    instrument=instrument,
                    channel=part.channel,
                    colour=len(self._tracks) % COLOURS,
                    volume=(100 if part.volume is None else part.volume) / 127,
                    pan=pan_from(64 if part.pan is None else part.pan),
                    notes=ordered(part.notes),
                    extra=tuple(sorted(extra, key=lambda e: e.start)),
                )
            )


def _division(raw: int) -> tuple[int, bool]:
    """(ticks in a quarter, whether the file counts film frames: then a quarter is half a second)."""
    if raw < 0x8000:
        return max(1, raw), False
    return max(1, (256 - (raw >> 8)) * (raw & 0xFF) // 2), True


def pan_from(value: int) -> float:
    """MIDI's 0 to 127 with 64 in the middle, as -1 to 1."""
    return (value - 64) / (64 if value < 64 else 63)


def pan_to(pan: float) -> int:
    """The opposite of `pan_from`."""
    return round(64 + pan * (64 if pan < 0 else 63))


def _bpm(micros: int) -> float:
    """The roundest tempo that is written as so many microseconds to a quarter."""
    exact = min(60e6 / micros, 100_000.0)
    return next((round(exact, n) for n in (0, 1, 2, 3) if round(60e6 / max(round(exact, n), 0.01)) == micros), exact)


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def _text(raw: bytes) -> str:
    """Most files are UTF-8, older ones Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _key(sharps: int, *, minor: bool, tick: int) -> Key:
    return Key(tick, (sharps * 7 + (9 if minor else 0)) % 12, "minor" if minor else "major", flats=sharps < 0)


def key_sharps(key: Key) -> tuple[int, bool]:
    """(sharps, or flats as a negative number; is it minor): dorian is written as minor, mixolydian as major."""
    minor = key.mode in ("minor", "dorian")
    sharps = (key.tonic - (9 if minor else 0)) * 7 % 12
    if sharps > 7 or (key.flats and sharps >= 5):
        sharps -= 12
    return sharps, minor


def _json(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def ours(score: Score) -> dict[str, Any]:
    """What MIDI has no words for. Tracks are named by their place in the file."""
    return {
        "style": score.style,
        "mood": score.mood,
        "length": score.length,
        "modes": [[k.start, k.mode] for k in score.keys],
        "chords": [[c.start, c.root, c.quality] for c in score.chords],
        "tracks": [
            {
                "id": t.id,
                "name": t.name,
                "channel": t.channel,
                "instrument": t.instrument,
                "role": t.role,
                "colour": t.colour,
                "volume": t.volume,
                "pan": t.pan,
                "mute": t.mute,
                "solo": t.solo,
                "locked": [i for i, n in enumerate(t.notes) if n.locked],
            }
            for t in score.tracks
        ],
    }


def _with_ours(score: Score, told: dict[str, Any], *, one_track: bool) -> Score:
    """Take back what `ours` wrote, as far as it fits a file that another program may have changed since."""
    try:
        rows = told.get("tracks", [])
        tracks = score.tracks
        names = [str(r["name"])[:200] for r in rows]
        if one_track and len(rows) == len(tracks):
            # A file of type 0 has no names of tracks: there the channel tells them apart.
            by_channel = {t.channel: t for t in tracks}
            tracks = tuple(replace(by_channel[r["channel"]], name=n) for r, n in zip(rows, names, strict=True))
        if names == [t.name for t in tracks] and len({r["id"] for r in rows}) == len(rows):
            tracks = tuple(_own_track(t, r) for t, r in zip(tracks, rows, strict=True))
        modes = {int(s): m for s, m in told.get("modes", []) if m in MODES}
        return replace(
            score,
            tracks=tracks,
            keys=tuple(replace(k, mode=modes.get(k.start, k.mode)) for k in score.keys),
            chords=by_start(Chord(int(s), int(r) % 12, q) for s, r, q in told.get("chords", []) if q in QUALITIES),
            style=str(told.get("style", ""))[:100],
            mood=str(told.get("mood", ""))[:100],
            length=max(score.last_tick, min(int(told.get("length", score.length)), score.length * 8)),
        )
    except (TypeError, ValueError, KeyError, AttributeError):
        return score


def _own_track(track: Track, row: dict[str, Any]) -> Track:
    same = program_of(str(row["instrument"])) == program_of(track.instrument) and row["instrument"] in NAMES
    locked = {int(i) for i in row.get("locked", [])}
    volume, pan = float(row.get("volume", -1)), float(row.get("pan", -2))
    return replace(
        track,
        id=str(row["id"])[:40],
        instrument=str(row["instrument"]) if same else track.instrument,
        role=row.get("role", "") if row.get("role") in ROLES else "",
        colour=int(row.get("colour", 0)) % COLOURS,
        # Finer than MIDI's 128 degrees, unless somebody turned it since.
        volume=volume if 0 <= volume <= 1 and round(volume * 127) == round(track.volume * 127) else track.volume,
        pan=pan if -1 <= pan <= 1 and pan_to(pan) == pan_to(track.pan) else track.pan,
        mute=bool(row.get("mute")),
        solo=bool(row.get("solo")),
        notes=tuple(replace(n, locked=i in locked) for i, n in enumerate(track.notes)),
    )
