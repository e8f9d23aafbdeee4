"""The newer families in their smallest form: language models that read the prompt, autoencoders of other shapes."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    AutoencoderDC,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    ChromaPipeline,
    ChromaTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    SanaPipeline,
    SanaTransformer2DModel,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import (
    CLIPTextModel,
    Gemma2Config,
    Gemma2Model,
    GemmaTokenizer,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
    UMT5Config,
    UMT5EncoderModel,
)

from . import tiny_models

CHAT = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
"""How the readers of these families are addressed."""


def qwen_tokenizer() -> Qwen2Tokenizer:
    """Every byte a token, and the marks of a conversation."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    vocab = {letter: number for number, letter in enumerate(bytes_to_unicode().values())}
    made = Qwen2Tokenizer(vocab=vocab, merges=[], extra_special_tokens={})
    made.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    made.chat_template = CHAT
    return made


def gemma_tokenizer() -> GemmaTokenizer:
    """Ten words and the letters."""
    names = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"▁{word}" for word in tiny_models.WORDS), *map(chr, range(33, 127))]
    return GemmaTokenizer(vocab={name: number for number, name in enumerate(names)}, merges=[])


def qwen_image() -> QwenImagePipeline:
    """Packed patches, a video autoencoder of one frame, guidance under another name."""
    torch.manual_seed(11)
    words = qwen_tokenizer()
    reader = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "num_key_value_heads": 2, "vocab_size": 400, "rope_theta": 1e6,
            "rope_scaling": {"mrope_section": [1, 1, 2], "rope_type": "default", "type": "default"},
        },
        vision_config={"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16},
    )  # fmt: skip
    return QwenImagePipeline(
        transformer=QwenImageTransformer2DModel(
            patch_size=2, in_channels=16, out_channels=4, num_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=16, axes_dims_rope=(8, 4, 4),
        ),
        vae=AutoencoderKLQwenImage(
            base_dim=24, z_dim=4, dim_mult=[1, 2, 4, 4], num_res_blocks=1, temperal_downsample=[False, True, True],
            latents_mean=[0.0] * 4, latents_std=[1.0] * 4,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=Qwen2_5_VLForConditionalGeneration(reader).eval(),
        tokenizer=words,
    )  # fmt: skip


def z_image() -> ZImagePipeline:
    """Rows of different lengths as lists, a mind of its own about which way time runs."""
    torch.manual_seed(12)
    transformer = ZImageTransformer2DModel(
        all_patch_size=(2,), all_f_patch_size=(1,), in_channels=16, dim=32, n_layers=1, n_refiner_layers=1, n_heads=2,
        n_kv_heads=2, qk_norm=True, cap_feat_dim=16, axes_dims=[8, 4, 4], axes_lens=[512, 32, 32],
    )  # fmt: skip
    with torch.no_grad():  # made by torch.empty
        transformer.x_pad_token.fill_(1.0)
        transformer.cap_pad_token.fill_(1.0)
    return ZImagePipeline(
        transformer=transformer,
        vae=tiny_models.autoencoder(latent_channels=16, scaling_factor=0.3611, shift_factor=0.1159),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder=Qwen3Model(qwen3()).eval(),
        tokenizer=qwen_tokenizer(),
    )


def qwen3(layers: int = 2) -> Qwen3Config:
    """A reader of 16 numbers a word."""
    return Qwen3Config(
        hidden_size=16, intermediate_size=16, num_hidden_layers=layers, num_attention_heads=2, num_key_value_heads=2,
        head_dim=8, vocab_size=400, max_position_embeddings=1024,
    )  # fmt: skip


def sana() -> SanaPipeline:
    """An autoencoder that shrinks by 32 in the real one, linear attention, a long instruction before the prompt."""
    torch.manual_seed(13)
    return SanaPipeline(
        transformer=SanaTransformer2DModel(
            patch_size=1, in_channels=4, out_channels=4, num_layers=1, num_attention_heads=2, attention_head_dim=4,
            num_cross_attention_heads=2, cross_attention_head_dim=4, cross_attention_dim=8, caption_channels=8,
            sample_size=8,
        ),
        vae=AutoencoderDC(
            in_channels=3, latent_channels=4, attention_head_dim=2,
            encoder_block_types=("ResBlock",) * 4, decoder_block_types=("ResBlock",) * 4,
            encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
            encoder_qkv_multiscales=((),) * 4, decoder_qkv_multiscales=((),) * 4,
            encoder_layers_per_block=(1,) * 4, decoder_layers_per_block=(1,) * 4,
            downsample_block_type="conv", upsample_block_type="interpolate", scaling_factor=0.41407,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder=Gemma2Model(gemma2()).eval(),
        tokenizer=gemma_tokenizer(),
    )  # fmt: skip


def gemma2() -> Gemma2Config:
    """A reader of 8 numbers a word."""
    return Gemma2Config(
        hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        head_dim=4, vocab_size=128, max_position_embeddings=1024,
    )  # fmt: skip


def lumina2() -> Lumina2Pipeline:
    """Guidance that is cut off and made as long as it was."""
    torch.manual_seed(14)
    return Lumina2Pipeline(
        transformer=Lumina2Transformer2DModel(
            sample_size=8, patch_size=2, in_channels=16, hidden_size=24, num_layers=1, num_refiner_layers=1,
            num_attention_heads=2, num_kv_heads=1, multiple_of=16, axes_dim_rope=(4, 4, 4), axes_lens=(300, 32, 32),
            cap_feat_dim=8,
        ),
        vae=tiny_models.autoencoder(
            latent_channels=16, scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=6.0),
        text_encoder=Gemma2Model(gemma2()).eval(),
        tokenizer=gemma_tokenizer(),
    )  # fmt: skip


def aura_flow() -> AuraFlowPipeline:
    """Flow matching by a transformer over words and patches with one reader."""
    torch.manual_seed(15)
    return AuraFlowPipeline(
        transformer=AuraFlowTransformer2DModel(
            sample_size=8, patch_size=2, in_channels=4, out_channels=4, num_mmdit_layers=1, num_single_dit_layers=1,
            attention_head_dim=8, num_attention_heads=4, caption_projection_dim=32, joint_attention_dim=32,
            pos_embed_max_size=64,
        ),
        vae=tiny_models.autoencoder(scaling_factor=0.13025),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.73),
        text_encoder=UMT5EncoderModel(
            UMT5Config(vocab_size=300, d_model=32, d_kv=8, d_ff=37, num_layers=1, num_heads=4)
        ).eval(),
        tokenizer=tiny_models.tokenizer(),
    )  # fmt: skip


def chroma() -> ChromaPipeline:
    """Flux without the small reader, with real guidance."""
    torch.manual_seed(16)
    with warnings.catch_warnings():  # diffusers 0.42 takes a part of it from where it was before
        warnings.simplefilter("ignore", FutureWarning)
        transformer = ChromaTransformer2DModel(
            patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=32, axes_dims_rope=(4, 4, 8), approximator_hidden_dim=32,
            approximator_layers=1, approximator_num_channels=16,
        )  # fmt: skip
    reader = T5Config(vocab_size=300, d_model=32, d_kv=8, d_ff=37, num_layers=1, num_heads=4)
    return ChromaPipeline(
        transformer=transformer,
        vae=tiny_models.autoencoder(
            shift_factor=0.1, scaling_factor=1.5, use_quant_conv=False, use_post_quant_conv=False
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=T5EncoderModel(reader).eval(),
        tokenizer=tiny_models.tokenizer(),
    )


def flux2_klein() -> Flux2KleinPipeline:
    """Latents measured by a batch norm, read by several layers of a language model at once."""
    torch.manual_seed(17)
    return Flux2KleinPipeline(
        transformer=Flux2Transformer2DModel(
            patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=48, timestep_guidance_channels=16, axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=False,
        ),
        vae=AutoencoderKLFlux2(
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(8, 8, 8, 8), layers_per_block=1, latent_channels=4, norm_num_groups=4, sample_size=64,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=Qwen3ForCausalLM(qwen3(layers=28)).eval(),
        tokenizer=qwen_tokenizer(),
    )  # fmt: skip


def consistency() -> LatentConsistencyModelPipeline:
    """A distilled model: four steps, guidance as a number it was trained with."""
    torch.manual_seed(18)
    words = tiny_models.tokenizer()
    return LatentConsistencyModelPipeline(
        vae=tiny_models.autoencoder(),
        text_encoder=CLIPTextModel(tiny_models.clip_config(words)).eval(),
        tokenizer=words,
        unet=UNet2DConditionModel(
            sample_size=8, in_channels=4, out_channels=4, block_out_channels=(16, 32), layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=32, attention_head_dim=2, norm_num_groups=8, time_cond_proj_dim=32,
        ),
        scheduler=LCMScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


NEWER: dict[str, Any] = {
    "aura_flow": aura_flow,
    "chroma": chroma,
    "consistency": consistency,
    "flux2_klein": flux2_klein,
    "lumina2": lumina2,
    "qwen_image": qwen_image,
    "sana": sana,
    "z_image": z_image,
}
