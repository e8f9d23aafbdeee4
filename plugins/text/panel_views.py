"""Seeing into the text: how expected the model's words were, and who wrote what."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from PySide6.QtGui import QColor

from studio.api import PanelHost, StudioError
from studio.widgets import theme

from .document import Manuscript
from .document_branches import Branch, Mark, marks
from .document_places import spread
from .editor import ManuscriptEdit
from .editor_paint import Tint
from .wire import RECORD, Record, Token

SHADES = 64
"""Of the heat view; more nobody tells apart."""
KEPT = 200
"""Records held in memory; each takes about 150 bytes a token."""


class Records:
    """Token records of generations, read when they are first asked for."""

    def __init__(self, host: PanelHost, manuscript: Callable[[], Manuscript]) -> None:
        self._host = host
        self._manuscript = manuscript
        self._known: dict[str, Record] = {}
        self._marks: dict[tuple[int, str], list[Mark]] = {}

    def of_job(self, job: str) -> Record | None:
        """The record of a job; None where it has none (yet), or it is gone."""
        generation = self._manuscript().branches.generations.get(job)
        name = generation.record if generation is not None else ""
        if not name:
            return None
        if name not in self._known:
            artifact = self._host.artifact(name)
            if artifact is None or artifact.media != RECORD:
                return None
            try:
                record = Record.from_bytes(artifact.path.read_bytes())
            except (OSError, StudioError):
                return None
            while len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            self._known[name] = record
        return self._known[name]

    def tokens(self, branch: Branch) -> tuple[Token, ...]:
        """The tokens of a branch."""
        record = self.of_job(branch.job)
        if record is None or branch.alternative >= len(record.alternatives):
            return ()
        return record.alternatives[branch.alternative].tokens

    def marks(self, branch: Branch) -> list[Mark]:
        """Where the tokens of a branch stand in its text."""
        key = (branch.id, branch.text)
        if key not in self._marks:
            tokens = self.tokens(branch)
            if not tokens:
                return []
            # What stood before the place decides about a space or a line's end at the front: see which one fits.
            plain = marks(tokens, "", plain=spread("".join(token.text for token in tokens)) == branch.text)
            tries = [plain, *(marks(tokens, before) for before in ("x", " ", "\n"))]
            best = next((found for found in tries if found and found[-1].end == len(branch.text)), tries[1])
            if len(self._marks) > 4 * KEPT:
                self._marks.clear()
            self._marks[key] = best
        return self._marks[key]


def heat(p: float) -> QColor:
    """The ground of a word with probability `p`: cool where it was expected, warm where it was not."""
    surprise = min(-math.log2(max(p, 1e-4)) / 9.0, 1.0)
    return _warmth(round(surprise * SHADES), theme.tokens().name == "light")


@lru_cache(maxsize=4 * SHADES)
def _warmth(shade: int, light: bool) -> QColor:
    surprise = shade / SHADES
    cool, warm = (QColor("#5b78d8"), QColor("#d8503a"))
    mixed = QColor.fromRgbF(
        cool.redF() + (warm.redF() - cool.redF()) * surprise,
        cool.greenF() + (warm.greenF() - cool.greenF()) * surprise,
        cool.blueF() + (warm.blueF() - cool.blueF()) * surprise,
    )
    mixed.setAlpha(round((46 if light else 60) + 70 * surprise))
    return mixed


class Views:
    """Puts tints on an editor, and knows which token a character belongs to."""

    def __init__(self, editor: ManuscriptEdit, records: Records, manuscript: Callable[[], Manuscript]) -> None:
        self._editor = editor
        self.records = records
        self._manuscript = manuscript

    def placed(self, low: int, high: int) -> list[tuple[int, int, Branch, Mark]]:
        """(start, end, branch, mark) of every token that stands in the text between two characters, in order. Records
        of what is elsewhere are not read: a novel has thousands.
        """
        runs = [run for run in self._editor.authors.runs() if not run.edited]
        wanted = {run.author for run in runs if run.end > low and run.start < high}
        text = self._editor.text() if wanted else ""
        branches = self._manuscript().branches.branches
        seen: dict[int, int] = {}
        found: list[tuple[int, int, Branch, Mark]] = []
        for run in runs:
            branch = branches.get(run.author) if run.author in wanted else None
            if branch is None:
                continue
            words = text[run.start : run.end]
            at = branch.text.find(words, seen.get(branch.id, 0))
            if at < 0:
                continue
            seen[branch.id] = at + len(words)
            if run.end <= low or run.start >= high:
                continue
            for mark in self.records.marks(branch):
                first, last = max(mark.start, at), min(mark.end, at + len(words))
                if first < last:
                    found.append((run.start + first - at, run.start + last - at, branch, mark))
        return found

    def heat_tints(self, low: int, high: int) -> list[Tint]:
        """A ground for each token between two characters."""
        return [Tint(start, end, heat(mark.token.p)) for start, end, _branch, mark in self.placed(low, high)]

    def author_tints(self) -> list[Tint]:
        """A ground for what models wrote, another for what was typed into it."""
        model, hand = theme.tokens().color("accent"), theme.tokens().color("success")
        model.setAlpha(60)
        hand.setAlpha(70)
        return [Tint(run.start, run.end, hand if run.edited else model) for run in self._editor.authors.runs()]

    def token_at(self, position: int) -> tuple[int, int, Branch, Mark] | None:
        """The token that a character belongs to."""
        return next((item for item in self.placed(position, position + 1) if item[0] <= position < item[1]), None)
