"""Pictures in and out: opening foreign ones within limits, fitting them to a size, and the PNG that is kept."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from studio.api import Recipe, StudioError

from . import codec_text

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")
"""What is opened at all: decoders for everything else are never reached."""
PIXEL_LIMIT = 150_000_000
"""A 628 kB PNG can hold 144 megapixels; a camera's picture stays below this."""
BROKEN: tuple[type[Exception], ...] = (
    OSError,
    ValueError,  # with its family: UnicodeDecodeError
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,  # of the AVIF decoder; RecursionError is one too
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""All that Pillow's decoders raise for damaged files, seen with thousands of them."""
RECIPE_KEY = "studio"
PARAMETERS_KEY = "parameters"


def open_picture(source: Path | bytes) -> Image.Image:
    """The picture as 8-bit RGB, upright, transparent parts on white. Raises StudioError in plain words."""
    name = source.name if isinstance(source, Path) else "The picture"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow about odd metadata; what matters is checked here
            with Image.open(source if isinstance(source, Path) else io.BytesIO(source), formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > PIXEL_LIMIT:
                    raise StudioError(
                        f"{name} is too large: {width:,} × {height:,} pixels.",
                        "Make it smaller in another program first.",
                    )
                picture.load()
                return _plain(ImageOps.exif_transpose(picture))
    except StudioError:
        raise
    except FileNotFoundError as error:
        raise StudioError(f"{name} is gone.", "Choose the picture again.", details=str(error)) from error
    except UnidentifiedImageError as error:
        raise StudioError(
            f"{name} is not a picture that Studio can read.",
            "PNG, JPEG, WebP, AVIF, TIFF, BMP and GIF can be read.",
            details=str(error),
        ) from error
    except BROKEN as error:
        raise StudioError(
            f"{name} is damaged or not whole.", "Try another copy of it.", details=f"{type(error).__name__}: {error}"
        ) from error


def _plain(picture: Image.Image) -> Image.Image:
    if picture.mode in ("I;16", "I;16L", "I;16B", "I"):
        deep = np.asarray(picture).astype(np.float64)
        return Image.fromarray((deep / 257 + 0.5).clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        return Image.fromarray((np.nan_to_num(np.asarray(picture)) * 255).clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        over = picture.convert("RGBA")
        ground = Image.new("RGBA", over.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, over).convert("RGB")
    return picture.convert("RGB")


def fitted(picture: Image.Image, width: int, height: int, *, how: str = "crop") -> Image.Image:
    """The picture in exactly `width` × `height`: "crop" fills the frame from the middle, "stretch" bends it."""
    if picture.size == (width, height):
        return picture
    if how == "stretch":
        return picture.resize((width, height), Image.Resampling.LANCZOS)
    return ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)


def scaled(picture: Image.Image, longest_side: int) -> Image.Image:
    """The picture with its longest side of so many pixels; 0 leaves it as it is."""
    most = max(picture.size)
    if not longest_side or longest_side == most:
        return picture
    size = tuple(max(1, round(side * longest_side / most)) for side in picture.size)
    return picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)


def to_picture(pixels: Any) -> Image.Image:
    """Floats [height, width, 3] in 0 … 1 to an 8-bit picture, rounded to the nearest value."""
    return Image.fromarray((np.asarray(pixels) * 255).round().clip(0, 255).astype(np.uint8))


def png(
    picture: Image.Image, recipe: Recipe | None, *, compression: int = 3, icc_profile: bytes | None = None
) -> bytes:
    """A PNG with the recipe as iTXt `studio`, and as the A1111 `parameters` text that other programs read."""
    texts = PngImagePlugin.PngInfo()
    if recipe is not None:
        texts.add_itxt(RECIPE_KEY, recipe.text())
        texts.add_text(PARAMETERS_KEY, codec_text.write(recipe, size=picture.size))
    buffer = io.BytesIO()
    extra = {} if icc_profile is None else {"icc_profile": icc_profile}
    picture.save(buffer, "PNG", pnginfo=texts, compress_level=compression, **extra)
    return buffer.getvalue()
