"""Plugins of installed packages, found without reading the metadata of every package at each start."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def entry_points(group: str) -> list[EntryPoint]:
    """What installed packages name under `group`, by name.

    importlib.metadata costs 0.02 s to import and reads every package; it is asked only where one of them says the
    group's name at all.
    """
    if not any(_says(Path(place or "."), group.encode()) for place in sys.path):
        return []
    import importlib.metadata

    return sorted(importlib.metadata.entry_points(group=group), key=lambda point: point.name)


def _says(place: Path, word: bytes) -> bool:
    try:
        with os.scandir(place) as entries:
            names = [entry.name for entry in entries]
    except NotADirectoryError:
        return True  # packages in an archive: only importlib.metadata looks into it
    except OSError:
        return False
    for name in names:
        if name.endswith(".egg"):
            return True
        if name.endswith((".dist-info", ".egg-info")):
            try:
                if word in (place / name / "entry_points.txt").read_bytes():
                    return True
            except OSError:
                continue
    return False
