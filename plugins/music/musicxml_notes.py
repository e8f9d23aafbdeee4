"""The notes, rests, clefs and chord symbols of MusicXML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from studio.inference.notes.score import Chord

from .document import Key, Note, Track

DIVISIONS = 24
SMALL = 12
"""A rest shorter than an eighth is a way of playing, not of writing."""
FULL = 0.72
"""A note that is held for less of its length has a dot over it."""

_TYPES = (
    (96, "whole", 0, False),
    (72, "half", 1, False),
    (48, "half", 0, False),
    (36, "quarter", 1, False),
    (32, "half", 0, True),
    (24, "quarter", 0, False),
    (18, "eighth", 1, False),
    (16, "quarter", 0, True),
    (12, "eighth", 0, False),
    (9, "16th", 1, False),
    (8, "eighth", 0, True),
    (6, "16th", 0, False),
    (4, "16th", 0, True),
    (3, "32nd", 0, False),
    (2, "32nd", 0, True),
    (1, "64th", 0, True),
)
"""(length in divisions, name, dots, is it a third of a group of three)."""
_BY_LENGTH = {row[0]: row for row in _TYPES}

_SHARP = (("C", 0), ("C", 1), ("D", 0), ("D", 1), ("E", 0), ("F", 0), ("F", 1), ("G", 0), ("G", 1), ("A", 0), ("A", 1),
          ("B", 0))  # fmt: skip
_FLAT = (("C", 0), ("D", -1), ("D", 0), ("E", -1), ("E", 0), ("F", 0), ("G", -1), ("G", 0), ("A", -1), ("A", 0),
         ("B", -1), ("B", 0))  # fmt: skip
_KINDS = {
    "": "major", "m": "minor", "dim": "diminished", "aug": "augmented", "sus2": "suspended-second",
    "sus4": "suspended-fourth", "6": "major-sixth", "m6": "minor-sixth", "7": "dominant", "maj7": "major-seventh",
    "m7": "minor-seventh", "m7b5": "half-diminished", "dim7": "diminished-seventh",
}  # fmt: skip
_DRUM_PLACES = {35: ("F", 4), 36: ("F", 4), 38: ("C", 5), 40: ("C", 5), 37: ("C", 5), 39: ("E", 5), 41: ("G", 4),
                43: ("A", 4), 45: ("B", 4), 47: ("D", 5), 48: ("D", 5), 50: ("E", 5), 42: ("G", 5), 44: ("D", 4),
                46: ("G", 5), 49: ("A", 5), 57: ("A", 5), 51: ("F", 5), 59: ("F", 5)}  # fmt: skip
_CROSSES = frozenset({42, 44, 46, 49, 51, 52, 55, 57, 59, 37, 39, 54, 70})


@dataclass(frozen=True, slots=True)
class Struck:
    """Notes that begin and end together, in divisions; `short` ones are played shorter than they are written."""

    start: int
    end: int
    notes: tuple[Note, ...]
    short: bool = False


def voice_text(voice: Sequence[Struck], low: int, high: int, *, number: int, key: Key, drums: int = 0) -> str:
    """What one voice has in the measure low to high, filled up with rests. `drums` is the number of a drum part."""
    out, place = "", low
    for struck in voice:
        if struck.end <= low or struck.start >= high or (drums and struck.start < low):
            continue
        begin, stop = max(struck.start, low), min(struck.end, high)
        out += _rests(begin - place, number)
        # A drum is struck and over: nothing is tied, rests say the rest.
        lengths = list(_pieces(stop - begin))[: 1 if drums else None]
        for index, length in enumerate(lengths):
            came = begin > struck.start or index > 0
            goes = not drums and (stop < struck.end or index < len(lengths) - 1)
            for row, note in enumerate(struck.notes):
                dot = struck.short and not came and row == 0
                out += _note(note, length, number, key, chord=row > 0, came=came, goes=goes, drums=drums, dot=dot)
        place = begin + sum(lengths)
    return out + _rests(high - place, number)


def shortened(voice: Sequence[Struck]) -> list[Struck]:
    """Drum notes that last until the next one, at most a quarter: fewer rests to read."""
    found = []
    for index, struck in enumerate(voice):
        following = voice[index + 1].start if index + 1 < len(voice) else struck.start + DIVISIONS
        found.append(replace(struck, end=max(struck.start + 1, min(following, struck.start + DIVISIONS))))
    return found


def filled(voice: Sequence[Struck]) -> list[Struck]:
    """Notes that end a little before the next one, or before the beat, written up to there: with a dot for staccato
    where they are much shorter. Nobody reads a rest of a 32nd behind each note.
    """
    found = []
    for index, struck in enumerate(voice):
        beat = -(-struck.end // SMALL) * SMALL
        following = voice[index + 1].start if index + 1 < len(voice) else -1
        until = min(following, beat) if following >= 0 else beat
        length, slot = struck.end - struck.start, until - struck.start
        triplet = struck.end % 8 == 0 and until != following
        if 0 < slot - length < SMALL and slot in _BY_LENGTH and not triplet:
            struck = replace(struck, end=until, short=length < slot * FULL)
        found.append(struck)
    return found


def _pieces(length: int) -> Iterator[int]:
    """Lengths that can be written, longest first."""
    while length > 0:
        size = next(row[0] for row in _TYPES if row[0] <= length)
        yield size
        length -= size


def _kind(length: int) -> tuple[str, str]:
    """(type and dots, time modification) of a length that can be written."""
    _, name, dots, third = _BY_LENGTH[length]
    change = "<actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
    return f"<type>{name}</type>" + "<dot/>" * dots, f"<time-modification>{change}</time-modification>" if third else ""


def _rests(length: int, number: int) -> str:
    out = ""
    for size in _pieces(length):
        kind, change = _kind(size)
        out += f"<note><rest/><duration>{size}</duration><voice>{number}</voice>{kind}{change}</note>"
    return out


def _note(
    note: Note, length: int, number: int, key: Key, *, chord: bool, came: bool, goes: bool, drums: int, dot: bool
) -> str:
    kind, change = _kind(length)
    ties = [name for name, wanted in (("stop", came), ("start", goes)) if wanted]
    if drums:
        step, octave = _DRUM_PLACES.get(note.pitch, ("C", 5))
        pitch = f"<unpitched><display-step>{step}</display-step><display-octave>{octave}</display-octave></unpitched>"
        instrument = f'<instrument id="P{drums}-I{note.pitch}"/>'
        head = "<notehead>x</notehead>" if note.pitch in _CROSSES else ""
    else:
        step, alter = (_FLAT if key.flats else _SHARP)[note.pitch % 12]
        bend = f"<alter>{alter}</alter>" if alter else ""
        pitch = f"<pitch><step>{step}</step>{bend}<octave>{note.pitch // 12 - 1}</octave></pitch>"
        instrument = head = ""
    marks = "".join(f'<tied type="{t}"/>' for t in ties) + "<articulations><staccato/></articulations>" * dot
    return (
        f'<note dynamics="{note.velocity * 100 / 90:.2f}">{"<chord/>" if chord else ""}{pitch}'
        f"<duration>{length}</duration>{''.join(f'<tie type={chr(34)}{t}{chr(34)}/>' for t in ties)}{instrument}"
        f"<voice>{number}</voice>{kind}{change}{head}"
        f"{f'<notations>{marks}</notations>' if marks else ''}</note>"
    )


def clef(track: Track) -> str:
    """By where most of the notes lie."""
    if track.drums:
        return "<clef><sign>percussion</sign></clef>"
    low = bool(track.notes) and float(track.pitches.mean()) < 57
    return "<clef><sign>F</sign><line>4</line></clef>" if low else "<clef><sign>G</sign><line>2</line></clef>"


def harmony(chord: Chord, key: Key, offset: int) -> str:
    """A chord symbol, `offset` divisions after the beginning of the measure."""
    step, alter = (_FLAT if key.flats else _SHARP)[chord.root]
    bend = f"<root-alter>{alter}</root-alter>" if alter else ""
    place = f"<offset>{offset}</offset>" if offset else ""
    kind = f'<kind text="{chord.quality}">{_KINDS[chord.quality]}</kind>'
    return f"<harmony><root><root-step>{step}</root-step>{bend}</root>{kind}{place}</harmony>"
