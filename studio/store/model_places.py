"""Models that are used where they lie, outside the models folder, and models that are not to be listed any more."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.core.values import frozen
from studio.store.files import read_object, set_aside, write_json

MODEL_PLACES = "models.json"
_FORMAT = 1
MOST = 1000
"""Entries of each list that are read back."""


@frozen
class Listed:
    """`folders` are searched, `files` are single files or model folders, `forgotten` is passed over."""

    folders: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    forgotten: tuple[Path, ...] = ()


class ModelPlaces:
    """One small JSON file. Safe from any thread; a damaged file is set aside and the lists begin anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._listed: Listed | None = None

    def listed(self) -> Listed:
        """What is on the lists."""
        with self._lock:
            return self._read()

    def use(self, path: Path) -> None:
        """List what lies there from now on. Raises StudioError where that cannot be kept."""
        path = path.absolute()
        folder = path.is_dir() and not (path / "model_index.json").is_file() and not (path / "config.json").is_file()
        name = "folders" if folder else "files"

        def change(listed: Listed) -> Listed:
            # What lies in a folder that is added again was probably forgotten by mistake.
            kept = tuple(p for p in listed.forgotten if p != path and path not in p.parents)
            known = getattr(listed, name)
            return replace(listed, **{name: known if path in known else (*known, path), "forgotten": kept})

        self._change(change)

    def forget(self, path: Path) -> None:
        """List it no more; nothing on the disk is touched. Raises StudioError where that cannot be kept."""
        path = path.absolute()

        def change(listed: Listed) -> Listed:
            # What no list names is found inside some folder: only a list of its own keeps it away.
            inside = path not in (*listed.files, *listed.folders)
            inside = inside or any(folder in path.parents for folder in listed.folders)
            return Listed(
                tuple(p for p in listed.folders if p != path),
                tuple(p for p in listed.files if p != path),
                (*(p for p in listed.forgotten if p != path), *((path,) if inside else ())),
            )

        self._change(change)

    def _change(self, change: Callable[[Listed], Listed]) -> None:
        with self._lock:
            changed = change(self._read())
            data: dict[str, Any] = {
                name: [str(path) for path in getattr(changed, name)] for name in ("folders", "files", "forgotten")
            }
            write_json(self._path, {"format": _FORMAT, **data})
            self._listed = changed

    def _read(self) -> Listed:
        if self._listed is None:
            try:
                data = read_object(self._path)
            except ValueError:
                with contextlib.suppress(OSError):
                    set_aside(self._path)
                data = {}
            except OSError:
                data = {}
            self._listed = Listed(*(_paths(data.get(name)) for name in ("folders", "files", "forgotten")))
        return self._listed


def _paths(value: Any) -> tuple[Path, ...]:
    items = value if isinstance(value, list) else []
    found = (Path(item) for item in items[:MOST] if isinstance(item, str) and "\0" not in item)
    return tuple(path for path in found if path.is_absolute())
