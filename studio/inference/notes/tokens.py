"""Scores as token sequences and back, relative to the key; and the three ways to ask: begin, continue, fill.

A piece is: begin, style, mood, mode, metre, tempo, bars, (part, instrument) for each part, start; then for each bar
its number and, for each part that has something in it, the part and its events. An event is a position, then a
velocity and a duration where they differ from the part's last ones in this bar, then a pitch (or a drum; harmony has
chords and neither velocity nor duration). To fill gaps, cells (bar x part) are replaced by `masked`, and after
`fill` follows what belongs there, bar by bar. `end` ends both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from .score import (
    DRUM_STEPS,
    DRUMS,
    DURATIONS,
    HIGHEST,
    LOWEST,
    METRES,
    STEP,
    VELOCITIES,
    Brief,
    Chord,
    Note,
    Score,
    Track,
    home,
)
from .vocabulary import (
    BAR_ZERO,
    BEGIN,
    BLOCKS,
    CHORD_ID,
    CHORD_WORDS,
    DRUM_ID,
    DRUM_NAMES,
    DURATION_ID,
    END,
    FILL,
    IDS,
    KIND_OF,
    MASKED,
    PART_ID,
    PARTS,
    PITCH_ZERO,
    POSITION_ID,
    POSITIONS,
    START,
    TEMPO_CLASSES,
    VELOCITY_ID,
    WORDS,
)

Cell = tuple[int, str]
"""(bar, part): part is "harmony" or a role."""


def tempo_class(tempo: float) -> int:
    """0 (slowest) to 5."""
    return bisect_left(TEMPO_CLASSES, tempo)


def encode_brief(brief: Brief) -> list[int]:
    """The header, from begin to start. Tonic and exact tempo are no part of it: code sets them."""
    words = [
        f"style:{brief.style or 'any'}",
        f"mood:{brief.mood or 'any'}",
        f"mode:{brief.mode}",
        f"metre:{brief.metre[0]}/{brief.metre[1]}",
        f"tempo:{tempo_class(brief.tempo)}",
        f"bars:{brief.bars}",
    ]
    for role, name in brief.parts:
        words += [f"part:{role}", f"instrument:{name}"]
    return [BEGIN, *(IDS[w] for w in words), START]


def encode_cell(score: Score, bar: int, part: str) -> list[int]:
    """The events of one cell, without the part's own token. ValueError for what tokens cannot say (see `fit`)."""
    size = score.brief.bar_ticks
    first = bar * size
    ids: list[int] = []
    try:
        if part == "harmony":
            for chord in score.chords:
                if first <= chord.start < first + size:
                    place = POSITION_ID[_steps(chord.start - first)]
                    ids += [place, CHORD_ID[(chord.root - score.brief.tonic) % 12, chord.quality]]
            return ids
        at = velocity = duration = None
        base = home(score.brief.tonic)
        for note in score.bar(part, bar):
            if note.start != at:
                at = note.start
                ids.append(POSITION_ID[_steps(at - first)])
            if note.velocity != velocity:
                velocity = note.velocity
                ids.append(VELOCITY_ID[velocity])
            if part == "drums":
                ids.append(DRUM_ID[note.pitch])
                continue
            if note.duration != duration:
                duration = note.duration
                ids.append(DURATION_ID[_steps(duration)])
            if not LOWEST <= note.pitch - base <= HIGHEST:
                raise KeyError(note.pitch)
            ids.append(PITCH_ZERO + note.pitch - base)
    except KeyError as error:
        raise ValueError(f"bar {bar + 1}, {part}: no token for {error}") from None
    return ids


def _steps(ticks: int) -> int:
    steps, rest = divmod(ticks, STEP)
    if rest:
        raise KeyError(ticks)
    return steps


