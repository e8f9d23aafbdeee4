"""Small checkpoints in one file, in the layout that the original programs write: the way back from diffusers' names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from studio.api import Model

Tensors = dict[str, torch.Tensor]

UNET, VAE = "model.diffusion_model.", "first_stage_model."
WORDS = 49408
RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}


def original_unet(unet: Any) -> Tensors:
    """The denoiser's tensors under their first names. `unet` may lie on the meta device."""
    length = unet.config["layers_per_block"] + 1
    names = {
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "conv_in": "input_blocks.0.0",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
    }
    for number, block in enumerate(unet.down_blocks):
        for layer in range(len(block.resnets)):
            names[f"down_blocks.{number}.resnets.{layer}"] = f"input_blocks.{number * length + layer + 1}.0"
            names[f"down_blocks.{number}.attentions.{layer}"] = f"input_blocks.{number * length + layer + 1}.1"
        names[f"down_blocks.{number}.downsamplers.0.conv"] = f"input_blocks.{(number + 1) * length}.0.op"
    for number, block in enumerate(unet.up_blocks):
        for layer in range(len(block.resnets)):
            names[f"up_blocks.{number}.resnets.{layer}"] = f"output_blocks.{number * length + layer}.0"
            names[f"up_blocks.{number}.attentions.{layer}"] = f"output_blocks.{number * length + layer}.1"
        place = 2 if hasattr(block, "attentions") else 1
        names[f"up_blocks.{number}.upsamplers.0.conv"] = f"output_blocks.{number * length + length - 1}.{place}.conv"
    for new, old in (("resnets.0", "0"), ("attentions.0", "1"), ("resnets.1", "2")):
        names[f"mid_block.{new}"] = f"middle_block.{old}"
    return _renamed(unet.state_dict(), names, RESNET, UNET)


def original_vae(vae: Any) -> Tensors:
    """The autoencoder's."""
    levels = len(vae.config["block_out_channels"])
    layers = vae.config["layers_per_block"]
    names = {"quant_conv": "quant_conv", "post_quant_conv": "post_quant_conv"}
    for half in ("encoder", "decoder"):
        names |= {f"{half}.{name}": f"{half}.{name}" for name in ("conv_in", "conv_out")}
        names |= {f"{half}.conv_norm_out": f"{half}.norm_out", f"{half}.mid_block.attentions.0": f"{half}.mid.attn_1"}
        names |= {f"{half}.mid_block.resnets.{number}": f"{half}.mid.block_{number + 1}" for number in (0, 1)}
    for number in range(levels):
        for layer in range(layers + 1):
            names[f"encoder.down_blocks.{number}.resnets.{layer}"] = f"encoder.down.{number}.block.{layer}"
            names[f"decoder.up_blocks.{number}.resnets.{layer}"] = f"decoder.up.{levels - 1 - number}.block.{layer}"
        names[f"encoder.down_blocks.{number}.downsamplers.0.conv"] = f"encoder.down.{number}.downsample.conv"
        names[f"decoder.up_blocks.{number}.upsamplers.0.conv"] = f"decoder.up.{levels - 1 - number}.upsample.conv"
    inner = {"conv_shortcut": "nin_shortcut", "group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v"}
    found = _renamed(vae.state_dict(), names, {**inner, "to_out.0": "proj_out"}, VAE)
    for name, tensor in found.items():
        if ".attn_1." in name and tensor.ndim == 2:  # they were convolutions
            found[name] = tensor[:, :, None, None]
    return found


def _renamed(state: Mapping[str, Any], names: Mapping[str, str], inner: Mapping[str, str], prefix: str) -> Tensors:
    found = {}
    for name, tensor in state.items():
        start = max((known for known in names if name.startswith(known + ".")), key=len)
        rest, _, kind = name[len(start) + 1 :].rpartition(".")
        rest = inner.get(rest, rest)
        found[prefix + ".".join(part for part in (names[start], rest, kind) if part)] = tensor
    return found


def original_clip(reader: Any, prefix: str = "cond_stage_model.transformer.") -> Tensors:
    """The first text encoder's, with the position numbers that old files hold."""
    state = reader.state_dict()
    found = {f"{prefix}text_model.{name.removeprefix('text_model.')}": tensor for name, tensor in state.items()}
    length = reader.config.max_position_embeddings
    return found | {f"{prefix}text_model.embeddings.position_ids": torch.arange(length)[None]}


