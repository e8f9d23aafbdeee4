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

    Each text draws from a generator of its own, so that its neighbours do not change it.
    """
    encoded = [[tokenizer.bos_token_id, *tokenizer.encode(o, add_special_tokens=False)] for o in openings]
    texts: list[str] = []
    for start in range(0, len(encoded), 64):
        part = encoded[start : start + 64]
        reader = (
            _Recurrent(model, part) if isinstance(model, GruWriter) else _Attending(model, part, tokenizer.pad_token_id)
        )
        draws = [torch.Generator().manual_seed(seed * 1_000_003 + start + i) for i in range(len(part))]
        written = _together(
            reader, tokenizer.eos_token_id, draws, temperature=temperature, top_p=top_p, longest=longest
        )
        texts += [tokenizer.decode(w) for w in written]
    return texts


class _Recurrent:
    """Reads each opening alone, then goes on with all states side by side."""

    def __init__(self, model: GruWriter, openings: list[list[int]]) -> None:
        self._model, self._device = model, model.embed.weight.device
        read = [model(torch.tensor([ids], device=self._device)) for ids in openings]
        self.logits = torch.cat([logits[:, -1] for logits, _ in read])
        self._state = torch.cat([state for _, state in read], 1)

    def go_on(self, tokens: torch.Tensor, keep: list[int]) -> None:
        """Hear one more token of each text that goes on."""
        logits, self._state = self._model(tokens[:, None].to(self._device), self._state[:, keep].contiguous())
        self.logits = logits[:, -1]


class _Attending:
    """Reads all openings at once, the shorter ones with padding before them that nobody attends to."""

    def __init__(self, model: nn.Module, openings: list[list[int]], pad: int) -> None:
        self._model, self._device = model, next(model.parameters()).device
        longest = max(map(len, openings))
        ids = torch.tensor([[pad] * (longest - len(o)) + o for o in openings], device=self._device)
        gaps = torch.tensor([longest - len(o) for o in openings], device=self._device)
        self._seen = (torch.arange(longest, device=self._device) >= gaps[:, None]).long()
        self._cache = DynamicCache()
        self._hear(ids, (self._seen.cumsum(-1) - 1).clamp(min=0))

    def _hear(self, ids: torch.Tensor, positions: torch.Tensor) -> None:
        out = self._model(
            input_ids=ids,
            attention_mask=self._seen,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.logits = out.logits[:, -1]

    def go_on(self, tokens: torch.Tensor, keep: list[int]) -> None:
        """Hear one more token of each text that goes on."""
        if len(keep) < len(self._seen):
            rows = torch.tensor(keep, device=self._device)
            self._cache.batch_select_indices(rows)
            self._seen = self._seen[rows]
        self._seen = torch.cat([self._seen, torch.ones_like(self._seen[:, :1])], 1)
        self._hear(tokens[:, None].to(self._device), self._seen.sum(-1, keepdim=True) - 1)


def _together(
    reader: _Recurrent | _Attending,
    end: int,
    draws: list[torch.Generator],
    *,
    temperature: float,
    top_p: float,
    longest: int,
) -> list[list[int]]:
    written: list[list[int]] = [[] for _ in draws]
    live = list(range(len(draws)))
    for _ in range(longest):
        odds = reader.logits.float().cpu()
        if temperature > 0:
            odds = _nucleus(torch.softmax(odds / temperature, -1), top_p)
            chance = torch.stack([torch.rand((), generator=draws[i]) for i in live])
            tokens = (odds.cumsum(-1) < (chance * odds.sum(-1))[:, None]).sum(-1).clamp(max=odds.shape[-1] - 1)
        else:
            tokens = odds.argmax(-1)
        keep = [row for row, token in enumerate(tokens.tolist()) if token != end]
        for row in keep:
            written[live[row]].append(int(tokens[row]))
        if not keep:
            break
        live = [live[row] for row in keep]
        reader.go_on(tokens[keep], keep)
    return written


def _nucleus(odds: torch.Tensor, top_p: float) -> torch.Tensor:
    """The odds with everything beyond the likeliest `top_p` of the mass set to zero."""
    ordered, index = odds.sort(-1, descending=True)
    ordered[ordered.cumsum(-1) - ordered > top_p] = 0
    return torch.zeros_like(odds).scatter(-1, index, ordered)
