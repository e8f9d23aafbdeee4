"""The autoencoder: 256 x 256 pictures to 16 x 16 latents of 16 channels and back.

A strong factor (16) keeps the denoiser small enough for a processor. Trained first on 64-pixel crops, because early
on the number of updates counts and not their size, and at the end on whole pictures, because group normalisation
sees the whole picture in use.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import nn

from ..training.checkpoint import load_checkpoint, save_checkpoint
from ..training.muon import Muon
from ..training.pace import Pace
from ..world import render, sample_scene

HELD_OUT = 10_000_000
"""Scenes from this number on are never trained on."""


@dataclass(frozen=True)
class AutoencoderPlan:
    """How large and how long; `tiny` in train.py shrinks all of it."""

    channels: tuple[int, ...] = (16, 16, 48, 96, 192)
    latents: int = 16
    steps: int = 1500
    batch: int = 12
    """Crops of 64 pixels; larger ones come in smaller numbers."""
    rate: float = 0.014
    """For Muon; the few parameters that are no matrices take a tenth."""
    middle: float = 0.3
    whole: float = 0.75
    """From which part of the training on crops grow to 128 pixels, and then to whole pictures."""
    noise: float = 0.06
    """How much each latent is shaken, relative to its spread: what the denoiser gets a little wrong must not show."""
    linear: int = 800
    """Steps of the straight path alone, before everything."""
    decoder: int = 20_000
    """Steps that the decoder may go on alone, beside or after the denoiser."""
    bend: float = 0.15
    """The part of the training over which the last norms and activations fade in."""


def build_autoencoder(plan: AutoencoderPlan) -> AutoencoderKL:
    """A standard AutoencoderKL, without attention: the middle of a picture is understood by the denoiser."""
    depth = len(plan.channels)
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * depth,
        up_block_types=("UpDecoderBlock2D",) * depth,
        block_out_channels=plan.channels,
        layers_per_block=1,
        latent_channels=plan.latents,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=256,
        scaling_factor=1.0,
        force_upcast=False,
    )


def to_tensor(pictures: np.ndarray) -> torch.Tensor:
    """[n, h, w, 3] bytes to [n, 3, h, w] between -1 and 1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1.0)


