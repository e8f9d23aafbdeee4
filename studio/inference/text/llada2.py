"""LLaDA 2's network: a mixture of experts whose attention looks both ways (Bie et al., "LLaDA2.0: scaling up diffusion
language models to 100B", 2025; its experts are chosen as in DeepSeek-V3, Liu et al. 2024).

transformers does not have it, and the model's own folder brings it as program code, which Studio never runs. Modules
have the names that the published weights have.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors import safe_open
from torch import nn
from torch.nn.functional import linear, scaled_dot_product_attention, silu

ARCHITECTURE = "LLaDA2MoeModelLM"

_USUAL: dict[str, Any] = {
    "first_k_dense_replace": 1, "n_group": 8, "topk_group": 4, "num_shared_experts": 1, "routed_scaling_factor": 2.5,
    "partial_rotary_factor": 0.5, "rope_theta": 600_000.0, "rms_norm_eps": 1e-6, "use_qk_norm": True,
    "use_qkv_bias": False, "use_bias": False, "tie_word_embeddings": False, "max_position_embeddings": 32_768,
}  # fmt: skip
_SIZES = (
    "vocab_size", "hidden_size", "intermediate_size", "moe_intermediate_size", "num_hidden_layers",
    "num_attention_heads", "num_key_value_heads", "head_dim", "num_experts", "num_experts_per_tok",
)  # fmt: skip


class _Norm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self._eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self._eps)).to(x.dtype)


class _Mlp(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.down_proj(silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class _Gate(nn.Module):
    """Which experts see a token: the best of the best groups, by a bias that only counts for the choice."""

    def __init__(self, c: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(c.num_experts, c.hidden_size))
        self.register_buffer("expert_bias", torch.zeros(c.num_experts))
        self._c = c

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        c = self._c
        scores = linear(x.float(), self.weight.float()).sigmoid()
        ranked = scores + self.expert_bias
        groups = ranked.view(len(x), c.n_group, -1)
        best = groups.topk(min(2, groups.shape[-1]), -1).values.sum(-1).topk(c.topk_group, -1).indices
        inside = torch.zeros(groups.shape[:2], dtype=torch.bool, device=x.device).scatter_(1, best, True)
        ranked = groups.masked_fill(~inside[..., None], -torch.inf).flatten(1)
        chosen = ranked.topk(c.num_experts_per_tok, -1).indices
        shares = scores.gather(1, chosen)
        if c.num_experts_per_tok > 1:
            shares = shares / (shares.sum(-1, keepdim=True) + 1e-20)
        return chosen, shares * c.routed_scaling_factor


class _Experts(nn.Module):
    def __init__(self, c: Any) -> None:
        super().__init__()
        self.experts = nn.ModuleList(_Mlp(c.hidden_size, c.moe_intermediate_size) for _ in range(c.num_experts))
        self.gate = _Gate(c)
        shared = c.moe_intermediate_size * (c.num_shared_experts or 0)
        self.shared_experts = _Mlp(c.hidden_size, shared) if shared else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.reshape(-1, x.shape[-1])
        chosen, shares = self.gate(flat)
        out = torch.zeros(flat.shape, dtype=torch.float32, device=x.device)
        for number in chosen.unique().tolist():
            token, rank = (chosen == number).nonzero(as_tuple=True)
            out.index_add_(0, token, self.experts[number](flat[token]).float() * shares[token, rank, None])
        mixed = out.to(x.dtype).view_as(x)
        return mixed if self.shared_experts is None else mixed + self.shared_experts(x)


class _Attention(nn.Module):
    def __init__(self, c: Any) -> None:
        super().__init__()
        self._heads = c.num_attention_heads, c.num_key_value_heads, c.num_key_value_heads
        self._width = c.head_dim
        self.query_key_value = nn.Linear(c.hidden_size, sum(self._heads) * c.head_dim, bias=c.use_qkv_bias)
        self.dense = nn.Linear(c.num_attention_heads * c.head_dim, c.hidden_size, bias=c.use_bias)
        if c.use_qk_norm:
            self.query_layernorm = _Norm(c.head_dim, c.rms_norm_eps)
            self.key_layernorm = _Norm(c.head_dim, c.rms_norm_eps)
        self._normed = bool(c.use_qk_norm)

    def forward(self, x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        rows, length, _ = x.shape
        parts = self.query_key_value(x).view(rows, length, -1, self._width).transpose(1, 2).split(self._heads, 1)
        query, key, value = parts
        if self._normed:
            query, key = self.query_layernorm(query), self.key_layernorm(key)
        query, key = _turned(query, *turn), _turned(key, *turn)
        seen = scaled_dot_product_attention(query, key, value, enable_gqa=True)
        out: torch.Tensor = self.dense(seen.transpose(1, 2).reshape(rows, length, -1))
        return out


def _turned(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary positions (Su et al. 2021) in the first part of a head's width."""
    width = cos.shape[-1]
    first, rest = x[..., :width], x[..., width:]
    low, high = first.chunk(2, -1)
    return torch.cat((first * cos + torch.cat((-high, low), -1) * sin, rest), -1)


