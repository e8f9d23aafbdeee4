"""The latent caches: scenes are drawn and encoded once, kept in shards, and captioned anew each time they are used."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save

from ..training.checkpoint import write_atomically
from ..world import Scene, sample_scene
from ..world.frame import SQUARE, Frame
from ..world.render import LOOK, render_with_boxes
from .autoencoder import to_tensor

FOCUS = 2.0
"""Extra weight of latents that lie in a foreground thing: three cells in a hundred must not wait for the sky."""
FRAMES = (Frame(384, 256), Frame(256, 384), Frame(320, 192), Frame(192, 320), Frame(288, 224), Frame(224, 288))
"""The other shapes that the denoiser learns: half as much again as the square, and its area in 16:9 to 4:3."""
OWN = 1_000_000
"""How far apart the scenes of two caches lie, so that no picture is in both."""

Share = tuple[int, int]
"""How many scenes one of the caches holds when the training begins, and how many in the end."""


def focus_of(boxes: list[tuple[float, float, float]], frame: Frame = SQUARE) -> np.ndarray:
    """[high / 16, wide / 16] weights, 1 elsewhere and 1 + FOCUS where a thing stands."""
    weight = np.ones((frame.high // 16, frame.wide // 16), np.float32)
    rows, columns = weight.shape
    for x, y, size in boxes:
        half = size * 0.55
        x0, x1 = (int(np.clip((v) / 16, 0, columns)) for v in (x - half, x + half + 15))
        y0, y1 = (int(np.clip((v) / 16, 0, rows)) for v in (y - half, y + half + 15))
        weight[y0:y1, x0:x1] = 1 + FOCUS
    return weight


class LatentCache:
    """Scenes in one shape as latents, in shards of `shard` scenes; grows by whole shards and outlives the process.

    `number` says which scene is the first, the second …; all of them from 0 on where nothing else is said.
    """

    def __init__(
        self,
        folder: Path,
        vae: AutoencoderKL,
        *,
        mark: str,
        shard: int = 256,
        frame: Frame = SQUARE,
        number: Callable[[int], int] = int,
    ) -> None:
        self._folder = folder / f"latents-{mark}"
        self._vae = vae
        self._shard = shard
        self.frame = frame
        self._number = number
        self._latents: list[torch.Tensor] = []
        self._focus: list[torch.Tensor] = []
        self._folder.mkdir(parents=True, exist_ok=True)
        self.refresh()

    def __len__(self) -> int:
        return len(self._latents) * self._shard

    def scene(self, index: int) -> Scene:
        """What that picture of the cache shows."""
        return sample_scene(self._number(index))

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
            drawn = [render_with_boxes(self.scene(i), self.frame) for i in range(first, first + 16)]
            x = to_tensor(np.stack([picture for picture, _ in drawn])).to(device)
            with torch.autocast(device.type, torch.bfloat16):
                latents.append(self._vae.encode(x).latent_dist.mean.half().cpu())
            focus += [focus_of(boxes, self.frame) for _, boxes in drawn]
        tensors = {"latents": torch.cat(latents), "focus": torch.from_numpy(np.stack(focus)).half()}
        write_atomically(self._path(len(self._latents)), save(tensors))
        self._take(tensors)

    def take(self, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents [n, c, high / 16, wide / 16] and weights [n, 1, high / 16, wide / 16] of these scenes."""
        pairs = [divmod(i, self._shard) for i in indices]
        latents = torch.stack([self._latents[a][b] for a, b in pairs]).float()
        focus = torch.stack([self._focus[a][b] for a, b in pairs]).float()
        return latents, focus[:, None]


class Ornaments:
    """Which scenes from `start` on are ornaments: they are a small part of the world, and eight kinds to learn."""

    def __init__(self, start: int) -> None:
        self._known: list[int] = []
        self._next = start

    def __call__(self, index: int) -> int:
        while len(self._known) <= index:
            if sample_scene(self._next).pattern:
                self._known.append(self._next)
            self._next += 1
        return self._known[index]


class Diet:
    """What the denoiser is fed: the world in squares, more ornaments than are in it, and the world in other shapes."""

    def __init__(
        self,
        folder: Path,
        vae: AutoencoderKL,
        *,
        shard: int,
        squares: Share,
        ornaments: Share,
        shaped: Share,
        frames: tuple[Frame, ...] = FRAMES,
    ) -> None:
        def cache(name: str, frame: Frame, number: Callable[[int], int]) -> LatentCache:
            return LatentCache(folder, vae, mark=f"{LOOK}{name}", shard=shard, frame=frame, number=number)

        self.squares = cache("", SQUARE, int)
        self.ornaments = cache("-ornaments", SQUARE, Ornaments(OWN))
        self.shaped = tuple(
            cache(f"-{frame.wide}x{frame.high}", frame, partial(operator.add, k * OWN))
            for k, frame in enumerate(frames, 2)
        )
        self._shares = [(self.squares, squares), (self.ornaments, ornaments), *((c, shaped) for c in self.shaped)]

    def __len__(self) -> int:
        return sum(len(cache) for cache, _ in self._shares)

    @property
    def goal(self) -> int:
        """Scenes in all of them in the end."""
        return sum(share[1] for _, share in self._shares)

    def ready(self) -> bool:
        """Whether there is enough of everything to begin."""
        return all(len(cache) >= share[0] for cache, share in self._shares)

    def refresh(self) -> None:
        """Take in what another process has drawn meanwhile."""
        for cache, _ in self._shares:
            cache.refresh()

    def grow(self) -> bool:
        """Draw one more shard of what is furthest from what the training needs next; False where nothing is."""
        for part in (0, 1):
            wanted = [(len(cache) / share[part], i) for i, (cache, share) in enumerate(self._shares)]
            least, index = min(wanted)
            if least < 1:
                self._shares[index][0].grow()
                return True
        return False
