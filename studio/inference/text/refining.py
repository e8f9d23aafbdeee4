"""Text diffusion: a passage is written everywhere at once, the surest words first, with both sides in view.

Two kinds of networks (`refiners.py`): those that fill masks (LLaDA2; Nie et al., "Large language diffusion models",
2025), and those that turn a canvas of chance words into text (DiffusionGemma; Ben-Hamu et al., "Accelerated sampling
from masked diffusion models via entropy bounded unmasking", 2025). What is pinned is put back at every pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from studio.api import StepState, StudioError
from studio.inference.tensors import from_blob, to_blob

from . import noise, samplers
from .refiners import Refiner

_HELD = 0.3
"""The share of a passage's first passes in which nothing but the asked number of words is taken, however sure."""
_USUAL_TEMPERATURE = 0.8
"""With this one a canvas is sampled at its scheduler's own temperatures."""
_CALM = 0.005
"""Nats of doubt a word below which a canvas that no longer changes is finished."""
_CERTAIN = 1e4
"""What is added to the logit of a pinned word on a canvas: it takes nothing from the doubt that a pass may settle."""


@dataclass(frozen=True)
class Passage:
    """What to write: `slots` are the passage's tokens, None where it is open, between `before` and `after`."""

    before: Sequence[int]
    slots: Sequence[int | None]
    after: Sequence[int] = ()
    passes: int = 24
    seed: int = 0
    alternatives: int = 1
    temperature: float = 0.8
    top_p: float = 1.0
    top_k: int = 0
    recorded: int = 10

    @property
    def open(self) -> int:
        """How many slots are open."""
        return sum(slot is None for slot in self.slots)


@dataclass(frozen=True, slots=True)
class Guess:
    """What the model thought of a slot when it was filled: the token's chance, and the likeliest with theirs."""

    p: float
    choices: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """What a pass did in one row: the logits [slots, vocabulary] it saw and which slots it filled ([slots] of bool)."""

    logits: torch.Tensor
    fresh: torch.Tensor


class Way(Protocol):
    """How a kind of network fills slots."""

    @property
    def tokens(self) -> torch.Tensor:
        """What stands in the slots, [rows, slots]."""

    @property
    def open(self) -> torch.Tensor:
        """Which slots are still open, [rows, slots] of bool."""

    def advance(self, index: int, total: int) -> list[Filled]:
        """One pass; what it did in each row."""

    def state(self) -> dict[str, torch.Tensor]:
        """All that is needed to go on from here."""

    def resume(self, state: dict[str, torch.Tensor], index: int, total: int) -> None:
        """Go on behind pass `index`. Raises ValueError where the state does not fit."""


class _Masks:
    """A network with a mask for what is open."""

    def __init__(self, refiner: Refiner, passage: Passage) -> None:
        assert refiner.mask is not None
        self._refiner, self._passage, self._mask = refiner, passage, refiner.mask
        device, rows = refiner.device.torch, passage.alternatives
        slots = [refiner.mask if slot is None else slot for slot in passage.slots]
        self.tokens = torch.tensor([slots] * rows, device=device)
        self._around = [
            torch.tensor([list(ids)] * rows, dtype=torch.long, device=device) for ids in (passage.before, passage.after)
        ]

    @property
    def open(self) -> torch.Tensor:
        return self.tokens == self._mask

    def advance(self, index: int, total: int) -> list[Filled]:
        passage, start = self._passage, len(self._passage.before)
        self._refiner.scheduler.set_timesteps(total, device=self.tokens.device, block_length=passage.open)
        front, back = self._around
        logits = self._refiner.logits(torch.cat([front, self.tokens, back], 1))[:, start : start + self.tokens.shape[1]]
        logits[..., self._mask] = -torch.inf
        done = []
        for row in range(len(self.tokens)):
            out = self._refiner.scheduler.step(
                logits[row : row + 1],
                index,
                self.tokens[row : row + 1],
                mask_token_id=self._mask,
                temperature=passage.temperature,
                top_p=passage.top_p if passage.top_p < 1 else None,
                top_k=passage.top_k or None,
                threshold=2.0 if index < _HELD * total else 0.9,
                generator=_luck(passage.seed, row, index, self.tokens.device),
            )
            done.append(Filled(logits[row], (self.tokens[row] == self._mask) & (out.prev_sample[0] != self._mask)))
            self.tokens[row] = out.prev_sample[0]
        return done

    def state(self) -> dict[str, torch.Tensor]:
        return {"ids": self.tokens.to(torch.int32)}

    def resume(self, state: dict[str, torch.Tensor], index: int, total: int) -> None:
        self.tokens = _fitting(state["ids"], self.tokens)