def encode_bars(score: Score, bars: Iterable[int], hidden: Collection[Cell] = ()) -> list[int]:
    """The bodies of those bars; hidden cells are masked."""
    ids: list[int] = []
    parts = ("harmony", *(role for role, _ in score.brief.parts))
    for bar in bars:
        ids.append(BAR_ZERO + bar)
        for part in parts:
            if (bar, part) in hidden:
                ids += [PART_ID[part], MASKED]
            elif events := encode_cell(score, bar, part):
                ids += [PART_ID[part], *events]
    return ids


def encode(score: Score) -> list[int]:
    """The whole piece."""
    return [*encode_brief(score.brief), *encode_bars(score, range(score.brief.bars)), END]


def encode_fill(score: Score, asked: Collection[Cell]) -> tuple[list[int], list[int]]:
    """(prompt, answer) for filling those cells; the answer is what the score has there."""
    prompt = [*encode_brief(score.brief), *encode_bars(score, range(score.brief.bars), asked), FILL]
    answer: list[int] = []
    for bar in sorted({bar for bar, _ in asked}):
        answer.append(BAR_ZERO + bar)
        for part in PARTS:
            if (bar, part) in asked and (events := encode_cell(score, bar, part)):
                answer += [PART_ID[part], *events]
    return prompt, [*answer, END]


