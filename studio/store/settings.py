"""Settings and the session: small JSON files of the user, outside any project."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from studio.core.canonical import thaw
from studio.core.errors import StudioError
from studio.core.params import salvage, values_of
from studio.store.files import in_words, plain_words, read_object, set_aside, write_json

FORMAT = 1
T = TypeVar("T")


class _Values:
    """A JSON object on disk, read once and written whole. What a newer Studio wrote beside it stays."""

    def __init__(self, path: Path, *, title: str) -> None:
        self.path = path
        self.notices: list[str] = []
        self._title = title
        self._lock = threading.RLock()
        self._file: dict[str, Any] | None = None

    def _read(self) -> dict[str, Any]:
        """The `values` object of the file. A damaged file is renamed and said in `notices`. Raises StudioError."""
        if self._file is None:
            try:
                self._file = read_object(self.path)
            except FileNotFoundError:
                self._file = {}
            except ValueError:
                with plain_words(self.path):
                    aside = set_aside(self.path)
                self.notices.append(f"{self._title} could not be read and start anew. The file was kept as {aside}.")
                self._file = {}
            except OSError as error:
                raise in_words(error, self.path, doing="read") from error
        values = self._file.setdefault("values", {})
        if not isinstance(values, dict):
            values = self._file["values"] = {}
        return values

    def _known(self) -> Mapping[str, Any]:
        """Like `_read`, and nothing where the disk refuses: the window opens all the same, with its defaults."""
        try:
            return self._read()
        except StudioError as error:
            if str(error) not in self.notices:
                self.notices.append(str(error))
            return {}

    def _write(self, changes: Mapping[str, Any]) -> None:
        values = {**self._read(), **changes}
        file = {"format": FORMAT, **(self._file or {}), "values": values}
        write_json(self.path, file)
        self._file = file


class SettingsStore(_Values):
    """The values of every settings dataclass, under "<plugin id>.<ClassName>". Safe from any thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, title="The settings")
        self._listeners: list[Callable[[str], None]] = []

    def get(self, full_id: str, settings: type[T]) -> T:
        """An instance of `settings`; what was never set or does not fit any more is at its default."""
        with self._lock:
            values = self._known().get(full_id)
        return salvage(settings, values)[0] if isinstance(values, dict) else settings()

    def set(self, full_id: str, instance: Any) -> None:
        """Keep all fields of a settings instance, then tell the listeners. 1–5 ms on an SSD. Raises StudioError."""
        with self._lock:
            before = self._read().get(full_id)
            kept = before if isinstance(before, dict) else {}
            self._write({full_id: {**kept, **values_of(instance)}})
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(full_id)

    def values(self, plugin_id: str) -> dict[str, dict[str, Any]]:
        """What was set for a plugin: {ClassName: {field: value}}, unchecked, as a worker is given it."""
        prefix = f"{plugin_id}."
        with self._lock:
            found = {key: value for key, value in self._known().items() if key.startswith(prefix)}
        return {key[len(prefix) :]: dict(value) for key, value in found.items() if isinstance(value, dict)}

    def listen(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call `callback(full_id)` after each change, in the thread that made it. Gives back what ends it."""
        with self._lock:
            self._listeners.append(callback)

        def stop() -> None:
            with self._lock:
                if callback in self._listeners:
                    self._listeners.remove(callback)

        return stop


class SessionStore(_Values):
    """Small JSON values that bring the window back as it was. Safe from any thread; the caller debounces."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, title="The last session")

    def get(self, key: str, default: Any = None) -> Any:
        """What was set, or `default`."""
        with self._lock:
            values = self._known()
            return thaw(values[key]) if key in values else default

    def set(self, key: str, value: Any) -> None:
        """Keep one value. 1–5 ms on an SSD. Raises StudioError, or TypeError for what is no JSON."""
        self.update({key: value})

    def update(self, values: Mapping[str, Any]) -> None:
        """Keep several values in one write. Nothing is written where nothing changed."""
        with self._lock:
            changes = {key: thaw(value) for key, value in values.items()}
            known = self._read()
            if any(key not in known or known[key] != value for key, value in changes.items()):
                self._write(changes)
