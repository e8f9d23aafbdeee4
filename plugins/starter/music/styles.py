"""What makes a style a style and a mood a mood: pure tables, read by the composer."""

from __future__ import annotations

from dataclasses import dataclass

from .harmony import Taste


@dataclass(frozen=True, slots=True)
class Style:
    """Choices of a style. Patterns are names in patterns.py, by metre where they depend on it."""

    metres: tuple[tuple[int, int], ...]
    tempos: tuple[int, int]
    modes: tuple[str, ...]
    harmony: str
    taste: Taste
    melody: tuple[str, ...]
    counter: tuple[str, ...]
    chords: tuple[str, ...]
    pad: tuple[str, ...]
    bass: tuple[str, ...]
    drums: bool
    comping: tuple[str, ...]
    walking: tuple[str, ...]
    groove: str
    cells: str
    """Family of melodic rhythms."""
    must: tuple[str, ...] = ("melody", "chords", "bass")
    may: tuple[str, ...] = ()


STYLES: dict[str, Style] = {
    "waltz": Style(
        metres=((3, 4),),
        tempos=(92, 164),
        modes=("major", "major", "minor"),
        harmony="functional",
        taste=Taste(secondary=0.16, borrowed=0.07, sevenths=0.25, busy=0.05),
        melody=("violin", "piano", "accordion", "clarinet", "flute"),
        counter=("cello", "clarinet", "flute"),
        chords=("piano", "accordion", "nylon guitar"),
        pad=("strings",),
        bass=("double bass", "cello"),
        drums=False,
        comping=("oom-pah",),
        walking=("downbeat", "root-fifth"),
        groove="brushes",
        cells="lyrical",
        may=("counter", "pad"),
    ),
    "folk": Style(
        metres=((6, 8), (4, 4), (3, 4), (6, 8)),
        tempos=(96, 152),
        modes=("major", "dorian", "mixolydian", "minor"),
        harmony="functional",
        taste=Taste(secondary=0.02, borrowed=0.02, sevenths=0.03, busy=0.2, tonic_pull=1.2),
        melody=("fiddle", "flute", "accordion", "violin"),
        counter=("violin", "flute", "accordion"),
        chords=("steel guitar", "accordion", "nylon guitar"),
        pad=("strings",),
        bass=("double bass",),
        drums=True,
        comping=("boom-chuck", "strum"),
        walking=("root-fifth",),
        groove="folk",
        cells="dance",
        may=("drums", "counter"),
    ),
    "lofi": Style(
        metres=((4, 4),),
        tempos=(66, 92),
        modes=("major", "minor", "dorian"),
        harmony="loop",
        taste=Taste(secondary=0.05, borrowed=0.1, sevenths=0.95, busy=0.0),
        melody=("electric piano", "vibraphone", "music box", "jazz guitar"),
        counter=("flute", "saxophone"),
        chords=("electric piano", "piano", "jazz guitar"),
        pad=("synth pad", "strings"),
        bass=("electric bass", "double bass"),
        drums=True,
        comping=("stabs", "held"),
        walking=("lazy",),
        groove="lofi",
        cells="sparse",
        must=("melody", "chords", "bass", "drums"),
        may=("pad",),
    ),
    "chorale": Style(
        metres=((4, 4), (4, 4), (3, 4)),
        tempos=(60, 88),
        modes=("major", "minor"),
        harmony="functional",
        taste=Taste(secondary=0.25, borrowed=0.04, sevenths=0.3, busy=0.75),
        melody=("choir", "oboe", "organ", "trumpet"),
        counter=("choir", "clarinet", "strings"),
        chords=("organ",),
        pad=("choir", "organ", "strings"),
        bass=("cello", "choir", "organ"),
        drums=False,
        comping=("held",),
        walking=("chorale",),
        groove="",
        cells="hymn",
        must=("melody", "counter", "pad", "bass"),
    ),
    "synthpop": Style(
        metres=((4, 4),),
        tempos=(104, 132),
        modes=("major", "minor", "mixolydian"),
        harmony="loop",
        taste=Taste(secondary=0.0, borrowed=0.06, sevenths=0.1, busy=0.0),
        melody=("synth lead", "music box", "vibraphone"),
        counter=("synth lead",),
        chords=("synth pad", "electric piano", "synth lead"),
        pad=("synth pad", "strings"),
        bass=("synth bass",),
        drums=True,
        comping=("arpeggio", "pump"),
        walking=("eighths", "octaves"),
        groove="four",
        cells="syncopated",
        must=("melody", "chords", "bass", "drums"),
        may=("pad",),
    ),
    "march": Style(
        metres=((4, 4), (4, 4), (6, 8)),
        tempos=(100, 128),
        modes=("major", "major", "minor"),
        harmony="functional",
        taste=Taste(secondary=0.18, borrowed=0.05, sevenths=0.12, busy=0.15),
        melody=("trumpet", "brass", "flute", "clarinet"),
        counter=("trumpet", "clarinet", "brass"),
        chords=("brass", "strings"),
        pad=("strings", "brass"),
        bass=("tuba", "double bass"),
        drums=True,
        comping=("off-beat",),
        walking=("root-fifth",),
        groove="march",
        cells="dotted",
        must=("melody", "chords", "bass", "drums"),
        may=("counter",),
    ),
    "blues": Style(
        metres=((4, 4),),
        tempos=(84, 168),
        modes=("mixolydian", "mixolydian", "dorian"),
        harmony="blues",
        taste=Taste(secondary=0.35, borrowed=0.0, sevenths=1.0, busy=0.0),
        melody=("saxophone", "jazz guitar", "trumpet", "piano"),
        counter=("trumpet", "saxophone"),
        chords=("piano", "organ", "jazz guitar"),
        pad=("organ",),
        bass=("double bass",),
        drums=True,
        comping=("charleston", "shells"),
        walking=("walking",),
        groove="swing",
        cells="swung",
        must=("melody", "chords", "bass", "drums"),
    ),
    "nocturne": Style(
        metres=((6, 8), (4, 4), (3, 4)),
        tempos=(56, 88),
        modes=("minor", "major", "minor", "dorian"),
        harmony="functional",
        taste=Taste(secondary=0.14, borrowed=0.16, sevenths=0.35, busy=0.1),
        melody=("piano", "oboe", "cello", "violin"),
        counter=("cello", "oboe"),
        chords=("piano", "harp", "nylon guitar"),
        pad=("strings", "choir"),
        bass=("cello", "piano", "double bass"),
        drums=False,
        comping=("broken", "broken"),
        walking=("long",),
        groove="",
        cells="lyrical",
        may=("pad",),
    ),
}


