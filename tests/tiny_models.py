"""The smallest models of real architectures with random weights, written to disk as people's models are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import tqdm.std
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    UNet2DModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
)

from studio.api import Model

tqdm.std.tqdm.monitor_interval = 0  # no thread that watches over progress bars

WORDS = ("a", "castle", "sea", "hill", "red", "blue", "cat", "of", "the", "painting")


def tokenizer() -> CLIPTokenizer:
    """A CLIP tokenizer over ten words and the letters."""
    letters = [chr(code) for code in range(33, 127)]
    names = [*letters, *(letter + "</w>" for letter in letters), *(word + "</w>" for word in WORDS)]
    names += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return CLIPTokenizer(vocab=vocab, merges=[], model_max_length=16, pad_token="<|endoftext|>")


def clip_config(words: CLIPTokenizer) -> CLIPTextConfig:
    """Two layers, 32 wide."""
    return CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=16,
        projection_dim=32,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )


def autoencoder(**options: Any) -> AutoencoderKL:
    """Four latent channels at an eighth of the size."""
    return AutoencoderKL(
        block_out_channels=(8, 16, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=4,
        **{"latent_channels": 4, "scaling_factor": 0.5, "sample_size": 64, **options},
    )


def stable_diffusion(*, prediction_type: str = "epsilon", seed: int = 0, **scheduler: Any) -> StableDiffusionPipeline:
    """SD's architecture: 4 latent channels at an eighth of the size, about 300,000 weights."""
    torch.manual_seed(seed)
    words = tokenizer()
    text = CLIPTextModel(clip_config(words))
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=2,
        norm_num_groups=8,
    )
    vae = autoencoder()
    plan = {
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "clip_sample": False,
        "set_alpha_to_one": False,
        "steps_offset": 1,
        "prediction_type": prediction_type,
    }
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=words,
        unet=unet,
        scheduler=DDIMScheduler(**{**plan, **scheduler}),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def stable_diffusion_xl() -> StableDiffusionXLPipeline:
    """Two text encoders, size conditioning, a scheduler that counts in sigma."""
    torch.manual_seed(2)
    words = tokenizer()
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=64,
        attention_head_dim=(2, 4),
        norm_num_groups=8,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=80,
        use_linear_projection=True,
    )
    return StableDiffusionXLPipeline(
        vae=autoencoder(scaling_factor=0.13025),
        text_encoder=CLIPTextModel(clip_config(words)),
        text_encoder_2=CLIPTextModelWithProjection(clip_config(words)),
        tokenizer=words,
        tokenizer_2=words,
        unet=unet,
        scheduler=EulerDiscreteScheduler(
            beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, steps_offset=1
        ),
    )


def flux() -> FluxPipeline:
    """A flow-matching transformer whose latents are packed into a row of patches."""
    torch.manual_seed(3)
    words = tokenizer()
    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        axes_dims_rope=[4, 4, 8],
    )
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=autoencoder(shift_factor=0.1, scaling_factor=1.5, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=CLIPTextModel(clip_config(words)),
        tokenizer=words,
        text_encoder_2=t5(),
        tokenizer_2=words,
        transformer=transformer,
    )


def t5() -> T5EncoderModel:
    """The reader of the newer families, 32 wide."""
    return T5EncoderModel(T5Config(vocab_size=300, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4))


def stable_diffusion_3() -> StableDiffusion3Pipeline:
    """Three text encoders, a transformer over both words and patches, flow matching, 16 latent channels."""
    torch.manual_seed(4)
    words = tokenizer()
    transformer = SD3Transformer2DModel(
        sample_size=8,
        patch_size=1,
        in_channels=16,
        out_channels=16,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=64,
        caption_projection_dim=32,
        pooled_projection_dim=64,
    )
    return StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(
            latent_channels=16,
            shift_factor=0.06,
            scaling_factor=1.5,
            use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        text_encoder=CLIPTextModelWithProjection(clip_config(words)),
        tokenizer=words,
        text_encoder_2=CLIPTextModelWithProjection(clip_config(words)),
        tokenizer_2=words,
        text_encoder_3=T5EncoderModel(T5Config(vocab_size=300, d_model=64, d_kv=8, d_ff=37, num_layers=1, num_heads=4)),
        tokenizer_3=words,
    )


def pixart_sigma() -> PixArtSigmaPipeline:
    """A transformer over patches that also guesses its own variance, and a pipeline without a callback."""
    torch.manual_seed(6)
    transformer = PixArtTransformer2DModel(
        sample_size=8,
        num_layers=1,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_channels=32,
        in_channels=4,
        out_channels=8,
        cross_attention_dim=32,
        attention_bias=True,
        activation_fn="gelu-approximate",
        num_embeds_ada_norm=1000,
        norm_type="ada_norm_single",
        norm_elementwise_affine=False,
        norm_eps=1e-6,
    )
    return PixArtSigmaPipeline(
        transformer=transformer,
        scheduler=DDIMScheduler(
            beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False, steps_offset=1
        ),
        vae=autoencoder(),
        text_encoder=t5(),
        tokenizer=tokenizer(),
    )


def unconditional() -> DDPMPipeline:
    """A pixel model of 16 × 16 without a prompt, whose pipeline knows no callback."""
    torch.manual_seed(1)
    unet = UNet2DModel(
        sample_size=16,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
    )
    return DDPMPipeline(unet, DDPMScheduler(num_train_timesteps=100))


def save(pipe: Any, folder: Path, title: str = "Tiny") -> Model:
    """Write the pipeline to a folder and describe it as the model shelf would."""
    pipe.save_pretrained(folder, safe_serialization=True)
    size = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    family = f"diffusers/{type(pipe).__name__}"
    return Model(f"models/{folder.name}", title, family, folder, size=size, dtype="F32", sha256="ab" * 32)
