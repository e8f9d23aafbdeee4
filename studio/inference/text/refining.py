"""Text diffusion: a passage is written everywhere at once, the surest words first, with both sides in view.

For the pipelines of diffusers that refine blocks of masked tokens (LLaDA2; Nie et al., "Large language diffusion
models", 2025): a model that looks both ways, a BlockRefinementScheduler, a tokenizer with a mask. What is pinned is
never masked, so it stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from safetensors import SafetensorError

from studio.api import Model, StepState, StudioError
from studio.inference.devices import Device
from studio.inference.loading import LOADING, hushed, silence_transformers
from studio.inference.memory import shortage_in_words
from studio.inference.tensors import from_blob, to_blob

from . import noise
from .models import runs_code
from .vocabulary import Vocabulary

FAMILY = "diffusers/LLaDA2Pipeline"
_HELD = 0.3
"""The share of a passage's first passes in which nothing but the asked number of words is taken, however sure."""


@dataclass(eq=False)
class Refiner:
    """A text-diffusion model in memory."""

    net: Any
    scheduler: Any
    vocabulary: Vocabulary
    device: Device
    title: str
    mask: int
    window: int

    def drop(self) -> None:
        """Let go of the weights."""
        self.net = None


def load(
    model: Model,
    *,
    device: Device,
    say: Callable[[str], None] = lambda _text: None,
    check: Callable[[], None] = lambda: None,
) -> Refiner:
    """The pipeline in a folder, on the device. Raises StudioError where it is none, holds code, or is damaged."""
    if model.problem:
        raise StudioError(f"{model.title} cannot be used.", model.problem)
    code = runs_code(model)
    if code is not None:
        raise code
    say(f"Loading {model.title}")
    hint = "Close other programs, or choose a smaller model or half precision in Settings."
    with LOADING, shortage_in_words(f"to load {model.title}", hint), hushed():
        check()
        silence_transformers()
        net, scheduler, tokenizer = _read(model, device)
    words = Vocabulary(tokenizer, title=model.title)
    mask = tokenizer.mask_token_id
    if mask is None:
        raise StudioError(
            f"The tokenizer of {model.title} has no mask, so nothing can be left open.",
            "Copy the model's own tokenizer files into its folder.",
        )
    net = net.to(device.torch).eval().requires_grad_(False)
    window = int(getattr(net.config, "max_position_embeddings", 0) or 4096)
    return Refiner(net, scheduler, words, device, model.title, int(mask), window)


def _read(model: Model, device: Device) -> tuple[Any, Any, Any]:
    """Network, scheduler and tokenizer. One by one: the pipeline's own loader does not know its untyped parts."""
    from diffusers import BlockRefinementScheduler  # seconds to load, and only these models need it

    try:
        index = json.loads((model.path / "model_index.json").read_text(encoding="utf-8"))
        if index["_class_name"] != "LLaDA2Pipeline":
            raise StudioError(f"{model.title} does not write text.", "Choose a language model.")
        kind = getattr(transformers, str(index["model"][1]), None)
        if not (isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)):
            raise ValueError(f"no model of transformers: {index['model']}")
        net = kind.from_pretrained(
            str(model.path / "model"), dtype=device.dtype, local_files_only=True, use_safetensors=True
        )
        words = transformers.AutoTokenizer.from_pretrained(
            str(model.path / "tokenizer"), local_files_only=True, trust_remote_code=False
        )
        scheduler = BlockRefinementScheduler.from_pretrained(model.path / "scheduler", local_files_only=True)
    except RuntimeError:
        raise  # a shortage of memory is told apart by the caller
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, SafetensorError) as error:
        raise StudioError(
            f"{model.title} cannot be loaded.",
            "Files are missing or damaged, or it needs program code of its own, which Studio never runs.",
            details=f"{type(error).__name__}: {error}",
        ) from error
    return net, scheduler, words


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


