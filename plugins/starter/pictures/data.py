"""The latent cache: scenes are drawn and encoded once, kept in shards, and captioned anew each time they are used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save

from ..training.checkpoint import write_atomically
from ..world import sample_scene
from ..world.render import render_with_boxes
from .autoencoder import to_tensor

CELLS = 16
FOCUS = 2.0
"""Extra weight of latents that lie in a foreground thing: three cells in a hundred must not wait for the sky."""


def focus_of(boxes: list[tuple[float, float, float]]) -> np.ndarray:
    """[16, 16] weights, 1 elsewhere and 1 + FOCUS where a thing stands."""
    weight = np.ones((CELLS, CELLS), np.float32)
    for x, y, size in boxes:
        half = size * 0.55
        x0, x1 = (int(np.clip((v) / 16, 0, CELLS)) for v in (x - half, x + half + 15))
        y0, y1 = (int(np.clip((v) / 16, 0, CELLS)) for v in (y - half, y + half + 15))
        weight[y0:y1, x0:x1] = 1 + FOCUS
    return weight


class LatentCache:
    """Scenes 0 to n as latents, in shards of `shard` scenes; grows by whole shards and outlives the process."""

    def __init__(self, folder: Path, vae: AutoencoderKL, *, mark: str, shard: int = 256) -> None:
        self._folder = folder / f"latents-{mark}"
        self._vae = vae
        self._shard = shard
        self._latents: list[torch.Tensor] = []
        self._focus: list[torch.Tensor] = []
        self._folder.mkdir(parents=True, exist_ok=True)
        self.refresh()

    def __len__(self) -> int:
        return len(self._latents) * self._shard

    def _path(self, index: int) -> Path:
        return self._folder / f"{index:05d}.safetensors"

    def _take(self, tensors: dict[str, torch.Tensor]) -> None:
        self._latents.append(tensors["latents"])
        self._focus.append(tensors["focus"])

    def refresh(self) -> None:
        """Take in shards that another process has finished meanwhile."""
        while (path := self._path(len(self._latents))).exists():
            self._take(load_file(path))

    @torch.no_grad()
    def grow(self) -> None:
        """Draw and encode one more shard."""
        start = len(self)
        device = next(self._vae.parameters()).device
        latents, focus = [], []
        for first in range(start, start + self._shard, 16):
            drawn = [render_with_boxes(sample_scene(i)) for i in range(first, first + 16)]
            x = to_tensor(np.stack([picture for picture, _ in drawn])).to(device)
            with torch.autocast(device.type, torch.bfloat16):
                latents.append(self._vae.encode(x).latent_dist.mean.half().cpu())
            focus += [focus_of(boxes) for _, boxes in drawn]
        tensors = {"latents": torch.cat(latents), "focus": torch.from_numpy(np.stack(focus)).half()}
        write_atomically(self._path(len(self._latents)), save(tensors))
        self._take(tensors)

    def take(self, indices: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents [n, c, 16, 16] and weights [n, 1, 16, 16] of these scenes."""
        pairs = [divmod(int(i), self._shard) for i in indices]
        latents = torch.stack([self._latents[a][b] for a, b in pairs]).float()
        focus = torch.stack([self._focus[a][b] for a, b in pairs]).float()
        return latents, focus[:, None]
