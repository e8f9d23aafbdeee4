"""Looking at latents without decoding them: one linear map from latent channels to red, green and blue.

It costs about half a millisecond a step. A full decode at every step is out of the question, a tiny decoder adds half a
small step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch.nn import functional

from studio.api import Preview, media

from .latent_spaces import known
from .latents import channels_of, encoded, pixels_per_latent, scaled

PREVIEW_FILE = "preview.safetensors"
PREVIEW_SIDE = 256
"""Pixels a side at most: what stays on the ribbon."""


@dataclass(frozen=True, slots=True)
class LatentColours:
    """From scaled latents (as the denoiser sees them) to RGB in 0 … 1, by one linear map in fp32.

    `weight` [3 · side², channels, reach, reach], `bias` [3 · side²]: every latent with its neighbours becomes a patch
    of side × side pixels. With side and reach of 1 it is a plain matrix from channels to colours.
    """

    weight: torch.Tensor
    bias: torch.Tensor
    side: int = 1
    _table: torch.Tensor = field(init=False, repr=False, compare=False)
    """The weight as a matrix in the order of the pixels: one product, and rows of pixels after one copy."""
    _offset: torch.Tensor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        side = self.side
        table = self.weight.detach().float().reshape(3, side, side, -1).permute(3, 1, 2, 0)
        object.__setattr__(self, "_table", table.reshape(-1, 3 * side * side).contiguous())
        offset = self.bias.detach().float().reshape(3, side, side).permute(1, 2, 0)
        object.__setattr__(self, "_offset", offset.reshape(-1).contiguous())

    @property
    def channels(self) -> int:
        """How many channels the latents have."""
        return int(self.weight.shape[1])

    def picture(self, latents: torch.Tensor) -> torch.Tensor:
        """[channels, rows, columns] to [rows · side, columns · side, 3] in 0 … 1, in fp32 on the processor."""
        return self._spread(self._patches(latents).clamp_(0, 1), latents)

    def pixels(self, latents: torch.Tensor) -> torch.Tensor:
        """The same in 0 … 255, uint8: bytes are spread out in a quarter of the time."""
        bytes_of = self._patches(latents).mul_(255).add_(0.5).clamp_(0, 255).to(torch.uint8)
        return self._spread(bytes_of, latents)

    def _patches(self, latents: torch.Tensor) -> torch.Tensor:
        """One row for each latent: its patch, pixel by pixel."""
        plain = latents.detach().to("cpu", torch.float32)
        reach = self.weight.shape[-1]
        if reach > 1:
            plain = functional.pad(plain[None], (reach // 2,) * 4, mode="replicate")
            plain = functional.unfold(plain, reach)[0]
        return torch.addmm(self._offset, plain.reshape(len(self._table), -1).T, self._table)

    def _spread(self, patches: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        rows, columns, side = latents.shape[1], latents.shape[2], self.side
        lines = patches.view(rows, columns, side, side * 3).permute(0, 2, 1, 3)
        return lines.reshape(rows * side, columns * side, 3)

    def save(self, path: Path) -> None:
        """Write it beside a model, where `colours_for` finds it."""
        save_file({"kernel": self.weight.contiguous(), "kernel_bias": self.bias.contiguous()}, path)


def matrix(weight: torch.Tensor, bias: torch.Tensor) -> LatentColours:
    """The plain form: `weight` [channels, 3], `bias` [3]."""
    return LatentColours(weight.T.float().reshape(3, -1, 1, 1).contiguous(), bias.float())


_COARSE = 16
"""From this many pixels a latent on, one colour for each is too little to see a picture in: half as many a side do."""


def colours_for(pipe: Any, folder: Path) -> LatentColours:
    """The map for a pipeline: the file beside the model, known factors, or a fit through the model's own encoder."""
    vae = getattr(pipe, "vae", None)
    if vae is None:  # the model works on pixels themselves, in -1 … 1
        return matrix(torch.eye(3) / 2, torch.full((3,), 0.5))
    channels = channels_of(vae)
    scaling = float(vae.config.get("scaling_factor") or 1.0)
    side = pixels_per_latent(vae)
    read = _from_file(folder / PREVIEW_FILE, channels)
    if read is not None and (read.side > 1 or side < _COARSE):
        return read
    space = known(channels, scaling=scaling, shift=float(vae.config.get("shift_factor") or 0.0))
    if space is not None and _is_full_size(vae):
        return matrix(torch.tensor(space.rows) / 2, torch.tensor(space.bias) / 2 + 0.5)
    place = getattr(pipe, "_execution_device", None)  # the weights may lie elsewhere until their turn comes
    fit = fitted(vae, made_up_pictures(8), side=side // 2 if side >= _COARSE else 1, device=place)
    return fit or read or _plain(channels)


def _is_full_size(vae: Any) -> bool:
    return tuple(vae.config.get("block_out_channels") or ())[:1] == (128,)


def _from_file(path: Path, channels: int) -> LatentColours | None:
    """`kernel` and `kernel_bias` as LatentColours has them, or the plain `weight` [channels, 3] and `bias` [3]."""
    if not path.is_file() or path.stat().st_size > 50_000_000:
        return None
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError):
        return None
    kernel, offset = tensors.get("kernel"), tensors.get("kernel_bias")
    if kernel is not None and offset is not None and kernel.ndim == 4 and kernel.shape[1] == channels:
        side = math.isqrt(kernel.shape[0] // 3)
        odd = kernel.shape[2] == kernel.shape[3] and kernel.shape[2] % 2 == 1
        if odd and 3 * side * side == kernel.shape[0] == len(offset):
            return LatentColours(kernel.float(), offset.float(), side)
    weight, bias = tensors.get("weight"), tensors.get("bias")
    if weight is None or bias is None or weight.shape != (channels, 3) or bias.shape != (3,):
        return None
    return matrix(weight, bias)


def _plain(channels: int) -> LatentColours:
    """Nothing is known: the first three channels as colours shows shapes at least."""
    weight = torch.zeros(channels, 3)
    for channel in range(min(3, channels)):
        weight[channel, channel] = 0.25
    return matrix(weight, torch.full((3,), 0.5))


def made_up_pictures(count: int, *, side: int = 256) -> torch.Tensor:
    """[count, 3, side, side] in 0 … 1, always the same: clouds with the spectrum of photographs (1/f), every second
    one with flat areas and sharp edges over them.
    """
    random = torch.Generator("cpu").manual_seed(0)
    rows, columns = torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None]
    distance = (rows**2 + columns**2).sqrt().clamp(min=1 / side)
    pictures = []
    for number in range(count):
        falloff = distance ** (1 + 0.8 * torch.rand(1, generator=random))
        waves = torch.fft.rfft2(torch.randn(5, side, side, generator=random)) / falloff
        clouds = torch.fft.irfft2(waves, s=(side, side))
        clouds = (clouds - clouds.mean((1, 2), keepdim=True)) / clouds.std((1, 2), keepdim=True)
        mix = torch.eye(3) * 0.6 + 0.5 * torch.randn(3, 3, generator=random)
        colours = torch.einsum("ij,jhw->ihw", mix, clouds[:3])
        if number % 2:
            areas = (clouds[3] > 0).long() + 2 * (clouds[4] > 0.4).long()
            paints = 1.2 * torch.randn(4, 3, generator=random)
            colours = 0.35 * colours + paints[areas].permute(2, 0, 1)
        light = 0.35 + 0.3 * torch.rand(3, 1, 1, generator=random)
        pictures.append((0.22 * colours + light).clamp(0, 1))
    return torch.stack(pictures)


