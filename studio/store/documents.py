"""What panels edit, as one JSON file a document; the format inside belongs to the panel."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.canonical import thaw
from studio.store.files import in_words, plain_name, plain_words, read_object, set_aside, write_json

FILE = "document.json"


class DocumentStore:
    """`documents/<id>/document.json`. Safe from any thread. Each save takes two fsyncs: 1–5 ms on an SSD."""

    def __init__(self, folder: Path, *, notices: list[str] | None = None) -> None:
        self.folder = folder
        self.notices = [] if notices is None else notices
        self._lock = threading.RLock()

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

    def save(self, document_id: str, document: Mapping[str, Any]) -> None:
        """Keep a document, atomically. Top-level fields that are on disk and not in `document` stay: an older plugin
        does not lose what a newer one wrote. To empty a field, save it as None. Raises StudioError.
        """
        path = self.path(document_id)
        with self._lock:
            before = self.load(document_id) or {}
            after = {**before, **thaw(document)}
            if after != before or not path.exists():
                write_json(path, after)

    def remove(self, document_id: str) -> None:
        """Delete a document's file; nothing happens where there is none. Raises StudioError."""
        path = self.path(document_id)
        with self._lock, plain_words(path, doing="delete"):
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()
