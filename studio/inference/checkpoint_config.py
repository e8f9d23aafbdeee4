"""The configs of a single-file checkpoint: what Studio ships for its family, with the sizes that its tensors tell.

So a fine-tune with another number of layers, or the small models of the tests, need no config of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .clip_words import configs

Shapes = Mapping[str, tuple[int, ...]]
Config = dict[str, Any]

UNET = "model.diffusion_model."
VAE = "first_stage_model."
CLIP = ("cond_stage_model.transformer.", "conditioner.embedders.0.transformer.")
OPEN_CLIP = ("cond_stage_model.model.", "conditioner.embedders.1.model.")
_HEAD = 64
"""Channels of an attention head, in every one of these models but the denoiser of SD 1.x, which has 8 heads."""


def shipped(base: str, part: str) -> Config:
    """The config that comes with Studio. `base` is "sd1", "sd2" or "sdxl"."""
    name = "scheduler_config.json" if part == "scheduler" else "config.json"
    config: Config = json.loads((configs() / base / part / name).read_text(encoding="utf-8"))
    config.pop("_class_name", None) if part != "scheduler" else None
    return config


def base_of(shapes: Shapes) -> str:
    """ "sd1", "sd2", "sdxl", or "" where the text encoder is of another kind."""
    for base, prefix in (("sdxl", OPEN_CLIP[1]), ("sd2", OPEN_CLIP[0]), ("sd1", CLIP[0])):
        if any(name.startswith(prefix) for name in shapes):
            return base
    return ""


def unet_config(shapes: Shapes, base: str) -> Config:
    """The denoiser's. `shapes` by their full names in the file. Raises ValueError for another structure."""
    own = _below(shapes, UNET)
    last = max(_numbers(own, "input_blocks."))
    down = [number for number in range(1, last + 1) if f"input_blocks.{number}.0.op.weight" in own]
    per_block = down[0] if down else last + 1  # ResNets, and what goes down after them
    blocks = (last + 1) // per_block
    firsts = [number * per_block + 1 for number in range(blocks)]
    channels = [_need(own, f"input_blocks.{n}.0.out_layers.3.weight")[0] for n in firsts]
    depths = [_count(own, f"input_blocks.{n}.1.transformer_blocks.") for n in firsts]
    rising = [_count(own, f"output_blocks.{number * per_block}.1.transformer_blocks.") for number in range(blocks)]
    layers = [depth or 1 for depth in depths]
    layers[-1] = depths[-1] or _count(own, "middle_block.1.transformer_blocks.") or 1
    words = next(name for name in own if name.endswith("attn2.to_k.weight"))
    config = shipped(base, "unet") | {
        "in_channels": _need(own, "input_blocks.0.0.weight")[1],
        "out_channels": _need(own, "out.2.weight")[0],
        "block_out_channels": channels,
        "layers_per_block": per_block - 1,
        "down_block_types": ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths],
        "up_block_types": ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in rising],
        "transformer_layers_per_block": layers[0] if len(set(layers)) == 1 else layers,
        "cross_attention_dim": own[words][1],
        "use_linear_projection": len(next(s for n, s in own.items() if n.endswith("proj_in.weight"))) == 2,
    }
    if base != "sd1":
        config["attention_head_dim"] = [max(1, width // _HEAD) for width in channels]
    if "label_emb.0.0.weight" in own:
        config["projection_class_embeddings_input_dim"] = own["label_emb.0.0.weight"][1]
    return config


def vae_config(shapes: Shapes, base: str) -> Config:
    """The autoencoder's. Raises ValueError for another structure."""
    own = _below(shapes, VAE)
    levels = range(max(_numbers(own, "encoder.down.")) + 1)
    channels = [_need(own, f"encoder.down.{level}.block.0.conv1.weight")[0] for level in levels]
    return shipped(base, "vae") | {
        "block_out_channels": channels,
        "down_block_types": ["DownEncoderBlock2D"] * len(channels),
        "up_block_types": ["UpDecoderBlock2D"] * len(channels),
        "layers_per_block": _count(own, "encoder.down.0.block."),
        "latent_channels": _need(own, "decoder.conv_in.weight")[1],
        "use_quant_conv": "quant_conv.weight" in own,
        "use_post_quant_conv": "post_quant_conv.weight" in own,
    }


def clip_config(shapes: Shapes, base: str) -> Config:
    """The text encoder's that has the layout of transformers (SD 1.x, the first of SDXL)."""
    own = {name.removeprefix("text_model."): s for name, s in _below(shapes, CLIP[base == "sdxl"]).items()}
    words = _need(own, "embeddings.token_embedding.weight")
    return shipped(base, "text_encoder") | {
        "vocab_size": words[0],
        "hidden_size": words[1],
        "intermediate_size": _need(own, "encoder.layers.0.mlp.fc1.weight")[0],
        "num_hidden_layers": _count(own, "encoder.layers."),
        "num_attention_heads": max(1, words[1] // _HEAD),
        "max_position_embeddings": _need(own, "embeddings.position_embedding.weight")[0],
    }


def open_clip_config(shapes: Shapes, base: str) -> Config:
    """The text encoder's that has the layout of OpenCLIP (SD 2.x without its last layer, the second of SDXL)."""
    own = _below(shapes, OPEN_CLIP[base == "sdxl"])
    words = _need(own, "token_embedding.weight")
    layers = _count(own, "transformer.resblocks.")
    return shipped(base, "text_encoder_2" if base == "sdxl" else "text_encoder") | {
        "vocab_size": words[0],
        "hidden_size": words[1],
        "intermediate_size": _need(own, "transformer.resblocks.0.mlp.c_fc.weight")[0],
        # SD 2.x was trained on what the last layer but one says, and diffusers leaves the last one out.
        "num_hidden_layers": layers if base == "sdxl" else layers - 1,
        "num_attention_heads": max(1, words[1] // _HEAD),
        "max_position_embeddings": _need(own, "positional_embedding")[0],
        "projection_dim": own.get("text_projection", (words[1], words[1]))[1],
    }


def scheduler_config(base: str, *, prediction: str, zero_snr: bool) -> Config:
    """The scheduler's; `prediction` is "epsilon" or "v_prediction"."""
    config = shipped(base, "scheduler") | {"prediction_type": prediction}
    if zero_snr:
        config |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return config


def prediction_beside(path: Path) -> str:
    """What a config of the original kind beside the file says (model.yaml with `parameterization: "v"`), else ""."""
    config = path.with_suffix(".yaml")
    try:
        with config.open(encoding="utf-8", errors="replace") as file:
            text = file.read(100_000)
    except OSError:
        return ""
    found = re.search(r"""^[ \t]*parameterization:[ \t]*["']?(v|eps)["']?[ \t\r]*$""", text, re.MULTILINE)
    return "" if found is None else {"v": "v_prediction", "eps": "epsilon"}[found[1]]


def _below(shapes: Shapes, prefix: str) -> dict[str, tuple[int, ...]]:
    return {name[len(prefix) :]: shape for name, shape in shapes.items() if name.startswith(prefix)}


def _numbers(names: Mapping[str, Any], prefix: str) -> set[int]:
    """The numbers that follow `prefix` in the names; raises ValueError for none."""
    after = (name[len(prefix) :].partition(".")[0] for name in names if name.startswith(prefix))
    found = {int(number) for number in after if number.isdigit()}
    if not found:
        raise ValueError(f"nothing is called {prefix}0")
    return found


def _count(names: Mapping[str, Any], prefix: str) -> int:
    return max(_numbers(names, prefix)) + 1 if any(name.startswith(prefix) for name in names) else 0


def _need(shapes: Shapes, name: str) -> tuple[int, ...]:
    if name not in shapes:
        raise ValueError(f"{name} is missing")
    return shapes[name]
