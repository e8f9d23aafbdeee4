"""What the music model is worth, measured: every figure stands beside the composer's own.

Samples answer briefs that were never trained on, as a new piece, as the second half of one, as bars and as a track
missing from one. The free column is sampled without the grammar, so that what was learned and what is enforced can be
told apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.inference.notes.grammar import Grammar, all_cells, check
from studio.inference.notes.sample import Task, add_track, answers, begin, fill, go_on
from studio.inference.notes.score import TICKS, Score
from studio.inference.notes.tokens import encode_cell

from .composer import random_score
from .data import HELD_OUT
from .model import load_model
from .probe import Judges, features, header_features, train_judges

JUDGE_FROM = 2 * HELD_OUT
SAMPLES_FROM = 3 * HELD_OUT
Figures = dict[str, float]


def in_scale(scores: Iterable[Score]) -> float:
    """The part of all pitches that belong to the scale of their piece's mode, nothing else counted."""
    right = [n.pitch % 12 in s.brief.scale for s in scores for t in s.tracks if t.role != "drums" for n in t.notes]
    return float(np.mean(right)) if right else 0.0


def in_key(scores: Iterable[Score]) -> float:
    """The same, where minor raises its leading tone while a dominant sounds, as it has since there were cadences."""
    right = []
    for score in scores:
        tonic, minor = score.brief.tonic, score.brief.mode == "minor"
        for track in score.tracks:
            for note in track.notes if track.role != "drums" else ():
                chord = score.chord_at(note.start)
                raised = minor and chord is not None and (chord.root - tonic) % 12 in (7, 11)
                leading = frozenset({(tonic + 11) % 12}) if raised else frozenset()
                right.append(note.pitch % 12 in score.brief.scale | leading)
    return float(np.mean(right)) if right else 0.0


def in_key_or_chord(scores: Iterable[Score]) -> float:
    """The same, where the chord of the moment may lend its notes."""
    right = []
    for score in scores:
        for track in score.tracks:
            for note in track.notes if track.role != "drums" else ():
                chord = score.chord_at(note.start)
                right.append(note.pitch % 12 in score.brief.scale | (chord.classes if chord else frozenset()))
    return float(np.mean(right)) if right else 0.0


