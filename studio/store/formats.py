"""Older projects: one pure function a step brings each kind of file to the next format."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.values import frozen
from studio.store.files import make_folder, plain_words, read_object, write_json

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

PATTERNS = {
    "project": "project.json",
    "sidecar": "artifacts/[0-9a-f][0-9a-f]/*.json",
    "document": "documents/*/document.json",
}
"""The kinds of files that carry a format, and where they are. Pictures and steps are never rewritten."""


@frozen
class Formats:
    """`current` is the format this version writes. `upgrades[n][kind]` brings a file of that kind from format n to
    n + 1; it gets the file's JSON and gives new JSON, knows nothing else and touches nothing. No entry: nothing to do.
    """

    current: int = 1
    upgrades: Mapping[int, Mapping[str, Upgrade]] = field(default_factory=dict)

    def upgrade(self, kind: str, data: dict[str, Any], start: int) -> dict[str, Any]:
        """`data` brought from format `start` to the current one."""
        for number in range(start, self.current):
            change = self.upgrades.get(number, {}).get(kind)
            data = change(dict(data)) if change else data
        return data


FORMATS = Formats()


def bring_up(folder: Path, formats: Formats, *, start: int) -> Path:
    """Copy all files that carry a format into `backups/format-<start>`, then upgrade them; the copy's folder.

    `project.json` comes last: a project whose upgrade was interrupted is still an old one, and is upgraded again from
    the copies. Raises StudioError; the copies are then still what they were.
    """
    backup = folder / "backups" / f"format-{start}"
    done = backup / "complete"
    with plain_words(backup):
        if not done.exists():
            for _, path in _files(folder):
                copy = backup / path.relative_to(folder)
                make_folder(copy.parent)
                shutil.copy2(path, copy)
            write_json(done, {"format": start})
    changed = []
    for kind, copy in _files(backup):
        with contextlib.suppress(ValueError, OSError):  # damaged before: it stays as it is
            data = read_object(copy)
            changed.append((kind, folder / copy.relative_to(backup), formats.upgrade(kind, data, start)))
    for kind, path, data in sorted(changed, key=lambda item: item[0] == "project"):
        write_json(path, {**data, "format": formats.current} if kind == "project" else data)
    return backup


def newer(title: str, number: int, current: int) -> StudioError:
    """What is said about a project that a newer version wrote."""
    return StudioError(
        f"“{title}” was last opened with a newer version of Studio.",
        "Update Studio to open it. Nothing in it was changed.",
        details=f"project format {number}; this version knows {current}",
    )


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for kind, pattern in PATTERNS.items():
        for path in sorted(folder.glob(pattern)):
            yield kind, path
