"""Asking the model: begin a piece, go on with one, fill gaps; token by token, so that notes show as they come."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from transformers import DynamicCache, LlamaForCausalLM

from .grammar import SINGLE, Grammar, all_cells
from .score import ROLES, Brief, Score
from .tokens import Cell, decode_body, encode_bars, encode_brief, encode_fill, merge
from .vocabulary import PAD


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked: the tokens to start from, the cells to be written, the score around them, and which of the cells
    must not stay empty.
    """

    prompt: tuple[int, ...]
    asked: frozenset[Cell]
    score: Score
    needed: frozenset[Cell] = frozenset()

    def grammar(self, *, in_key: bool = True, borrowed: bool = False) -> Grammar:
        """A fresh grammar for the answer."""
        return Grammar(
            self.score.brief,
            self.asked,
            context=self.score,
            in_key=in_key,
            borrowed=borrowed,
            single=_single(self.score),
            needed=self.needed,
        )

    def result(self, answer: Sequence[int]) -> Score:
        """The score with the answer in place; an unfinished answer leaves the rest of what was asked empty."""
        return merge(self.score, self.asked, decode_body(answer, self.score.brief))


def _single(score: Score) -> frozenset[str]:
    """Parts held to one note at a time, unless what is there already is not."""
    kept = set(SINGLE)
    for track in score.tracks:
        if any(a.end > b.start for a, b in zip(track.notes, track.notes[1:], strict=False)):
            kept.discard(track.role)
    return frozenset(kept)


def begin(brief: Brief) -> Task:
    """A new piece."""
    return Task(tuple(encode_brief(brief)), all_cells(brief), merge(Score(brief, (), ()), (), {}))


def go_on(score: Score, bars: int) -> Task:
    """Keep the first `bars` bars and write the rest anew; to get more bars than there are, lengthen the brief first."""
    prompt = [*encode_brief(score.brief), *encode_bars(score, range(bars))]
    return Task(tuple(prompt), all_cells(score.brief, bars), score)


def fill(score: Score, asked: Collection[Cell], needed: Collection[Cell] = ()) -> Task:
    """Write the asked cells (bar x part) anew, hearing everything else; `needed` ones not as silence."""
    known = {"harmony", *(role for role, _ in score.brief.parts)}
    wrong = [c for c in asked if not (0 <= c[0] < score.brief.bars and c[1] in known)]
    if wrong or not asked:
        raise ValueError(f"nothing to fill, or outside the piece: {sorted(wrong)}")
    return Task(tuple(encode_fill(score, frozenset(asked))[0]), frozenset(asked), score, frozenset(needed))


def add_track(score: Score, role: str, instrument: str) -> Task:
    """Write one more track to the given ones. ValueError where the score has one of that role."""
    parts = dict(score.brief.parts)
    if role in parts:
        raise ValueError(f"there is a track for {role} already")
    parts[role] = instrument
    brief = replace(score.brief, parts=tuple((r, parts[r]) for r in ROLES if r in parts))
    wider = merge(replace(score, brief=brief), (), {})
    return fill(wider, [(bar, role) for bar in range(brief.bars)])


def choose(
    logits: np.ndarray, allowed: np.ndarray, rng: np.random.Generator, *, temperature: float, top_p: float
) -> int:
    """Draw a token among the allowed ones; temperature 0 takes the likeliest."""
    scores = np.where(allowed, logits, -np.inf).astype(np.float64)
    if temperature <= 0:
        return int(scores.argmax())
    weights = np.exp((scores - scores.max()) / temperature)
    weights /= weights.sum()
    order = np.argsort(-weights)
    before = np.cumsum(weights[order]) - weights[order]
    order = order[before < top_p]
    kept = weights[order] / weights[order].sum()
    return int(order[min(int(np.searchsorted(np.cumsum(kept), rng.random())), len(order) - 1)])


@torch.inference_mode()
def sample(
    model: LlamaForCausalLM,
    tasks: Sequence[Task],
    *,
    seeds: Sequence[int],
    temperature: float = 1.0,
    top_p: float = 0.97,
    in_key: bool = True,
    borrowed: bool = False,
    grammar: bool = True,
    longest: int = 1900,
) -> Iterator[tuple[int, int]]:
    """Yield (task, token) as they are drawn, all tasks in step; each ends by itself.

    An answer that would run over `longest` tokens (prompt included) simply stops. With `grammar` off only the end
    token ends it: that is for measuring what the model has learned by itself.
    """
    device = next(model.parameters()).device
    states = [task.grammar(in_key=in_key, borrowed=borrowed) for task in tasks]
    rngs = [np.random.default_rng(seed) for seed in seeds]
    width = max(len(t.prompt) for t in tasks)
    ids = torch.full((len(tasks), width), PAD, dtype=torch.long)
    seen = torch.zeros((len(tasks), width), dtype=torch.long)
    for row, task in enumerate(tasks):
        ids[row, width - len(task.prompt) :] = torch.tensor(task.prompt)
        seen[row, width - len(task.prompt) :] = 1
    places = (seen.cumsum(1) - 1).clamp(min=0)
    cache, live = DynamicCache(), [True] * len(tasks)
    everything = np.ones(model.config.vocab_size, dtype=bool)
    end = model.config.eos_token_id
    while any(live):
        out = model(
            input_ids=ids.to(device),
            attention_mask=seen.to(device),
            position_ids=places.to(device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits = out.logits[:, -1].float().cpu().numpy()
        drawn = [PAD] * len(tasks)
        for row, state in enumerate(states):
            if not live[row]:
                continue
            mask = state.allowed() if grammar else everything
            token = choose(logits[row], mask, rngs[row], temperature=temperature, top_p=top_p)
            if grammar:
                state.push(token)
            drawn[row] = token
            yield row, token
            live[row] = token != end and int(seen[row].sum()) < longest
        ids = torch.tensor(drawn)[:, None]
        seen = torch.cat([seen, torch.tensor([[1 if alive else 0] for alive in live])], dim=1)
        places = places[:, -1:] + 1


def answers(model: LlamaForCausalLM, tasks: Sequence[Task], **options: object) -> list[list[int]]:
    """All tokens of all tasks, once they are done."""
    found: list[list[int]] = [[] for _ in tasks]
    for row, token in sample(model, tasks, **options):  # type: ignore[arg-type]
        found[row].append(token)
    return found