class _Canvas:
    """A network that reads what stands in front and refines a canvas: the passage and what stands behind it."""

    def __init__(self, refiner: Refiner, passage: Passage) -> None:
        self._refiner, self._passage = refiner, passage
        device, rows = refiner.device.torch, passage.alternatives
        self._size = len(passage.slots)
        wanted = [*passage.slots, *passage.after]
        self._free = torch.tensor([slot is None for slot in wanted], device=device)
        self._given = torch.tensor([slot or 0 for slot in wanted], device=device)
        self._vocabulary = int(refiner.net.config.get_text_config().vocab_size)
        chance = [self._random(row, -1, len(wanted)) for row in range(rows)]
        self._canvas = torch.where(self._free, torch.stack(chance), self._given)
        self._seen = [self._canvas]
        """The canvas before every pass: with them the network can be brought to where it was."""
        self._taken = (~self._free).expand(rows, -1).clone()
        self._thought: torch.Tensor | None = None
        """The logits of the last pass: the network is told what it thought."""
        self._memory: Any = None

    def _random(self, row: int, index: int, count: int) -> torch.Tensor:
        luck = _luck(self._passage.seed, row, index, self._refiner.device.torch)
        return torch.randint(0, self._vocabulary, (count,), generator=luck, device=self._refiner.device.torch)

    @property
    def tokens(self) -> torch.Tensor:
        return self._canvas[:, : self._size]

    @property
    def open(self) -> torch.Tensor:
        return ~self._taken[:, : self._size]

    def _read(self) -> Any:
        """What stands in front, read once."""
        if self._memory is None:
            net, rows = self._refiner.net, self._passage.alternatives
            self._memory = _memory_of(net)
            before = list(self._passage.before) or [self._refiner.vocabulary.end or 0]
            ids = torch.tensor([before] * rows, device=self._canvas.device)
            places = torch.arange(ids.shape[1], device=ids.device)[None]
            net.model.encoder(
                input_ids=ids, attention_mask=torch.ones_like(ids), past_key_values=self._memory, position_ids=places
            )
        return self._memory

    def _logits(self, canvas: torch.Tensor) -> torch.Tensor:
        memory = self._read()
        start = memory.get_seq_length()
        places = torch.arange(start, start + canvas.shape[1], device=canvas.device)[None]
        logits: torch.Tensor = self._refiner.net(
            decoder_input_ids=canvas,
            past_key_values=memory,
            self_conditioning_logits=self._thought,
            decoder_position_ids=places,
        ).logits.float()
        for row in logits:
            if self._passage.top_k or self._passage.top_p < 1:
                row.copy_(samplers.top_p(samplers.top_k(row, self._passage.top_k), self._passage.top_p))
        sure = torch.zeros_like(logits[0]).scatter_(1, self._given[:, None], _CERTAIN)
        return torch.where(self._free[:, None], logits, logits + sure)

    def _step(self, canvas: torch.Tensor, index: int, total: int) -> tuple[torch.Tensor, list[Any]]:
        """The network's own logits, and what the scheduler makes of them row by row."""
        scheduler = self._refiner.scheduler
        scheduler.set_timesteps(total, device=canvas.device)
        logits = self._logits(canvas)
        warm = logits / max(self._passage.temperature / _USUAL_TEMPERATURE, 0.02)
        luck = [_luck(self._passage.seed, row, index, canvas.device) for row in range(len(canvas))]
        rows = [slice(row, row + 1) for row in range(len(canvas))]
        return logits, [scheduler.step(warm[r], index, canvas[r], generator=g) for r, g in zip(rows, luck, strict=True)]

    def advance(self, index: int, total: int) -> list[Filled]:
        logits, outs = self._step(self._canvas, index, total)
        thought = torch.cat([out.pred_logits for out in outs])
        best = thought.argmax(-1)
        doubt = torch.distributions.Categorical(logits=thought).entropy().mean()
        calm = self._thought is not None and bool((best == self._thought.argmax(-1)).all() and doubt < _CALM)
        accepted = torch.cat([out.accepted_index for out in outs])
        canvas = torch.cat([out.prev_sample for out in outs])
        if calm or index + 1 == total:  # what is still chance becomes the likeliest
            canvas = best if calm else torch.where(accepted, canvas, best)
            accepted = torch.ones_like(accepted)
        self._canvas = torch.where(self._free, canvas, self._given)
        self._taken = accepted | ~self._free
        self._thought = thought
        self._seen.append(self._canvas)
        fresh = (accepted & self._free)[:, : self._size]
        return [Filled(logits[row, : self._size], fresh[row]) for row in range(len(canvas))]

    def state(self) -> dict[str, torch.Tensor]:
        return {"seen": torch.stack(self._seen).to(torch.int32), "taken": self._taken.to(torch.uint8)}

    def resume(self, state: dict[str, torch.Tensor], index: int, total: int) -> None:
        seen = state["seen"].long().to(self._canvas.device)
        if len(seen) != index + 2:
            raise ValueError("another number of passes")
        self._seen = [_fitting(canvas, self._canvas) for canvas in seen]
        self._taken = _fitting(state["taken"], self._canvas).bool()
        for number, canvas in enumerate(self._seen[:-1]):  # its thoughts are too large to be kept, and are had again
            self._thought = torch.cat([out.pred_logits for out in self._step(canvas, number, total)[1]])
        self._canvas = self._seen[-1]


