"""Which architecture weights belong to, told by the names and shapes in their headers and by small JSON configs.

Nothing of a model is loaded. The prefixes are those of the original checkpoints (github.com/CompVis/stable-diffusion,
github.com/Stability-AI/generative-models), which every program that trains or merges single files has kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from studio.core.values import frozen
from studio.store.safetensors import Header

UNET = "model.diffusion_model."
VAE = "first_stage_model."
_FIRST = UNET + "input_blocks.0.0.weight"
_TEXT = (
    ("sdxl", "conditioner.embedders.1.model."),
    ("sdxl-refiner", "conditioner.embedders.0.model."),
    ("sd2", "cond_stage_model.model."),
    ("sd1", "cond_stage_model.transformer."),
)
"""The text reader gives the family away; the refiner has only the second of the two that SDXL has."""

_CONTEXTS = {768: "sd1", 1024: "sd2", 2048: "sdxl"}
"""How wide the words are that the denoiser listens to."""

_CLASSES = (
    ("StableDiffusion3", "sd3"),
    ("StableDiffusionXL", "sdxl"),
    ("Flux2", "flux2"),
    ("Flux", "flux"),
    ("PixArt", "pixart"),
    ("QwenImage", "qwen"),
    ("ZImage", "z-image"),
    ("SanaVideo", ""),
    ("Sana", "sana"),
    ("HunyuanDiT", "hunyuan"),
    ("Chroma", "chroma"),
    ("Lumina2", "lumina2"),
    ("AuraFlow", "auraflow"),
)
_WANTS = {
    9: "a mask: it is an inpainting model",
    8: "a picture to edit",
    7: "a small picture to enlarge",
    5: "a depth map",
}
_OTHER = (
    ("double_blocks.", "single/FluxPipeline", "flux", "Flux"),
    ("joint_blocks.", "single/StableDiffusion3Pipeline", "sd3", "Stable Diffusion 3"),
    ("single_stream_modulation.lin.", "single/Flux2Pipeline", "flux2", "Flux 2"),
    ("cap_embedder.0.weight", "single/ZImagePipeline", "", "Lumina or Z-Image"),
    ("clip_txt_mapper.", "single/StableCascadeCombinedPipeline", "", "Stable Cascade"),
)
_PIECES = (
    ("lora_up.weight", "lora/weights"),
    ("lora_B.", "lora/weights"),
    ("lora.up.weight", "lora/weights"),
    ("lora_linear_layer.up.weight", "lora/weights"),
    ("hada_w1_a", "lora/weights"),
    ("lokr_w1", "lora/weights"),
    ("control_model.", "component/ControlNetModel"),
    ("emb_params", "embedding/weights"),
    ("first_stage_model.", "component/AutoencoderKL"),
    ("decoder.conv_in.weight", "component/AutoencoderKL"),
    ("input_blocks.0.0.weight", "component/UNet2DConditionModel"),
    ("text_model.embeddings.", "component/CLIPTextModel"),
)
_SAID = (
    ("stable-diffusion-xl", "sdxl"), ("stable-diffusion-v1", "sd1"), ("stable-diffusion-v2", "sd2"),
    ("stable-diffusion-3", "sd3"), ("sdxl", "sdxl"), ("sd_v1", "sd1"), ("sd_v2", "sd2"), ("sd3", "sd3"),
    ("flux-2", "flux2"), ("flux2", "flux2"), ("flux", "flux"), ("chroma", "chroma"), ("qwen", "qwen"),
    ("z-image", "z-image"), ("zimage", "z-image"), ("lumina2", "lumina2"), ("lumina-2", "lumina2"),
)  # fmt: skip
"""What trainers write about the model a LoRA was made for, where no tensor tells it."""


@frozen
class Nature:
    """What weights are: `problem` is a sentence for the artist, `facts` go into Model.facts."""

    family: str = ""
    base: str = ""
    problem: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def nature_of(header: Header) -> Nature:
    """What a single file holds; family "" where nobody can tell."""
    names = header.tensors
    if _FIRST in names:
        return _checkpoint(header)
    piece = next((family for sign, family in _PIECES[:6] if any(sign in name for name in names)), "")
    if piece:
        return Nature(piece, _base_of_lora(header), _other_than_lora(header))
    for sign, family, base, title in _OTHER:
        if any(sign in name for name in names):
            problem = f"{title} in a single file is not opened yet. Get the model as a folder (with model_index.json)."
            return Nature(family, base, problem)
    if {"clip_l", "clip_g"} <= set(names):
        return Nature("embedding/weights", "sdxl")
    for sign, family in _PIECES[6:]:
        if any(sign in name for name in names):
            return Nature(family, _base_of_embedding(header) if family.startswith("embedding") else "")
    if len(names) == 1 and len(next(iter(names.values()))[1]) in (1, 2):  # <name>: [tokens, width]
        base = _base_of_embedding(header)
        return Nature("embedding/weights", base) if base else Nature()
    return Nature()


def _checkpoint(header: Header) -> Nature:
    """A whole Stable Diffusion in the original layout, or the part of it that is there."""
    names = header.tensors
    base = next((base for base, prefix in _TEXT if any(name.startswith(prefix) for name in names)), "")
    family = "single/StableDiffusionXLPipeline" if base.startswith("sdxl") else "single/StableDiffusionPipeline"
    facts: dict[str, Any] = {"parts": _parts(header)}
    prediction = _prediction(header)
    if prediction:
        facts["prediction"] = prediction
    # SD 2.x has no size in its header: the 768-pixel models predict v, the 512-pixel ones noise; said once it is known.
    side = {"sd1": 512, "sdxl": 1024}.get(base, 768 if prediction == "v_prediction" else 0)
    if side:
        facts["side"] = side
    return Nature(family, "sdxl" if base.startswith("sdxl") else base, _missing(header, base), facts)


def _missing(header: Header, base: str) -> str:
    names = header.tensors
    channels = names[_FIRST][1][1:2]
    if base == "sdxl-refiner":
        return "This is SDXL's refiner, which only goes over finished pictures. Choose the base model."
    if "edm_mean" in names:
        return "Playground 2.5 in a single file is not opened. Get the model as a folder (with model_index.json)."
    if not base:
        return "It holds no text encoder, only the denoiser. Look for a complete version of the model."
    if VAE + "decoder.conv_in.weight" not in names:
        return "It holds no autoencoder (VAE). Look for a version with one built in."
    if channels != (4,):
        wants = _WANTS.get(channels[0] if channels else 0, "something else than words")
        return f"It does not start from words alone but wants {wants}."
    return ""


def _parts(header: Header) -> dict[str, int]:
    """Bytes of what is loaded; training's moving averages and the like are not."""
    sums = {"unet": 0, "vae": 0, "text_encoder": 0}
    for name, (_, _, size) in header.tensors.items():
        if name.startswith(UNET):
            sums["unet"] += size
        elif name.startswith(VAE):
            sums["vae"] += size
        elif name.startswith(("cond_stage_model.", "conditioner.")):
            sums["text_encoder"] += size
    return {name: size for name, size in sums.items() if size}


