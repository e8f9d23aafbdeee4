"""Scores as plain values: what the composer writes, the tokens carry, and an editor or a file can take over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from studio.api import frozen

TICKS = 480
"""Ticks in a quarter note."""
GRID = 12
"""Steps in a quarter note: sixteenths and triplets both fall on one. A step is 40 ticks."""
STEP = TICKS // GRID
SUBDIVISIONS = (0, 3, 4, 6, 8, 9)
"""The steps of a quarter note on which something may begin: sixteenths and triplets."""
MAX_BARS = 32

STYLES = ("waltz", "folk", "lofi", "chorale", "synthpop", "march", "blues", "nocturne")
MOODS = ("wistful", "joyful", "tense", "calm", "heroic", "mysterious")
MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
"""Semitones above the tonic."""
METRES = {(4, 4): (48, (0, 12, 24, 36)), (3, 4): (36, (0, 12, 24)), (6, 8): (36, (0, 18))}
"""Metre -> steps in a bar, and the steps its beats fall on."""
ROLES = ("melody", "counter", "chords", "pad", "bass", "drums")
"""What a track does. A score has at most one track of each."""

INSTRUMENTS = {
    "piano": 0,
    "electric piano": 4,
    "music box": 10,
    "vibraphone": 11,
    "organ": 19,
    "accordion": 21,
    "nylon guitar": 24,
    "steel guitar": 25,
    "jazz guitar": 26,
    "double bass": 32,
    "electric bass": 33,
    "synth bass": 38,
    "violin": 40,
    "cello": 42,
    "harp": 46,
    "strings": 48,
    "choir": 52,
    "trumpet": 56,
    "tuba": 58,
    "brass": 61,
    "saxophone": 65,
    "oboe": 68,
    "clarinet": 71,
    "flute": 73,
    "synth lead": 80,
    "synth pad": 88,
    "fiddle": 110,
    "drum kit": 128,
}
"""Name -> General MIDI program; 128 stands for the percussion channel."""

DRUMS = {
    "kick": 36,
    "rim": 37,
    "snare": 38,
    "clap": 39,
    "low tom": 41,
    "closed hat": 42,
    "pedal hat": 44,
    "open hat": 46,
    "mid tom": 47,
    "crash": 49,
    "high tom": 50,
    "ride": 51,
    "tambourine": 54,
    "shaker": 70,
}
"""Name -> General MIDI percussion key."""

QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
}
"""What follows the root in a chord's name -> semitones above the root."""

VELOCITIES = (24, 40, 54, 66, 78, 90, 104, 120)
"""The eight degrees of loudness, ppp to fff."""
DURATIONS = (2, 3, 4, 6, 8, 9, 12, 15, 16, 18, 20, 21, 24, 27, 30, 32, 33, 36, 40, 42, 45, 48, 60, 72, 84, 96)
"""The note lengths in use, in steps."""
DRUM_STEPS = 1
"""The written length of every drum note: what is struck has no length of its own."""
LOWEST, HIGHEST = -36, 47
"""Pitches in use, in semitones from the tonic nearest to middle C."""

_SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def home(tonic: int) -> int:
    """The MIDI pitch of the tonic nearest to middle C."""
    return 60 + (tonic if tonic <= 6 else tonic - 12)


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """`start` and `duration` in ticks from the beginning of the piece, MIDI `pitch` and `velocity` (1 to 127)."""

    start: int
    pitch: int
    duration: int
    velocity: int

    @property
    def end(self) -> int:
        return self.start + self.duration


@frozen
class Track:
    """One voice or player. Notes are sorted by start, then pitch."""

    role: str
    instrument: str
    notes: tuple[Note, ...]

    @property
    def program(self) -> int:
        """The General MIDI program, 128 for percussion."""
        return INSTRUMENTS[self.instrument]