def _memory_of(net: Any) -> Any:
    from transformers import DynamicCache

    return DynamicCache(config=net.config.get_text_config(decoder=True))


def _luck(seed: int, row: int, index: int, device: torch.device) -> torch.Generator:
    return torch.Generator(device).manual_seed(noise.key(seed, row, index + 1) >> 1)


def _fitting(given: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    if given.shape != like.shape:
        raise ValueError(f"{tuple(given.shape)} instead of {tuple(like.shape)}")
    return given.to(like.device, like.dtype)


class Refinement:
    """Fills a passage pass by pass: iterate over `passes()`, look at `texts` whenever you like."""

    def __init__(self, refiner: Refiner, passage: Passage, *, check: Callable[[], None] = lambda: None) -> None:
        length = len(passage.before) + len(passage.slots) + len(passage.after)
        if length > refiner.window:
            raise StudioError(
                f"The text is longer than {refiner.title} can read ({refiner.window:,} tokens).",
                "Select a shorter passage.",
            )
        self._refiner, self._passage, self._check = refiner, passage, check
        self._way: Way = _Canvas(refiner, passage) if refiner.mask is None else _Masks(refiner, passage)
        self.guesses: list[dict[int, Guess]] = [{} for _ in range(passage.alternatives)]
        self.total = max(1, min(passage.passes, passage.open)) if refiner.mask is not None else max(1, passage.passes)
        self._first = 0
        self._state: StepState | None = None

    def resume(self, index: int, state: StepState) -> None:
        """Go on behind a kept pass. Call before `passes()`."""
        self._first, self._state = index + 1, state

    def _begin(self) -> None:
        if self._state is None:
            return
        tensors = {name: from_blob(tensor) for name, tensor in self._state.tensors.items()}
        try:
            self._way.resume(tensors, self._first - 1, self.total)
            for row, known in zip(self.guesses, self._state.values["guesses"], strict=True):
                for place, p, choices in known:
                    row[int(place)] = Guess(float(p), tuple((int(t), float(c)) for t, c in choices))
        except (KeyError, ValueError) as error:
            raise StudioError(
                "This kept step does not fit the request.", "Choose another step to continue from.", details=str(error)
            ) from error

    def state(self) -> StepState:
        """All that is needed to go on from here."""
        known = [[[place, g.p, g.choices] for place, g in row.items()] for row in self.guesses]
        return StepState({n: to_blob(t) for n, t in self._way.state().items()}, {"guesses": known})

    @property
    def done(self) -> bool:
        """True when nothing is open any more."""
        return not bool(self._way.open.any())

    def passes(self) -> Iterator[int]:
        """Write; after every pass its number. Raises StudioError where it cannot be gone on from the kept pass."""
        with torch.inference_mode():
            self._check()
            self._begin()
            for index in range(self._first, self.total):
                if self.done:
                    return
                self._check()
                for row, filled in enumerate(self._way.advance(index, self.total)):
                    self._note(row, filled)
                yield index

    def _note(self, row: int, filled: Filled) -> None:
        places = filled.fresh.nonzero().squeeze(-1).tolist()
        if not places:
            return
        tokens, chances = self._way.tokens[row], filled.logits[filled.fresh].softmax(-1)
        best = chances.topk(min(self._passage.recorded, chances.shape[-1]), -1)
        for number, place in enumerate(places):
            pairs = zip(best.indices[number].tolist(), best.values[number].tolist(), strict=True)
            self.guesses[row][place] = Guess(float(chances[number, int(tokens[place])]), tuple(pairs))

    def texts(self, hole: str = "") -> list[str]:
        """The passages as they are; `hole` stands for what is still open."""
        return ["".join(text for _, text, _ in row) for row in self.pieces(hole)]

    def pieces(self, hole: str = "") -> list[list[tuple[int, str, Guess | None]]]:
        """Per alternative the tokens with their texts; None as a guess for what was pinned."""
        rows = []
        lines = zip(self._way.tokens.tolist(), self._way.open.tolist(), self.guesses, strict=True)
        for row, is_open, known in lines:
            stream = self._refiner.vocabulary.stream(self._passage.before)
            pieces: list[tuple[int, str, Guess | None]] = []
            for place, token in enumerate(row):
                if is_open[place]:
                    pieces.append((token, stream.rest() + hole, None))
                else:
                    pieces.append((token, stream.add(token), known.get(place)))
            if pieces and (rest := stream.rest()):
                pieces[-1] = (pieces[-1][0], pieces[-1][1] + rest, pieces[-1][2])
            rows.append(pieces)
        return rows