class _Layer(nn.Module):
    def __init__(self, c: Any, number: int) -> None:
        super().__init__()
        self.attention = _Attention(c)
        dense = number < c.first_k_dense_replace
        self.mlp = _Mlp(c.hidden_size, c.intermediate_size) if dense else _Experts(c)
        self.input_layernorm = _Norm(c.hidden_size, c.rms_norm_eps)
        self.post_attention_layernorm = _Norm(c.hidden_size, c.rms_norm_eps)

    def forward(self, x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        x = x + self.attention(self.input_layernorm(x), turn)
        out: torch.Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class LLaDA2(nn.Module):
    """From [rows, n] tokens, masked ones among them, to the logits [rows, n, vocabulary] of what stands there."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        given = {**_USUAL, **{key: value for key, value in config.items() if value is not None}}
        c = self.config = SimpleNamespace(**{key: given[key] for key in (*_USUAL, *_SIZES)})
        self.model = nn.Module()
        self.model.word_embeddings = nn.Embedding(c.vocab_size, c.hidden_size)
        self.model.layers = nn.ModuleList(_Layer(c, number) for number in range(c.num_hidden_layers))
        self.model.norm = _Norm(c.hidden_size, c.rms_norm_eps)
        self.lm_head = nn.Linear(c.hidden_size, c.vocab_size, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Every token sees every other one."""
        c, x = self.config, self.model.word_embeddings(tokens)
        width = int(c.head_dim * c.partial_rotary_factor)
        speeds = c.rope_theta ** -(torch.arange(0, width, 2, device=x.device, dtype=torch.float32) / width)
        angles = torch.arange(tokens.shape[1], device=x.device, dtype=torch.float32)[:, None] * speeds
        angles = torch.cat((angles, angles), -1)
        turn = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        for layer in self.model.layers:
            x = layer(x, turn)
        logits: torch.Tensor = self.lm_head(self.model.norm(x))
        return logits

    @classmethod
    def from_folder(cls, folder: Path, config: Mapping[str, Any], dtype: torch.dtype) -> LLaDA2:
        """The network with the weights of a folder's .safetensors files. Raises KeyError, OSError or ValueError where
        they are not whole.
        """
        with torch.device("meta"):
            net = cls(config)
        weights: dict[str, torch.Tensor] = {}
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, framework="pt") as opened:
                for name in opened.keys():  # noqa: SIM118 - it is no dict
                    exact = name.endswith("expert_bias")
                    weights[name] = opened.get_tensor(name).to(torch.float32 if exact else dtype)
        if net.config.tie_word_embeddings:
            weights["lm_head.weight"] = weights["model.word_embeddings.weight"]
        try:
            net.load_state_dict(weights, assign=True)
        except RuntimeError as error:  # torch's name for weights of other sizes; loaders take it for full memory
            raise ValueError(str(error)) from error
        return net
