"""Comparing a result with what its recipe gives when it is run again, and naming what is different now."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.core import media
from studio.core.artifact import Output
from studio.core.recipe import Recipe
from studio.core.verdict import Answer, Ingredient, Verdict

if TYPE_CHECKING:
    from PIL import Image

CLOSE = 30.0
"""dB of PSNR from which two pictures look alike."""
_NAMES = {
    "studio": "Studio",
    "generator": "generator",
    "python": "Python",
    "platform": "system",
    "threads": "threads",
    "dtype": "precision",
}
_READ = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF")
_SIDE = 16_384
_PEAK = 255.0


def verdict(recipe: Recipe, kind: str, data: bytes, made: Sequence[Output]) -> Verdict:
    """`data` is the file that is looked into, of media type `kind`, with its recipe; `made` is what came of it now."""
    if not made:
        return Verdict(Answer.DIFFERENT, "nothing came of it")
    found = [_compared(kind, data, output) for output in made]
    answer, detail, psnr = min(found, key=lambda one: list(Answer).index(one[0]))
    return Verdict(answer, detail, psnr, ingredients(recipe.used, made[0].recipe.used))


def ingredients(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Ingredient, ...]:
    """What a recipe says was used and is another now; what only one of the two knows is left out."""
    before, after = _flat(then), _flat(now)
    return tuple(
        Ingredient(name, before[name], after[name]) for name in before if name in after and before[name] != after[name]
    )


def _flat(used: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in used.items():
        if key == "model" and isinstance(value, Mapping):
            if value.get("sha256"):
                found["model"] = f"{value.get('name') or value.get('id') or ''} ({str(value['sha256'])[:12]})".strip()
        elif key == "plugin" and isinstance(value, Mapping):
            found[f"{value.get('id', '')} plugin".strip()] = str(value.get("version", ""))
        elif key == "loras" and isinstance(value, (list, tuple)):
            found["LoRAs"] = ", ".join(sorted(_lora(item) for item in value)) or "none"
        elif isinstance(value, (str, int, float)) and key != "continued_after_step":
            found[_NAMES.get(key, key)] = str(value)
    return found


def _lora(item: Any) -> str:
    return str(item.get("sha256", ""))[:12] if isinstance(item, Mapping) else str(item)


def _compared(kind: str, data: bytes, output: Output) -> tuple[Answer, str, float | None]:
    if data == output.data:
        return Answer.IDENTICAL, "", None
    family = media.kind(output.media)
    if media.kind(kind) != family:
        return Answer.DIFFERENT, f"it is {kind}, and {output.media} was made", None
    if family == "image":
        return pictures(data, output.data)
    if family == "text":
        return texts(data.decode("utf-8", "replace"), output.data.decode("utf-8", "replace"))
    return files(data, output.data)


def pictures(data: bytes, again: bytes) -> tuple[Answer, str, float | None]:
    """Two pictures by their pixels; one of another size is compared at the size of `data`."""
    from PIL import Image  # not on the way to the window

    try:
        one, two = _pixels(data), _pixels(again)
    except (OSError, ValueError, SyntaxError, Warning):
        return Answer.DIFFERENT, "the picture cannot be read", None
    if one.size != two.size:
        note = f"{one.width} × {one.height} pixels instead of {two.width} × {two.height}"
        if abs(one.width * two.height - one.height * two.width) > max(one.size) * max(two.size) // 100:
            return Answer.DIFFERENT, note, None
        two = two.resize(one.size, Image.Resampling.LANCZOS)
    else:
        note = ""
    psnr = _psnr(one, two)
    if psnr is None:
        return (Answer.CLOSE, note, None) if note else (Answer.IDENTICAL, "", None)
    words = f"PSNR {psnr:.1f} dB" + (f", {note}" if note else "")
    return (Answer.CLOSE if psnr >= CLOSE else Answer.DIFFERENT), words, psnr


def texts(one: str, two: str) -> tuple[Answer, str, float | None]:
    """Two texts, word by word."""
    first, second = one.split(), two.split()
    if first == second:
        return Answer.IDENTICAL, "", None
    same = next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    was = first[same] if same < len(first) else "the end"
    now = second[same] if same < len(second) else "the end"
    close = same * 2 >= max(len(first), len(second))
    return (
        (Answer.CLOSE if close else Answer.DIFFERENT),
        f"from word {same + 1} on, “{now[:40]}” for “{was[:40]}”",
        None,
    )


def files(one: bytes, two: bytes) -> tuple[Answer, str, float | None]:
    """Two files of which only the bytes are known."""
    same = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    return Answer.DIFFERENT, f"from byte {same + 1:,} of {len(one):,} on", None


def _pixels(data: bytes) -> Image.Image:
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=_READ) as picture:
            if max(picture.size) > _SIDE:
                raise ValueError("too large")
            return ImageOps.exif_transpose(picture).convert("RGB")


def _psnr(one: Image.Image, two: Image.Image) -> float | None:
    """In dB; None where no pixel differs."""
    from PIL import ImageChops

    counts = ImageChops.difference(one, two).histogram()
    total = sum(counts)
    error = sum(count * (level % 256) ** 2 for level, count in enumerate(counts)) / max(total, 1)
    return None if error == 0 else 10 * math.log10(_PEAK**2 / error)
