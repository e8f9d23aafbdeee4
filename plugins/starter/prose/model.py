"""The transformer: a small Llama, whose folder every transformers program can load."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from .data import Batch
from .grammar import words
from .grammar.document import FORMS, HEADERS, HELD_OUT, document, opening
from .recurrent import GruWriter


@dataclass(frozen=True)
class Plan:
    """Sizes and pace of a training."""

    vocabulary: int = 4096
    documents: int = 12_000
    """From which the vocabulary is learned."""
    width: int = 192
    layers: int = 5
    heads: int = 6
    inner: int = 512
    length: int = 384
    rows: int = 8
    steps: int = 20_000
    warm: int = 60
    lr: float = 0.02
    adam_lr: float = 4e-3
    average: float = 0.99
    lazy: int = 2
    """A matrix is made orthogonal every so many steps (see Muon)."""
    binding: float = 5.0
    """Weight of what headers and earlier sentences decide: a story's free choices would drown it."""
    mood: float = 15.0
    """The same for the beginnings of sentences that the mood decides."""
    reading: float = 0.2
    """Weight of the headers themselves, whose names are chance."""
    keep: int = 50
    """A checkpoint every so many steps: what a crash may cost."""
    publish: int = 200
    """Samples, held-out loss and the model's folder every so many steps."""


TINY = Plan(
    vocabulary=900, documents=300, width=48, layers=2, heads=4, inner=96, length=96, rows=4, steps=60, warm=5,
    publish=30, average=0.8,
)  # fmt: skip

PLANS = {"prose": Plan(), "prose-gru": Plan(rows=24, steps=6_700, publish=100)}
"""A recurrent step goes through the row token by token: three times the rows cost it half as much again."""


def build(kind: str, plan: Plan, tokenizer: PreTrainedTokenizerFast) -> nn.Module:
    """A fresh model: "prose" (the transformer) or "prose-gru"."""
    torch.manual_seed(4)
    if kind == "prose-gru":
        return GruWriter(vocab_size=len(tokenizer), width=plan.width * 2, layers=2, embedding=plan.width)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=plan.width,
            intermediate_size=plan.inner,
            num_hidden_layers=plan.layers,
            num_attention_heads=plan.heads,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            initializer_range=0.04,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def logits_of(model: nn.Module, batch: Batch, device: torch.device) -> torch.Tensor:
    """[rows, length, vocabulary]. The recurrent model has to forget by itself what was before an end mark."""
    ids = batch.ids[:, :-1].to(device)
    if isinstance(model, GruWriter):
        return model(ids)[0]
    mask = batch.mask.to(device)
    return model(input_ids=ids, attention_mask=mask, position_ids=batch.positions.to(device), use_cache=False).logits


def _words() -> dict[str, object]:
    """What the headers may say, so that an editor can offer it."""

    def flat(groups: dict[str, tuple[str, ...]]) -> list[str]:
        return sorted({word for group in groups.values() for word in group})

    return {
        "headers": list(HEADERS),
        "words": {
            "forms": list(FORMS),
            "genres": list(words.GENRES),
            "moods": list(words.MOODS),
            "tenses": ["past", "present"],
            "persons": ["she", "he", "they", "I"],
            "traits": sorted(words.TRAITS),
            "roles": flat(words.ROLES),
            "places": sorted({noun for group in words.PLACES.values() for _, noun in group}),
            "things": flat(words.THINGS),
        },
        "examples": [opening(document(HELD_OUT + i, full=True).headers).strip() for i in range(6)],
    }


def save_model(model: nn.Module, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the folder in half precision, with the tokenizer, sensible ways to sample, and the words it knows."""
    if isinstance(model, GruWriter):
        model.save_pretrained(
            folder, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
    else:
        model.generation_config = GenerationConfig(
            do_sample=True, temperature=0.8, top_p=0.95, max_new_tokens=400,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        half = LlamaForCausalLM(model.config).half()
        half.load_state_dict({k: v.detach().cpu().half() for k, v in model.state_dict().items()})
        half.generation_config = model.generation_config
        half.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    listed = json.dumps(_words(), ensure_ascii=False, indent=1)
    (folder / "words.json").write_text(listed + "\n", encoding="utf-8")


def load_model(folder: Path) -> tuple[nn.Module, PreTrainedTokenizerFast]:
    """Either kind of folder, in full precision, ready to write."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    if '"studio-gru"' in (folder / "config.json").read_text(encoding="utf-8"):
        return GruWriter.from_pretrained(folder), tokenizer
    model = LlamaForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    return model.eval(), tokenizer
