"""What a picture file says about how it was made: our own recipe, or the settings of another program."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from studio.api import Imported, Recipe, StudioError, media

from . import codec_recipe, foreign
from .codec import BROKEN, PARAMETERS_KEY, RECIPE_KEY
from .codec_png import SIGNATURE, TEXT_LIMIT, texts

_READERS = {media.JPEG: "JPEG", media.WEBP: "WEBP", media.AVIF: "AVIF", media.TIFF: "TIFF"}


def read(path: Path) -> Imported:
    """What the file says. No pixel is decoded, and every text is bounded. Raises StudioError for a file that is gone or
    no picture; a picture that says nothing is no error.
    """
    try:
        kind = sniff(path)
        found = dict(texts(path)) if kind == media.PNG else _metadata(path, kind)
    except StudioError:
        raise
    except FileNotFoundError as error:
        raise StudioError(f"{path.name} is gone.", "Choose the file again.", details=str(error)) from error
    except BROKEN as error:
        raise StudioError(
            f"{path.name} is damaged or not whole.",
            "Try another copy of it.",
            details=f"{type(error).__name__}: {error}",
        ) from error
    return _understood(kind, found)


def sniff(path: Path) -> str:
    """The media type by the first bytes, whatever the file is called. Raises StudioError for what is no picture."""
    with path.open("rb") as file:
        head = file.read(32)
    if head.startswith(SIGNATURE):
        return media.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return media.JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return media.WEBP
    if head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis", b"mif1"):
        return media.AVIF
    if head[:4] in (b"II*\0", b"MM\0*"):
        return media.TIFF
    raise StudioError(
        f"{path.name} is not a picture that Studio can read.", "PNG, JPEG, WebP, AVIF and TIFF can be read."
    )


def _metadata(path: Path, kind: str) -> dict[str, str]:
    """The texts of a JPEG, WebP, AVIF or TIFF under the keywords that a PNG would have."""
    found: dict[str, str] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path, formats=(_READERS[kind],)) as picture:
            packet = picture.info.get("xmp", b"")
            if kind == media.TIFF and not packet:
                packet = picture.getexif().get(codec_recipe.XMP_TAG, b"")
            comment = picture.getexif().get_ifd(codec_recipe.EXIF_IFD).get(codec_recipe.USER_COMMENT, b"")
    packet = packet.encode() if isinstance(packet, str) else bytes(packet)
    recipe = codec_recipe.from_xmp(packet)
    if recipe is not None:
        found[RECIPE_KEY] = recipe
    if isinstance(comment, (bytes, str)) and comment:
        plain = comment if isinstance(comment, str) else codec_recipe.from_user_comment(comment)
        found[PARAMETERS_KEY] = plain
    return found


def _understood(kind: str, found: Mapping[str, str]) -> Imported:
    notes: list[str] = []
    if RECIPE_KEY in found:
        recipe = _own(found[RECIPE_KEY], notes)
        if recipe is not None:
            return Imported(kind, recipe, tuple(notes))
    for keyword, understand in foreign.READERS.items():
        text = found.get(keyword)
        if text is None:
            continue
        taken = understand(text)
        if taken is not None:
            return Imported(kind, taken.recipe, (*notes, *taken.notes), foreign=True)
    return Imported(kind, None, tuple(notes))


def _own(text: str, notes: list[str]) -> Recipe | None:
    if len(text) > TEXT_LIMIT:
        notes.append("The recipe in this file is too long to be one of ours.")
        return None
    try:
        data: Any = json.loads(text)
        return Recipe.from_json(data)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        newer = isinstance(error, ValueError) and "newer" in str(error)
        notes.append(
            "The recipe was written by a newer version of Studio."
            if newer
            else "The recipe in this file is damaged and was not read."
        )
        return None