def _prediction(header: Header) -> str:
    said = header.metadata.get("modelspec.prediction_type", "").lower()
    if said in ("v", "epsilon"):
        return "v_prediction" if said == "v" else "epsilon"
    return "v_prediction" if "v_pred" in header.tensors else ""


def _base_of_lora(header: Header) -> str:
    names = header.tensors
    said = header.metadata.get("modelspec.architecture", "") or header.metadata.get("ss_base_model_version", "")
    told = next((base for sign, base in _SAID if said.lower().startswith(sign)), "")
    if any("lora_te2_" in name or "text_encoder_2." in name for name in names):
        return "sdxl"
    if any(sign in name for name in names for sign in ("double_blocks", "single_blocks", "single_transformer_blocks")):
        return "flux2" if _is_flux2(header) else told if told in ("chroma", "flux2") else "flux"
    if any(sign in name for name in names for sign in ("img_mlp", "txt_mlp", "img_mod", "txt_mod")):
        return "qwen"
    if any("add_k_proj" in name or "joint_blocks" in name for name in names):
        return told or "sd3"
    for name, (_, shape, _) in names.items():
        down = name.endswith(("lora_down.weight", "lora_A.weight", "lora.down.weight"))
        if down and ("attn2_to_k" in name or "attn2.to_k" in name or "attn2.processor.to_k" in name):
            return _CONTEXTS.get(shape[1] if len(shape) > 1 else 0, "")
    return told