def decode_brief(ids: Sequence[int], *, tonic: int = 0) -> Brief:
    """The brief of a header; the tempo is the middle of its class."""
    names: dict[str, str] = {}
    parts: list[tuple[str, str]] = []
    role = ""
    for token in ids[: list(ids).index(START)]:
        kind, _, name = WORDS[token].partition(":")
        if kind == "part":
            role = name
        elif kind == "instrument":
            parts.append((role, name))
        else:
            names[kind] = name
    number = int(names["tempo"])
    edges = (48, *TEMPO_CLASSES, 172)
    a, b = names["metre"].split("/")
    return Brief(
        style="" if names["style"] == "any" else names["style"],
        mood="" if names["mood"] == "any" else names["mood"],
        tonic=tonic,
        mode=names["mode"],
        metre=(int(a), int(b)),
        tempo=float((edges[number] + edges[number + 1]) // 2),
        bars=int(names["bars"]),
        parts=tuple(parts),
    )


def decode_body(ids: Iterable[int], brief: Brief) -> dict[Cell, tuple[Note | Chord, ...]]:
    """The cells that a body (or an answer) speaks of. Masked cells are left out; ValueError for wrong order."""
    cells: dict[Cell, list[Note | Chord]] = {}
    bar, part, place, velocity, duration = -1, "", -1, 0, 0
    for token in ids:
        kind = KIND_OF[token]
        number = token - BLOCKS[kind].start
        if kind == "bar":
            bar, part = number, ""
        elif kind == "part" and bar >= 0:
            part, place, velocity, duration = PARTS[number], -1, 0, DRUM_STEPS if PARTS[number] == "drums" else 0
            cells[bar, part] = []
        elif kind == "special" and token == MASKED and part:
            cells.pop((bar, part), None)
        elif kind == "position" and part:
            place = POSITIONS[number]
        elif kind == "velocity" and place >= 0:
            velocity = VELOCITIES[number]
        elif kind == "duration" and place >= 0:
            duration = DURATIONS[number]
        elif kind == "chord" and part == "harmony" and place >= 0:
            root, quality = CHORD_WORDS[number]
            start = (bar * brief.bar_steps + place) * STEP
            cells[bar, part].append(Chord(start, (root + brief.tonic) % 12, quality))
        elif kind in ("pitch", "drum") and place >= 0 and velocity and duration:
            pitch = DRUMS[DRUM_NAMES[number]] if kind == "drum" else home(brief.tonic) + LOWEST + number
            start = (bar * brief.bar_steps + place) * STEP
            cells[bar, part].append(Note(start, pitch, duration * STEP, velocity))
        elif token not in (END, FILL):
            raise ValueError(f"{WORDS[token]} cannot stand in bar {bar + 1}, {part or 'before any part'}")
    return {cell: tuple(events) for cell, events in cells.items()}


def decode(ids: Sequence[int], brief: Brief | None = None) -> Score:
    """The piece that a sequence spells. `brief` lends tonic and tempo, which tokens do not know."""
    body = list(ids)[list(ids).index(START) + 1 :]
    told = decode_brief(ids, tonic=brief.tonic if brief else 0)
    if brief:
        told = replace(told, tempo=brief.tempo)
    return assemble(told, decode_body(body, told))


def assemble(brief: Brief, cells: dict[Cell, tuple[Note | Chord, ...]]) -> Score:
    """Join cells into a score."""
    chords = sorted(e for (_, part), events in cells.items() if part == "harmony" for e in events)  # type: ignore[type-var]
    tracks = []
    for role, name in brief.parts:
        notes = sorted(e for (_, part), events in cells.items() if part == role for e in events)  # type: ignore[type-var]
        tracks.append(Track(role, name, tuple(notes)))  # type: ignore[arg-type]
    return Score(brief, tuple(tracks), tuple(chords))  # type: ignore[arg-type]


def merge(score: Score, asked: Collection[Cell], cells: dict[Cell, tuple[Note | Chord, ...]]) -> Score:
    """The score with the asked cells replaced by what was found for them; all else is as it was."""
    kept: dict[Cell, tuple[Note | Chord, ...]] = {c: e for c, e in cells.items() if c in asked}
    size = score.brief.bar_ticks
    for bar in range(score.brief.bars):
        if (bar, "harmony") not in asked:
            kept[bar, "harmony"] = tuple(c for c in score.chords if bar * size <= c.start < (bar + 1) * size)
        for role, _ in score.brief.parts:
            if (bar, role) not in asked:
                kept[bar, role] = score.bar(role, bar)
    return assemble(score.brief, kept)


def _nearest(value: float, choices: Sequence[int]) -> int:
    return min(choices, key=lambda c: (abs(c - value), c))


def fit(score: Score) -> Score:
    """The nearest score that tokens can say: starts, lengths and loudness are rounded, pitches moved by octaves,
    repeated strikes shortened, drums that the kit lacks left out."""
    brief, base = score.brief, home(score.brief.tonic)
    allowed = [p for p in POSITIONS if p < METRES[brief.metre][0]]
    end = brief.bars * brief.bar_steps
    tracks = []
    for track in score.tracks:
        placed: dict[tuple[int, int], tuple[int, int]] = {}
        for note in track.notes:
            bar, inside = divmod(note.start / STEP, brief.bar_steps)
            start = int(bar) * brief.bar_steps + _nearest(inside, allowed)
            pitch = note.pitch
            if track.role == "drums":
                if pitch not in DRUM_ID:
                    continue
            else:
                while pitch - base > HIGHEST:
                    pitch -= 12
                while pitch - base < LOWEST:
                    pitch += 12
            if 0 <= start < end:
                placed.setdefault((start, pitch), (round(note.duration / STEP), note.velocity))
        notes, following = [], {}
        for (start, pitch), (length, loud) in sorted(placed.items(), reverse=True):
            limit = min(following.get(pitch, end), end) - start
            following[pitch] = start
            length = DRUM_STEPS if track.role == "drums" else _nearest(length, [d for d in DURATIONS if d <= limit])
            notes.append(Note(start * STEP, pitch, length * STEP, _nearest(loud, VELOCITIES)))
        tracks.append(Track(track.role, track.instrument, tuple(sorted(notes))))
    chords: dict[int, Chord] = {}
    for chord in score.chords:
        bar, inside = divmod(chord.start / STEP, brief.bar_steps)
        start = (int(bar) * brief.bar_steps + _nearest(inside, allowed)) * STEP
        if chord.start < score.length:
            chords[start] = replace(chord, start=start)
    return Score(brief, tuple(tracks), tuple(chords.values()))
