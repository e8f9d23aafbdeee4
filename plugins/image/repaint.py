"""Repaint: what is white in a mask is made anew, and not one pixel of the rest changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from studio.api import GeneratorContext, StudioError

from . import codec
from .params import ImageParams


@dataclass(frozen=True, slots=True)
class Repaint:
    """`source` is the picture at its own size, `mask` (L, the same size) what of it is painted anew.

    `picture` and `small` are both at the size the model works in.
    """

    source: Image.Image
    mask: Image.Image
    picture: Image.Image
    small: Image.Image
    feather: int

    def finish(self, made: Image.Image) -> Image.Image:
        """`made` laid into the source: outside the mask the source's own pixels, inside with a soft edge."""
        if made.size != self.source.size:
            made = made.resize(self.source.size, Image.Resampling.LANCZOS)
        share = np.asarray(soft_inside(self.mask, self.feather), np.float32)[..., None] / 255
        old, new = np.asarray(self.source, np.float32), np.asarray(made, np.float32)
        mixed = (old + share * (new - old)).round().clip(0, 255).astype(np.uint8)
        return Image.fromarray(mixed)


def repaint_of(params: ImageParams, context: GeneratorContext) -> Repaint | None:
    """What a request with the inputs "image" and "mask" asks for; None for all others. Raises StudioError."""
    start, marked = context.input("image"), context.input("mask")
    if start is None or marked is None:
        return None
    source = codec.open_picture(start)
    mask = open_mask(marked)
    if mask.size != source.size:
        mask = mask.resize(source.size, Image.Resampling.BILINEAR)
    if mask.getextrema()[1] == 0:
        raise StudioError("Nothing is painted over.", "Paint over what is to be made anew, then press Generate.")
    size = (params.width, params.height)
    # The whole picture, bent if need be: cropped, the edge could not be painted.
    picture = source if source.size == size else source.resize(size, Image.Resampling.LANCZOS)
    small = mask if mask.size == size else mask.resize(size, Image.Resampling.BILINEAR)
    return Repaint(source, mask, picture, small.point(lambda value: 255 if value >= 32 else 0), params.feather)


def open_mask(path: Path) -> Image.Image:
    """A picture as a mask: its brightness. Raises StudioError."""
    return codec.open_picture(path).convert("L")


def soft_inside(mask: Image.Image, pixels: int) -> Image.Image:
    """The mask with an edge that is soft on the inside only: what was 0 stays 0."""
    if pixels < 1:
        return mask
    blurred = np.asarray(mask.filter(ImageFilter.GaussianBlur(pixels / 2)), np.float32)
    # A blurred edge is at one half where the mask ends: the upper half of it, stretched, lies all inside.
    inner = np.clip((blurred - 127.5) * 2, 0, 255)
    if inner.max() < 200:  # thinner than its edge would be
        return mask
    return Image.fromarray(np.minimum(inner, np.asarray(mask, np.float32)).astype(np.uint8))
