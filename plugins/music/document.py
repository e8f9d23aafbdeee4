"""The score that an artist edits, as immutable values: tracks of notes, and timelines of tempo and harmony.

All times are in ticks of `Score.ppq` to the quarter note (480 unless a foreign file brought its own).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from studio.api import StudioError
from studio.inference.notes.score import MODES, QUALITIES, TICKS, Chord

from .document_table import ID, LENGTH, LOCKED, PITCH, START, VELOCITY, Ints, Notes, table_of
from .document_values import Foreign, Key, Metre, Note, Tempo, ordered

__all__ = [
    "MEDIA",
    "Foreign",
    "Ints",
    "Key",
    "Metre",
    "Note",
    "Score",
    "Tempo",
    "Track",
    "by_start",
    "ordered",
    "picked",
]

MEDIA = "audio/vnd.studio.score+json"
FORMAT = 1
PPQ = TICKS
MOST_NOTES = 200_000
MOST_EVENTS = 500_000
MOST_TRACKS = 256
MOST_TICKS = 1 << 31
COLOURS = 12
"""How many colours the panel's palette has; `Track.colour` is an index into it."""

T = TypeVar("T")


@dataclass(frozen=True)
class Track:
    """One player. `notes` are sorted by start, pitch, id: set them with `with_notes`.

    `instrument` is a name of plugins.music.instruments; `channel` is MIDI's, 0 to 15 (9: percussion). `role` is what
    the model takes the track for (one of ROLES, "" if nobody said). `volume` 0 to 1, `pan` -1 (left) to 1. `font` is
    the path of a SoundFont ("": the built-in synthesiser), `preset` one of its presets as "bank:program" ("": by the
    instrument). `output` is the MIDI device that plays the track in place of both.
    """

    id: str
    name: str
    instrument: str = "piano"
    channel: int = 0
    role: str = ""
    colour: int = 0
    volume: float = 100 / 127
    pan: float = 0.0
    mute: bool = False
    solo: bool = False
    notes: Sequence[Note] = ()
    extra: tuple[Foreign, ...] = ()
    font: str = ""
    preset: str = ""
    output: str = ""

    @property
    def drums(self) -> bool:
        return self.channel == 9

    def with_notes(self, notes: Iterable[Note]) -> Track:
        """The same track with other notes, put in order."""
        return replace(self, notes=ordered(notes))

    def with_table(self, table: Ints) -> Track:
        """The same track with the notes of a table, which are in order."""
        return replace(self, notes=Notes(table))

    @cached_property
    def by_id(self) -> dict[int, Note]:
        return {note.id: note for note in self.notes}

    @cached_property
    def table(self) -> Ints:
        """The notes as [7, notes], a row for each field."""
        return table_of(self.notes)

    @property
    def ids(self) -> Ints:
        return self.table[ID]

    @property
    def starts(self) -> Ints:
        """Start of each note, ascending: for np.searchsorted."""
        return self.table[START]

    @cached_property
    def ends(self) -> Ints:
        return self.table[START] + self.table[LENGTH]

    @property
    def pitches(self) -> Ints:
        return self.table[PITCH]

    @property
    def velocities(self) -> Ints:
        return self.table[VELOCITY]

    @property
    def locked(self) -> npt.NDArray[np.bool_]:
        return self.table[LOCKED].astype(bool)

    @cached_property
    def longest(self) -> int:
        """The longest note in ticks: what sounds at tick t starts after t - longest."""
        return int(self.table[LENGTH].max(initial=0))

    def sounding(self, first: int, last: int) -> Ints:
        """The places of the notes that sound anywhere in first <= tick < last."""
        low = int(np.searchsorted(self.starts, first - self.longest, "left"))
        high = int(np.searchsorted(self.starts, last, "left"))
        return np.arange(low, high)[self.ends[low:high] > first]

    def between(self, first: int, last: int) -> tuple[Note, ...]:
        """The notes that sound anywhere in first <= tick < last, fast."""
        notes = self.notes
        return tuple(notes[place] for place in self.sounding(first, last).tolist())


