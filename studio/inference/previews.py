"""Looking at latents without decoding them: a small matrix from latent channels to red, green and blue.

It costs about 1 ms a step. A full decode at every step is out of the question, a tiny decoder adds half a small step.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from studio.api import Preview, media

PREVIEW_FILE = "preview.safetensors"
PREVIEW_SIDE = 256
"""Pixels a side at most: what stays on the ribbon."""


@dataclass(frozen=True, slots=True)
class LatentColours:
    """`weight` [channels, 3] and `bias` [3] in fp32: scaled latents (as the denoiser sees them) to RGB in 0 … 1."""

    weight: torch.Tensor
    bias: torch.Tensor

    def picture(self, latents: torch.Tensor) -> torch.Tensor:
        """[channels, height, width] to [height, width, 3] in 0 … 1, in fp32 on the processor."""
        flat = latents.detach().to("cpu", torch.float32).permute(1, 2, 0)
        return (flat @ self.weight + self.bias).clamp(0, 1)


def _known(weight: list[list[float]], bias: list[float]) -> LatentColours:
    return LatentColours(torch.tensor(weight), torch.tensor(bias))


# Fitted by others by least squares on many pictures; to -1 … 1 (SD1) and 0 … 255 of unscaled latents (SDXL).
_SD1 = torch.tensor([[0.298, 0.207, 0.208], [0.187, 0.286, 0.173], [-0.158, 0.189, 0.264], [-0.184, -0.271, -0.473]])
_SDXL = torch.tensor([[60.0, 60.0, 60.0], [-60.0, -5.0, 10.0], [25.0, 15.0, -5.0], [-70.0, -50.0, -35.0]])


def colours_for(pipe: Any, folder: Path) -> LatentColours:
    """The matrix for a pipeline: the file beside the model, known factors, or a fit through the model's own encoder."""
    vae = getattr(pipe, "vae", None)
    if vae is None:  # the model works on pixels themselves, in -1 … 1
        return LatentColours(torch.eye(3) / 2, torch.full((3,), 0.5))
    channels = int(vae.config.get("latent_channels", 4))
    scaling = float(vae.config.get("scaling_factor") or 1.0)
    read = _from_file(folder / PREVIEW_FILE, channels)
    if read is not None:
        return read
    if channels == 4 and abs(scaling - 0.18215) < 1e-5 and _is_full_size(vae):
        return LatentColours(_SD1 / 2, torch.full((3,), 0.5))
    if channels == 4 and abs(scaling - 0.13025) < 1e-5 and _is_full_size(vae):
        return LatentColours(_SDXL / 255 / scaling, torch.tensor([150.0, 140.0, 130.0]) / 255)
    fitted = _fitted(pipe, vae, channels)
    return fitted or _plain(channels)


def _is_full_size(vae: Any) -> bool:
    return tuple(vae.config.get("block_out_channels") or ())[:1] == (128,)


def _from_file(path: Path, channels: int) -> LatentColours | None:
    if not path.is_file() or path.stat().st_size > 1_000_000:
        return None
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError):
        return None
    weight, bias = tensors.get("weight"), tensors.get("bias")
    if weight is None or bias is None or weight.shape != (channels, 3) or bias.shape != (3,):
        return None
    return LatentColours(weight.float(), bias.float())


def _plain(channels: int) -> LatentColours:
    """Nothing is known: the first three channels as colours shows shapes at least."""
    weight = torch.zeros(channels, 3)
    for channel in range(min(3, channels)):
        weight[channel, channel] = 0.25
    return LatentColours(weight, torch.full((3,), 0.5))


def scaled_latents(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Latents as the encoder gives them, brought to the scale that the denoiser works in."""
    shift = float(vae.config.get("shift_factor") or 0.0)
    return (latents - shift) * float(vae.config.get("scaling_factor") or 1.0)


def unscaled_latents(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """The opposite of `scaled_latents`: what the decoder takes."""
    shift = float(vae.config.get("shift_factor") or 0.0)
    return latents / float(vae.config.get("scaling_factor") or 1.0) + shift


@torch.no_grad()
def _fitted(pipe: Any, vae: Any, channels: int) -> LatentColours | None:
    """Least squares through the model's own encoder on one made-up picture of coloured patches (0.5 s for SD's)."""
    side, cells = 256, 16
    random = torch.Generator("cpu").manual_seed(0)
    patches = torch.rand(1, 3, cells, cells, generator=random)
    picture = torch.nn.functional.interpolate(patches, size=(side, side), mode="bilinear")
    try:
        weights = next(vae.parameters())
        answer = vae.encode((picture * 2 - 1).to(weights.device, weights.dtype))
        given = answer.latent_dist.mode() if hasattr(answer, "latent_dist") else answer.latents
        latents = scaled_latents(vae, given.float().cpu())
    except (RuntimeError, TypeError, ValueError, AttributeError, NotImplementedError):
        return None  # an autoencoder of another kind (video, packed): its latents are shown plainly
    if latents.ndim != 4 or latents.shape[1] != channels or not bool(latents.isfinite().all()):
        return None
    small = torch.nn.functional.interpolate(picture, size=latents.shape[-2:], mode="area")
    seen = latents[0].permute(1, 2, 0).reshape(-1, channels)
    wanted = small[0].permute(1, 2, 0).reshape(-1, 3)
    # A little ridge: encoders with idle channels would get huge factors for them.
    table = torch.cat([seen, torch.ones(len(seen), 1)], dim=1).double()
    solved = torch.linalg.solve(
        table.T @ table + 1e-3 * len(seen) * torch.eye(channels + 1, dtype=torch.float64), table.T @ wanted.double()
    ).float()
    return LatentColours(solved[:channels], solved[channels])


def spread_out(pipe: Any, latents: torch.Tensor, *, width: int, height: int) -> torch.Tensor | None:
    """Latents of one picture as [channels, rows, columns], also where a pipeline packs them into a row of patches or
    keeps an axis for frames; None for a shape that is no picture. `width` and `height` are the picture's, in pixels.
    """
    if latents.ndim == 3 and hasattr(pipe, "_unpack_latents"):
        try:
            latents = pipe._unpack_latents(latents, height, width, pipe.vae_scale_factor)
        except (TypeError, RuntimeError, AttributeError):
            return None
    while latents.ndim > 4 and latents.shape[2] == 1:
        latents = latents[:, :, 0]
    return latents[0] if latents.ndim == 4 else None


def unit_noise(latents: torch.Tensor) -> torch.Tensor:
    """Noisy latents scaled to a spread of at most one: schedulers that count in sigma let it grow to 15 and more."""
    return latents / latents.float().std().clamp(min=1.0).to(latents.dtype)


def to_preview(picture: torch.Tensor, *, limit: int = PREVIEW_SIDE) -> Preview:
    """[height, width, 3] in 0 … 1 to a preview of at most `limit` pixels a side."""
    height, width = picture.shape[:2]
    most = max(height, width)
    if most > limit:
        size = (max(1, height * limit // most), max(1, width * limit // most))
        chw = picture.permute(2, 0, 1)[None]
        picture = torch.nn.functional.interpolate(chw, size=size, mode="area")[0].permute(1, 2, 0)
        height, width = size
    data = (picture * 255 + 0.5).clamp(0, 255).to(torch.uint8).contiguous().numpy().tobytes()
    return Preview(media.RGB, data, width, height)
