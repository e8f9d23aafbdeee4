"""What a composer can be asked for, and the settings of the panel. Everything is a plain value, for the recipe."""

from __future__ import annotations

from collections.abc import Sequence

from studio.api import Choice, StudioError, describe, frozen, param
from studio.inference.choices import device_setting, precision_setting, threads_setting
from studio.inference.notes.score import INSTRUMENTS, MAX_BARS, METRES, MODES, MOODS, ROLES, STYLES

TASKS = {
    "piece": "A new piece",
    "continue": "Go on",
    "infill": "Write the marked bars anew",
    "add": "Add a track",
    "vary": "Vary",
}
SOUND_TASKS = {"new": "A new sound", "repaint": "Make a part anew", "extend": "Go on"}
_NAMES = {"lofi": "Lo-fi", "synthpop": "Synth-pop"}


def _choices(names: Sequence[str], empty: str = "") -> tuple[Choice, ...]:
    found = [Choice(name, _NAMES.get(name, name[:1].upper() + name[1:])) for name in names]
    return (Choice("", empty), *found) if empty else tuple(found)


@frozen
class MusicParams:
    """`parts` are pairs "role:instrument" with commas between them; `cells` are "track first-last" with commas between
    them, bars counted from 1, tracks by their ids in the score that comes as the input "score".
    """

    style: str = param("waltz", label="Style", choices=_choices(STYLES, "Any"))
    mood: str = param("wistful", label="Mood", choices=_choices(MOODS, "Any"))
    tonic: int = param(2, label="Key", minimum=0, maximum=11, level="hidden", help="The tonic, in semitones above C.")
    mode: str = param("minor", label="Mode", choices=_choices(tuple(MODES)), level="hidden")
    metre: str = param("3/4", label="Metre", choices=tuple((m, m) for m in (f"{a}/{b}" for a, b in METRES)),
                       level="hidden")  # fmt: skip
    tempo: float = param(
        112.0, label="Tempo", minimum=20, maximum=300, slider=(50, 200), decimals=0, unit="BPM", level="hidden",
        help="Quarter notes a minute; dotted quarters in 6/8.",
    )  # fmt: skip
    bars: int = param(8, label="Length in bars", minimum=1, maximum=MAX_BARS, help="How many bars are written.")
    parts: str = param(
        "melody:violin, chords:piano, bass:cello", label="Instruments", level="hidden", max_length=400,
        help="What plays: role:instrument, with commas between them.",
    )  # fmt: skip
    temperature: float = param(
        0.95, label="Surprise", minimum=0.1, maximum=1.6, slider=(0.5, 1.3), step=0.05,
        help="Low stays with what is usual, high takes turns nobody expects.",
    )  # fmt: skip
    strength: float = param(
        0.5, label="Change", minimum=0.05, maximum=1.0, step=0.05, level="advanced",
        help="For a variation: the part of the notes that may change.",
    )  # fmt: skip
    top_p: float = param(
        0.97, label="Top-p", minimum=0.1, maximum=1.0, step=0.01, level="advanced",
        help="Leave out what is very unlikely: 1 leaves out nothing.",
    )  # fmt: skip
    in_key: bool = param(True, label="Keep to key and chords", level="advanced",
                         help="Off allows notes of no key and no chord.")  # fmt: skip
    borrowed: bool = param(False, label="Borrowed chords", level="advanced",
                           help="On allows chords from outside the key, with their notes.")  # fmt: skip
    task: str = param("piece", label="Task", choices=tuple(TASKS.items()), level="hidden")
    cells: str = param("", label="Bars", level="hidden", max_length=20_000)


@frozen
class SoundParams:
    """What an audio model is asked for. Frames count in the sound that comes as the input "audio"; where it goes on,
    `seconds` are added.
    """

    prompt: str = param("warm piano, slow, rain outside", label="Prompt", role="prompt", multiline=True,
                        help="What it shall sound like.")  # fmt: skip
    negative_prompt: str = param("", label="Negative prompt", role="negative prompt", multiline=True, level="advanced",
                                 help="What it shall not sound like.")  # fmt: skip
    lyrics: str = param("", label="Lyrics", multiline=True, level="advanced", help="For models that sing.")
    seconds: float = param(
        10.0, label="Length", minimum=0.1, maximum=600, slider=(1, 60), step=0.5, decimals=1, unit="s"
    )
    steps: int = param(50, label="Steps", minimum=1, maximum=500, slider=(10, 150), help="For diffusion models.")
    guidance_scale: float = param(3.5, label="Guidance", minimum=0, maximum=30, slider=(1, 12), step=0.1, decimals=1)
    strength: float = param(
        1.0, label="Change", minimum=0.05, maximum=1.0, step=0.05, level="advanced",
        help="How far a part that is made anew may go from what is there: 1 begins with nothing of it.",
    )  # fmt: skip
    task: str = param("new", label="Task", choices=tuple(SOUND_TASKS.items()), level="hidden")
    first_frame: int = param(0, label="From", minimum=0, level="hidden", help="For a part: its first frame.")
    last_frame: int = param(0, label="To", minimum=0, level="hidden", help="For a part: the frame behind its last.")
    side: str = param("end", label="Where", choices=(("end", "After it"), ("front", "Before it")), level="hidden",
                      help="Where a sound goes on.")  # fmt: skip


