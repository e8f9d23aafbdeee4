"""Repaint: telling a sampler what the picture is where nothing is painted over.

At every step the model's answer is replaced, outside the mask, by the one that leads to the picture's own latents. That
suits every scheduler, with its history and its noise, and every pipeline that can start from a picture, whatever the
number of its channels; none of them has to know about masks.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image

from studio.api import StudioError

from .entering import clean_latents
from .latents import channels_of, pixels_per_latent, spread_like


class Known:
    """`clean`: the picture's latents; `free`: 1 where the model may paint; both in the shape the scheduler sees."""

    def __init__(self, clean: torch.Tensor, free: torch.Tensor) -> None:
        self._clean, self._free = clean, free

    def __call__(self, scheduler: Any, sample: torch.Tensor, output: torch.Tensor, timestep: Any) -> torch.Tensor:
        """The model's output with what is known in it."""
        if output.shape != sample.shape or sample.shape[1:] != self._clean.shape[1:]:
            raise StudioError("This model cannot repaint a part of a picture.", "Leave the mask, or choose another.")
        clean, free = self._clean.to(sample), self._free.to(sample)
        wanted = output_for(scheduler, clean, sample=sample, timestep=timestep)
        return torch.lerp(wanted, output, free)


def known_of(pipe: Any, picture: Image.Image, mask: Image.Image) -> Known:
    """What is known of `picture` outside the white of `mask` (L, the same size). Raises StudioError for pipelines
    without an autoencoder.
    """
    vae, prepare = getattr(pipe, "vae", None), getattr(pipe, "image_processor", None)
    if vae is None or prepare is None or not hasattr(vae, "encode"):
        raise StudioError("This model cannot repaint a part of a picture.", "Leave the mask, or choose another model.")
    clean = clean_latents(pipe, picture)
    cells = (1, channels_of(vae), *(side // pixels_per_latent(vae) for side in (picture.height, picture.width)))
    drawn = torch.frombuffer(bytearray(mask.tobytes()), dtype=torch.uint8).reshape(1, 1, mask.height, mask.width)
    # A cell of the latents is free as soon as one of its pixels is painted over.
    free = F.adaptive_max_pool2d((drawn >= 128).float(), cells[-2:]).to(clean.device).expand(cells)
    return Known(clean, spread_like(pipe, free))


def output_for(scheduler: Any, clean: torch.Tensor, *, sample: torch.Tensor, timestep: Any) -> torch.Tensor:
    """The model output from which `scheduler` concludes that the picture is `clean`: the inverse of its own formula.

    Schedulers with sigmas are those of Karras et al., arXiv:2206.00364 (x = x0 + sigma n), DPM-Solver and its family
    of arXiv:2211.01095 (x = alpha x0 + sigma n) or flow matching; the others count as DDIM, arXiv:2010.02502.
    """
    kind = str(scheduler.config.get("prediction_type", "epsilon"))
    sigmas = getattr(scheduler, "sigmas", None)
    if isinstance(sigmas, torch.Tensor) and hasattr(scheduler, "_init_step_index"):
        if scheduler.step_index is None:
            scheduler._init_step_index(timestep)
        sigma = sigmas[_place(scheduler, sigmas)].to(sample)
        if hasattr(scheduler, "precondition_outputs"):  # EDM: x0 is a straight line of what the model answers
            at_zero, at_one = (scheduler.precondition_outputs(sample, value, sigma) for value in (0.0, 1.0))
            return (clean - at_zero) / (at_one - at_zero)
        if "FlowMatch" in type(scheduler).__name__ or kind == "flow_prediction":
            return (sample - clean) / sigma
        if hasattr(scheduler, "_sigma_to_alpha_sigma_t"):
            alpha, noise = (value.to(sample) for value in scheduler._sigma_to_alpha_sigma_t(sigma))
            return _from_pair(kind, alpha, noise, clean, sample)
        scale = (sigma**2 + 1).sqrt()
        return _from_pair(kind, 1 / scale, sigma / scale, clean, sample / scale)
    levels = getattr(scheduler, "alphas_cumprod", None)
    if not isinstance(levels, torch.Tensor):
        raise StudioError("This scheduler cannot repaint a part of a picture.", "Choose another scheduler.")
    level = levels[int(torch.as_tensor(timestep).reshape(-1)[0])].to(sample)
    return _from_pair(kind, level.sqrt(), (1 - level).sqrt(), clean, sample)


def _place(scheduler: Any, sigmas: torch.Tensor) -> int:
    """The noise level of the sample that a step is given: a Heun step in its second half has the next one."""
    index = int(scheduler.step_index)
    if not getattr(scheduler, "state_in_first_order", True):
        index += 1
    return min(index, len(sigmas) - 1 if float(sigmas[-1]) > 0 else len(sigmas) - 2)


def _from_pair(
    kind: str, alpha: torch.Tensor, noise: torch.Tensor, clean: torch.Tensor, sample: torch.Tensor
) -> torch.Tensor:
    """x = alpha x0 + noise n, solved for what the model predicts."""
    if kind == "epsilon":
        return (sample - alpha * clean) / noise
    if kind == "v_prediction":  # v = alpha n - noise x0, arXiv:2202.00512
        return (alpha * sample - clean) / noise
    return clean
