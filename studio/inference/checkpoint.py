"""A single-file checkpoint of SD 1.x, SD 2.x or SDXL as a pipeline: offline, tensor by tensor, nothing but weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors import safe_open
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from . import checkpoint_config as configs
from . import eight_bits
from .checkpoint_config import CLIP, OPEN_CLIP, UNET, VAE
from .checkpoint_names import clip_name, open_clip_names, unet_name, vae_name
from .clip_words import tokenizer

Tensors = Iterator[tuple[str, torch.Tensor]]

_SPREAD_OF_V = 0.09
"""The SD 2.x models that predict v have norms with a larger spread than this in their last block, the others do not:
an observation of ComfyUI's authors. Nothing else in such a file tells the two apart."""
_TELLING = UNET + "output_blocks.11.1.transformer_blocks.0.norm1.bias"


def read(path: Path, *, dtype: torch.dtype, check: Callable[[], None], small: bool = False) -> Any:
    """The pipeline, on the processor. `check` is called at every tensor and may raise to stop. `small` keeps the
    denoiser in 8 bits.

    Raises ValueError or RuntimeError for a file of another structure, SafetensorError for a damaged one.
    """
    with safe_open(path, framework="pt", device="cpu") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        base = configs.base_of(shapes)
        if not base:
            raise ValueError("no text encoder that is known")
        source = _Source(file, shapes, dtype, check)
        prediction = _prediction(path, file, shapes, base)
        unet = _unet(source, base, small=dtype if small else None)
        vae = _vae(source, base)
        scheduler = configs.scheduler_config(base, prediction=prediction, zero_snr="ztsnr" in shapes)
        if base == "sdxl":
            return StableDiffusionXLPipeline(
                vae=vae,
                text_encoder=_clip(source, base),
                text_encoder_2=_open_clip(source, base),
                tokenizer=tokenizer(),
                tokenizer_2=tokenizer(pad="!"),
                unet=unet,
                scheduler=EulerDiscreteScheduler.from_config(scheduler),
                add_watermarker=False,
            )
        return StableDiffusionPipeline(
            vae=vae,
            text_encoder=_clip(source, base) if base == "sd1" else _open_clip(source, base),
            tokenizer=tokenizer() if base == "sd1" else tokenizer(pad="!"),
            unet=unet,
            scheduler=DPMSolverMultistepScheduler.from_config(scheduler),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )


class _Source:
    """The tensors of an open file, in the precision that is wanted."""

    def __init__(self, file: Any, shapes: configs.Shapes, dtype: torch.dtype, check: Callable[[], None]) -> None:
        self.shapes = shapes
        self._file, self._dtype, self._check = file, dtype, check

    def below(self, prefix: str) -> Tensors:
        """What lies below `prefix`, by its name without it."""
        for name in self.shapes:
            if name.startswith(prefix):
                self._check()
                tensor = self._file.get_tensor(name)
                yield name[len(prefix) :], tensor.to(self._dtype) if tensor.is_floating_point() else tensor


def _prediction(path: Path, file: Any, shapes: configs.Shapes, base: str) -> str:
    """ "epsilon" or "v_prediction": what the file says, what a config beside it says, what its weights look like."""
    said = str((file.metadata() or {}).get("modelspec.prediction_type", "")).lower()
    if said in ("v", "epsilon"):
        return "v_prediction" if said == "v" else "epsilon"
    if "v_pred" in shapes:
        return "v_prediction"
    beside = configs.prediction_beside(path)
    if beside or base != "sd2" or _TELLING not in shapes:
        return beside or "epsilon"
    spread = float(file.get_tensor(_TELLING).float().std(correction=0))
    return "v_prediction" if spread > _SPREAD_OF_V else "epsilon"


def _unet(source: _Source, base: str, *, small: torch.dtype | None) -> UNet2DConditionModel:
    config = configs.unet_config(source.shapes, base)
    per_block = config["layers_per_block"] + 1
    named = ((unet_name(name, per_block=per_block), tensor) for name, tensor in source.below(UNET))
    with init_empty_weights():
        unet = UNet2DConditionModel.from_config(config)
    if small is not None:
        return eight_bits.filled(eight_bits.empty(unet, small), named, small)
    return _filled(unet, named)


def _vae(source: _Source, base: str) -> AutoencoderKL:
    config = configs.vae_config(source.shapes, base)
    levels = len(config["block_out_channels"])
    named = ((vae_name(name, levels=levels), tensor) for name, tensor in source.below(VAE))
    with init_empty_weights():
        vae = AutoencoderKL.from_config(config)
    return _filled(vae, named)


def _clip(source: _Source, base: str) -> CLIPTextModel:
    config = CLIPTextConfig(**configs.clip_config(source.shapes, base))
    named = ((clip_name(name), tensor) for name, tensor in source.below(CLIP[base == "sdxl"]))
    with init_empty_weights():
        reader = CLIPTextModel(config)
    return _filled(reader, named)


def _open_clip(source: _Source, base: str) -> CLIPTextModel | CLIPTextModelWithProjection:
    config = CLIPTextConfig(**configs.open_clip_config(source.shapes, base))
    kind = CLIPTextModelWithProjection if base == "sdxl" else CLIPTextModel
    with init_empty_weights():
        reader = kind(config)
    return _filled(reader, _named_open_clip(source.below(OPEN_CLIP[base == "sdxl"])))


def _named_open_clip(tensors: Tensors) -> Tensors:
    for name, tensor in tensors:
        if name == "text_projection":
            yield "text_projection.weight", tensor.T.contiguous()
            continue
        names = open_clip_names(name)
        yield from zip(names, tensor.chunk(len(names)) if names else (), strict=True)


def _filled(module: Any, tensors: Tensors) -> Any:
    """`module` with these weights in place of its empty ones. What it has no place for is passed over: averages of the
    training, position numbers. Raises RuntimeError where one of its own is missing or of another size.
    """
    places = module.state_dict()
    inner = "text_model." if any(name.startswith("text_model.") for name in places) else ""
    found = {}
    for name, tensor in tensors:
        place = name if name in places else inner + name
        if place in places:
            wanted = places[place].shape
            same = tensor.numel() == wanted.numel()  # attention of old autoencoders: [c, c, 1, 1] for [c, c]
            found[place] = tensor.reshape(wanted) if same else tensor
    module.load_state_dict(found, strict=True, assign=True)
    return module.eval()