TEMPO = next(spec for spec in describe(MusicParams) if spec.name == "tempo")


def read_parts(text: str) -> tuple[tuple[str, str], ...]:
    """(role, instrument) pairs in the order of ROLES. Raises StudioError for a role or an instrument nobody knows."""
    found: dict[str, str] = {}
    for piece in (part.strip() for part in text.split(",")):
        if not piece:
            continue
        role, _, instrument = (word.strip() for word in piece.partition(":"))
        if role not in ROLES:
            raise StudioError(f"There is no part called {role[:40]!r}.", f"Parts are: {', '.join(ROLES)}.")
        if instrument not in INSTRUMENTS:
            raise StudioError(
                f"There is no instrument called {instrument[:40]!r}.", f"Known are: {', '.join(INSTRUMENTS)}."
            )
        found[role] = instrument
    if not found:
        raise StudioError("No instrument is chosen.", "Choose at least one.")
    return tuple((role, found[role]) for role in ROLES if role in found)


def write_parts(parts: Sequence[tuple[str, str]]) -> str:
    """The opposite of `read_parts`."""
    return ", ".join(f"{role}:{instrument}" for role, instrument in parts)


def read_cells(text: str) -> tuple[tuple[str, int, int], ...]:
    """(track id, first bar, last bar), bars counted from 0. Raises StudioError."""
    found = []
    for piece in (part.strip() for part in text.split(",")):
        if not piece:
            continue
        track, _, bars = piece.partition(" ")
        first, _, last = bars.strip().partition("-")
        if not (track and first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last) <= 100_000):
            raise StudioError(f"These are no bars: {piece[:60]!r}.", 'Write for instance "t1 5-6".')
        found.append((track, int(first) - 1, int(last) - 1))
    return tuple(found)


def write_cells(cells: Sequence[tuple[str, int, int]]) -> str:
    """The opposite of `read_cells`."""
    return ", ".join(f"{track} {first + 1}-{last + 1}" for track, first, last in cells)


@frozen
class MusicSettings:
    """How the panel behaves."""

    play_as_written: bool = param(
        False, label="Play while it is written", help="Start playing as soon as the first bar of a new piece is there."
    )
    device: str = param("", label="Sound output", help="Part of a device's name; empty takes the system's own.",
                        unset="The system's own", max_length=200)  # fmt: skip


@frozen
class SoundSettings:
    """Where audio models work. Device, precision and threads can change the last digits of a sound."""

    device: str = device_setting("Where sounds are made")
    precision: str = precision_setting()
    threads: int = threads_setting("sound")
    memory: str = param(
        "auto", label="Model in memory",
        help="On a graphics card. Automatic puts all of the model on it if there is room, else its parts in turn.",
        choices=(
            ("auto", "Automatic"),
            ("device", "All at once: fastest"),
            ("model", "Its parts in turn: needs half to two thirds"),
        ),
    )  # fmt: skip


_RECIPE_HELP = "Write down in the file how it was made, so that Studio can make it again."


@frozen
class MidiOptions:
    """How a MIDI file is written."""

    kind: str = param(
        "1", label="Type", choices=(("1", "1: a track for each part"), ("0", "0: one track, for old players")),
        help="Nearly every program wants type 1.",
    )  # fmt: skip
    recipe: bool = param(True, label="Recipe in the file", help=_RECIPE_HELP)


@frozen
class SheetOptions:
    """How a MusicXML file is written."""

    recipe: bool = param(True, label="Recipe in the file", help=_RECIPE_HELP)


@frozen
class WavOptions:
    """How a WAV file is written."""

    depth: str = param(
        "24", label="Bits", choices=(("16", "16, dithered"), ("24", "24"), ("float", "32, floating point")),
        help="24 is what other studios expect; 16 is what a CD has.",
    )  # fmt: skip
    loop: bool = param(
        False, label="Loop without a seam",
        help="Exactly as long as the bars; what rings on at the end is heard at the beginning.",
    )  # fmt: skip
    recipe: bool = param(True, label="Recipe in the file", help=_RECIPE_HELP)


@frozen
class FlacOptions:
    """How a FLAC file is written."""

    depth: str = param("24", label="Bits", choices=(("16", "16, dithered"), ("24", "24")), help="FLAC loses nothing.")
    recipe: bool = param(True, label="Recipe in the file", help=_RECIPE_HELP)


@frozen
class LossyOptions:
    """How an OGG, Opus or MP3 file is written."""

    quality: float = param(
        0.6, label="Quality", minimum=0.0, maximum=1.0, step=0.1, decimals=1,
        help="0.6 is hard to tell from the original.",
    )  # fmt: skip
    recipe: bool = param(True, label="Recipe in the file", help=_RECIPE_HELP)


@frozen
class StemOptions:
    """How stems are written."""

    form: str = param("flac", label="Each stem as", choices=(("flac", "FLAC, 24 bits"), ("wav", "WAV, 24 bits")),
                      help="All begin together and are as long as the piece with its last echo.")  # fmt: skip
    recipe: bool = param(True, label="Recipe in the file", help=_RECIPE_HELP)
