"""The words of the music model, in blocks, so that a mask over a kind of word is one slice."""

from __future__ import annotations

import json
from pathlib import Path

from .score import (
    DRUMS,
    DURATIONS,
    GRID,
    HIGHEST,
    INSTRUMENTS,
    LOWEST,
    MAX_BARS,
    METRES,
    MODES,
    MOODS,
    QUALITIES,
    ROLES,
    STYLES,
    SUBDIVISIONS,
    VELOCITIES,
)

POSITIONS = tuple(s for s in range(4 * GRID) if s % GRID in SUBDIVISIONS)
"""Steps of a bar on which something may begin."""
TEMPO_CLASSES = (66, 84, 104, 126, 150)
"""Tempo class n is slower than or equal to the n-th of these; the last is faster than all."""
DRUM_NAMES = tuple(DRUMS)
CHORD_WORDS = tuple((root, quality) for root in range(12) for quality in QUALITIES)
PARTS = ("harmony", *ROLES)
"""What a bar consists of, in order."""

_BLOCKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("special", ("pad", "begin", "end", "start", "masked", "fill")),
    ("style", ("any", *STYLES)),
    ("mood", ("any", *MOODS)),
    ("mode", tuple(MODES)),
    ("metre", tuple(f"{a}/{b}" for a, b in METRES)),
    ("tempo", tuple(str(i) for i in range(len(TEMPO_CLASSES) + 1))),
    ("bars", tuple(str(i) for i in range(1, MAX_BARS + 1))),
    ("instrument", tuple(INSTRUMENTS)),
    ("bar", tuple(str(i) for i in range(MAX_BARS))),
    ("part", PARTS),
    ("position", tuple(str(p) for p in POSITIONS)),
    ("velocity", tuple(str(i) for i in range(len(VELOCITIES)))),
    ("duration", tuple(str(d) for d in DURATIONS)),
    ("pitch", tuple(f"{p:+d}" for p in range(LOWEST, HIGHEST + 1))),
    ("drum", DRUM_NAMES),
    ("chord", tuple(f"{root}{quality}" if quality else str(root) for root, quality in CHORD_WORDS)),
)

WORDS: tuple[str, ...] = tuple(f"{kind}:{name}" for kind, names in _BLOCKS for name in names)
IDS: dict[str, int] = {word: i for i, word in enumerate(WORDS)}
BLOCKS: dict[str, slice] = {}
_at = 0
for _kind, _names in _BLOCKS:
    BLOCKS[_kind] = slice(_at, _at + len(_names))
    _at += len(_names)
KIND_OF: tuple[str, ...] = tuple(kind for kind, names in _BLOCKS for _ in names)

PAD, BEGIN, END, START, MASKED, FILL = (IDS[f"special:{n}"] for n in ("pad", "begin", "end", "start", "masked", "fill"))
POSITION_ID = {p: BLOCKS["position"].start + i for i, p in enumerate(POSITIONS)}
DURATION_ID = {d: BLOCKS["duration"].start + i for i, d in enumerate(DURATIONS)}
VELOCITY_ID = {v: BLOCKS["velocity"].start + i for i, v in enumerate(VELOCITIES)}
DRUM_ID = {DRUMS[n]: BLOCKS["drum"].start + i for i, n in enumerate(DRUM_NAMES)}
CHORD_ID = {c: BLOCKS["chord"].start + i for i, c in enumerate(CHORD_WORDS)}
PART_ID = {p: BLOCKS["part"].start + i for i, p in enumerate(PARTS)}
PITCH_ZERO = BLOCKS["pitch"].start - LOWEST
BAR_ZERO = BLOCKS["bar"].start


def write_vocabulary(path: Path) -> None:
    """What every id means, as JSON: {"version": 1, "words": [...]}; ids are places in the list."""
    text = json.dumps({"version": 1, "key_relative": True, "grid": GRID, "words": WORDS}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def same_vocabulary(path: Path) -> bool:
    """Whether a model's vocabulary is the one this code speaks."""
    try:
        return tuple(json.loads(path.read_text(encoding="utf-8"))["words"]) == WORDS
    except (OSError, ValueError, KeyError, TypeError):
        return False
