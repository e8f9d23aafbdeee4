"""What the model is taught: the composer's pieces by number, as whole pieces and as gaps to be filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from studio.inference.notes.score import Score
from studio.inference.notes.tokens import Cell, encode, encode_fill
from studio.inference.notes.vocabulary import FILL, MASKED, PAD, PART_ID, START

from ..training.checkpoint import write_atomically
from .composer import random_score

HELD_OUT = 1 << 30
"""Pieces with this number and above are never trained on."""
FILLED = 0.35
"""The part of lessons that are gaps to be filled."""
UNSAID = 0.06
"""How often style, and as often mood, are left open."""
IGNORED = -100
_PART_IDS = frozenset(PART_ID.values())


def pick_gap(score: Score, rng: np.random.Generator) -> frozenset[Cell]:
    """Some cells to hide: whole bars, whole tracks, a rectangle of both, or bits here and there."""
    bars, parts = score.brief.bars, ("harmony", *(role for role, _ in score.brief.parts))
    kind = rng.choice(["bars", "track", "rectangle", "bits"], p=[0.35, 0.35, 0.2, 0.1])
    first = int(rng.integers(0, bars))
    last = int(min(bars, first + rng.integers(1, max(2, bars // 2 + 1))))
    if kind == "bars":
        chosen = parts if rng.random() < 0.6 else parts[1:]
        cells = [(b, p) for b in range(first, last) for p in chosen]
    elif kind == "track":
        part = parts[int(rng.integers(1, len(parts)))] if rng.random() < 0.9 else "harmony"
        cells = [(b, part) for b in range(bars)]
    elif kind == "rectangle":
        chosen = tuple(p for p in parts if rng.random() < 0.5) or (parts[1],)
        cells = [(b, p) for b in range(first, last) for p in chosen]
    else:
        cells = [(b, p) for b in range(bars) for p in parts if rng.random() < 0.2] or [(first, parts[1])]
    return frozenset(cells)


def lesson(number: int, score: Score) -> npt.NDArray[np.uint16]:
    """The tokens to learn from piece `number`."""
    rng = np.random.default_rng([number, 77])
    brief = score.brief
    if rng.random() < UNSAID:
        brief = replace(brief, style="")
    if rng.random() < UNSAID:
        brief = replace(brief, mood="")
    score = replace(score, brief=brief)
    if rng.random() < FILLED:
        prompt, answer = encode_fill(score, pick_gap(score, rng))
        ids = prompt + answer
    else:
        ids = encode(score)
    return np.array(ids, dtype=np.uint16)


def targets(ids: npt.NDArray[np.uint16]) -> npt.NDArray[np.int64]:
    """What counts as learning: everything but the header and the marks of hidden cells."""
    wanted = ids.astype(np.int64)
    masked = np.flatnonzero(ids == MASKED)
    wanted[masked] = IGNORED
    wanted[masked - 1] = IGNORED
    wanted[ids == FILL] = IGNORED
    wanted[: int(np.argmax(ids == START)) + 1] = IGNORED
    return wanted


class Lessons:
    """Lessons by number: from shards in the work folder where the stage `cache` has made them, else composed anew.

    Both ways give the same tokens, so that a training does not depend on which.
    """

    def __init__(self, work: Path, *, shard: int = 2048, pieces: int = HELD_OUT) -> None:
        self._work, self._shard, self.pieces = work, shard, pieces
        self._loaded: dict[int, list[npt.NDArray[np.uint16]]] = {}

    def _path(self, number: int) -> Path:
        return self._work / f"lessons-{self._shard}-{number:05d}.npz"

    def __getitem__(self, number: int) -> npt.NDArray[np.uint16]:
        number %= self.pieces
        shard, place = divmod(number, self._shard)
        if shard not in self._loaded and self._path(shard).exists():
            with np.load(self._path(shard), allow_pickle=False) as file:
                self._loaded[shard] = np.split(file["tokens"], file["ends"][:-1])
        if shard in self._loaded:
            return self._loaded[shard][place]
        return lesson(number, random_score(number))

    def make_shard(self, number: int) -> bool:
        """Compose a shard ahead of its use; False where it is there already."""
        import io

        path = self._path(number)
        if path.exists():
            return False
        first = number * self._shard
        made = [lesson(n, random_score(n)) for n in range(first, first + self._shard)]
        buffer = io.BytesIO()
        np.savez_compressed(buffer, tokens=np.concatenate(made), ends=np.cumsum([len(m) for m in made]))
        write_atomically(path, buffer.getvalue())
        return True


def collate(lessons: Sequence[npt.NDArray[np.uint16]], longest: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(inputs, labels), each (n, length) int64, padded on the right; what is over `longest` is cut off."""
    width = min(longest, max(len(x) for x in lessons))
    inputs = np.full((len(lessons), width), PAD, dtype=np.int64)
    labels = np.full((len(lessons), width), IGNORED, dtype=np.int64)
    for row, ids in enumerate(lessons):
        size = min(width, len(ids))
        inputs[row, :size] = ids[:size]
        labels[row, :size] = targets(ids)[:size]
    return torch.from_numpy(inputs), torch.from_numpy(labels)
