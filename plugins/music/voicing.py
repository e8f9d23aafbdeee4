"""Which voice plays a track: its instrument's, that of a program change on the way, or a preset of a SoundFont."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from .document import Track
from .instruments import DRUM_KIT, name_of, program_of, voice_of
from .synth_voices import VOICES, Voice


class Program(NamedTuple):
    """MIDI's bank (both controllers, 14 bits) and program."""

    bank: int
    number: int


class Presets(Protocol):
    """Where voices of SoundFonts come from: plugins.music.soundfont.Fonts."""

    def voice(self, font: str, preset: str, program: Program, *, drums: bool) -> tuple[str, Voice] | None:
        """The name and the voice; None where the font is not at hand."""


class Voicing:
    """Finds voices. A new one is made when a SoundFont has come or gone: plans are kept as long as it is the same."""

    def __init__(self, presets: Presets | None = None) -> None:
        self._presets = presets

    def voice(self, track: Track, program: Program | None = None) -> tuple[str, Voice]:
        """The name (which tells voices apart) and the voice for a track, where its program is that one."""
        wanted = first_program(track) if program is None else program
        if track.font and self._presets is not None:
            # A preset that was chosen by hand plays all; else programs choose as in any synthesiser.
            found = self._presets.voice(track.font, track.preset, wanted, drums=track.drums)
            if found is not None:
                return found
        name = DRUM_KIT if track.drums else voice_of(track.instrument)
        if not track.drums and wanted.number != program_of(track.instrument):
            name = voice_of(name_of(wanted.number))
        return name, VOICES[name]


def first_program(track: Track) -> Program:
    """What plays the first note."""
    changes = _changes(track)
    number, bank = program_of(track.instrument), 0
    for tick, kind, value in changes:
        if tick > 0:
            break
        if kind == "program" and track.drums:
            number = value
        elif kind != "program":
            bank = _bank(bank, kind, value)
    return Program(bank, number)


def later_programs(track: Track) -> list[tuple[int, Program]]:
    """(tick, program) of all changes on the way, ascending."""
    now, found = first_program(track), list[tuple[int, Program]]()
    bank = now.bank
    for tick, kind, value in _changes(track):
        if kind != "program":
            bank = _bank(bank, kind, value)
        elif not (track.drums and tick == 0):
            now = Program(bank, value)
            found.append((tick, now))
    return found


def _changes(track: Track) -> list[tuple[int, str, int]]:
    """(tick, "program" or "coarse" or "fine", value) of the track's foreign events, in their order."""
    found = []
    for event in track.extra:
        data = event.data
        if data[0] & 0xF0 == 0xC0:
            found.append((event.start, "program", data[1] & 0x7F))
        elif data[0] & 0xF0 == 0xB0 and len(data) == 3 and data[1] in (0, 32):
            found.append((event.start, "coarse" if data[1] == 0 else "fine", data[2] & 0x7F))
    return found


def _bank(bank: int, kind: str, value: int) -> int:
    return value << 7 | bank & 0x7F if kind == "coarse" else bank & ~0x7F | value
