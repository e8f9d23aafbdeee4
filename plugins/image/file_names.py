"""File names from a pattern: readable everywhere, and never outside the folder that the artist chose."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from pathlib import Path

from studio.api import Recipe

FIELDS = ("date", "time", "seed", "model", "prompt", "width", "height", "counter")
DEFAULT = "{date} {prompt} {seed}"
_BAD = set('<>:"/\\|?*')
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{name}{n}" for name in ("COM", "LPT") for n in range(1, 10))}
_LONGEST = 120  # bytes; most file systems take 255, and folders and cloud services want some of it


def file_name(
    pattern: str,
    *,
    suffix: str,
    recipe: Recipe | None = None,
    size: tuple[int, int] = (0, 0),
    when: datetime | None = None,
    folder: Path | None = None,
) -> str:
    """A name with its ending, such as "2026-11-21 castle on a hill 7.png".

    `pattern` may hold FIELDS in braces; anything else stands for itself. With `folder`, a name that is not taken yet:
    {counter} counts on, and a pattern without it gets a number behind.
    """
    moment = when or datetime.now()
    values = _values(recipe, size, moment)
    limit = 10_000 if folder is not None else 1
    for counter in range(1, limit + 1):
        name = clean(_filled(pattern or DEFAULT, {**values, "counter": f"{counter:04d}"}))
        if "{counter}" not in pattern and counter > 1:
            name = f"{name} {counter}"
        if folder is None or not (folder / f"{name}{suffix}").exists():
            break
    return f"{name}{suffix}"


def _values(recipe: Recipe | None, size: tuple[int, int], moment: datetime) -> dict[str, str]:
    request = None if recipe is None else recipe.request
    model = None if request is None else request.model
    return {
        "date": moment.strftime("%Y-%m-%d"),
        "time": moment.strftime("%H-%M-%S"),
        "seed": "" if request is None else str(request.seed),
        "model": "" if model is None else (model.name or model.id)[:40],
        "prompt": "" if request is None else str(request.params.get("prompt", ""))[:60],
        "width": str(size[0] or ""),
        "height": str(size[1] or ""),
    }


def _filled(pattern: str, values: dict[str, str]) -> str:
    """Fields put in, once: braces inside a prompt stay what they are."""
    parts: list[str] = []
    rest = pattern[:400]
    while rest:
        before, brace, after = rest.partition("{")
        parts.append(before)
        if not brace:
            break
        name, closed, behind = after.partition("}")
        if closed and name in values:
            parts.append(values[name])
            rest = behind
        else:
            parts.append("{")
            rest = after
    return "".join(parts)


def clean(name: str) -> str:
    """The text as a file name without its ending, valid on every system: no separators, controls or reserved names."""
    kept = "".join(
        " " if mark in _BAD or unicodedata.category(mark)[0] == "C" else mark
        for mark in unicodedata.normalize("NFC", name)
    )
    short = " ".join(kept.split()).encode()[:_LONGEST].decode("utf-8", "ignore").strip(" .")
    if not short:
        return "picture"
    return f"_{short}" if short.partition(".")[0].strip().upper() in _RESERVED else short
