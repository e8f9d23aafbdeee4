"""The token loop: several continuations of one text side by side, one forward pass for a token of each.

The column of a token is its place in the text, in every row and always: where a banned phrase is taken back in one row,
all rows go back to that column and the others write again what they had. What is written is therefore a function of
the request alone, and going on from any column is bit by bit what the first run was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from studio.api import StepState, StudioError, Tensor
from studio.inference.tensors import from_blob

from . import samplers
from .choosing import Chooser, Place, Taste
from .likely import Likely, Sight
from .memory import Prompts
from .models import Writer
from .rows import Form, Phrases, Row
from .speculation import Draft

RECORDED = 10
"""How many of the likeliest tokens are kept for every place."""
_AT_ONCE = 256
"""Given tokens that are read in one pass, with the logits of each."""


@dataclass(frozen=True)
class Plan:
    """What to write. `prompt` are the tokens in front, `negative` those of the negative prompt (with a `guidance` above
    1), `prefix` tokens that count as written already. `form` makes what holds a row to a form.
    """

    prompt: Sequence[int]
    length: int
    seed: int = 0
    alternatives: int = 1
    taste: Taste = field(default_factory=Taste)
    negative: Sequence[int] = ()
    guidance: float = 1.0
    prefix: Sequence[int] = ()
    stops: Sequence[str] = ()
    banned: Sequence[str] = ()
    form: Callable[[], Form] | None = None
    marked: Callable[[torch.Tensor, Place], torch.Tensor] | None = None
    ends: frozenset[int] = frozenset()
    """Tokens that end a row, beside the model's own."""
    spaced: bool = False
    """A space stands in front of what is written that the prompt does not have: models begin words with one."""
    recorded: int = RECORDED


