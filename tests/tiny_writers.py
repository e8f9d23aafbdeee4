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


def save_refiner(folder: Path, *, window: int = 128) -> Model:
    """A text-diffusion pipeline of diffusers: a model that looks both ways, a scheduler, a tokenizer with a mask."""
    from diffusers import BlockRefinementScheduler, LLaDA2Pipeline
    from transformers import LlamaForCausalLM

    words = tokenizer(specials=("<|mask|>",))
    words.mask_token = "<|mask|>"
    torch.manual_seed(2)
    plan = config("llama", words, window=window)
    plan.is_causal = False
    pipe = LLaDA2Pipeline(model=LlamaForCausalLM(plan), scheduler=BlockRefinementScheduler(), tokenizer=words)
    pipe.save_pretrained(folder)
    words.save_pretrained(folder / "tokenizer")  # which diffusers forgets for this kind of tokenizer
    return Model("tests/refiner", "Tiny refiner", "diffusers/LLaDA2Pipeline", folder, sha256="ef" * 32)