def to_bytes(pictures: torch.Tensor) -> np.ndarray:
    """[n, 3, h, w] between -1 and 1 to [n, h, w, 3] bytes."""
    return pictures.float().add(1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()


def _batch(plan: AutoencoderPlan, step: int, *, side: int = 0, count: int = 0) -> torch.Tensor:
    rng = np.random.default_rng([step, 11])
    part = step / plan.steps
    if not side:
        side, count = (64, plan.batch) if part < plan.middle else (128, plan.batch // 2)
        if part >= plan.whole:
            side, count = 256, max(2, plan.batch // 6)
    each = {64: 4, 128: 2}.get(side, 1)
    crops = []
    for s in rng.integers(0, HELD_OUT, -(-count // each)):
        picture = render(sample_scene(int(s)))
        for _ in range(each):
            # Whole latent cells, so that the grid of pixel art always lies the same way.
            y, x = rng.integers(0, (256 - side) // 16 + 1, 2) * 16
            crops.append(picture[y : y + side, x : x + side])
    return to_tensor(np.stack(crops[:count]))


def _edges(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def reconstruction_loss(output: torch.Tensor, target: torch.Tensor, *, squares: float = 2.0) -> torch.Tensor:
    """Absolute error keeps flat areas clean, squared error the PSNR, the error of edges the sharpness."""
    error = output - target
    (ay, ax), (by, bx) = _edges(output), _edges(target)
    return (
        error.abs().mean() + squares * error.square().mean() + 0.5 * ((ay - by).abs().mean() + (ax - bx).abs().mean())
    )


def pace_of_learning(step: int, total: int) -> float:
    """A short climb, a long plain, and a straight way down over the last half."""
    part = step / total
    return min(1.0, (step + 1) / 60) * min(1.0, max(0.02, (1 - part) / 0.6))


def held_out_pictures(count: int) -> np.ndarray:
    """[count, 256, 256, 3] bytes that no training saw."""
    return np.stack([render(sample_scene(HELD_OUT + i)) for i in range(count)])


@torch.no_grad()
def psnr(vae: AutoencoderKL, pictures: np.ndarray) -> float:
    """Decibels over all pixels of all pictures together (the stricter of the two usual ways)."""
    total = 0.0
    for i in range(0, len(pictures), 8):
        x = to_tensor(pictures[i : i + 8]).to(next(vae.parameters()).device)
        with torch.autocast(x.device.type, torch.bfloat16):
            y = vae.decode(vae.encode(x).latent_dist.mode()).sample
        total += ((y.float().clamp(-1, 1) - x) / 2).square().mean().item() * len(x)
    return -10 * math.log10(total / len(pictures))


@torch.no_grad()
def coded(vae: AutoencoderKL, pictures: np.ndarray) -> np.ndarray:
    """Pictures as they come back from the autoencoder, bytes of the same shape."""
    out = []
    for i in range(0, len(pictures), 8):
        x = to_tensor(pictures[i : i + 8]).to(next(vae.parameters()).device)
        with torch.autocast(x.device.type, torch.bfloat16):
            out.append(to_bytes(vae.decode(vae.encode(x).latent_dist.mode()).sample))
    return np.concatenate(out)


def pca_psnr(latents: int, *, fit: int = 600, judge: np.ndarray) -> float:
    """Decibels of the best linear code of the same size: what an autoencoder has to beat to deserve its name."""

    def patches(pictures: np.ndarray) -> np.ndarray:
        n = len(pictures)
        cells = pictures.reshape(n, 16, 16, 16, 16, 3).transpose(0, 1, 3, 2, 4, 5)
        return cells.reshape(-1, 768).astype(np.float32) / 255

    train = patches(np.stack([render(sample_scene(HELD_OUT - 1 - i)) for i in range(fit)]))
    mean = train.mean(0)
    _, vectors = np.linalg.eigh(np.cov((train - mean).T))
    basis = vectors[:, ::-1][:, :latents].astype(np.float32)
    test = patches(judge)
    back = ((test - mean) @ basis @ basis.T + mean).clip(0, 1)
    return -10 * math.log10(float(np.square(back - test).mean()))


def linear_part(vae: AutoencoderKL, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents and picture through the network's straight path alone, without norms, branches and activations."""
    h = vae.encoder.conv_in(x)
    for block in vae.encoder.down_blocks:
        for resnet in block.resnets:
            h = h if resnet.conv_shortcut is None else resnet.conv_shortcut(h)
        for down in block.downsamplers or ():
            h = down(h)
    z = vae.quant_conv(vae.encoder.conv_out(h))[:, : vae.config.latent_channels]
    h = vae.decoder.conv_in(vae.post_quant_conv(z))
    for block in vae.decoder.up_blocks:
        for resnet in block.resnets:
            h = h if resnet.conv_shortcut is None else resnet.conv_shortcut(h)
        for up in block.upsamplers or ():
            h = up(h)
    return z, vae.decoder.conv_out(h)


class Bend:
    """Leads a network from its straight path to its full self: at 0 the last norm and activation of encoder and
    decoder are passed by, at 1 they are as they will be used. The residual branches start as zero anyway."""

    def __init__(self, vae: AutoencoderKL) -> None:
        self.part = 0.0
        self._hooks = []
        for half in (vae.encoder, vae.decoder):
            kept: list[torch.Tensor] = []

            def before(_module: nn.Module, given: tuple[torch.Tensor], kept: list[torch.Tensor] = kept) -> None:
                kept[:] = given

            def after(_m: nn.Module, _g: object, out: torch.Tensor, kept: list[torch.Tensor] = kept) -> torch.Tensor:
                return out if self.part >= 1 else torch.lerp(kept[0].to(out.dtype), out, self.part)

            self._hooks += [
                half.conv_norm_out.register_forward_pre_hook(before),
                half.conv_act.register_forward_hook(after),
            ]

    def done(self) -> None:
        """Leave the network as any other."""
        for hook in self._hooks:
            hook.remove()


def start_linear(
    vae: AutoencoderKL, plan: AutoencoderPlan, pace: Pace, judge: np.ndarray, device: torch.device
) -> None:
    """First train only the straight path: a hundred times cheaper, and it soon comes near the best linear code.

    From random weights the whole network needs thousands of costly steps to get there, if it ever does.
    """
    optimiser = Muon([vae], lr=0.01, adam_lr=0.001)
    for step in range(plan.linear):
        if not pace.go_on():
            break
        optimiser.pace(pace_of_learning(step, plan.linear))
        x = _batch(plan, step // 2, side=64, count=plan.batch * 2).to(device)
        _, y = linear_part(vae, x)
        loss = (y - x).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 0.5)
        optimiser.step()
        if (step + 1) % min(100, plan.linear // 2) == 0:
            with torch.no_grad():
                x = to_tensor(judge).to(device)
                error = ((linear_part(vae, x)[1].clamp(-1, 1) - x) / 2).square().mean().item()
            pace.note(step + 1, plan.linear, linear_psnr=-10 * math.log10(error))
    with torch.no_grad():
        z, _ = linear_part(vae, to_tensor(judge).to(device))
        _fold(vae, z.mean((0, 2, 3)), z.std((0, 2, 3)))
        count = plan.latents
        vae.quant_conv.weight[count:] = 0
        vae.quant_conv.bias[count:] = 2 * math.log(plan.noise)


def train_autoencoder(plan: AutoencoderPlan, work: Path, pace: Pace, device: torch.device) -> AutoencoderKL:
    """Train, or go on training, and return the averaged weights with whitened latents."""
    torch.manual_seed(1)
    vae = build_autoencoder(plan).to(device)
    for name, module in vae.named_modules():
        if isinstance(module, nn.Conv2d):
            # Orthogonal, or the straight path through twenty layers shrinks its signal to nothing; and every
            # residual block starts as nothing at all.
            nn.init.zeros_(module.weight) if name.endswith("conv2") else nn.init.orthogonal_(module.weight)
            nn.init.zeros_(module.bias)
    judge = held_out_pictures(32)
    path = work / "autoencoder.safetensors"
    if not path.exists():
        start_linear(vae, plan, pace, judge, device)
    vae.quant_conv.requires_grad_(False)
    optimiser = Muon([vae], lr=plan.rate * 0.6, adam_lr=plan.rate / 12)
    average: dict[str, torch.Tensor] = {k: v.detach().clone() for k, v in vae.state_dict().items()}
    info = load_checkpoint(path, models={"model": vae, "average": average}, optimiser=optimiser) or {"step": 0}
    average = {k: v.to(device) for k, v in average.items()}
    step = int(info["step"])
    losses: list[float] = []
    bend = Bend(vae)

    def keep() -> None:
        save_checkpoint(path, models={"model": vae, "average": average}, optimiser=optimiser, info={"step": step})

    while step < plan.steps and pace.go_on():
        optimiser.pace(pace_of_learning(step, plan.steps))
        bend.part = min(1.0, step / (plan.steps * plan.bend))
        x = _batch(plan, step).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            z = vae.encode(x).latent_dist.mean.float()
            noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(step)).to(device)
            y = vae.decode(z + plan.noise * noise).sample.float()
        # Latents must not outgrow the noise that keeps them smooth.
        loss = reconstruction_loss(y, x) + 0.01 * F.relu(z.square().mean() - 1)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimiser.step()
        step += 1
        losses.append(loss.item())
        decay = min(0.99, step / (step + 10))
        with torch.no_grad():
            for key, value in vae.state_dict().items():
                average[key].lerp_(value, 1 - decay)
        if step % 50 == 0 or step == plan.steps:
            facts = {"loss": sum(losses) / len(losses), "size": z.square().mean().item()}
            losses.clear()
            if step % 200 == 0 or step == plan.steps:
                probe = build_autoencoder(plan).to(device)
                probe.load_state_dict(average)
                Bend(probe).part = bend.part
                facts["psnr"] = psnr(probe, judge)
                keep()
            pace.note(step, plan.steps, **facts)
    keep()
    bend.done()
    vae.load_state_dict(average)
    return vae


@torch.no_grad()
def whiten(vae: AutoencoderKL, pictures: np.ndarray) -> AutoencoderKL:
    """Give every latent channel mean 0 and spread 1 by folding the change into the two 1x1 convolutions.

    A pipeline knows a single scaling factor; with this it can stay 1 and every channel still weighs the same.
    """
    device = next(vae.parameters()).device
    means = [
        vae.encode(to_tensor(pictures[i : i + 16]).to(device)).latent_dist.mean for i in range(0, len(pictures), 16)
    ]
    latents = torch.cat(means)
    _fold(vae, latents.mean((0, 2, 3)), latents.std((0, 2, 3)))
    return vae


@torch.no_grad()
def _fold(vae: AutoencoderKL, mean: torch.Tensor, spread: torch.Tensor) -> None:
    count, quant, post = len(mean), vae.quant_conv, vae.post_quant_conv
    quant.weight[:count] /= spread[:, None, None, None]
    quant.bias[:count] = (quant.bias[:count] - mean) / spread
    quant.bias[count:] -= 2 * spread.log()
    post.bias += torch.einsum("oi,i->o", post.weight[:, :, 0, 0], mean)
    post.weight *= spread[None, :, None, None]