@torch.no_grad()
def fitted(
    vae: Any, pictures: torch.Tensor, *, side: int = 1, device: torch.device | None = None
) -> LatentColours | None:
    """Least squares through the model's own encoder, or None for an autoencoder that takes no picture.

    `pictures` are [count, 3, height, width] in 0 … 1; real ones fit best, `made_up_pictures` will do (0.25 s for eight
    and a small encoder). `side` is how many pixels a latent becomes, `device` where the encoder works if its weights
    do not lie there.
    """
    try:
        weights = next(vae.parameters())
        place = weights.device if device is None else device
        given = [encoded(vae, (one[None] * 2 - 1).to(place, weights.dtype)) for one in pictures]
        latents = scaled(vae, torch.cat(given).float().cpu())
    except (RuntimeError, TypeError, ValueError, AttributeError, NotImplementedError):
        return None
    if not bool(latents.isfinite().all()):
        return None
    channels, (rows, columns) = latents.shape[1], latents.shape[2:]
    reach = 3 if side > 1 else 1
    margin = reach // 2
    padded = functional.pad(latents, (margin,) * 4, mode="replicate") if margin else latents
    seen = functional.unfold(padded, reach).permute(0, 2, 1).reshape(-1, channels * reach * reach)
    small = functional.interpolate(pictures, size=(rows * side, columns * side), mode="area")
    wanted = functional.pixel_unshuffle(small, side).permute(0, 2, 3, 1).reshape(len(seen), -1)
    table = torch.cat([seen, torch.ones(len(seen), 1)], dim=1).double()
    # A little ridge: an encoder's idle channels would get huge factors.
    ridge = 1e-3 * len(seen) * torch.eye(table.shape[1], dtype=torch.float64)
    solved = torch.linalg.solve(table.T @ table + ridge, table.T @ wanted.double()).float()
    kernel = solved[:-1].T.reshape(-1, channels, reach, reach).contiguous()
    return LatentColours(kernel, solved[-1].contiguous(), side)


def unit_noise(latents: torch.Tensor) -> torch.Tensor:
    """Noisy latents scaled to a spread of at most one: schedulers that count in sigma let it grow to 15 and more."""
    return latents / latents.float().std().clamp(min=1.0).to(latents.dtype)


def to_preview(picture: torch.Tensor, *, limit: int = PREVIEW_SIDE) -> Preview:
    """[height, width, 3], in 0 … 1 or in uint8, to a preview of at most `limit` pixels a side."""
    height, width = picture.shape[:2]
    most = max(height, width)
    if most > limit:
        picture = picture.float() / 255 if picture.dtype == torch.uint8 else picture
        size = (max(1, height * limit // most), max(1, width * limit // most))
        chw = picture.permute(2, 0, 1)[None]
        picture = functional.interpolate(chw, size=size, mode="area")[0].permute(1, 2, 0)
        height, width = size
    if picture.dtype != torch.uint8:
        picture = (picture * 255 + 0.5).clamp(0, 255).to(torch.uint8)
    data = picture.contiguous().numpy().tobytes()
    return Preview(media.RGB, data, width, height)
