"""A judge of style and mood that has heard only the composer: features of the notes and a small classifier.

It never sees the header. What follows from the header alone (which parts there are, the metre) could give a style
away without a note being right, so a second judge that sees only that says how much is owed to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from studio.inference.notes.score import DRUMS, METRES, MODES, MOODS, QUALITIES, ROLES, STEP, STYLES, Note, Score, home

Features = npt.NDArray[np.float32]
_QUALITIES = tuple(QUALITIES)
_KIT = tuple(DRUMS.values())


def _histogram(values: Sequence[int], size: int) -> Features:
    counts = (
        np.bincount(np.clip(np.array(values, dtype=int), 0, size - 1), minlength=size)
        if len(values)
        else np.zeros(size)
    )
    return (counts / max(1, len(values))).astype(np.float32)


def _of_track(notes: Sequence[Note], score: Score) -> Features:
    """Where, how long, how high, how loud, and by what steps."""
    brief = score.brief
    if not notes:
        return np.zeros(24 + 16 + 27 + 12 + 9, dtype=np.float32)
    places = [(n.start // STEP % brief.bar_steps) // 2 for n in notes]
    lengths = [min(15, n.duration // STEP // 3) for n in notes]
    tops = [n for n, after in zip(notes, [*notes[1:], None], strict=True) if after is None or after.start != n.start]
    steps = [max(-13, min(13, b.pitch - a.pitch)) + 13 for a, b in pairwise(tops)]
    pitches, loud = np.array([n.pitch for n in notes]) - home(brief.tonic), np.array([n.velocity for n in notes])
    starts = sorted({n.start for n in notes})
    gaps = np.diff([*starts, score.length]) / STEP
    sounding = sum(n.duration for n in tops) / score.length
    repeats = sum(a.pitch == b.pitch for a, b in pairwise(tops)) / len(tops)
    numbers = [
        *(pitches.mean() / 24, pitches.std() / 12, (pitches.max() - pitches.min()) / 24),
        *(loud.mean() / 64, loud.std() / 16, len(starts) / brief.bars / 8, sounding, repeats, gaps.mean() / 24),
    ]
    return np.concatenate(
        [
            _histogram(places, 24),
            _histogram(lengths, 16),
            _histogram(steps, 27),
            _histogram([int(p) % 12 for p in pitches], 12),
            np.array(numbers, dtype=np.float32),
        ]
    )


def features(score: Score) -> Features:
    """What a listener could tell, without key, tempo, instruments and length."""
    parts = [_of_track(track.notes if (track := score.track(role)) else (), score) for role in ROLES[:-1]]
    drums = score.track("drums")
    hits = [_KIT.index(n.pitch) for n in drums.notes if n.pitch in _KIT] if drums else []
    loud = np.mean([n.velocity for n in drums.notes]) / 64 if drums and drums.notes else 0.0
    roots = [(c.root - score.brief.tonic) % 12 for c in score.chords]
    kinds = [_QUALITIES.index(c.quality) for c in score.chords]
    more = np.array([loud, len(hits) / score.brief.bars / 8, len(roots) / score.brief.bars], dtype=np.float32)
    swell = _swell(score)
    return np.concatenate(
        [*parts, _histogram(hits, len(_KIT)), _histogram(roots, 12), _histogram(kinds, 13), more, swell]
    )


def _swell(score: Score) -> Features:
    """Mean loudness and height of the melody in each bar of a phrase of four."""
    melody = score.track("melody")
    rows = np.zeros((4, 2), dtype=np.float32)
    for place in range(4):
        notes = [n for n in melody.notes if n.start // score.brief.bar_ticks % 4 == place] if melody else []
        if notes:
            pitches = [n.pitch - home(score.brief.tonic) for n in notes]
            rows[place] = np.mean([n.velocity for n in notes]) / 64, np.mean(pitches) / 24
    return rows.ravel()


def header_features(score: Score) -> Features:
    """What the header gives away: parts, metre, mode."""
    brief = score.brief
    known = dict(brief.parts)
    values = [role in known for role in ROLES]
    values += [brief.metre == m for m in METRES] + [brief.mode == m for m in MODES]
    return np.array(values, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Judge:
    """A trained classifier."""

    net: torch.nn.Module
    middle: torch.Tensor
    spread: torch.Tensor
    labels: tuple[str, ...]

    @torch.no_grad()
    def hears(self, rows: Sequence[Features]) -> list[str]:
        """The label of each row."""
        x = (torch.from_numpy(np.stack(rows)) - self.middle) / self.spread
        return [self.labels[i] for i in self.net(x.clamp(-6, 6)).argmax(1).tolist()]

    def accuracy(self, rows: Sequence[Features], wanted: Sequence[str]) -> float:
        """The part of the rows that it labels as wanted."""
        return float(np.mean([a == b for a, b in zip(self.hears(rows), wanted, strict=True)]))


def train_judge(rows: Sequence[Features], wanted: Sequence[str], labels: tuple[str, ...], *, steps: int = 600) -> Judge:
    """Learn to label rows of features."""
    torch.manual_seed(0)
    x, y = torch.from_numpy(np.stack(rows)), torch.tensor([labels.index(w) for w in wanted])
    middle, spread = x.mean(0), x.std(0).clamp(min=1e-3)
    x = ((x - middle) / spread).clamp(-6, 6)
    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], 96), torch.nn.GELU(), torch.nn.Dropout(0.3), torch.nn.Linear(96, len(labels))
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05)
    generator = torch.Generator().manual_seed(1)
    for step in range(steps):
        pick = torch.randint(0, len(x), (128,), generator=generator)
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * (1 - step / steps)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(x[pick]), y[pick]).backward()
        optimiser.step()
    return Judge(net.eval(), middle, spread, labels)


@dataclass(frozen=True, slots=True)
class Judges:
    """For style and for mood, each with its sibling that sees only the header."""

    style: Judge
    mood: Judge
    style_blind: Judge
    mood_blind: Judge


def train_judges(scores: Sequence[Score], *, steps: int = 600) -> Judges:
    """All four, from the composer's pieces."""
    rows, blind = [features(s) for s in scores], [header_features(s) for s in scores]
    styles, moods = [s.brief.style for s in scores], [s.brief.mood for s in scores]
    return Judges(
        train_judge(rows, styles, STYLES, steps=steps),
        train_judge(rows, moods, MOODS, steps=steps),
        train_judge(blind, styles, STYLES, steps=steps),
        train_judge(blind, moods, MOODS, steps=steps),
    )
