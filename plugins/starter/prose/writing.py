"""Sampling of many texts at once, for samples while training and for the evaluation."""

from __future__ import annotations

import torch
from torch import nn
from transformers import DynamicCache, PreTrainedTokenizerFast

from .recurrent import GruWriter


@torch.no_grad()
def write(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerFast,
    openings: list[str],
    *,
    seed: int = 0,
    temperature: float = 0.8,
    top_p: float = 0.95,
    longest: int = 400,
) -> list[str]:
    """What the model writes after each opening, without the opening. Temperature 0 takes the likeliest token.

    Openings of one length run together, so that no padding is needed; each text draws from a generator of its own.
    """
    encoded = [[tokenizer.bos_token_id, *tokenizer.encode(o, add_special_tokens=False)] for o in openings]
    done: dict[int, str] = {}
    for length in sorted({len(e) for e in encoded}):
        group = [i for i, e in enumerate(encoded) if len(e) == length]
        for start in range(0, len(group), 64):
            part = group[start : start + 64]
            ids, draws = torch.tensor([encoded[i] for i in part]), [seed * 1_000_003 + i for i in part]
            end = tokenizer.eos_token_id
            written = _together(model, ids, end, draws, temperature=temperature, top_p=top_p, longest=longest)
            done |= {i: tokenizer.decode(w) for i, w in zip(part, written, strict=True)}
    return [done[i] for i in range(len(openings))]


def _together(
    model: nn.Module, ids: torch.Tensor, end: int, seeds: list[int], *, temperature: float, top_p: float, longest: int
) -> list[list[int]]:
    device = next(model.parameters()).device
    draws = [torch.Generator().manual_seed(s) for s in seeds]
    written: list[list[int]] = [[] for _ in seeds]
    live, new, state = list(range(len(seeds))), ids.to(device), None
    for _ in range(longest):
        if isinstance(model, GruWriter):
            logits, state = model(new, state)
        else:
            out = model(input_ids=new, past_key_values=state or DynamicCache(), use_cache=True)
            logits, state = out.logits, out.past_key_values
        odds = logits[:, -1].float().cpu()
        if temperature > 0:
            odds = _nucleus(torch.softmax(odds / temperature, -1), top_p)
            uniform = torch.stack([torch.rand((), generator=draws[i]) for i in live])
            token = (odds.cumsum(-1) < (uniform * odds.sum(-1))[:, None]).sum(-1).clamp(max=odds.shape[-1] - 1)
        else:
            token = odds.argmax(-1)
        keep = []
        for row, (i, word) in enumerate(zip(live, token.tolist(), strict=True)):
            if word != end:
                written[i].append(word)
                keep.append(row)
        if not keep:
            break
        if len(keep) < len(live):
            live = [live[r] for r in keep]
            token, rows = token[keep], torch.tensor(keep, device=device)
            if isinstance(state, torch.Tensor):
                state = state[:, rows]
            else:
                state.batch_select_indices(rows)
        new = token[:, None].to(device)
    return written


def _nucleus(odds: torch.Tensor, top_p: float) -> torch.Tensor:
    """The odds with everything beyond the likeliest `top_p` of the mass set to zero."""
    ordered, index = odds.sort(-1, descending=True)
    ordered[ordered.cumsum(-1) - ordered > top_p] = 0
    return torch.zeros_like(odds).scatter(-1, index, ordered)