def in_harmony(scores: Iterable[Score]) -> float:
    """The part of the melodies' notes on a beat that belong to the chord of the moment: chance is about 0.45."""
    right = []
    for score in scores:
        melody = score.track("melody")
        for note in melody.notes if melody else ():
            chord = score.chord_at(note.start)
            if chord and note.start % (score.brief.bar_ticks // 2) == 0:
                right.append(note.pitch % 12 in chord.classes)
    return float(np.mean(right)) if right else 0.0


def bars_of(score: Score, part: str = "") -> list[tuple[int, ...]]:
    """Each bar as tokens: of one part where it plays there, or of all parts together."""
    parts = (part,) if part else ("harmony", *(role for role, _ in score.brief.parts))
    found = []
    for bar in range(score.brief.bars):
        ids = [token for p in parts for token in (encode_cell(score, bar, p) or (0,))]
        if part and len(ids) < 6:
            continue
        found.append((score.brief.bar_steps, *ids))
    return found


def closing(scores: Sequence[Score]) -> float:
    """The part of melodies whose last note is the tonic."""
    ends = [t.notes[-1].pitch % 12 == s.brief.tonic for s in scores if (t := s.track("melody")) and t.notes]
    return float(np.mean(ends)) if ends else 0.0


def repeated(score: Score) -> float:
    """The part of a piece's melody bars whose rhythm has been heard in it before: structure, as the ear has it."""
    melody, size = score.track("melody"), score.brief.bar_ticks
    if melody is None:
        return float("nan")
    heard: set[tuple[tuple[int, int], ...]] = set()
    again = []
    for bar in range(score.brief.bars):
        rhythm = tuple((n.start % size, n.duration) for n in score.bar("melody", bar))
        if rhythm:
            again.append(rhythm in heard)
            heard.add(rhythm)
    return float(np.mean(again)) if again else float("nan")


def silence(score: Score) -> float:
    """The longest time in seconds in which nothing sounds; a struck drum counts for a quarter note."""
    spans = sorted((n.start, n.end if t.role != "drums" else n.start + TICKS) for t in score.tracks for n in t.notes)
    heard, longest = 0, 0
    for start, end in spans:
        longest = max(longest, start - heard)
        heard = max(heard, end)
    return max(longest, score.length - heard) * score.tick_seconds


def written(task: Task, score: Score) -> Score:
    """Only what was asked for; the harmony stays, since notes are heard against it."""
    size = score.brief.bar_ticks
    tracks = (
        replace(t, notes=tuple(n for n in t.notes if (n.start // size, t.role) in task.asked)) for t in score.tracks
    )
    return replace(score, tracks=tuple(tracks))


def untouched(task: Task, score: Score) -> bool:
    """Whether everything that was not asked for is as it was."""
    parts = ("harmony", *(role for role, _ in score.brief.parts))
    cells = [(bar, part) for bar in range(score.brief.bars) for part in parts if (bar, part) not in task.asked]
    return all(encode_cell(score, *cell) == encode_cell(task.score, *cell) for cell in cells)


def judge(
    scores: Sequence[Score], judges: Judges, known: tuple[set, set], tasks: Sequence[Task] | None = None
) -> Figures:
    """The figures of some pieces; of the answers to tasks only what they wrote counts where notes are counted."""
    rows, blind = [features(s) for s in scores], [header_features(s) for s in scores]
    styles, moods = [s.brief.style for s in scores], [s.brief.mood for s in scores]
    whole = [bar in known[0] for s in scores for bar in bars_of(s)]
    tune = [bar in known[1] for s in scores for bar in bars_of(s, "melody")]
    new = scores if tasks is None else [written(t, s) for t, s in zip(tasks, scores, strict=True)]
    kept = {} if tasks is None else {
        "all else untouched": float(np.mean([untouched(t, s) for t, s in zip(tasks, scores, strict=True)]))
    }  # fmt: skip
    return {
        "valid": float(np.mean([not s.problems() for s in scores])),
        **kept,
        "in key": in_key(new),
        "in the bare scale": in_scale(new),
        "in key or chord": in_key_or_chord(new),
        "melody on chord tones": in_harmony(scores),
        "style heard": judges.style.accuracy(rows, styles),
        "style by header alone": judges.style_blind.accuracy(blind, styles),
        "mood heard": judges.mood.accuracy(rows, moods),
        "mood by header alone": judges.mood_blind.accuracy(blind, moods),
        "ends on the tonic": closing(scores),
        "silent for over 2 s": float(np.mean([silence(s) > 2 for s in scores])),
        "rhythms that return": float(np.nanmean([repeated(s) for s in scores])),
        "bars known from training": float(np.mean(whole)),
        "melody bars known from training": float(np.mean(tune)),
        "notes a bar": float(np.mean([sum(len(t.notes) for t in s.tracks) / s.brief.bars for s in scores])),
    }


def _batches(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (items[i : i + size] for i in range(0, len(items), size))


def measure(
    folder: Path, *, count: int, judged: int = 3000, batch: int = 16, temperature: float = 0.95
) -> dict[str, Figures]:
    """Columns of figures: the composer, the model, its answers to pieces with something missing, and what it writes
    with no grammar to hold it.

    At most 20,000 of the pieces that it was trained on are searched for copied bars.
    """
    trained_on = int(json.loads((folder / "training.json").read_text(encoding="utf-8"))["pieces"])
    model = load_model(folder)
    judges = train_judges([random_score(JUDGE_FROM + i) for i in range(judged)])
    seen = [random_score(i) for i in range(min(trained_on, 20_000))]
    known = {b for s in seen for b in bars_of(s)}, {b for s in seen for b in bars_of(s, "melody")}
    composed = [random_score(SAMPLES_FROM + i, bars=8) for i in range(count)]
    columns = {"composer": judge(composed, judges, known)}
    for name, pose in _POSED.items():
        some = composed if name == "model" else composed[: count // 2]
        tasks = [pose(s, np.random.default_rng(i)) for i, s in enumerate(some)]
        scores: list[Score] = []
        for group in _batches(list(enumerate(tasks)), batch):
            found = answers(model, [t for _, t in group], seeds=[i for i, _ in group], temperature=temperature)
            scores += [task.result(ids) for (_, task), ids in zip(group, found, strict=True)]
        columns[name] = judge(scores, judges, known, None if name == "model" else tasks)
    columns["model, no grammar"] = _free(model, composed[: max(16, count // 4)], batch, temperature)
    return columns


def _middle(score: Score, rng: np.random.Generator) -> Task:
    """Two to four bars of all parts, not the first."""
    parts = ("harmony", *(role for role, _ in score.brief.parts))
    size = int(rng.integers(2, 5))
    first = int(rng.integers(1, score.brief.bars - size + 1))
    return fill(score, [(bar, part) for bar in range(first, first + size) for part in parts])


def _one_more(score: Score, rng: np.random.Generator) -> Task:
    """One of the tracks taken away, to be added again. A piece of one track has its gap instead."""
    if len(score.tracks) < 2:
        return _middle(score, rng)
    gone = score.tracks[int(rng.integers(0, len(score.tracks)))]
    brief = replace(score.brief, parts=tuple(p for p in score.brief.parts if p[0] != gone.role))
    rest = replace(score, brief=brief, tracks=tuple(t for t in score.tracks if t is not gone))
    return add_track(rest, gone.role, gone.instrument)


_POSED: dict[str, Callable[[Score, np.random.Generator], Task]] = {
    "model": lambda score, _: begin(score.brief),
    "goes on": lambda score, _: go_on(score, score.brief.bars // 2),
    "fills bars": _middle,
    "adds a track": _one_more,
}


def _free(model: Any, composed: Sequence[Score], batch: int, temperature: float) -> Figures:
    """Sampled without any constraint: how often the grammar would have been content, and the notes in key."""
    whole, part, tunes = [], [], []
    for group in _batches(composed, batch):
        tasks = [begin(s.brief) for s in group]
        found = answers(model, tasks, seeds=range(len(group)), temperature=temperature, grammar=False, longest=900)
        for task, ids in zip(tasks, found, strict=True):
            brief = task.score.brief
            taken = check(ids, Grammar(brief, all_cells(brief), in_key=False))
            whole.append(taken == len(ids))
            part.append(taken / max(1, len(ids)))
            tunes.append(task.result(ids[: taken - 1] if taken else []))
    return {
        "valid": float(np.mean(whole)),
        "tokens before the first slip": float(np.mean(part)),
        "in key": in_key(tunes),
    }


def table(columns: dict[str, Figures]) -> str:
    """A Markdown table, one row a figure."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in names:
        cells = [f"{column[name]:.3f}" if name in column else "" for column in columns.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
