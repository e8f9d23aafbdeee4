"""File names of exports: made from a pattern, valid on every system, and never outside the folder that was chosen."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QStandardPaths

from studio.core.errors import StudioError

FIELDS = ("date", "time", "prompt", "seed", "model", "width", "height", "title", "counter")
DEFAULT = "{date} {prompt} {seed}"
LONGEST = 120
"""Bytes of a name without its ending: most file systems take 255, cloud folders and backups want some of it."""
MOST = 10_000
_PLACES = QStandardPaths.StandardLocation
_FOLDERS = {"image": _PLACES.PicturesLocation, "audio": _PLACES.MusicLocation, "video": _PLACES.MoviesLocation}
"""Where the system keeps each kind of file; everything else is a document."""
_BAD = frozenset('<>:"/\\|?*')
_RESERVED = frozenset(("CON", "PRN", "AUX", "NUL", *(f"{name}{n}" for name in ("COM", "LPT") for n in range(1, 10))))


def usual_folder(kind: str) -> Path:
    """Where files of a kind ("image", "text" …) go unless somebody said otherwise."""
    place = QStandardPaths.writableLocation(_FOLDERS.get(kind, _PLACES.DocumentsLocation))
    return Path(place) if place else Path.home()


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """The pattern with its {fields} put in, once: braces inside a prompt stay what they are. Unknown fields stay."""
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


def unknown_fields(pattern: str) -> list[str]:
    """Words in braces that are no field."""
    found = [part.partition("}")[0] for part in pattern.split("{")[1:] if "}" in part]
    return [name for name in found if name not in FIELDS]


def clean(name: str) -> str:
    """A text as a file name without its ending: no separators, no control characters, no reserved names."""
    kept = "".join(
        " " if mark in _BAD or unicodedata.category(mark)[0] == "C" else mark
        for mark in unicodedata.normalize("NFC", name[:1000])
    )
    short = " ".join(kept.split()).encode()[:LONGEST].decode("utf-8", "ignore").strip(" .")
    if not short:
        return "export"
    return f"_{short}" if short.partition(".")[0].strip().upper() in _RESERVED else short


def beginning(text: str, limit: int = 60) -> str:
    """The first words of a text, whole ones if there is more than one."""
    words = " ".join(text[: 4 * limit].split())
    if len(words) <= limit:
        return words
    return words[: words.rfind(" ", 0, limit + 1) if " " in words[: limit + 1] else limit].rstrip(" ,.;:-")


def values_for(
    *,
    prompt: str = "",
    title: str = "",
    seed: int | None = None,
    model: str = "",
    size: tuple[int, int] = (0, 0),
    when: datetime | None = None,
) -> dict[str, str]:
    """What the fields stand for, without the counter."""
    moment = when or datetime.now()
    return {
        "date": moment.strftime("%Y-%m-%d"),
        "time": moment.strftime("%H-%M-%S"),
        "prompt": beginning(prompt),
        "title": beginning(title),
        "seed": "" if seed is None else str(seed),
        "model": model[:40],
        "width": str(size[0] or ""),
        "height": str(size[1] or ""),
    }


def titled(values: Mapping[str, str], options: object) -> dict[str, str]:
    """The values with the title that an exporter's options give the work, where they give one."""
    title = str(getattr(options, "title", "") or "").strip()
    return {**values, "title": beginning(title)} if title else dict(values)


def name_for(pattern: str, values: Mapping[str, str], suffix: str, counter: int = 1) -> str:
    """The name with its ending. A pattern without {counter} gets the number behind from the second on."""
    chosen = pattern.strip() or DEFAULT
    name = clean(fill(chosen, {**values, "counter": f"{counter:04d}"}))
    return f"{name}{suffix}" if counter == 1 or "{counter}" in chosen else f"{name} {counter}{suffix}"


def free_name(folder: Path, pattern: str, values: Mapping[str, str], suffix: str) -> str:
    """The first name that is not taken in `folder`. Only a look: `write_new` decides."""
    for counter in range(1, MOST):
        name = name_for(pattern, values, suffix, counter)
        if not (folder / name).exists():
            return name
    return name_for(pattern, values, suffix, MOST)


def write_new(folder: Path, pattern: str, values: Mapping[str, str], suffix: str, data: bytes) -> Path:
    """Write `data` as a new file in `folder`, under the first name that is free; nothing is ever overwritten.

    Raises StudioError where the folder does not take it; what was written of the file is removed then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for counter in range(1, MOST):
            path = folder / name_for(pattern, values, suffix, counter)
            if path.parent != folder:
                raise StudioError("This file name leads out of the folder.", "Take the slashes out of the pattern.")
            try:
                file = path.open("xb")
            except FileExistsError:
                continue
            try:
                with file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                path.unlink(missing_ok=True)
                raise
            return path
    except OSError as error:
        raise StudioError(
            f"The folder “{folder.name or folder}” does not take the file: {error.strerror or error}.",
            "Choose another folder, or make room on the disk.",
            details=f"{type(error).__name__}: {error}",
        ) from error
    raise StudioError("Too many files have this name.", "Put {counter} or {time} into the pattern.")
