"""Where audio pipelines of diffusers 0.42 and what they are made of in transformers 5 no longer fit each other."""

from __future__ import annotations

import functools
from typing import Any

import diffusers
import torch
from transformers import GPT2LMHeadModel, GPT2Model

from studio.api import Model


def in_turn(model: Model) -> bool:
    """Whether a model's parts can take turns on a card: its pipeline knows in which order they work."""
    kind = getattr(diffusers, model.family.partition("/")[2], None)
    return bool(getattr(kind, "model_cpu_offload_seq", None))


def mend(pipe: Any, *, full: bool) -> None:
    """Make a loaded pipeline run. With `full`, what makes waves works in full precision."""
    for name in ("vae", "vocoder"):
        part = getattr(pipe, name, None)
        if full and isinstance(part, torch.nn.Module):
            part.float()
    _mend_clap(pipe)
    _mend_language_model(pipe)


def _mend_clap(pipe: Any) -> None:
    """MusicLDM expects a tensor where there is now an object that holds it; AudioLDM 2 looks for both."""
    reader = getattr(pipe, "text_encoder", None)
    features = getattr(reader, "get_text_features", None)
    if features is None or type(pipe).__name__ == "AudioLDM2Pipeline":
        return

    @functools.wraps(features)
    def tensor(*args: Any, **kwargs: Any) -> torch.Tensor:
        answer = features(*args, **kwargs)
        return answer if isinstance(answer, torch.Tensor) else answer.pooler_output

    object.__setattr__(reader, "get_text_features", tensor)


def _mend_language_model(pipe: Any) -> None:
    """AudioLDM 2 was published with a bare GPT-2, which no longer knows how to go on; with a head on, it does. The head
    is the table of its words, and nobody asks it for one.
    """
    bare = getattr(pipe, "language_model", None)
    if not isinstance(bare, GPT2Model):
        return
    with torch.device("meta"):
        whole = GPT2LMHeadModel(bare.config)
    whole.transformer = bare
    whole.lm_head.weight = bare.wte.weight
    whole.train(False)
    pipe.register_modules(language_model=whole)