@dataclass(frozen=True, slots=True, order=True)
class Chord:
    """A chord symbol that holds from `start` (ticks) until the next. `root` is a pitch class, 0 = C."""

    start: int
    root: int
    quality: str

    @property
    def name(self) -> str:
        return _SHARPS[self.root] + self.quality

    @property
    def classes(self) -> frozenset[int]:
        """The pitch classes that sound in it."""
        return frozenset((self.root + i) % 12 for i in QUALITIES[self.quality])


@frozen
class Brief:
    """What is asked for. `tonic` is a pitch class; `tempo` is in quarter notes a minute (dotted quarters in 6/8).

    `parts` are (role, instrument) pairs, in the order of ROLES. Style and mood may be "" (the composer's choice).
    """

    style: str = ""
    mood: str = ""
    tonic: int = 0
    mode: str = "major"
    metre: tuple[int, int] = (4, 4)
    tempo: float = 100.0
    bars: int = 8
    parts: tuple[tuple[str, str], ...] = (("melody", "piano"),)

    def __post_init__(self) -> None:
        known = (
            self.style in ("", *STYLES),
            self.mood in ("", *MOODS),
            0 <= self.tonic < 12,
            self.mode in MODES,
            self.metre in METRES,
            20 <= self.tempo <= 400,
            1 <= self.bars <= MAX_BARS,
            all(role in ROLES and name in INSTRUMENTS for role, name in self.parts),
            [r for r, _ in self.parts] == [r for r in ROLES if r in dict(self.parts)],
            len(self.parts) > 0,
        )
        if not all(known):
            raise ValueError(f"not a piece that can be written: {self}")

    @property
    def bar_steps(self) -> int:
        return METRES[self.metre][0]

    @property
    def bar_ticks(self) -> int:
        return self.bar_steps * STEP

    @property
    def scale(self) -> frozenset[int]:
        """The pitch classes of the key."""
        return frozenset((self.tonic + i) % 12 for i in MODES[self.mode])


@frozen
class Score:
    """A piece: what was asked for, its tracks, and its chords."""

    brief: Brief
    tracks: tuple[Track, ...]
    chords: tuple[Chord, ...]

    @property
    def length(self) -> int:
        """In ticks."""
        return self.brief.bars * self.brief.bar_ticks

    @property
    def tick_seconds(self) -> float:
        """How long a tick lasts; in 6/8 the tempo counts dotted quarters."""
        return 60 / (self.brief.tempo * (1.5 if self.brief.metre == (6, 8) else 1) * TICKS)

    def track(self, role: str) -> Track | None:
        return next((t for t in self.tracks if t.role == role), None)

    def bar(self, role: str, number: int) -> tuple[Note, ...]:
        """The notes that start in one bar (from 0) of one track."""
        track, size = self.track(role), self.brief.bar_ticks
        notes: Iterable[Note] = track.notes if track else ()
        return tuple(n for n in notes if number * size <= n.start < (number + 1) * size)

    def chord_at(self, tick: int) -> Chord | None:
        """The chord that holds at that tick."""
        return next((c for c in reversed(self.chords) if c.start <= tick), None)

    def problems(self) -> list[str]:
        """What is wrong with it, in words; empty for a sound score."""
        found = []
        for track in self.tracks:
            sounding: dict[int, int] = {}
            if list(track.notes) != sorted(track.notes):
                found.append(f"{track.role}: notes out of order")
            for note in track.notes:
                if not (note.start >= 0 and note.duration > 0 and note.end <= self.length):
                    found.append(f"{track.role}: {note} reaches outside the piece")
                if not (0 <= note.pitch < 128 and 0 < note.velocity < 128):
                    found.append(f"{track.role}: {note} cannot be played")
                if sounding.get(note.pitch, 0) > note.start:
                    found.append(f"{track.role}: {note} is struck again while it sounds")
                sounding[note.pitch] = note.end
        if [t.role for t in self.tracks] != [role for role, _ in self.brief.parts]:
            found.append("the tracks are not the parts that were asked for")
        return found
