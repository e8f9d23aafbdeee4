"""Going on with a finished autoencoder: the decoder alone, or both halves without leaving the latents behind."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

from ..training.checkpoint import load_checkpoint, save_checkpoint
from ..training.muon import Muon
from ..training.pace import Pace
from ..world import render, sample_scene
from .autoencoder import (
    HELD_OUT,
    AutoencoderPlan,
    build_autoencoder,
    held_out_pictures,
    psnr,
    reconstruction_loss,
    to_tensor,
)

ANCHOR = 0.004
"""What leaving the old latents costs. Turning the latent space gains no picture anything, and the denoiser would have
to learn it anew; this keeps the encoder from turning it for nothing."""

LEAST = 0.5
"""The standard deviation that no direction of the latents falls below, where the usual is 1."""
SQUARES = 8.0
"""Late in the training the squared error, which the goal in decibels counts, weighs as much as the rest."""

TEXTURE = 0.3
"""What texture of the wrong strength costs when the decoder learns alone. Grain, brush strokes and dithering cannot be
told exactly in 16 numbers a cell; without this, a decoder paints their mean, which is nothing."""


def texture_loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """How far the local strength of differences in four directions, at three sizes, is from what it should be."""
    total = output.new_zeros(())
    for size in (1, 2, 4):
        strengths = []
        for picture in (output, target):
            x = F.avg_pool2d(picture, size) if size > 1 else picture
            across = x[..., :-1, 1:] - x[..., :-1, :-1]
            down = x[..., 1:, :-1] - x[..., :-1, :-1]
            falling = x[..., 1:, 1:] - x[..., :-1, :-1]
            rising = x[..., 1:, :-1] - x[..., :-1, 1:]
            strengths.append(F.avg_pool2d(torch.cat([across, down, falling, rising], 1).abs(), 8, 4))
        total = total + (strengths[0] - strengths[1]).abs().mean()
    return total


def _picture(rng: np.random.Generator) -> np.ndarray:
    """A scene of the training; pixel art, whose hard edges are the hardest, twice as often as by chance."""
    while True:
        scene = sample_scene(int(rng.integers(0, HELD_OUT)))
        if scene.style == "pixel art" or rng.random() < 0.5:
            return render(scene)


def _whole_pictures(step: int) -> torch.Tensor:
    rng = np.random.default_rng([step, 12])
    return to_tensor(np.stack([_picture(rng) for _ in range(2)]))


def _crops(step: int, side: int) -> torch.Tensor:
    """Six crops of 128 pixels from three pictures, or eight of 64 from two: more updates for the time of whole ones."""
    rng = np.random.default_rng([step, 13])
    crops = []
    for _ in range(3 if side == 128 else 2):
        picture = _picture(rng)
        for y, x in rng.integers(0, (256 - side) // 16 + 1, (256 // side, 2)) * 16:
            crops.append(picture[y : y + side, x : x + side])
    return to_tensor(np.stack(crops))


def refine(
    vae: AutoencoderKL, plan: AutoencoderPlan, work: Path, pace: Pace, device: torch.device, *, encoder: bool = False
) -> AutoencoderKL:
    """Train on and return the averaged weights.

    Without `encoder` only the decoder learns: latents stay what they are, and a denoiser trained on them stays right.
    With it both halves learn, held near the latents they had, and the denoiser has to be trained on for a while.
    """
    before = copy.deepcopy(vae).eval().requires_grad_(False) if encoder else None
    vae.requires_grad_(False)
    halves = [vae.decoder, vae.post_quant_conv, *([vae.encoder] if encoder else [])]
    for half in halves:
        half.requires_grad_(True)
    optimiser = Muon(halves, lr=0.006, adam_lr=0.0006)
    average: dict[str, torch.Tensor] = {k: v.detach().clone() for k, v in vae.state_dict().items()}
    path = work / ("refined.safetensors" if encoder else "decoder.safetensors")
    info = load_checkpoint(path, models={"model": vae, "average": average}, optimiser=optimiser) or {"step": 0}
    step, judge, losses, drifts = int(info["step"]), held_out_pictures(32), [], []

    def averaged() -> AutoencoderKL:
        model = build_autoencoder(plan).to(device)
        model.load_state_dict(average)
        return model.eval()

    while step < plan.decoder and pace.go_on():
        # Rates fall slowly, as one over a root: however long it is given, the average is always worth shipping. Where
        # a time was given, they run out by the clock.
        optimiser.pace(min(1.0, (step + 1) / 50) / (1 + step / 400) ** 0.5 * max(0.03, pace.left()))
        x = (_crops(step, 128 if encoder else 64) if step % (4 if encoder else 8) else _whole_pictures(step)).to(device)
        noise, drift = torch.Generator().manual_seed(step), x.new_zeros(())
        with torch.autocast(device.type, torch.bfloat16):
            with torch.set_grad_enabled(encoder):
                z = vae.encode(x).latent_dist.mean.float()
            if before is not None:
                with torch.no_grad():
                    old = before.encode(x).latent_dist.mean.float()
                drift = (z - old).square().mean()
            y = vae.decode(z + plan.noise * torch.randn(z.shape, generator=noise).to(device)).sample.float()
        loss = reconstruction_loss(y, x, squares=SQUARES)
        if not encoder:
            loss = loss + TEXTURE * texture_loss(y, x)
        optimiser.zero_grad(set_to_none=True)
        (loss + ANCHOR * drift).backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimiser.step()
        step += 1
        losses.append(loss.item())
        drifts.append(drift.item())
        with torch.no_grad():
            decay = min(0.998, (1 + step) / (10 + step))
            for key, value in vae.state_dict().items():
                average[key].lerp_(value, 1 - decay)
        if step % min(50, plan.decoder // 2) == 0:
            facts = {"loss": sum(losses) / len(losses), "drift": sum(drifts) / len(drifts)}
            losses.clear()
            drifts.clear()
            if step % 200 == 0:
                facts["psnr"] = psnr(averaged(), judge)
                save_checkpoint(
                    path, models={"model": vae, "average": average}, optimiser=optimiser, info={"step": step, **facts}
                )
            pace.note(step, plan.decoder, **facts)
    save_checkpoint(path, models={"model": vae, "average": average}, optimiser=optimiser, info={"step": step})
    return averaged()


@torch.no_grad()
def turned_back(vae: AutoencoderKL, before: AutoencoderKL, pictures: np.ndarray) -> AutoencoderKL:
    """`vae` with its latents turned and shifted to lie as near as can be to those of `before`; it codes as before.

    The best affine map (least squares over all cells of `pictures`) goes into the 1x1 convolutions beside the
    latents. Two thirds of what refining had moved were such a turn, and a denoiser of the old latents has to learn only
    the rest.
    """
    new, old = _cells(vae, pictures), _cells(before, pictures)
    count = new.shape[1]
    solution = torch.linalg.lstsq(torch.cat([new, torch.ones_like(new[:, :1])], 1), old).solution
    turn_latents(vae, solution[:count].T, solution[count])
    return evened(vae, pictures)


@torch.no_grad()
def evened(vae: AutoencoderKL, pictures: np.ndarray) -> AutoencoderKL:
    """`vae` with no direction of its latents narrower than LEAST.

    Least squares all but folds up a direction in which the latents before said nothing. The decoder then unfolds it,
    and with it whatever noise the denoiser has left there, into a blotch.
    """
    latents = _cells(vae, pictures)
    spreads, directions = torch.linalg.eigh(torch.cov(latents.T))
    wider = (LEAST / spreads.clamp(min=1e-12).sqrt()).clamp(min=1)
    lift = directions @ torch.diag(wider) @ directions.T
    mean = latents.mean(0)
    turn_latents(vae, lift, mean - lift @ mean)
    return vae


def turn_latents(vae: AutoencoderKL, turn: torch.Tensor, shift: torch.Tensor) -> None:
    """Make the latents of `vae` those of now, times `turn` [c, c], plus `shift` [c], and its decoder undo that."""
    count, quant, post = len(shift), vae.quant_conv, vae.post_quant_conv
    undone = post.weight[:, :, 0, 0] @ torch.linalg.inv(turn).to(post.weight.dtype)
    turn, shift = turn.to(quant.weight.dtype), shift.to(quant.weight.dtype)
    quant.weight[:count] = torch.einsum("ij,jkhw->ikhw", turn, quant.weight[:count])
    quant.bias[:count] = turn @ quant.bias[:count] + shift
    post.bias -= undone @ shift
    post.weight.copy_(undone[:, :, None, None])


def _cells(vae: AutoencoderKL, pictures: np.ndarray) -> torch.Tensor:
    """The latents of all cells of all pictures, [n, c]."""
    device = next(vae.parameters()).device
    parts = [vae.encode(to_tensor(pictures[i : i + 8]).to(device)).latent_dist.mean for i in range(0, len(pictures), 8)]
    return torch.cat(parts).permute(0, 2, 3, 1).flatten(0, 2).double()
