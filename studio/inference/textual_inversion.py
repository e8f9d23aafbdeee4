"""Embeddings (textual inversion): words that were trained, kept as a few vectors in a file of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file

from studio.api import StudioError

_KINDS = {"clip_l": 0, "clip_g": 1}
"""Which of SDXL's two text encoders a part of a file is for."""


def read(path: Path, *, title: str, widths: Sequence[int]) -> tuple[torch.Tensor, ...]:
    """The vectors [count, width] for each text encoder of a model whose encoders are `widths` wide, in fp32.

    Known are the files of A1111 ("emb_params"), of diffusers (one tensor, named by its word) and of SDXL's trainers
    ("clip_l" and "clip_g"). Raises StudioError for anything else, and for a file made for other widths.
    """
    try:
        tensors = load_file(str(path))
    except (OSError, safetensors.SafetensorError) as error:
        raise StudioError(f"“{title}” cannot be read.", "Copy or download it again.", details=str(error)) from error
    numbers = [(name, tensor) for name, tensor in sorted(tensors.items()) if tensor.is_floating_point() and tensor.ndim]
    parts = [(_KINDS.get(name), _rows(tensor)) for name, tensor in numbers]
    if len(parts) == 2 and {kind for kind, _ in parts} == {0, 1}:
        parts.sort(key=lambda part: part[0] or 0)
    elif len(parts) != 1:
        raise StudioError(f"“{title}” is not an embedding.", "Take its name out of the prompt.")
    vectors = tuple(rows for _, rows in parts)
    found = tuple(rows.shape[-1] for rows in vectors)
    if found != tuple(widths):
        raise StudioError(
            f"“{title}” is an embedding for another kind of model.",
            "Take its name out of the prompt, or choose a model that it was made for.",
            details=f"its vectors are {found} wide, the model reads {tuple(widths)}",
        )
    return vectors


def _rows(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().float().reshape(-1, tensor.shape[-1])