class TokenRun:
    """Writes by a plan. Iterate over `columns()`; look at `rows` whenever you like."""

    def __init__(
        self,
        writer: Writer,
        plan: Plan,
        *,
        prompts: Prompts,
        check: Callable[[], None] = lambda: None,
        draft: Draft | None = None,
    ) -> None:
        if not plan.prompt:
            raise StudioError("There is nothing to go on from.", "Write a few words first.")
        if len(plan.prompt) + len(plan.prefix) >= writer.window:
            raise StudioError(
                f"The text is longer than {writer.title} can read ({writer.window:,} tokens).",
                "Shorten memory and notes, or choose a model that reads more.",
            )
        self.plan = plan
        self.writer = writer
        self._check = check
        self._prompts = prompts
        self._chooser = Chooser(plan.taste, plan.seed, marked=plan.marked)
        self._draft = draft if plan.alternatives == 1 and not self._guided else None
        self._phrases = phrases = Phrases(plan.stops, plan.banned)
        self.rows = [
            Row(
                writer.vocabulary,
                plan.prompt,
                phrases,
                level=self._chooser.start_level,
                form=None if plan.form is None else plan.form(),
                spaced=plan.spaced,
            )
            for _ in range(plan.alternatives)
        ]
        self.limit = len(plan.prefix) + min(plan.length, writer.window - len(plan.prompt) - len(plan.prefix))
        """Tokens of a row at most."""
        self.read_tokens = 0
        """How many tokens of the prompt had to be read."""
        self._sight = Sight(plan.recorded)
        self._memory: Any = None
        self._seen: dict[int, torch.Tensor] = {}  # logits [rows, vocabulary] by column
        self._past = np.empty((plan.alternatives, len(plan.prompt) + self.limit), dtype=np.int64)
        self._past[:, : len(plan.prompt)] = list(plan.prompt)
        self._guessed: dict[int, int] = {}
        self._device = writer.device.torch
        self._slots: np.ndarray | None = None
        self._state: tuple[int, StepState] | None = None

    @property
    def _guided(self) -> bool:
        return self.plan.guidance > 1.0 and bool(self.plan.negative)

    # --- from outside -------------------------------------------------------------------------------------------------

    @property
    def first(self) -> int:
        """The first column that is really written."""
        return len(self.plan.prefix)

    @property
    def done(self) -> bool:
        """True when every row has ended."""
        return all(row.finish for row in self.rows)

    def state(self, column: int) -> StepState:
        """All that is needed to go on behind a settled column."""
        return next(self.states([column]))

    def states(self, columns: Sequence[int]) -> Iterator[StepState]:
        """The same behind each of several, from left to right."""
        if not columns:
            return
        size, start = columns[-1] + 1, len(self.plan.prompt)
        ids = self._past[:, start : start + size].astype("<i4")
        for line, row in zip(ids, self.rows, strict=True):
            line[len(row.ids) :] = -1
        for column in columns:
            known = ids[:, : column + 1]
            levels = [row.levels[column] if column < len(row.levels) else row.level for row in self.rows]
            values = {"levels": levels} if self.plan.taste.mirostat else {}
            yield StepState({"ids": Tensor("I32", known.shape, known.tobytes())}, values)

    def resume(self, column: int, state: StepState) -> None:
        """Go on behind `column` of an earlier run. Call before `columns()`. Raises StudioError."""
        self._state = (column, state)

    def columns(self, *, pace: float = 0.0) -> Iterator[range]:
        """Write. After every forward pass: the columns that became settled by it, often one, sometimes none or more.
        With a `pace` those of so many seconds together, after the first: what is done between two passes finds nothing
        of its own in the processor's caches, and takes a small model's time.
        """
        with torch.inference_mode():
            self._begin()
            told = column = self.first
            if self._state is not None:
                told = column = self._repeat(*self._state)
            due = 0.0
            while not self.done:
                self._check()
                self._write(column, self._logits(column))
                column = self._back(column) + 1
                if time.perf_counter() < due and not self.done:
                    self._let_go(column if self._draft is None and not self._phrases.any else 0)
                    continue
                settled = self._settled(column)
                self._let_go(settled)
                yield range(told, settled)
                told = max(told, settled)
                due = time.perf_counter() + pace

    def _let_go(self, column: int) -> None:
        """Of the logits in front of a column, which nobody will ask for again."""
        if column:
            self._seen = {c: seen for c, seen in self._seen.items() if c >= column}

    # --- reading ------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        plan = self.plan
        memory, logits = self._prompts.read(plan.prompt, check=self._check)
        self.read_tokens = self._prompts.read_tokens
        if self._guided:
            other, without = self._prompts.read(plan.negative, check=self._check)
            memory = memory.spread(plan.alternatives).beside(other.spread(plan.alternatives))  # type: ignore[arg-type]
            logits = samplers.guided(logits, without, plan.guidance)
        elif plan.alternatives > 1:
            memory = memory.spread(plan.alternatives)
        self._memory, self._base = memory, memory.length
        self._seen = {0: logits.expand(plan.alternatives, -1)}
        if self._draft is not None:
            self._draft.begin(plan.prompt, check=self._check)
        if plan.prefix:
            self._take_prefix()

    def _take_prefix(self) -> None:
        ids = list(self.plan.prefix)
        logits = self._seen.pop(0)[:, None]
        for start in range(0, len(ids), _AT_ONCE):
            self._check()
            piece = ids[start : start + _AT_ONCE]
            logits = torch.cat([logits[:, -1:], self._read([piece] * len(self.rows), every=True)], 1)
            for place, token in enumerate(piece):
                seen = self._sight.note(logits[:, place], [token] * len(self.rows))
                for row, own in zip(self.rows, seen, strict=True):
                    row.push(token, row.level, own, given=True)
                self._past[:, len(self.plan.prompt) + start + place] = token
        self._seen[len(ids)] = logits[:, -1]

    def _read(self, tokens: list[list[int]], *, every: bool = False) -> torch.Tensor:
        logits: torch.Tensor = self._memory.read(self._fed(tokens * 2 if self._guided else tokens), every=every)
        if self._guided:
            half = len(tokens)
            logits = samplers.guided(logits[:half], logits[half:], self.plan.guidance)
        return logits

    def _fed(self, tokens: list[list[int]]) -> torch.Tensor:
        """Tokens as a network takes them; one of each row in memory that is used again, for making a tensor of a list
        takes 1 % of a small model's time.
        """
        if len(tokens[0]) > 1 or self._device.type != "cpu":
            return torch.tensor(tokens, device=self._device)
        if self._slots is None or len(self._slots) != len(tokens):
            self._slots = np.empty((len(tokens), 1), dtype=np.int64)
        self._slots[:] = tokens
        return torch.from_numpy(self._slots)

    def _logits(self, column: int) -> torch.Tensor:
        """What may stand in a column, by everything before it."""
        if column not in self._seen:
            newest = [[self._token(row, column - 1)] for row in self.rows]
            if self._draft is not None:
                self._read_ahead(column, newest[0][0])
            else:
                self._seen[column] = self._read(newest)
        return self._seen[column]

    def _token(self, row: Row, column: int) -> int:
        return row.ids[column] if column < len(row.ids) else row.ids[-1] if row.ids else self.plan.prompt[-1]

    def _read_ahead(self, column: int, newest: int) -> None:
        """Let the draft model guess, and read all guesses at once; wrong ones are forgotten when they show."""
        assert self._draft is not None
        row = self.rows[0]
        guesses = self._draft.guess(
            row.ids[:column], self._chooser, most=min(self._draft.length, self.limit - column - 1)
        )
        logits = self._read([[newest, *guesses]], every=True)
        for place in range(len(guesses) + 1):
            self._seen[column + place] = logits[:, place]
        self._guessed = {column + place: guess for place, guess in enumerate(guesses)}

    def _forget_from(self, column: int) -> None:
        """Forget what was read behind the tokens in front of `column`, whose logits are still known."""
        self._memory.keep(self._base + column)
        self._seen = {c: logits for c, logits in self._seen.items() if c <= column}

    # --- writing ------------------------------------------------------------------------------------------------------

    def _place(self, number: int, row: Row, column: int) -> Place:
        past = self._past[number, : len(self.plan.prompt) + column] if self._chooser.looks_back else None
        form = row.form
        return Place(
            number,
            column,
            past,
            level=row.level,
            banned=row.bans.get(column, ()),
            allowed=None if form is None else form.allowed(),
            pull={} if form is None else form.pull(),
        )

    def _write(self, column: int, logits: torch.Tensor) -> None:
        """Choose a token for every row that has none in this column yet."""
        writing = [n for n, row in enumerate(self.rows) if not row.finish and len(row.ids) == column]
        if not writing:
            return
        places = [self._place(n, self.rows[n], column) for n in writing]
        mine = logits if len(writing) == len(self.rows) else logits[writing]
        chosen = self._chooser.choose(mine, places)
        seen = self._sight.note(mine, [token for token, _ in chosen])
        for n, (token, level), own in zip(writing, chosen, seen, strict=True):
            self._put(n, token, level, own)
        if self._draft is not None and self._guessed.get(column) != chosen[0][0]:
            self._forget_from(column)

    def _put(self, number: int, token: int, level: float, seen: Likely) -> None:
        row = self.rows[number]
        if token in self.writer.ends or token in self.plan.ends:
            row.end("eos")
            return
        self._past[number, len(self.plan.prompt) + len(row.ids)] = token
        row.push(token, level, seen)
        if not row.finish and len(row.ids) >= self.limit:
            row.end("length")

    def _back(self, column: int) -> int:
        """Take banned phrases back; the column up to which everything stands."""
        if not self._phrases.any:
            return column
        places = []
        for row in self.rows:
            while (place := row.forbidden()) is not None:
                went_on = row.back(place)
                places.append(place)
                if not went_on:
                    break
        lowest = min(places, default=column + 1)
        if lowest <= column:
            self._forget_from(lowest)
            return lowest - 1
        return column

    def _settled(self, column: int) -> int:
        """The number of columns that no row can change any more."""
        going = [row.settled for row in self.rows if not row.finish]
        longest = max(len(row.ids) for row in self.rows)
        return min([*going, longest, column])

    def _repeat(self, column: int, state: StepState) -> int:
        """Write again what a kept state says, forward pass by forward pass, without choosing."""
        ids = from_blob(state.tensors["ids"])
        fits = ids.ndim == 2 and ids.shape[1] == column + 1 and ids.shape[0] in (1, len(self.rows))
        if not fits or int(ids.max()) >= self._seen[self.first].shape[-1]:
            raise StudioError("This kept step does not fit the request.", "Choose another step to continue from.")
        tokens, levels = ids.expand(len(self.rows), -1).tolist(), list(state.values.get("levels") or ())
        levels = levels if len(levels) == len(self.rows) else [row.level for row in self.rows]
        draft, self._draft = self._draft, None
        for place in range(self.first, column + 1):
            self._check()
            logits = self._logits(place)
            given = [line[place] for line in tokens]
            seen = self._sight.note(logits, [max(token, 0) for token in given])
            for n, (token, level, own) in enumerate(zip(given, levels, seen, strict=True)):
                if token >= 0:
                    self._put(n, token, float(level), own)
                elif not self.rows[n].finish:
                    self.rows[n].end("eos")
            self._seen = {c: kept for c, kept in self._seen.items() if c == place}
        self._draft = draft
        return column + 1
