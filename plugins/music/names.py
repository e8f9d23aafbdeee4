"""How pitches, keys and chords are called."""

from __future__ import annotations

SHARP = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
FLAT = ("C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B")


def key_name(tonic: int, mode: str, flats: bool = False) -> str:
    """ "D minor", "B♭ major"."""
    return f"{(FLAT if flats else SHARP)[tonic % 12]} {mode}"


def chord_name(root: int, quality: str, flats: bool = False) -> str:
    """ "B♭maj7", "C♯dim"."""
    return (FLAT if flats else SHARP)[root % 12] + quality.replace("b5", "♭5")


def pitch_name(pitch: int) -> str:
    """ "C4" for 60, as most programs count."""
    return f"{SHARP[pitch % 12]}{pitch // 12 - 1}"
