"""Pictures as files for the rest of the world, each with its recipe inside unless the artist says otherwise."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from studio.api import Recipe, StudioError

from . import codec, codec_recipe, codec_tiff
from .params import AvifOptions, JpegOptions, PngOptions, TiffOptions, WebpOptions

__all__ = ["avif", "estimate", "jpeg", "png", "tiff", "webp"]


def png(source: Path, recipe: Recipe | None, options: PngOptions) -> bytes:
    """PNG: recipe as iTXt `studio` and A1111's `parameters`."""
    picture = codec.scaled(codec.open_picture(source), options.longest_side)
    kept = recipe if options.recipe else None
    return codec.png(picture, kept, compression=options.compression, icc_profile=_srgb())


def jpeg(source: Path, recipe: Recipe | None, options: JpegOptions) -> bytes:
    """JPEG: recipe in XMP, A1111's text in EXIF. Raises StudioError for a recipe longer than JPEG has room for."""
    picture = codec.scaled(codec.open_picture(source), options.longest_side)
    extra = _inside(recipe if options.recipe else None, picture, limit=codec_recipe.SEGMENT_LIMIT)
    if len(extra.get("xmp", b"")) > codec_recipe.SEGMENT_LIMIT:
        raise StudioError(
            "The recipe is too long for a JPEG.", "Export as PNG or WebP, shorten the prompt, or leave the recipe out."
        )
    _check_side(picture, 65_500, "JPEG")
    subsampling = "4:4:4" if options.full_colour else "4:2:0"
    return _saved(
        picture, "JPEG", quality=options.quality, subsampling=subsampling, optimize=True, progressive=True, **extra
    )


def webp(source: Path, recipe: Recipe | None, options: WebpOptions) -> bytes:
    """WebP: recipe in XMP, A1111's text in EXIF."""
    picture = codec.scaled(codec.open_picture(source), options.longest_side)
    _check_side(picture, 16_383, "WebP")
    extra = _inside(recipe if options.recipe else None, picture)
    return _saved(picture, "WEBP", quality=options.quality, lossless=options.lossless, method=4, **extra)


def avif(source: Path, recipe: Recipe | None, options: AvifOptions) -> bytes:
    """AVIF: recipe in XMP, A1111's text in EXIF."""
    picture = codec.scaled(codec.open_picture(source), options.longest_side)
    _check_side(picture, 16_384, "AVIF")
    extra = _inside(recipe if options.recipe else None, picture)
    subsampling = "4:4:4" if options.quality >= 90 else "4:2:0"
    speed = 10 - options.effort
    return _saved(picture, "AVIF", quality=options.quality, speed=speed, subsampling=subsampling, **extra)


def tiff(source: Path, recipe: Recipe | None, options: TiffOptions) -> bytes:
    """TIFF: recipe in XMP, A1111's text in EXIF. In 16 bits every 8-bit value v is written as 257 v: room for other
    programs to work in, no finer colours than the picture has.
    """
    picture = codec.scaled(codec.open_picture(source), options.longest_side)
    pixels = np.asarray(picture)
    if options.depth == "16":
        pixels = pixels.astype(np.uint16) * 257
    kept = recipe if options.recipe else None
    return codec_tiff.write(
        pixels,
        compress=options.compress,
        xmp=codec_recipe.xmp(kept) if kept else b"",
        user_comment=codec_recipe.user_comment(kept, size=picture.size) if kept else b"",
        icc_profile=_srgb(),
    )


def estimate(
    encode: Callable[[Path, Recipe | None, Any], bytes], source: Path, recipe: Recipe | None, options: Any
) -> int:
    """How many bytes the file will have: exactly, for it is made in memory."""
    return len(encode(source, recipe, options))


def _inside(recipe: Recipe | None, picture: Image.Image, *, limit: int = 0) -> dict[str, bytes]:
    if recipe is None:
        return {}
    return {
        "exif": codec_recipe.exif(recipe, size=picture.size, limit=limit),
        "xmp": codec_recipe.xmp(recipe, limit=limit),
    }


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    try:
        picture.save(buffer, kind, icc_profile=_srgb(), **options)
    except (OSError, ValueError, MemoryError) as error:
        raise StudioError(
            f"The picture could not be written as {kind}.", "Try another format or a smaller size.", details=str(error)
        ) from error
    return buffer.getvalue()


def _check_side(picture: Image.Image, limit: int, name: str) -> None:
    if max(picture.size) > limit:
        raise StudioError(
            f"{name} has room for {limit:,} pixels a side; the picture has {max(picture.size):,}.",
            "Set a smaller longest side, or export as PNG or TIFF.",
        )


@cache
def _srgb() -> bytes:
    """The profile that says which colours the numbers mean; without it, print shops and browsers guess."""
    data: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Bytes 24 to 35 are the time at which the profile was made: the same picture must make the same file.
    return data[:24] + bytes((0x07, 0xE8, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)) + data[36:]
