"""CLIP's tokenizer from the merges that come with Studio: single-file checkpoints hold no words."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from transformers import CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 77
"""Tokens that CLIP reads at once, its start and end included."""


def configs() -> Path:
    """The folder of the configs that come with Studio: in the checkout, or in an installed wheel.

    Raises FileNotFoundError for an installation that lacks them.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "bundled" / "resources", package.parent / "resources"):
        if (folder / "configs").is_dir():
            return folder / "configs"
    raise FileNotFoundError(f"no resources beside {package}")


def tokenizer(*, pad: str = END) -> CLIPTokenizer:
    """A new tokenizer with CLIP's 49,408 tokens. The models of OpenCLIP (SD 2.x, the second of SDXL) pad with "!"."""
    merges = _merges()
    return CLIPTokenizer(vocab=_vocabulary(), merges=list(merges), model_max_length=LENGTH, pad_token=pad)


@lru_cache(maxsize=1)
def _merges() -> tuple[tuple[str, str], ...]:
    text = gzip.decompress((configs() / "clip" / "merges.txt.gz").read_bytes()).decode("utf-8")
    pairs = (line.partition(" ") for line in text.splitlines())
    return tuple((first, second) for first, _, second in pairs)


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, int]:
    """Numbers in the order in which CLIP gave them: the bytes, the bytes that end a word, the merges, start and end."""
    # Bytes that do not print stand for themselves under a code above 255 (github.com/openai/gpt-2, encoder.py).
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [*map(chr, plain), *(chr(256 + number) for number in range(256 - len(plain)))]
    merged = (first + second for first, second in _merges())
    names = [*letters, *(letter + "</w>" for letter in letters), *merged, START, END]
    return {name: number for number, name in enumerate(names)}