@dataclass(frozen=True, slots=True)
class Guess:
    """What the model thought of a slot when it was filled: the token's chance, and the likeliest with theirs."""

    p: float
    choices: tuple[tuple[int, float], ...]


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
        self._start, self._end = len(passage.before), len(passage.before) + len(passage.slots)
        slots = [refiner.mask if slot is None else slot for slot in passage.slots]
        row = [*passage.before, *slots, *passage.after]
        self.tokens = torch.tensor([row] * passage.alternatives, device=refiner.device.torch)
        self.guesses: list[dict[int, Guess]] = [{} for _ in range(passage.alternatives)]
        self.total = max(1, min(passage.passes, sum(slot is None for slot in passage.slots)))
        self._first = 0

    def resume(self, index: int, state: StepState) -> None:
        """Go on behind a kept pass. Raises StudioError where it does not fit."""
        tokens = from_blob(state.tensors["ids"]).long()
        if tokens.shape != self.tokens.shape:
            raise StudioError("This kept step does not fit the request.", "Choose another step to continue from.")
        self.tokens = tokens.to(self.tokens.device)
        for row, known in zip(self.guesses, state.values["guesses"], strict=True):
            for place, p, choices in known:
                row[int(place)] = Guess(float(p), tuple((int(t), float(c)) for t, c in choices))
        self._first = index + 1

    def state(self) -> StepState:
        """All that is needed to go on from here."""
        known = [[[place, g.p, g.choices] for place, g in row.items()] for row in self.guesses]
        return StepState({"ids": to_blob(self.tokens.to(torch.int32))}, {"guesses": known})

    @property
    def done(self) -> bool:
        """True when nothing is open any more."""
        return not bool((self._middle == self._refiner.mask).any())

    @property
    def _middle(self) -> torch.Tensor:
        return self.tokens[:, self._start : self._end]

    def passes(self) -> Iterator[int]:
        """Write; after every pass its number."""
        scheduler = self._refiner.scheduler
        open_slots = sum(slot is None for slot in self._passage.slots)
        with torch.inference_mode():
            for index in range(self._first, self.total):
                if self.done:
                    return
                self._check()
                scheduler.set_timesteps(self.total, device=self.tokens.device, block_length=open_slots)
                self._pass(index)
                yield index

    def _pass(self, index: int) -> None:
        refiner, passage = self._refiner, self._passage
        seen = torch.ones_like(self.tokens)
        places = torch.arange(self.tokens.shape[1], device=self.tokens.device)[None].expand_as(self.tokens)
        logits = refiner.net(self.tokens, attention_mask=seen, position_ids=places).logits.float()
        logits = logits[:, self._start : self._end]
        logits[..., refiner.mask] = -torch.inf
        for row in range(len(self.tokens)):
            luck = noise.key(passage.seed, row, index)
            out = refiner.scheduler.step(
                logits[row : row + 1],
                index,
                self._middle[row : row + 1],
                mask_token_id=refiner.mask,
                temperature=passage.temperature,
                top_p=passage.top_p if passage.top_p < 1 else None,
                top_k=passage.top_k or None,
                threshold=2.0 if index < _HELD * self.total else 0.9,
                generator=torch.Generator(self.tokens.device).manual_seed(luck >> 1),
            )
            fresh = (self._middle[row] == refiner.mask) & (out.prev_sample[0] != refiner.mask)
            self._note(row, logits[row], out.prev_sample[0], fresh)
            self.tokens[row, self._start : self._end] = out.prev_sample[0]

    def _note(self, row: int, logits: torch.Tensor, tokens: torch.Tensor, fresh: torch.Tensor) -> None:
        places = fresh.nonzero().squeeze(-1).tolist()
        if not places:
            return
        chances = logits[fresh].softmax(-1)
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
        for row, known in zip(self._middle.tolist(), self.guesses, strict=True):
            stream = self._refiner.vocabulary.stream(self._passage.before)
            pieces: list[tuple[int, str, Guess | None]] = []
            for place, token in enumerate(row):
                if token == self._refiner.mask:
                    pieces.append((token, stream.rest() + hole, None))
                else:
                    pieces.append((token, stream.add(token), known.get(place)))
            if pieces and (rest := stream.rest()):
                pieces[-1] = (pieces[-1][0], pieces[-1][1] + rest, pieces[-1][2])
            rows.append(pieces)
        return rows
