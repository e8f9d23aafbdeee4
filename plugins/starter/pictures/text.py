"""Words for the denoiser: a small byte-level BPE made from our captions, and a CLIP text encoder.

The encoder is first taught alone to name what a caption asks for. That takes a minute, and the denoiser then
starts from words that already mean something: it learns objects and colours many times sooner.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from tokenizers.normalizers import NFC, Lowercase, Replace, Sequence
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from ..training.pace import Pace
from ..world import Scene, caption, sample_scene
from ..world import captions as say
from ..world.scene import COLOURS, OBJECTS, PATTERNS, PLACES, POSITIONS, SKIES, STYLES, TIMES, WEATHERS
from .autoencoder import HELD_OUT

START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 48
"""Tokens of a prompt; the longest caption has about 40."""
WIDTH = 192


def make_tokenizer(folder: Path, *, captions: int = 20_000, size: int = 1400) -> CLIPTokenizer:
    """Learn the vocabulary and write the folder's files; both old and new transformers can read them."""
    rng = np.random.default_rng(5)
    corpus = [caption(sample_scene(i), rng) for i in range(captions)]
    # The world's words in full, however rare, and letters for words it never heard of.
    for table in vars(say).values():
        if isinstance(table, dict):
            corpus += [w for ws in table.values() if isinstance(ws, tuple) for w in ws] * 20
    core = Tokenizer(models.BPE(unk_token=END, end_of_word_suffix="</w>", continuing_subword_prefix=""))
    core.normalizer = Sequence([NFC(), Replace(Regex(r"\s+"), " "), Lowercase()])
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(
                Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True
            ),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[START, END],
            end_of_word_suffix="</w>",
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    learned = json.loads(core.to_str())["model"]
    # CLIP spells every byte twice, alone and at the end of a word; without the second, rare letters are lost.
    vocab, merges = (
        dict(learned["vocab"]),
        [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in learned["merges"]],
    )
    for letter in sorted(pre_tokenizers.ByteLevel.alphabet()):
        for piece in (letter, letter + "</w>"):
            vocab.setdefault(piece, len(vocab))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(m) for m in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tokenizer = CLIPTokenizer(
        vocab=vocab,
        merges=merges,
        unk_token=END,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        model_max_length=LENGTH,
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


def build_text_encoder(tokenizer: CLIPTokenizer, *, width: int = WIDTH, layers: int = 3) -> CLIPTextModel:
    """A CLIP text model of about a million parameters."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=width * 3,
            projection_dim=width,
            num_hidden_layers=layers,
            num_attention_heads=4,
            max_position_embeddings=LENGTH,
            hidden_act="gelu",
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def tokens_of(tokenizer: CLIPTokenizer, texts: list[str]) -> torch.Tensor:
    """[n, LENGTH] token numbers, padded as the pipeline pads them."""
    return tokenizer(texts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt").input_ids


FACTS: dict[str, tuple[str, ...]] = {
    "style": STYLES,
    "place": ("", *PLACES),
    "time": ("", *TIMES),
    "weather": ("", *WEATHERS),
    "sky": SKIES,
    "moon": ("none", "sun", "full", "crescent"),
    "pattern": ("", *PATTERNS),
    "first": ("", *COLOURS),
    "second": ("", *COLOURS),
    **{f"{kind} colour": ("", *COLOURS) for kind in OBJECTS},
    **{f"{kind} position": ("", *POSITIONS) for kind in OBJECTS},
}
"""What a caption can ask for, each a choice of one; objects ask for a colour and a position of their own."""


def facts_of(scene: Scene) -> list[int]:
    """The scene's answers to FACTS, as indices."""
    said: dict[str, str] = {"style": scene.style, "sky": scene.sky, "moon": scene.moon, "pattern": scene.pattern}
    if scene.pattern:
        said["first"], said["second"] = scene.colours
        said["moon"] = "none"
    else:
        said |= {"place": scene.place, "time": scene.time, "weather": scene.weather}
    for thing in scene.things:
        said[f"{thing.kind} colour"] = thing.colour
        said[f"{thing.kind} position"] = thing.position
    return [
        options.index(said.get(name, "")) if said.get(name, "") in options else 0 for name, options in FACTS.items()
    ]


class Reader(nn.Module):
    """Reads the facts off a sequence of embeddings: one question vector for each fact."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ask = nn.Parameter(torch.randn(len(FACTS), width) * 0.1)
        self.look = nn.MultiheadAttention(width, 4, batch_first=True)
        self.answer = nn.ModuleList(nn.Linear(width, len(options)) for options in FACTS.values())

    def forward(self, words: torch.Tensor) -> list[torch.Tensor]:
        """[n, tokens, width] to one [n, options] for each fact."""
        seen, _ = self.look(self.ask.expand(len(words), -1, -1), words, words, need_weights=False)
        return [head(seen[:, i]) for i, head in enumerate(self.answer)]


def train_text(
    encoder: CLIPTextModel, tokenizer: CLIPTokenizer, pace: Pace, *, steps: int, batch: int = 64, device: torch.device
) -> float:
    """Teach the encoder to understand captions; returns the share of facts it names right (omitted ones included)."""
    torch.manual_seed(2)
    reader = Reader(encoder.config.hidden_size).to(device)
    encoder.to(device).train()
    optimiser = torch.optim.AdamW([*encoder.parameters(), *reader.parameters()], lr=1.5e-3, weight_decay=0.01)
    right = 0.0
    for step in range(steps):
        if not pace.go_on():
            break
        for group in optimiser.param_groups:
            group["lr"] = 1.5e-3 * min(1.0, (step + 1) / 100, (steps - step) / steps * 1.5 + 0.02)
        rng = np.random.default_rng([step, 21])
        scenes = [sample_scene(int(s)) for s in rng.integers(0, HELD_OUT, batch)]
        ids = tokens_of(tokenizer, [caption(s, rng) for s in scenes]).to(device)
        wanted = torch.tensor([facts_of(s) for s in scenes], device=device)
        with torch.autocast(device.type, torch.bfloat16):
            answers = reader(encoder(ids).last_hidden_state)
        losses = [F.cross_entropy(a.float(), wanted[:, i]) for i, a in enumerate(answers)]
        loss = torch.stack(losses).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*encoder.parameters(), *reader.parameters()], 1.0)
        optimiser.step()
        if (step + 1) % min(100, steps // 4) == 0 or step + 1 == steps:
            hits = torch.stack([(a.argmax(1) == wanted[:, i]) for i, a in enumerate(answers)], 1).float()
            asked = wanted[:, 9:] > 0
            right = hits.mean().item()
            pace.note(step + 1, steps, loss=loss.item(), facts=right, things=hits[:, 9:][asked].mean().item())
    return right
