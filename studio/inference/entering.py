"""Starting from a picture with pipelines that only start from noise.

The pipeline runs its loop from the start, as it always does; the steps before the one that the denoising strength
leaves to do go by without the model (see skipping), and there the picture's own latents with that step's noise in them
are put in place. What pipelines for it do themselves is the same (SDEdit, arXiv:2108.01073).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from PIL import Image

from studio.api import StudioError

from . import crossing
from .latents import as_denoiser_sees, encoded, scaled


def can_enter(pipe: Any, scheduler: Any) -> bool:
    """Whether a run of `pipe` can begin with a picture: it has latents of one, in a noise that is understood."""
    vae = getattr(pipe, "vae", None)
    return hasattr(vae, "encode") and hasattr(pipe, "image_processor") and bool(crossing.scaling(scheduler))


def steps_left_out(steps: int, strength: float) -> int:
    """How many of `steps` are not done at this denoising strength; one is always left to do."""
    return min(steps - 1, steps - math.floor(steps * strength + 1e-6))


class Entrance:
    """Where a run begins with a picture: (scheduler, sample, calls, first) to the latents after so many calls."""

    def __init__(self, pipe: Any, picture: Image.Image, generator: torch.Generator) -> None:
        """Encodes `picture`. Raises StudioError where the autoencoder cannot."""
        self._generator = generator
        self._clean = clean_latents(pipe, picture)

    def __call__(self, scheduler: Any, sample: torch.Tensor, calls: int, first: float) -> torch.Tensor:
        """`sample` gives the shape and the device; `first` is the timestep at which the row begins."""
        clean = self._clean
        if clean.numel() != sample.numel():
            raise StudioError("This model cannot start from a picture.", "Take the picture away, or choose another.")
        noise = torch.randn(clean.shape, generator=self._generator, dtype=torch.float32)
        mixed = crossing.with_noise(scheduler, clean.cpu(), noise, calls=calls, first=first)
        return mixed.reshape(sample.shape).to(sample.device)


def clean_latents(pipe: Any, picture: Image.Image) -> torch.Tensor:
    """The latents of `picture` as the denoiser of `pipe` sees them, in fp32 and in its layout. Raises StudioError."""
    vae, prepare = getattr(pipe, "vae", None), getattr(pipe, "image_processor", None)
    if vae is None or prepare is None or not hasattr(vae, "encode"):
        raise StudioError("This model cannot start from a picture.", "Take the picture away, or choose another model.")
    weights = next(vae.parameters())
    place = getattr(pipe, "_execution_device", None) or weights.device
    pixels = prepare.preprocess(picture).to(place, weights.dtype)
    return as_denoiser_sees(pipe, scaled(vae, encoded(vae, pixels).float()))
