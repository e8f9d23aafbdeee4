"""Presets of SoundFonts as voices, rendered note by note by FluidSynth where its library is installed.

A note of a preset is rendered by itself, as our own voices are: it is kept, cut, bent and mixed like theirs, so that
playback and export are the same, and any part can be rendered by itself. FluidSynth (LGPL 2.1) is loaded at the first
SoundFont; no Python package is needed for it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Iterable
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from studio.api import StudioError

from .document import Track
from .soundfont_file import Preset, presets
from .synth_parts import HOP, RATE, Sound
from .synth_voices import Voice
from .voicing import Program, first_program, later_programs

BLOCK = 64
"""FluidSynth's own block; events take effect where one begins."""
LEVEL = 16.0
"""dB that bring a preset to the loudness of our own voices."""
DRUMS = 128
"""The bank of drum kits."""
_RINGS = {49: 6.0, 52: 6.0, 57: 6.0, 55: 4.0, 51: 4.0, 53: 4.0, 59: 4.0, 46: 2.5}
"""Seconds that percussion keys sound on; all others 2."""
_POINTER, _INT, _TEXT, _NUMBER = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_double
_CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "fluid_version": (None, (_POINTER, _POINTER, _POINTER)),
    "fluid_set_log_function": (_POINTER, (_INT, _POINTER, _POINTER)),
    "new_fluid_settings": (_POINTER, ()),
    "delete_fluid_settings": (None, (_POINTER,)),
    "fluid_settings_setint": (_INT, (_POINTER, _TEXT, _INT)),
    "fluid_settings_setnum": (_INT, (_POINTER, _TEXT, _NUMBER)),
    "new_fluid_synth": (_POINTER, (_POINTER,)),
    "delete_fluid_synth": (None, (_POINTER,)),
    "fluid_synth_sfload": (_INT, (_POINTER, _TEXT, _INT)),
    "fluid_synth_program_select": (_INT, (_POINTER, _INT, _INT, _INT, _INT)),
    "fluid_synth_noteon": (_INT, (_POINTER, _INT, _INT, _INT)),
    "fluid_synth_noteoff": (_INT, (_POINTER, _INT, _INT)),
    "fluid_synth_all_sounds_off": (_INT, (_POINTER, _INT)),
    "fluid_synth_write_float": (_INT, (_POINTER, _INT, _POINTER, _INT, _INT, _POINTER, _INT, _INT)),
}
_NAMES = {
    "linux": ("libfluidsynth.so.3", "libfluidsynth.so.2"),
    "darwin": ("/opt/homebrew/lib/libfluidsynth.dylib", "/usr/local/lib/libfluidsynth.dylib"),
    "win32": ("libfluidsynth-3.dll", "fluidsynth.dll", "libfluidsynth.dll"),
}
_HOW = {"linux": "sudo apt install libfluidsynth3", "darwin": "brew install fluid-synth", "win32": "fluidsynth.org"}


@lru_cache(maxsize=1)
def library() -> Any:
    """FluidSynth 2 or newer. Raises StudioError where there is none."""
    found = ctypes.util.find_library("fluidsynth")
    for name in (*((found,) if found else ()), *_NAMES.get(sys.platform, ())):
        try:
            loaded = ctypes.CDLL(name)
            for call, (answer, arguments) in _CALLS.items():
                function = getattr(loaded, call)
                function.restype, function.argtypes = answer, arguments
        except (OSError, AttributeError):
            continue  # not there, or older than 2.0
        for level in range(5):
            loaded.fluid_set_log_function(level, None, None)
        return loaded
    raise StudioError(
        "SoundFonts need the FluidSynth library, which is not installed.",
        f"Install it ({_HOW.get(sys.platform, 'fluidsynth.org')}) and start Studio again; the built-in sounds work.",
    )


