"""LoRAs and embeddings with random weights for the tiny models, in every naming that people's files come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from studio.api import Model

RANK = 2
NAMINGS = ("kohya", "diffusers", "peft")
_ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
_READING = ("q_proj", "k_proj", "v_proj", "out_proj")
_KOHYA = {"text_encoder": "lora_te", "text_encoder_2": "lora_te2"}


def state(pipe: Any, naming: str, *, reads: bool = True, seed: int = 5) -> dict[str, torch.Tensor]:
    """One LoRA for all attention of the denoiser and, if it `reads`, of the text encoders. The weights are the same in
    each naming; kohya's alpha is the rank, so that they also count the same.
    """
    chance = torch.Generator().manual_seed(seed)
    two = getattr(pipe, "text_encoder_2", None) is not None
    parts = [("unet", _ATTENTION)]
    if reads:
        parts += [(name, _READING) for name in ("text_encoder", *(("text_encoder_2",) if two else ()))]
    found: dict[str, torch.Tensor] = {}
    for part, ends in parts:
        for name, layer in getattr(pipe, part).named_modules():
            if not isinstance(layer, torch.nn.Linear) or not name.endswith(ends):
                continue
            down = torch.randn(RANK, layer.in_features, generator=chance) * 0.3
            up = torch.randn(layer.out_features, RANK, generator=chance) * 0.3
            found |= _named(part, name, naming, down=down, up=up, two=two)
    return found


def _named(
    part: str, name: str, naming: str, *, down: torch.Tensor, up: torch.Tensor, two: bool
) -> dict[str, torch.Tensor]:
    if part != "unet":
        name = f"text_model.{name.removeprefix('text_model.')}"
    if naming == "kohya":
        start = "lora_unet" if part == "unet" else "lora_te1" if two and part == "text_encoder" else _KOHYA[part]
        key = f"{start}_{name.replace('.', '_')}"
        return {
            f"{key}.lora_down.weight": down,
            f"{key}.lora_up.weight": up,
            f"{key}.alpha": torch.tensor(float(RANK)),
        }
    if naming == "peft":
        return {f"{part}.{name}.lora_A.weight": down, f"{part}.{name}.lora_B.weight": up}
    middle = "lora" if part == "unet" else "lora_linear_layer"
    return {f"{part}.{name}.{middle}.down.weight": down, f"{part}.{name}.{middle}.up.weight": up}


def save(path: Path, tensors: dict[str, torch.Tensor], *, family: str = "lora/weights", base: str = "") -> Model:
    """Write the file and describe it as the model shelf would."""
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, str(path))
    digest = (path.stem.encode().hex() * 64)[:64]
    return Model(f"models/{path.name}", path.stem, family, path, size=path.stat().st_size, sha256=digest, base=base)