def open_clip(reader: Any, prefix: str, *, one_more: bool) -> Tensors:
    """OpenCLIP's; `one_more` adds the last layer, which SD 2.x holds and does not use."""
    state = {name.removeprefix("text_model."): tensor for name, tensor in reader.state_dict().items()}
    found = {
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
        "logit_scale": torch.ones(()),
    }
    if "text_projection.weight" in state:
        found["text_projection"] = state["text_projection.weight"].T
    layers = reader.config.num_hidden_layers
    for number in range(layers + one_more):
        of = f"encoder.layers.{min(number, layers - 1)}."
        to = f"transformer.resblocks.{number}."
        for kind in ("weight", "bias"):
            parts = [state[f"{of}self_attn.{part}_proj.{kind}"] for part in "qkv"]
            found[f"{to}attn.in_proj_{kind}"] = torch.cat(parts)
            found[f"{to}attn.out_proj.{kind}"] = state[f"{of}self_attn.out_proj.{kind}"]
            for new, old in (("layer_norm1", "ln_1"), ("layer_norm2", "ln_2")):
                found[f"{to}{old}.{kind}"] = state[f"{of}{new}.{kind}"]
            for new, old in (("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj")):
                found[f"{to}{old}.{kind}"] = state[f"{of}{new}.{kind}"]
    return {prefix + name: tensor for name, tensor in found.items()}


def _clip(kind: type, *, act: str, layers: int = 2) -> Any:
    config = CLIPTextConfig(
        vocab_size=WORDS,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=layers,
        num_attention_heads=1,
        max_position_embeddings=77,
        projection_dim=32,
        hidden_act=act,
        bos_token_id=49406,
        eos_token_id=49407,
    )
    return kind(config)


def denoiser(context: int, **options: Any) -> UNet2DConditionModel:
    """Random and small, with `options` of UNet2DConditionModel."""
    return UNet2DConditionModel(
        **{
            "sample_size": 8,
            "block_out_channels": (32, 64),
            "layers_per_block": 1,
            "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
            "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
            "cross_attention_dim": context,
            "attention_head_dim": 8,
            **options,
        }
    )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(32, 32, 64),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        layers_per_block=1,
    )


def parts_of(base: str) -> dict[str, Any]:
    """Random parts of a model of this base, the smallest that its family's rules allow."""
    torch.manual_seed(5)
    if base == "sd1":
        return {"unet": denoiser(32), "vae": _vae(), "text_encoder": _clip(CLIPTextModel, act="quick_gelu")}
    if base == "sd2":
        unet = denoiser(32, use_linear_projection=True, attention_head_dim=(1, 1))
        return {"unet": unet, "vae": _vae(), "text_encoder": _clip(CLIPTextModel, act="gelu")}
    unet = denoiser(
        64,
        use_linear_projection=True,
        attention_head_dim=(1, 1),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2),
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=32 + 6 * 256,
    )
    return {
        "unet": unet,
        "vae": _vae(),
        "text_encoder": _clip(CLIPTextModel, act="quick_gelu"),
        "text_encoder_2": _clip(CLIPTextModelWithProjection, act="gelu"),
    }


def tensors_of(base: str, parts: Mapping[str, Any]) -> Tensors:
    """All tensors of the file, and one of a training's averages that no loader reads."""
    found = original_unet(parts["unet"]) | original_vae(parts["vae"])
    found["model_ema.decay"] = torch.ones(())
    if base == "sd1":
        return found | original_clip(parts["text_encoder"])
    if base == "sd2":
        return found | open_clip(parts["text_encoder"], "cond_stage_model.model.", one_more=True)
    found |= original_clip(parts["text_encoder"], "conditioner.embedders.0.transformer.")
    return found | open_clip(parts["text_encoder_2"], "conditioner.embedders.1.model.", one_more=False)


def save(base: str, path: Path, *, metadata: dict[str, str] | None = None, dtype: torch.dtype = torch.float32) -> Model:
    """Write a small checkpoint and describe it as the model shelf would."""
    write(tensors_of(base, parts_of(base)), path, metadata=metadata, dtype=dtype)
    return described(base, path)


def write(
    tensors: Tensors, path: Path, *, metadata: dict[str, str] | None = None, dtype: torch.dtype = torch.float32
) -> None:
    """Write them in one precision."""
    plain = {name: t.detach().to(dtype if t.is_floating_point() else t.dtype) for name, t in tensors.items()}
    save_file({n: t.clone(memory_format=torch.contiguous_format) for n, t in plain.items()}, path, metadata)


def described(base: str, path: Path) -> Model:
    """The file as the model shelf would describe it, were it sound."""
    family = "single/StableDiffusionXLPipeline" if base == "sdxl" else "single/StableDiffusionPipeline"
    size = path.stat().st_size if path.exists() else 0
    return Model(f"models/{path.name}", "Tiny file", family, path, size=size, dtype="F32", sha256="cd" * 32, base=base)