def _is_flux2(header: Header) -> bool:
    """Flux 2 has queries and the gated feed-forward in one matrix: nine times its width, where Flux has seven."""
    for name, (_, shape, _) in header.tensors.items():
        if "to_qkv_mlp_proj" in name:
            return True
        up = name.endswith(("lora_up.weight", "lora_B.weight", "lora.up.weight"))
        if up and "single_blocks" in name and "linear1" in name:
            return bool(shape) and shape[0] != 7 * 3072
    return False


def _other_than_lora(header: Header) -> str:
    """LyCORIS trainers write more kinds than the one that is laid over a model here."""
    for sign, title in (("hada_w1_a", "LoHa"), ("lokr_w1", "LoKr")):
        if any(sign in name and not name.startswith("diffusion_model.") for name in header.tensors):
            return f"It is a {title} (LyCORIS), not a LoRA. Look for a LoRA version of it."
    return ""


def _base_of_embedding(header: Header) -> str:
    width = next((shape[-1] for _, shape, _ in header.tensors.values() if shape), 0)
    return {768: "sd1", 1024: "sd2"}.get(width, "")


def nature_of_folder(name: str, configs: Mapping[str, Mapping[str, Any]], weights: Iterable[tuple[str, int]]) -> Nature:
    """A folder of diffusers with the pipeline class `name`. `configs` are its parts' config.json, `weights` the files
    ("unet/x.safetensors") with their bytes of tensors.
    """
    denoiser = next((configs[part] for part in ("unet", "transformer") if configs.get(part)), {})
    base = next((base for start, base in _CLASSES if name.startswith(start)), None)
    if base is None:
        context = denoiser.get("cross_attention_dim")
        sized = isinstance(context, int) and name.startswith(("StableDiffusion", "LatentConsistency"))
        base = _CONTEXTS.get(context, "") if sized and isinstance(context, int) else ""
    facts: dict[str, Any] = {"parts": _folder_parts(weights)}
    side = _side(name, denoiser, configs.get("vae", {}))
    if side:
        facts["side"] = side
    prediction = configs.get("scheduler", {}).get("prediction_type")
    if prediction in ("epsilon", "v_prediction", "sample", "flow_prediction"):
        facts["prediction"] = prediction
    return Nature(f"diffusers/{name}", base, facts=facts)


def _side(name: str, denoiser: Mapping[str, Any], vae: Mapping[str, Any]) -> int:
    """The side of the pictures it was made for, as diffusers' pipelines compute their default: `sample_size` × 2 **
    (levels of the VAE − 1), or a size of the family where the files do not say.
    """
    sample = denoiser.get("sample_size")
    blocks = vae.get("block_out_channels") or vae.get("encoder_block_out_channels")
    if type(sample) is int and 0 < sample <= 4096:
        return sample * (2 ** (len(blocks) - 1) if isinstance(blocks, list) and 0 < len(blocks) < 10 else 1)
    return 1024 if name.startswith(_MADE_FOR_1024) else 0


_MADE_FOR_1024 = (
    "Bria", "Chroma", "Ernie", "Flux", "GlmImage", "HiDream", "Ideogram", "Krea", "LongCat", "Nucleus", "OmniGen",
    "Ovis", "QwenImage", "ZImage",
)  # fmt: skip
"""Families whose pipelines of diffusers 0.42 have this number in their code."""


def _folder_parts(weights: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Bytes by part. Where the same weights lie there in two precisions (x.safetensors, x.fp16.safetensors) the plain
    ones are loaded.
    """
    sums: dict[tuple[str, bool], int] = {}
    for name, size in weights:
        folder, _, file = name.rpartition("/")
        if folder:
            key = (folder.partition("/")[0], is_variant(file))
            sums[key] = sums.get(key, 0) + size
    parts = sorted({part for part, _ in sums})
    return {part: sums.get((part, False)) or sums[(part, True)] for part in parts}


def is_variant(file: str) -> bool:
    """True for "model.fp16.safetensors" and "model.fp16-00001-of-00002.safetensors"."""
    return any(f".{name}." in file or f".{name}-" in file for name in ("fp16", "bf16", "fp32", "non_ema"))
