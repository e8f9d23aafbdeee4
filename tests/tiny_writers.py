"""The smallest language models of real architectures with random weights, written to disk as people's models are."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GemmaConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

from studio.api import Model

_TEXT = """The old sailor walked along the harbour and looked at the grey sea. "Where is my boat?" said the sailor.
Nobody knew. Anna, the tall girl from the castle, laughed and took the red lantern. Then she went home, for the night
was cold and the wolves were near. Der Bär aß süße Äpfel; naïve café, 海は青い。 🙂 The sailor's boat was gone. He sat
down on the stone. Once there was a king who had three daughters, and the king loved them. Words: castle, dusk, snow.
"""
CHAT = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NAMES = ("llama", "mistral", "qwen2", "qwen3", "gpt2", "gpt_neox", "gemma", "gemma2", "gemma3")


def tokenizer(kind: str = "bytes", *, specials: tuple[str, ...] = (), chat: str = "") -> PreTrainedTokenizerFast:
    """About 400 tokens: "bytes" is byte-level as in GPT-2, "pieces" spells spaces as sentencepiece does."""
    made = Tokenizer.from_str(_trained(kind, specials))
    words = PreTrainedTokenizerFast(
        tokenizer_object=made,
        eos_token="<|end|>",
        pad_token="<|pad|>",
        **({"bos_token": "<s>"} if kind == "pieces" else {}),
    )
    if chat:
        words.chat_template = chat
    return words


@lru_cache
def _trained(kind: str, specials: tuple[str, ...]) -> str:
    marks = ["<|end|>", "<|pad|>", *specials]
    if kind == "bytes":
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=marks,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
    else:
        made = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
        made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        made.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        marks = ["<unk>", "<s>", *marks, *(f"<0x{n:02X}>" for n in range(256))]
        trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=marks, show_progress=False)
    made.train_from_iterator([_TEXT] * 3, trainer)
    if kind == "pieces":  # bytes are no special tokens: they are text
        data = json.loads(made.to_str())
        data["added_tokens"] = [t for t in data["added_tokens"] if not t["content"].startswith("<0x")]
        return json.dumps(data)
    made.add_special_tokens([AddedToken(mark, special=True) for mark in marks])
    return str(made.to_str())


def config(name: str, words: PreTrainedTokenizerFast, *, window: int = 256) -> Any:
    """Two layers, 32 wide."""
    ends = {"eos_token_id": words.eos_token_id, "bos_token_id": None, "pad_token_id": words.pad_token_id}
    if name == "gpt2":
        return GPT2Config(vocab_size=len(words), n_embd=32, n_layer=2, n_head=4, n_positions=window, **ends)
    base = {
        "vocab_size": len(words),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": window,
        "initializer_range": 0.3,  # logits that differ: with the usual one every token is as likely as the next
        **ends,
    }
    if name == "gpt_neox":
        return GPTNeoXConfig(**base)
    kinds = {
        "llama": (LlamaConfig, {}),
        "mistral": (MistralConfig, {"sliding_window": 24}),
        "qwen2": (Qwen2Config, {}),
        "qwen3": (Qwen3Config, {"head_dim": 8}),
        "gemma": (GemmaConfig, {"head_dim": 8}),
        "gemma2": (Gemma2Config, {"head_dim": 8, "sliding_window": 24}),
        "gemma3": (Gemma3TextConfig, {"head_dim": 8, "sliding_window": 24}),
    }
    kind, more = kinds[name]
    return kind(**base, num_key_value_heads=2, **more)


def save(
    folder: Path,
    name: str = "llama",
    *,
    words: PreTrainedTokenizerFast | None = None,
    window: int = 256,
    seed: int = 0,
) -> Model:
    """Write a model folder, and say where it is."""
    words = words or tokenizer()
    torch.manual_seed(seed)
    plan = config(name, words, window=window)
    net = AutoModelForCausalLM.from_config(plan)
    net.save_pretrained(folder)
    words.save_pretrained(folder)
    return model(folder, plan.architectures[0] if plan.architectures else type(net).__name__)


def save_recurrent(folder: Path, *, seed: int = 0) -> Model:
    """A GRU folder as the starter models have it."""
    words = tokenizer()
    torch.manual_seed(seed)
    sizes = {"vocab_size": len(words), "width": 24, "layers": 2, "embedding": 16}
    embed, gru, out = torch.nn.Embedding(len(words), 16), torch.nn.GRU(16, 24, 2), torch.nn.Linear(24, 16)
    weights = {
        f"{part}.{key}": value
        for part, net in (("embed", embed), ("gru", gru), ("out", out))
        for key, value in net.state_dict().items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(
        json.dumps({"model_type": "studio-gru", "architectures": ["GruWriter"], "eos_token_id": 0, **sizes})
    )
    save_file(weights, folder / "model.safetensors")
    words.save_pretrained(folder)
    return Model("tests/gru", "Tiny recurrent", "studio/GruWriter", folder, sha256="cd" * 32)


def model(folder: Path, family: str = "LlamaForCausalLM") -> Model:
    """The folder as a request names it."""
    size = sum(file.stat().st_size for file in folder.iterdir())
    return Model(f"tests/{folder.name}", "Tiny writer", f"transformers/{family}", folder, size, "F32", "ab" * 32)


REFINERS = ("llada2", "canvas", "stand-in")


def save_refiner(folder: Path, kind: str = "llada2", *, window: int = 128) -> Model:
    """A text-diffusion pipeline of diffusers: "llada2" has LLaDA 2's own network, "canvas" DiffusionGemma, and the
    stand-in is a network of transformers that looks both ways.
    """
    from diffusers import BlockRefinementScheduler, EntropyBoundScheduler

    words = tokenizer("pieces" if kind == "canvas" else "bytes", specials=("<|mask|>",))
    if kind != "canvas":
        words.mask_token = "<|mask|>"
    torch.manual_seed(2)
    folder.mkdir(parents=True, exist_ok=True)
    pipeline = "DiffusionGemmaPipeline" if kind == "canvas" else "LLaDA2Pipeline"
    name, part = {"llada2": _llada2, "canvas": _canvas, "stand-in": _both_ways}[kind](folder / "model", words, window)
    scheduler = EntropyBoundScheduler(entropy_bound=4.0) if kind == "canvas" else BlockRefinementScheduler()
    scheduler.save_pretrained(folder / "scheduler")
    words.save_pretrained(folder / part)
    index = {"_class_name": pipeline, "_diffusers_version": "0.42.0", "model": ["transformers", name]}
    index |= {"scheduler": ["diffusers", type(scheduler).__name__], part: ["transformers", "PreTrainedTokenizerFast"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    return Model(f"tests/{folder.name}", "Tiny refiner", f"diffusers/{pipeline}", folder, sha256="ef" * 32)


def _both_ways(folder: Path, words: PreTrainedTokenizerFast, window: int) -> tuple[str, str]:
    plan = config("llama", words, window=window)
    plan.is_causal = False
    LlamaForCausalLM(plan).save_pretrained(folder)
    return "LlamaForCausalLM", "tokenizer"


def _llada2(folder: Path, words: PreTrainedTokenizerFast, window: int) -> tuple[str, str]:
    """With the names and the sizes' proportions of the published weights: one dense layer, then experts in groups."""
    from studio.inference.text.llada2 import ARCHITECTURE, LLaDA2

    plan: dict[str, Any] = {
        "model_type": "llada2_moe",
        "architectures": [ARCHITECTURE],
        "vocab_size": len(words),
        "hidden_size": 32,
        "intermediate_size": 64,
        "moe_intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "num_experts": 8,
        "num_experts_per_tok": 2,
        "n_group": 4,
        "topk_group": 2,
        "max_position_embeddings": window,
    }
    net = LLaDA2(plan)
    for weight in net.parameters():
        torch.nn.init.normal_(weight, 1.0 if weight.ndim == 1 else 0.0, 0.3)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in net.state_dict().items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(plan))
    return ARCHITECTURE, "tokenizer"


def _canvas(folder: Path, words: PreTrainedTokenizerFast, window: int) -> tuple[str, str]:
    from transformers import DiffusionGemmaConfig, DiffusionGemmaForBlockDiffusion, DiffusionGemmaTextConfig

    text = DiffusionGemmaTextConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        global_head_dim=8,
        num_global_key_value_heads=2,
        max_position_embeddings=window,
        sliding_window=64,
        num_experts=4,
        top_k_experts=2,
        moe_intermediate_size=16,
        layer_types=["sliding_attention", "full_attention"],
        pad_token_id=words.pad_token_id,
        eos_token_id=words.eos_token_id,
        bos_token_id=words.bos_token_id,
    )
    eyes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    plan = DiffusionGemmaConfig(
        text_config=text,
        vision_config={**eyes, "num_key_value_heads": 1, "head_dim": 8, "position_embedding_size": 64},
        canvas_length=8,
    )
    net = DiffusionGemmaForBlockDiffusion(plan)
    for weight in net.model.decoder.embed_tokens.parameters():
        torch.nn.init.normal_(weight, 0.0, 0.3)
    net.save_pretrained(folder)
    return "DiffusionGemmaForBlockDiffusion", "processor"
