"""What panels edit, as one JSON file a document; the format inside belongs to the panel."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.canonical import thaw
from studio.store.files import in_words, plain_name, plain_words, read_object, set_aside, write_file, write_json

FILE = "document.json"
_LEVELS = 2
"""The document's own fields and those of the panel's state have a line each."""
PLAIN_LIMIT = 64 << 20
"""Bytes of a plain file that somebody may have written into by another program."""


class DocumentStore:
    """`documents/<id>/document.json`. Safe from any thread. Each save takes two fsyncs: 1–5 ms on an SSD."""

    def __init__(self, folder: Path, *, notices: list[str] | None = None) -> None:
        self.folder = folder
        self.notices = [] if notices is None else notices
        self._lock = threading.RLock()
        self._saved: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {}
        """What was saved last, and its file's marks: reading a novel again at each save takes the window's time."""

    def path(self, document_id: str) -> Path:
        """Where a document is or will be. Raises ValueError for an id that cannot be a folder's name."""
        return self.folder / plain_name(document_id) / FILE

    def ids(self) -> tuple[str, ...]:
        """The ids of all documents, also those whose plugin is absent."""
        with contextlib.suppress(OSError):
            return tuple(sorted(file.parent.name for file in self.folder.glob(f"*/{FILE}")))
        return ()

    def load(self, document_id: str) -> dict[str, Any] | None:
        """The document, or None where there is none. A damaged one is renamed, said in `notices`, and None is given.

        Raises StudioError where the disk refuses.
        """
        path = self.path(document_id)
        with self._lock:
            try:
                return read_object(path)
            except FileNotFoundError:
                return None
            except ValueError:
                with plain_words(path):
                    aside = set_aside(path)
                self.notices.append(
                    f"The document “{document_id}” was damaged and could not be read. It was kept as {aside.name}."
                )
                return None
            except OSError as error:
                raise in_words(error, path, doing="read") from error

    def save(self, document_id: str, document: Mapping[str, Any], files: Mapping[str, str] | None = None) -> None:
        """Keep a document, atomically. Top-level fields that are on disk and not in `document` stay: an older plugin
        does not lose what a newer one wrote. To empty a field, save it as None. Raises StudioError.

        `files` are plain texts to stand beside it under their names, for people and for other programs. The document
        must hold all of it too: it is written first, so a crash between the two leaves the files older, not torn.
        """
        path = self.path(document_id)
        with self._lock:
            before = self._before(document_id, path)
            after = {**before, **thaw(document)}
            kept: Mapping[str, Any] = before.get("files") or {}
            if files is not None:
                after["files"] = {plain_name(name): _hash(text.encode()) for name, text in files.items()}
            if after != before or not path.exists():
                self._saved.pop(document_id, None)
                write_json(path, after, levels=_LEVELS)
                self._saved[document_id] = _marks(path), after
            for name, text in (files or {}).items():
                target = path.with_name(name)
                if kept.get(name) != after["files"][name] or not target.exists():
                    with plain_words(target):
                        write_file(target, text.encode())
            for name in set(kept) - set(after.get("files") or {}):
                with contextlib.suppress(OSError, ValueError):
                    path.with_name(plain_name(name)).unlink(missing_ok=True)

    def _before(self, document_id: str, path: Path) -> dict[str, Any]:
        """What is on disk."""
        marks, saved = self._saved.get(document_id, ((), {}))
        return saved if marks and marks == _marks(path) else self.load(document_id) or {}

    def changed_files(self, document_id: str) -> dict[str, str]:
        """The plain files beside a document that another program has written since it was saved."""
        path = self.path(document_id)
        found: dict[str, str] = {}
        with self._lock, contextlib.suppress(OSError, ValueError, AttributeError):
            saved = path.stat().st_mtime_ns
            for name, sha256 in (read_object(path).get("files") or {}).items():
                file = path.with_name(plain_name(name))
                with contextlib.suppress(OSError, UnicodeDecodeError):
                    stat = file.stat()
                    # Older than the document: it was not written any more when the program was ended.
                    if stat.st_mtime_ns < saved or stat.st_size > PLAIN_LIMIT:
                        continue
                    data = file.read_bytes()
                    if _hash(data) != sha256:
                        found[name] = data.decode("utf-8-sig")
        return found

    def remove(self, document_id: str) -> None:
        """Delete a document's file; nothing happens where there is none. Raises StudioError."""
        path = self.path(document_id)
        with self._lock, plain_words(path, doing="delete"):
            for name in (self.load(document_id) or {}).get("files") or {}:
                with contextlib.suppress(OSError, ValueError):
                    path.with_name(plain_name(name)).unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def _marks(path: Path) -> tuple[int, ...]:
    """What tells a file from one that was written in its place; nothing where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
