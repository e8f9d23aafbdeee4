"""LLaDA 2's network against GLM-4's of transformers, which chooses experts and turns positions alike."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import Glm4MoeConfig, Glm4MoeForCausalLM

from studio.inference.text.llada2 import LLaDA2

PLAN: dict[str, Any] = {
    "vocab_size": 60,
    "hidden_size": 32,
    "intermediate_size": 48,
    "moe_intermediate_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "n_group": 4,
    "topk_group": 2,
    "num_experts_per_tok": 3,
    "first_k_dense_replace": 1,
    "routed_scaling_factor": 1.7,
    "partial_rotary_factor": 0.5,
    "rms_norm_eps": 1e-6,
    "use_qk_norm": True,
    "tie_word_embeddings": False,
}


@pytest.fixture(scope="module")
def both() -> tuple[LLaDA2, Glm4MoeForCausalLM]:
    torch.manual_seed(1)
    theta = {"rope_type": "default", "rope_theta": 600_000.0, "partial_rotary_factor": 0.5}
    config = Glm4MoeConfig(
        **PLAN, n_routed_experts=8, n_shared_experts=1, norm_topk_prob=True, attention_bias=False, rope_parameters=theta
    )
    other = Glm4MoeForCausalLM(config).eval()
    for name, weight in other.state_dict().items():
        torch.nn.init.normal_(weight, 1.0 if weight.ndim == 1 and "bias" not in name else 0.0, 0.3)
    mine = LLaDA2({**PLAN, "num_experts": 8, "num_shared_experts": 1}).eval()
    mine.load_state_dict(_renamed(other.state_dict()))
    return mine, other


def _renamed(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    found = {}
    for name, value in weights.items():
        if "q_proj" in name:
            parts = [weights[name.replace("q_proj", f"{part}_proj")] for part in "qkv"]
            found[name.replace("self_attn.q_proj", "attention.query_key_value")] = torch.cat(parts)
        elif name.endswith("experts.gate_up_proj"):
            for number, joined in enumerate(value):
                gate, up = joined.chunk(2)
                found[name.replace("gate_up_proj", f"{number}.gate_proj.weight")] = gate
                found[name.replace("gate_up_proj", f"{number}.up_proj.weight")] = up
        elif name.endswith("experts.down_proj"):
            found |= {name.replace("down_proj", f"{n}.down_proj.weight"): part for n, part in enumerate(value)}
        elif "k_proj" not in name and "v_proj" not in name:
            new = name.replace("self_attn.o_proj", "attention.dense").replace("embed_tokens", "word_embeddings")
            new = new.replace("self_attn.q_norm", "attention.query_layernorm")
            new = new.replace("self_attn.k_norm", "attention.key_layernorm")
            found[new.replace("e_score_correction_bias", "expert_bias")] = value
    return found


def test_it_computes_what_a_network_alike_computes(both: tuple[LLaDA2, Glm4MoeForCausalLM]) -> None:
    mine, other = both
    tokens = torch.randint(0, 60, (2, 11))
    everywhere = torch.zeros(2, 1, 11, 11)
    with torch.inference_mode():
        wanted = other(tokens, attention_mask=everywhere).logits
        found = mine(tokens)
    assert float(wanted.std()) > 0.5, "numbers that could differ"
    assert torch.allclose(found, wanted, atol=1e-4)


def test_every_word_sees_what_follows(both: tuple[LLaDA2, Glm4MoeForCausalLM]) -> None:
    mine, _ = both
    tokens = torch.arange(10)[None]
    other = tokens.clone()
    other[0, -1] = 55
    with torch.inference_mode():
        assert not torch.allclose(mine(tokens)[0, 0], mine(other)[0, 0])
