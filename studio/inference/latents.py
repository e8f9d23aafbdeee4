"""How autoencoders and pipelines lay out the latents of a picture, and between which scales they bring them.

Three scales of the same thing are in use: what an encoder gives, what the denoiser sees (`scaled`), and what of that a
preview is made of (`spread_out`), which is `scaled` wherever a latent has one place in the picture.
"""

from __future__ import annotations

from typing import Any

import torch


def channels_of(vae: Any) -> int:
    """How many channels the latents of an autoencoder have."""
    config = vae.config
    return int(config.get("latent_channels") or config.get("z_dim") or 4)


def pixels_per_latent(vae: Any) -> int:
    """By how much an autoencoder shrinks a side."""
    config = vae.config
    for name in ("block_out_channels", "encoder_block_out_channels"):
        if config.get(name):
            return 2 ** (len(config[name]) - 1)
    if config.get("dim_mult"):  # autoencoders of videos (Wan, Qwen-Image)
        return 2 ** (len(config["dim_mult"]) - 1)
    return 1


def encoded(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Pixels [count, 3, height, width] in -1 … 1 to latents [count, channels, rows, columns] as the encoder gives them,
    without chance. An autoencoder of videos gets one frame. Raises what the encoder raises, TypeError for latents
    that are no picture.
    """
    film = "z_dim" in vae.config
    answer = vae.encode(pixels[:, :, None] if film else pixels)
    if hasattr(answer, "latent_dist"):
        latents = answer.latent_dist.mode()
    else:  # AutoencoderDC calls it `latent`, AutoencoderTiny `latents`
        latents = answer.latent if hasattr(answer, "latent") else answer.latents
    latents = latents[:, :, 0] if film and latents.ndim == 5 else latents
    if latents.ndim != 4:
        raise TypeError(f"latents with {latents.ndim} axes")
    return latents


def scaled(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Latents [count, channels, rows, columns] as the encoder gives them, in the scale that the denoiser works in."""
    shift, mean, spread = _measures(vae, latents)
    return (latents - shift - mean) * spread


def unscaled(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """The opposite of `scaled`: what the decoder takes."""
    shift, mean, spread = _measures(vae, latents)
    return latents / spread + mean + shift


def _measures(vae: Any, latents: torch.Tensor) -> tuple[float, torch.Tensor | float, torch.Tensor | float]:
    config = vae.config
    shift, factor = float(config.get("shift_factor") or 0.0), float(config.get("scaling_factor") or 1.0)
    means, spreads = config.get("latents_mean"), config.get("latents_std")
    if not means or not spreads or len(means) != latents.shape[1]:
        return shift, 0.0, factor
    column = (1, -1, *(1,) * (latents.ndim - 2))
    return shift, latents.new_tensor(means).view(column), factor / latents.new_tensor(spreads).view(column)


def spread_out(pipe: Any, latents: torch.Tensor, *, width: int, height: int) -> torch.Tensor | None:
    """Latents of one picture as [channels, rows, columns], also where a pipeline packs them into a row of patches or
    keeps an axis for frames; None for a shape that is no picture. `width` and `height` are the picture's, in pixels.
    """
    if latents.ndim == 3:
        try:
            unpacked = _measured_patches(pipe, latents, width, height)
            if unpacked is None and hasattr(pipe, "_unpack_latents"):
                unpacked = pipe._unpack_latents(latents, height, width, pipe.vae_scale_factor)
        except (TypeError, RuntimeError, AttributeError):
            return None
        if unpacked is None:
            return None
        latents = unpacked
    while latents.ndim > 4 and latents.shape[2] == 1:
        latents = latents[:, :, 0]
    return latents[0] if latents.ndim == 4 else None


def _measured_patches(pipe: Any, row: torch.Tensor, width: int, height: int) -> torch.Tensor | None:
    """Flux 2 lays the four latents of a patch beside each other and measures them by a batch norm: [1, patches, 4 ·
    channels] back to what the encoder gave. None for other pipelines.
    """
    norm = _norm_of_patches(pipe)
    if norm is None:
        return None
    side = 2 * int(pipe.vae_scale_factor)
    patches = row.permute(0, 2, 1).reshape(1, row.shape[2], height // side, width // side)
    mean, deviation = (value.to(patches) for value in norm)
    whole: torch.Tensor = pipe._unpatchify_latents(patches * deviation + mean)
    return whole


def as_denoiser_sees(pipe: Any, latents: torch.Tensor) -> torch.Tensor:
    """Latents [1, channels, rows, columns] in the layout that the scheduler and the denoiser of `pipe` get them in: as
    they are, or as a row of patches.
    """
    norm = _norm_of_patches(pipe)
    if norm is None:
        return spread_like(pipe, latents)
    mean, deviation = (value.to(latents) for value in norm)
    packed: torch.Tensor = pipe._pack_latents((pipe._patchify_latents(latents) - mean) / deviation)
    return packed


def spread_like(pipe: Any, share: torch.Tensor) -> torch.Tensor:
    """A value for each latent [1, channels, rows, columns], in the same layout as `as_denoiser_sees` gives latents."""
    pack = getattr(pipe, "_pack_latents", None)
    if pack is None or "transformer" not in pipe.components:
        return share
    patched = _norm_of_patches(pipe) is not None
    packed: torch.Tensor = pack(pipe._patchify_latents(share)) if patched else pack(share, *share.shape)
    return packed


def _norm_of_patches(pipe: Any) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Mean and deviation [1, channels, 1, 1] of Flux 2's patches of four latents; None for other pipelines."""
    vae = getattr(pipe, "vae", None)
    norm = getattr(vae, "bn", None)
    if vae is None or norm is None or not hasattr(pipe, "_patchify_latents"):
        return None
    deviation = (norm.running_var + vae.config.batch_norm_eps).sqrt()
    return norm.running_mean.view(1, -1, 1, 1), deviation.view(1, -1, 1, 1)
