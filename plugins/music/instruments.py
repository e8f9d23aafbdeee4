"""Names of instruments: our 27 designed voices, and General MIDI's other sounds, each with its program."""

from __future__ import annotations

from studio.inference.notes.score import DRUMS, INSTRUMENTS

DRUM_KIT = "drum kit"

GENERAL_MIDI = tuple(
    """Acoustic Grand Piano|Bright Acoustic Piano|Electric Grand Piano|Honky-tonk Piano|Electric Piano 1
Electric Piano 2|Harpsichord|Clavinet|Celesta|Glockenspiel|Music Box|Vibraphone|Marimba|Xylophone|Tubular Bells
Dulcimer|Drawbar Organ|Percussive Organ|Rock Organ|Church Organ|Reed Organ|Accordion|Harmonica|Tango Accordion
Acoustic Guitar (nylon)|Acoustic Guitar (steel)|Electric Guitar (jazz)|Electric Guitar (clean)
Electric Guitar (muted)|Overdriven Guitar|Distortion Guitar|Guitar Harmonics|Acoustic Bass|Electric Bass (finger)
Electric Bass (pick)|Fretless Bass|Slap Bass 1|Slap Bass 2|Synth Bass 1|Synth Bass 2|Violin|Viola|Cello|Contrabass
Tremolo Strings|Pizzicato Strings|Orchestral Harp|Timpani|String Ensemble 1|String Ensemble 2|Synth Strings 1
Synth Strings 2|Choir Aahs|Voice Oohs|Synth Voice|Orchestra Hit|Trumpet|Trombone|Tuba|Muted Trumpet|French Horn
Brass Section|Synth Brass 1|Synth Brass 2|Soprano Sax|Alto Sax|Tenor Sax|Baritone Sax|Oboe|English Horn|Bassoon
Clarinet|Piccolo|Flute|Recorder|Pan Flute|Blown Bottle|Shakuhachi|Whistle|Ocarina|Lead 1 (square)|Lead 2 (sawtooth)
Lead 3 (calliope)|Lead 4 (chiff)|Lead 5 (charang)|Lead 6 (voice)|Lead 7 (fifths)|Lead 8 (bass + lead)
Pad 1 (new age)|Pad 2 (warm)|Pad 3 (polysynth)|Pad 4 (choir)|Pad 5 (bowed)|Pad 6 (metallic)|Pad 7 (halo)
Pad 8 (sweep)|FX 1 (rain)|FX 2 (soundtrack)|FX 3 (crystal)|FX 4 (atmosphere)|FX 5 (brightness)|FX 6 (goblins)
FX 7 (echoes)|FX 8 (sci-fi)|Sitar|Banjo|Shamisen|Koto|Kalimba|Bagpipe|Fiddle|Shanai|Tinkle Bell|Agogo|Steel Drums
Woodblock|Taiko Drum|Melodic Tom|Synth Drum|Reverse Cymbal|Guitar Fret Noise|Breath Noise|Seashore|Bird Tweet
Telephone Ring|Helicopter|Applause|Gunshot""".replace("\n", "|").split("|")
)
"""The 128 names of General MIDI, by program."""

_OURS = {program: name for name, program in INSTRUMENTS.items()}
VOICES = tuple(INSTRUMENTS)
"""The instruments with a voice designed for them, drums last."""
NAMES = (*VOICES, *(name for program, name in enumerate(GENERAL_MIDI) if program not in _OURS))
"""Everything that a track's `instrument` can be."""
_PROGRAMS = {**{name: program for program, name in enumerate(GENERAL_MIDI)}, **INSTRUMENTS}

_FAMILY = (
    *("piano",) * 4, "electric piano", "electric piano", "harp", "nylon guitar",
    "music box", "music box", "music box", "vibraphone", "vibraphone", "vibraphone", "vibraphone", "harp",
    *("organ",) * 5, *("accordion",) * 3,
    "nylon guitar", "steel guitar", "jazz guitar", "jazz guitar", *("steel guitar",) * 4,
    "double bass", *("electric bass",) * 5, "synth bass", "synth bass",
    "violin", "violin", "cello", "cello", "strings", "harp", "harp", "tuba",
    "strings", "strings", "synth pad", "synth pad", "choir", "choir", "choir", "brass",
    "trumpet", "brass", "tuba", "trumpet", *("brass",) * 4,
    *("saxophone",) * 4, "oboe", "oboe", "oboe", "clarinet", *("flute",) * 8,
    *("synth lead",) * 8, *("synth pad",) * 3, "choir", *("synth pad",) * 4, *("synth pad",) * 8,
    "steel guitar", "steel guitar", "nylon guitar", "harp", "music box", "accordion", "fiddle", "oboe",
    "music box", "vibraphone", "vibraphone", "vibraphone", *("tuba",) * 4, *("synth pad",) * 8,
)  # fmt: skip
"""Which of our voices plays each General MIDI program."""


def program_of(instrument: str) -> int:
    """The General MIDI program 0 to 127 of a name; 0 for the drum kit and for names nobody knows."""
    program = _PROGRAMS.get(instrument, 0)
    return program if program < 128 else 0


def name_of(program: int) -> str:
    """Our name of a program where we have one, else General MIDI's."""
    return _OURS.get(program) or GENERAL_MIDI[program]


def voice_of(instrument: str) -> str:
    """The voice that plays an instrument: its own, or that of its family."""
    return instrument if instrument in INSTRUMENTS else _FAMILY[program_of(instrument)]


DRUM_NAMES = {key: name for name, key in DRUMS.items()}
"""Percussion key -> name, for the drums of the built-in composer."""