@dataclass(frozen=True, slots=True)
class Mood:
    """How a mood bends a style. `tempo` is a factor; `weight` is the loudness (steps of the velocity scale, 0 to 7).

    `density` above 1 splits notes, below 1 joins them. `lift` moves the melody's register (semitones). `leap` is how
    far the contour reaches (scale steps). `touch` scales durations. `shape` is the course of a phrase.
    """

    tempo: float
    weight: float
    density: float
    lift: int
    leap: int
    touch: float
    shape: str
    swell: float
    modes: tuple[str, ...]
    secondary: float = 1.0
    borrowed: float = 1.0
    sevenths: float = 0.0
    quirk: str = ""


MOODS: dict[str, Mood] = {
    "wistful": Mood(0.92, 3.2, 0.8, 0, 3, 1.0, "fall", 0.6, ("minor", "dorian", "major"), 1.2, 2.0, 0.3, "sigh"),
    "joyful": Mood(1.12, 5.0, 1.5, 4, 4, 0.62, "arch", 0.5, ("major", "major", "mixolydian"), 1.0, 0.3, 0.0, "skip"),
    "tense": Mood(1.05, 4.4, 1.5, -5, 2, 0.75, "rise", 1.8, ("minor", "minor", "dorian"), 1.6, 1.6, 0.2, "insist"),
    "calm": Mood(0.86, 2.2, 0.4, -2, 2, 1.0, "level", 0.2, ("major", "mixolydian", "dorian"), 0.5, 0.5, 0.2, "rest"),
    "heroic": Mood(1.0, 6.2, 0.9, 2, 6, 0.95, "rise", 0.8, ("major", "major", "dorian"), 0.8, 1.2, 0.0, "call"),
    "mysterious": Mood(0.84, 1.3, 0.6, -4, 5, 0.95, "wave", 0.9, ("minor", "dorian"), 1.0, 2.5, 0.25, "hollow"),
}