class Font:
    """An open SoundFont. Every call may come from any thread; one is served at a time."""

    def __init__(self, path: Path) -> None:
        """Raises StudioError."""
        self.path = path
        self.presets: tuple[Preset, ...] = presets(path)
        self._keys = {(p.bank, p.program) for p in self.presets}
        self._library, self._lock = library(), Lock()
        self._settings = self._library.new_fluid_settings()
        for name, value in (("reverb.active", 0), ("chorus.active", 0), ("polyphony", 64),
                            ("dynamic-sample-loading", 1)):  # fmt: skip
            self._library.fluid_settings_setint(self._settings, f"synth.{name}".encode(), value)
        for name, number in (("sample-rate", float(RATE)), ("gain", 1.0)):
            self._library.fluid_settings_setnum(self._settings, f"synth.{name}".encode(), number)
        self._synth = self._library.new_fluid_synth(self._settings)
        self._id = self._library.fluid_synth_sfload(self._synth, str(path).encode(), 0) if self._synth else -1
        if self._id < 0:
            raise StudioError(f"FluidSynth cannot read {path.name}.", "Try another copy of it, or another SoundFont.")

    def __del__(self) -> None:
        # C memory knows no garbage collector; the program's end takes all at once.
        if getattr(self, "_synth", None) and not sys.is_finalizing():
            self._library.delete_fluid_synth(self._synth)
            self._library.delete_fluid_settings(self._settings)

    def nearest(self, wanted: Program, *, drums: bool) -> Preset:
        """The preset for a program: of its bank, of bank 0, or the first there is. Few fonts have all of them."""
        banks = (DRUMS,) if drums else (wanted.bank >> 7, wanted.bank & 0x7F, 0)
        tries = [(bank, wanted.number) for bank in banks] + ([(DRUMS, 0)] if drums else [])
        key = next((k for k in tries if k in self._keys), None)
        return next((p for p in self.presets if (p.bank, p.program) == key), self.presets[0])

    def note(self, preset: Preset, pitch: int, velocity: int, count: int, *, off: int | None = None) -> Sound:
        """(2, count) of one note, held for `off` frames or to the end. The same each time, to the last bit."""
        with self._lock:
            call, synth = self._library, self._synth
            call.fluid_synth_program_select(synth, 0, self._id, preset.bank, preset.program)
            # A voice begins with what its predecessor in the same place ended with: let that always be itself.
            for _ in range(2):
                call.fluid_synth_all_sounds_off(synth, -1)
                self._write(BLOCK)
                call.fluid_synth_noteon(synth, 0, pitch, velocity)
                self._write(BLOCK)
            call.fluid_synth_all_sounds_off(synth, -1)
            self._write(BLOCK)
            call.fluid_synth_noteon(synth, 0, pitch, velocity)
            if off is None or off >= count:
                return self._write(count)
            first = self._write(off)
            call.fluid_synth_noteoff(synth, 0, pitch)
            return np.concatenate([first, self._write(count - off)], axis=1)

    def _write(self, count: int) -> Sound:
        whole = -(-count // BLOCK) * BLOCK  # else the next note would begin inside a block
        out = np.zeros((2, whole), np.float32)
        left, right = (out[side].ctypes.data for side in (0, 1))
        self._library.fluid_synth_write_float(self._synth, whole, left, 0, 1, right, 0, 1)
        return out[:, :count]

    def voice(self, preset: Preset) -> Voice:
        """What plays a preset."""
        make = partial(_make, self, preset)
        if preset.bank == DRUMS:
            return Voice(make, 0.05, LEVEL, 0.10, rings=_rings, layered=True)
        # FluidSynth fades in equal dB a second: 60 dB are as good as silence.
        return Voice(make, self._release(preset), LEVEL, 0.24, steep=6.9, layered=True)

    def _release(self, preset: Preset) -> float:
        """Seconds in which a note falls by 60 dB once its key is let go."""
        held, after, cell = RATE // 2, 2 * RATE, RATE // 50
        pitch = 60
        on = self.note(preset, pitch, 100, held + after)[:, held:]
        off = self.note(preset, pitch, 100, held + after, off=held)[:, held:]
        power = [np.square(s).reshape(2, -1, cell).sum(axis=(0, 2)) for s in (on, off)]
        heard = (power[0] > 1e-6) & (power[1] > 1e-9)
        fall = 10 * np.log10(np.maximum(power[1], 1e-12) / np.maximum(power[0], 1e-12))
        inside = np.flatnonzero(heard & (fall < -1) & (fall > -45))
        if len(inside) < 2:
            return 0.06 if (power[1] < power[0] / 10).any() else 0.6
        slope = np.polyfit(inside * cell / RATE, fall[inside], 1)[0]
        return float(np.clip(-60 / min(slope, -1.0), 0.03, 5.0))


def _make(font: Font, preset: Preset, pitch: int, velocity: float, count: int) -> Sound:
    return font.note(preset, pitch, max(1, round(velocity * 127)), count * HOP)


def _rings(key: int) -> float:
    return _RINGS.get(key, 2.0)


class Fonts:
    """SoundFonts that are at hand, by path. A plugins.music.voicing.Presets."""

    def __init__(self) -> None:
        self._fonts: dict[str, Font] = {}
        self._voices: dict[tuple[str, str], Voice] = {}

    def load(self, tracks: Iterable[Track]) -> None:
        """Open the fonts of these tracks and get their voices ready: tenths of a second, in any thread. Raises
        StudioError for the first that cannot be played.
        """
        for track in tracks:
            if track.font:
                font = self.open(track.font)
                for program in (first_program(track), *(found for _, found in later_programs(track))):
                    preset = self._preset(font, track.preset, program, drums=track.drums)
                    if (track.font, preset.key) not in self._voices:
                        self._voices[track.font, preset.key] = font.voice(preset)

    def open(self, path: str) -> Font:
        """The font of a file, opened once. Raises StudioError."""
        if path not in self._fonts:
            self._fonts[path] = Font(Path(path))
        return self._fonts[path]

    def presets(self, path: str) -> tuple[Preset, ...]:
        """What an open font has; nothing for one that is not."""
        font = self._fonts.get(path)
        return () if font is None else font.presets

    def ready(self, track: Track) -> bool:
        """Whether all voices of a track are there."""
        programs = (first_program(track), *(found for _, found in later_programs(track)))
        return all(self.voice(track.font, track.preset, p, drums=track.drums) is not None for p in programs)

    def voice(self, font: str, preset: str, program: Program, *, drums: bool) -> tuple[str, Voice] | None:
        """The name and the voice of what `load` has got ready; None for anything else."""
        opened = self._fonts.get(font)
        if opened is None:
            return None
        wanted = self._preset(opened, preset, program, drums=drums)
        voice = self._voices.get((font, wanted.key))
        return None if voice is None else (f"{font} {wanted.key}", voice)

    def _preset(self, font: Font, preset: str, program: Program, *, drums: bool) -> Preset:
        chosen = next((p for p in font.presets if p.key == preset), None)
        return chosen or font.nearest(program, drums=drums)
