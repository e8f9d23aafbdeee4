"""The size an artist asks for, and the one a pipeline can make: it works on a larger sheet that is cut afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image

from .latents import pixels_per_latent

Pixels = TypeVar("Pixels", np.ndarray, torch.Tensor)

_OWN = {"SanaPipeline": 32, "SanaPAGPipeline": 32, "SanaSprintPipeline": 32}
_PATCHES = {"GlmImagePipeline": 4}
"""How many latents a side of a patch has, where it is not two."""


def multiple_of(pipe: Any) -> int:
    """Of how many pixels the sides of a picture have to be a multiple: transformers read latents in patches of two."""
    name, vae = type(pipe).__name__, getattr(pipe, "vae", None)
    if name in _OWN:
        return _OWN[name]
    factor = int(getattr(pipe, "vae_scale_factor", 0) or (pixels_per_latent(vae) if vae is not None else 1))
    if getattr(pipe, "transformer", None) is None:
        return factor
    return factor * _PATCHES.get(name, 2)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture of `width` × `height` at the top left of a sheet whose sides are multiples of what a pipeline needs."""

    width: int
    height: int
    multiple: int = 1

    @property
    def wide(self) -> int:
        """The sheet's width in pixels."""
        return -(-self.width // self.multiple) * self.multiple

    @property
    def high(self) -> int:
        """The sheet's height in pixels."""
        return -(-self.height // self.multiple) * self.multiple

    def laid(self, picture: Image.Image) -> Image.Image:
        """A picture of the asked size on the sheet; its last row and column go on to the edge."""
        if (self.wide, self.high) == picture.size:
            return picture
        pixels = np.asarray(picture)
        margins = [(0, self.high - self.height), (0, self.wide - self.width), *[(0, 0)] * (pixels.ndim - 2)]
        return Image.fromarray(np.pad(pixels, margins, mode="edge"))

    def cut(self, pixels: Pixels) -> Pixels:
        """[rows, columns, …] of the whole sheet, or of the sheet made smaller (a preview), to the part asked for."""
        rows, columns = self._part(pixels.shape[0], pixels.shape[1])
        return pixels[:rows, :columns]

    def _part(self, rows: int, columns: int) -> tuple[int, int]:
        if (self.wide, self.high) == (self.width, self.height):
            return rows, columns
        return max(1, round(rows * self.height / self.high)), max(1, round(columns * self.width / self.wide))
