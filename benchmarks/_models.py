"""A pipeline of Stable Diffusion 1.5's own size with random weights: what it draws is noise, what it costs is real."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NAME = "sd15-shaped"


def save(folder: Path) -> Path:
    """Write it into `folder`/NAME: 4.3 GB in fp32, some 20 seconds."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    from tests import tiny_models

    words = tiny_models.tokenizer()
    words.model_max_length = 77
    with torch.device("meta"):
        text = CLIPTextModel(
            CLIPTextConfig(
                hidden_size=768,
                intermediate_size=3072,
                num_hidden_layers=12,
                num_attention_heads=12,
                max_position_embeddings=77,
                bos_token_id=words.bos_token_id,
                eos_token_id=words.eos_token_id,
            )
        )
        unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768)
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
        )
    for part in (text, unet, vae):
        _fill(part)
    pipe = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=words,
        unet=unet,
        scheduler=DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder / NAME)
    return folder / NAME


def _fill(part: Any) -> None:
    """Small random weights, and norms that pass everything on."""
    import torch

    part.to_empty(device="cpu").eval().requires_grad_(False)
    for name, value in part.named_parameters():
        if value.ndim == 1:
            value.fill_(1.0 if name.endswith("weight") else 0.0)
        else:
            value.normal_(std=0.5 / max(1, value[0].numel()) ** 0.5)
    for name, value in part.named_buffers():
        if name.endswith("position_ids"):
            value.copy_(torch.arange(value.shape[-1]).expand(value.shape))
