"""From latents to pixels outside a pipeline's run: the partial picture of a cancelled job, and detailed previews."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from .latents import spread_out, unscaled
from .pipelines import Loaded

PARTIAL_SECONDS = 0.4
"""What the partial picture of a cancelled job may take: the artist has asked for an end, and the next job waits."""
UNKNOWN_SECONDS_PER_PIXEL = 1.2e-5
"""On a processor, until a decode was timed: SD's decoder in bfloat16 on two cores, rounded up."""


@torch.no_grad()
def decode(
    loaded: Loaded, latents: torch.Tensor, *, width: int, height: int, seconds: float = 0.0
) -> np.ndarray | None:
    """Pixels [height, width, 3] in 0 … 1 (fp32) of one picture's latents, or None where they cannot be decoded.

    With `seconds`, a decode that would take longer on a processor is done at a smaller size and enlarged.
    """
    pipe = loaded.pipe
    vae = getattr(pipe, "vae", None)
    flat = spread_out(pipe, latents, width=width, height=height)
    if flat is None:
        return None
    flat = flat[None]
    if vae is None:
        pixels = flat if flat.shape[1] == 3 else flat[:, :1].repeat(1, 3, 1, 1)
        return _pixels(pixels / 2 + 0.5)
    size = flat.shape[-2:]
    share = _affordable(loaded, width * height, seconds)
    if share < 1:
        smaller = [max(4, round(side * share)) for side in size]
        flat = torch.nn.functional.interpolate(flat.float(), size=smaller, mode="area")
    picture = _decoded(vae, flat, loaded.device.torch)
    if picture is None or picture.ndim != 4:
        return None
    if share < 1:
        picture = torch.nn.functional.interpolate(picture, size=(height, width), mode="bicubic", antialias=True)
    return _pixels(picture / 2 + 0.5)


def _affordable(loaded: Loaded, pixels: int, seconds: float) -> float:
    if not seconds or loaded.device.kind != "cpu":
        return 1.0
    cost = (loaded.seconds_per_decoded_pixel or UNKNOWN_SECONDS_PER_PIXEL) * pixels
    return min(1.0, math.sqrt(seconds / cost))


def _decoded(vae: Any, latents: torch.Tensor, device: torch.device) -> torch.Tensor | None:
    weights = next(vae.parameters())  # they may lie elsewhere until the decoder's turn comes
    plain = unscaled(vae, latents.to(device, torch.float32))
    film = "z_dim" in vae.config
    plain = plain[:, :, None] if film else plain
    for dtype in dict.fromkeys((weights.dtype, torch.float32)):
        # SDXL's decoder overflows in float16; in fp32 it does not.
        if dtype != weights.dtype:
            vae.to(dtype)
        try:
            picture: torch.Tensor = vae.decode(plain.to(dtype), return_dict=False)[0].float()
        finally:
            if dtype != weights.dtype:
                vae.to(weights.dtype)
        if bool(picture.isfinite().all()):
            return picture[:, :, 0] if film else picture
    return None


def _pixels(picture: torch.Tensor) -> np.ndarray:
    return picture[0].float().clamp(0, 1).permute(1, 2, 0).cpu().numpy()