@dataclass(frozen=True)
class Score:
    """A piece. Timelines are sorted and begin at tick 0 (tempos and metres always have an entry there).

    `length` is where the last bar ends. `next_id` is the id of the next new note. `style` and `mood` are what the model
    was asked for. `extra` are events that belong to no track; `rest` keeps fields written by a newer version.
    """

    tracks: tuple[Track, ...] = ()
    tempos: tuple[Tempo, ...] = (Tempo(0, 120.0),)
    metres: tuple[Metre, ...] = (Metre(0, 4, 4),)
    keys: tuple[Key, ...] = (Key(0, 0),)
    chords: tuple[Chord, ...] = ()
    length: int = 8 * 4 * PPQ
    ppq: int = PPQ
    title: str = ""
    style: str = ""
    mood: str = ""
    next_id: int = 1
    extra: tuple[Foreign, ...] = ()
    rest: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def track(self, track_id: str) -> Track:
        """Raises KeyError."""
        for track in self.tracks:
            if track.id == track_id:
                return track
        raise KeyError(track_id)

    def with_track(self, track: Track) -> Score:
        """The same score with the track of that id replaced."""
        return replace(self, tracks=tuple(track if t.id == track.id else t for t in self.tracks))

    def map_tracks(self, change: Callable[[Track], Track]) -> Score:
        """Every track through `change`; tracks that come back the same object stay so."""
        return replace(self, tracks=tuple(change(t) for t in self.tracks))

    @cached_property
    def note_count(self) -> int:
        return sum(len(t.notes) for t in self.tracks)

    @cached_property
    def home_track(self) -> dict[int, str]:
        """Note id -> track id."""
        found: dict[int, str] = {}
        for track in self.tracks:
            found.update(dict.fromkeys(track.ids.tolist(), track.id))
        return found

    def note(self, note_id: int) -> Note:
        """Raises KeyError."""
        return self.track(self.home_track[note_id]).by_id[note_id]

    def notes_of(self, ids: Iterable[int]) -> tuple[Note, ...]:
        """The notes of those ids that exist, by start."""
        wanted = frozenset(ids)
        found = [(track, picked(track, wanted)) for track in self.tracks] if wanted else []
        return ordered(track.notes[place] for track, places in found for place in places.tolist())

    @property
    def last_tick(self) -> int:
        """Where the last note ends."""
        return max((int(t.ends.max()) for t in self.tracks if t.notes), default=0)

    def tempo_at(self, tick: int) -> Tempo:
        return _at(self.tempos, tick)

    def metre_at(self, tick: int) -> Metre:
        return _at(self.metres, tick)

    def key_at(self, tick: int) -> Key:
        return _at(self.keys, tick) if self.keys else Key(0, 0)

    def chord_at(self, tick: int) -> Chord | None:
        return next((c for c in reversed(self.chords) if c.start <= tick), None)

    def bar_ticks(self, metre: Metre) -> int:
        """The length of one bar of that metre."""
        return metre.numerator * 4 * self.ppq // metre.denominator

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; notes are rows [id, start, length, pitch, velocity, locked, release]."""
        return {
            **self.rest,
            "format": FORMAT,
            "title": self.title,
            "style": self.style,
            "mood": self.mood,
            "ppq": self.ppq,
            "length": self.length,
            "next_id": self.next_id,
            "tempos": [[t.start, t.bpm] for t in self.tempos],
            "metres": [[m.start, m.numerator, m.denominator, m.clocks, m.thirtyseconds] for m in self.metres],
            "keys": [[k.start, k.tonic, k.mode, k.flats] for k in self.keys],
            "chords": [[c.start, c.root, c.quality] for c in self.chords],
            "tracks": [_track_json(t) for t in self.tracks],
            "extra": [[e.start, e.data.hex()] for e in self.extra],
        }

    @classmethod
    def from_json(cls, data: Any) -> Score:
        """The opposite of `to_json`. Raises StudioError for what is no score, or one too large to work with."""
        try:
            return _score(data)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            raise StudioError(
                "This is not a score that Studio can read.",
                "It may be damaged, or written by a newer version.",
                details=f"{type(error).__name__}: {error}",
            ) from error

    def to_bytes(self) -> bytes:
        """The JSON as UTF-8: the file of an artifact of media MEDIA, and the data of a preview."""
        return json.dumps(self.to_json(), separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Score:
        """The opposite of `to_bytes`. Raises StudioError."""
        if len(data) > 64_000_000:
            raise StudioError("This score is too large.", "Split the piece.")
        try:
            return cls.from_json(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise StudioError("This is not a score that Studio can read.", details=str(error)) from error


def picked(track: Track, ids: Iterable[int]) -> Ints:
    """The places of those of the notes that the track has."""
    wanted = np.fromiter(ids, np.int64)
    return np.flatnonzero(np.isin(track.ids, wanted, kind="sort" if len(wanted) < 16 else None))


def by_start(changes: Iterable[T]) -> tuple[T, ...]:
    """A timeline in order; of two at the same tick the later one counts."""
    found = {c.start: c for c in changes}  # type: ignore[attr-defined]
    return tuple(found[s] for s in sorted(found))


def _at(changes: Sequence[Any], tick: int) -> Any:
    found = changes[0]
    for change in changes:
        if change.start > tick:
            break
        found = change
    return found


def _track_json(track: Track) -> dict[str, Any]:
    return {
        "id": track.id,
        "name": track.name,
        "instrument": track.instrument,
        "channel": track.channel,
        "role": track.role,
        "colour": track.colour,
        "volume": track.volume,
        "pan": track.pan,
        "mute": track.mute,
        "solo": track.solo,
        "notes": track.table.T.tolist(),
        "extra": [[e.start, e.data.hex()] for e in track.extra],
        **{name: value for name in ("font", "preset", "output") if (value := getattr(track, name))},
    }


def _score(data: Mapping[str, Any]) -> Score:
    if int(data["format"]) > FORMAT:
        raise ValueError(f"format {data['format']}")
    if len(data["tracks"]) > MOST_TRACKS or sum(len(t["notes"]) for t in data["tracks"]) > MOST_NOTES:
        raise StudioError("This score is too large.", f"Studio works with up to {MOST_NOTES:,} notes.")
    tracks = tuple(_track(t) for t in data["tracks"])
    tempos = by_start(Tempo(_tick(s), _within(float(bpm), 1, 100_000)) for s, bpm in data["tempos"])
    metres = by_start(_metre(*row) for row in data["metres"])
    keys = by_start(_key(*row) for row in data["keys"])
    chords = by_start(_chord(*row) for row in data["chords"])
    largest = max((n.id for t in tracks for n in t.notes), default=0)
    if len({n.id for t in tracks for n in t.notes}) != sum(len(t.notes) for t in tracks):
        raise ValueError("two notes with one id")
    if len({t.id for t in tracks}) != len(tracks):
        raise ValueError("two tracks with one id")
    return Score(
        tracks=tracks,
        tempos=tempos if tempos and tempos[0].start == 0 else (Tempo(0, 120.0), *tempos),
        metres=metres if metres and metres[0].start == 0 else (Metre(0, 4, 4), *metres),
        keys=keys,
        chords=chords,
        length=_within(int(data["length"]), 1, MOST_TICKS),
        ppq=_within(int(data["ppq"]), 1, 32_767),
        title=str(data.get("title", "")),
        style=str(data.get("style", "")),
        mood=str(data.get("mood", "")),
        next_id=max(int(data.get("next_id", 1)), largest + 1),
        extra=_foreign(data.get("extra", ())),
        rest={k: v for k, v in data.items() if k not in _KNOWN},
    )


_KNOWN = frozenset(Score().to_json())


def _track(data: Mapping[str, Any]) -> Track:
    return Track(
        id=str(data["id"]),
        name=str(data["name"]),
        instrument=str(data["instrument"]),
        channel=_within(int(data["channel"]), 0, 15),
        role=str(data.get("role", "")),
        colour=int(data.get("colour", 0)) % COLOURS,
        volume=_within(float(data["volume"]), 0, 1),
        pan=_within(float(data["pan"]), -1, 1),
        mute=bool(data.get("mute")),
        solo=bool(data.get("solo")),
        notes=ordered(_note(*row) for row in data["notes"]),
        extra=_foreign(data.get("extra", ())),
        font=str(data.get("font", ""))[:4096],
        preset=str(data.get("preset", ""))[:20],
        output=str(data.get("output", ""))[:200],
    )


def _note(number: int, start: int, length: int, pitch: int, velocity: int, locked: int = 0, release: int = 64) -> Note:
    for value in (number, start, length, pitch, velocity, release):
        if not isinstance(value, int):
            raise TypeError(value)
    if not (0 <= pitch < 128 and 1 <= velocity < 128 and 0 <= release < 128 and length > 0):
        raise ValueError(f"note {number}")
    _tick(start + length)
    return Note(number, _tick(start), length, pitch, velocity, bool(locked), release)


def _metre(start: int, numerator: int, denominator: int, clocks: int = 24, thirtyseconds: int = 8) -> Metre:
    if denominator not in (1, 2, 4, 8, 16, 32, 64) or not 1 <= numerator <= 255:
        raise ValueError(f"{numerator}/{denominator}")
    return Metre(_tick(start), numerator, denominator, clocks, thirtyseconds)


def _key(start: int, tonic: int, mode: str, flats: bool = False) -> Key:
    if mode not in MODES:
        raise ValueError(mode)
    return Key(_tick(start), _within(tonic, 0, 11), mode, bool(flats))


def _chord(start: int, root: int, quality: str) -> Chord:
    if quality not in QUALITIES:
        raise ValueError(quality)
    return Chord(_tick(start), _within(root, 0, 11), quality)


def _foreign(rows: Iterable[tuple[int, str]]) -> tuple[Foreign, ...]:
    return tuple(Foreign(_tick(start), bytes.fromhex(data)) for start, data in rows)


def _tick(value: int) -> int:
    return _within(int(value), 0, MOST_TICKS)


def _within(value: Any, low: float, high: float) -> Any:
    if not low <= value <= high:
        raise ValueError(f"{value} is not in {low} to {high}")
    return value
