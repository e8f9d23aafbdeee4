"""The library: everything in the artifacts folder, found at once. Its index is a cache; the files are the truth."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from studio.core.artifact import Artifact
from studio.core.errors import StudioError
from studio.store import sidecar
from studio.store.files import TEMPORARY, make_folder, write_file
from studio.store.index import Damaged, Index, Outdated, Row
from studio.store.sidecar import Entry
from studio.store.thumbnails import Thumbnails

T = TypeVar("T")
INDEX = "library.sqlite"
SUM = "library.sum"
CACHE_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# Made by Studio. Everything here can be deleted.\n"
_SETTLED = 3.0
"""Seconds after which a folder's time stamp can be trusted to show the next change (FAT counts in steps of two)."""
_KEPT = 4096
_PATIENCE = 5.0
"""Seconds before an index that could not take a change (a full disk) is brought up to date again."""
_BROKEN = (sqlite3.Error, Damaged, UnicodeDecodeError, OverflowError, MemoryError)
"""What a damaged index can raise: its garbage may also be a text that is no UTF-8 or a length of 2 GB."""
_BATCH = 250
"""Artifacts of one transaction while files are read, so that a star set meanwhile waits 50 ms, not seconds."""


class Library:
    """Search over the artifacts of a project. Safe from any thread.

    `search`, `count`, `get` and `thumbnail(make=False)` are for the window's thread: a few ms for 10,000 artifacts.
    `rebuild`, `refresh` and making thumbnails are not. `notices` are sentences for the artist, each said once.
    """

    def __init__(self, folder: Path, cache: Path, *, notices: list[str] | None = None) -> None:
        """`folder` holds the artifacts, `cache` the index and the thumbnails. Reads what changed since last time."""
        self.folder = folder
        self.cache = cache
        self.notices = [] if notices is None else notices
        self._thumbnails = Thumbnails(cache / "thumbnails")
        self._lock = threading.RLock()
        self._swap = threading.RLock()
        self._version = 0
        self._stale = False
        self._try_again = 0.0
        self._closed = False
        self._known_lock = threading.Lock()
        self._known: OrderedDict[str, tuple[bytes, Artifact]] = OrderedDict()
        self._index = self._open()
        try:
            self.refresh(sweep=True)
        except BaseException:
            self._index.close()
            raise

    @property
    def version(self) -> int:
        """Counts up with every change, so that a view knows when to ask again."""
        return self._version

    def search(
        self, text: str = "", *, starred: bool = False, kind: str = "", limit: int = 200, offset: int = 0
    ) -> tuple[Artifact, ...]:
        """The artifacts whose title, prompt or model hold every word of `text`, newest first. The beginning of a word
        is enough; case and accents do not matter. `kind` is the part of the media type before the slash. Records,
        which a generator left beside a result (`media.is_record`), are found by their job only.
        """
        rows = self._ask(lambda i: i.search(text, starred=starred, kind=kind, limit=limit, offset=offset))
        return tuple(map(self._artifact, rows))

    def count(self, text: str = "", *, starred: bool = False, kind: str = "") -> int:
        """How many artifacts `search` would find without a limit."""
        return self._ask(lambda i: i.count(text, starred=starred, kind=kind))

    def get(self, artifact_id: str) -> Artifact | None:
        """An artifact by its id, as the index knows it."""
        row = self._ask(lambda i: i.get(artifact_id))
        return None if row is None else self._artifact(row)

    def of_job(self, job_id: str) -> tuple[Artifact, ...]:
        """What a job made, in the order in which it was kept."""
        return tuple(map(self._artifact, self._ask(lambda i: i.made_by(job_id))))

    def find(self, request_digest: str) -> tuple[Artifact, ...]:
        """The finished results of a request, in the order in which they were kept."""
        return tuple(map(self._artifact, self._ask(lambda i: i.answering(request_digest))))

    def thumbnail(self, artifact_id: str, size: int = 256, *, make: bool = True) -> Path | None:
        """A WebP file of at most `size` pixels a side, or None where there can be none.

        Making it takes tens of ms: from a helper thread, please. With `make=False` only one that is there is given.
        """
        artifact = self.get(artifact_id)
        return None if artifact is None else self._thumbnails.get(artifact, size, make=make)

    def put(self, entry: Entry) -> None:
        """Take an artifact in whose files are already on disk. Never fails: what the index cannot take now is read
        from the files later.
        """
        self._tell(lambda i: i.put([(entry, _mark_of(entry.artifact.path))]))

    def drop(self, ids: Iterable[str]) -> None:
        """Take artifacts out whose files are gone."""
        gone = tuple(ids)
        for artifact_id in gone:
            with contextlib.suppress(OSError):
                self._thumbnails.forget(artifact_id)
        self._tell(lambda i: i.drop(gone))

    def rebuild(self) -> None:
        """Throw the index away and read every file again: 2 s for 10,000 artifacts. Searches meanwhile find what has
        been read so far.
        """
        with self._lock:
            self._renew()
            self.refresh()

    def refresh(self, *, sweep: bool = False) -> int:
        """Read what changed in the folder behind our back; how many artifacts came, changed or went. 40 ms for 10,000
        where nothing did. `sweep` also removes unfinished files: only while nothing else writes.
        """
        try:
            return self._refresh(sweep)
        except _BROKEN as error:
            self._recover(error)
            return self._refresh(sweep)

    def close(self) -> None:
        """Close the index, with a checksum of the whole file, so that the next start needs to check nothing."""
        with self._lock:
            if self._closed:
                return  # the files may be another process's by now
            self._closed = True
            self._index.close()
            path = self._index.path
            if path is not None and not self._stale:
                with contextlib.suppress(OSError, StudioError):
                    write_file(self.cache / SUM, _file_sum(path), durable=False)

    # The index and its mending

    def _open(self) -> Index:
        path = self.cache / INDEX
        try:
            make_folder(self.cache)
            existed = path.exists()
            if not (self.cache / "CACHEDIR.TAG").exists():
                write_file(self.cache / "CACHEDIR.TAG", CACHE_TAG, durable=False)
            closed = existed and not (self.cache / f"{INDEX}-wal").exists()
            trusted = closed and _says(self.cache / SUM) == _file_sum(path)
            (self.cache / SUM).unlink(missing_ok=True)
            index = Index(path)
        except (OSError, StudioError) as error:
            return self._in_memory(error)
        except Outdated:
            return self._anew(None)
        except _BROKEN as error:
            return self._anew(error)
        try:
            if existed and not trusted:
                index.check()
        except _BROKEN as error:
            index.close()
            return self._anew(error)
        return index

    def _anew(self, error: Exception | None) -> Index:
        """A fresh, empty index file; in memory where the disk refuses."""
        try:
            for ending in ("", "-wal", "-shm", "-journal"):
                (self.cache / f"{INDEX}{ending}").unlink(missing_ok=True)
            index = Index(self.cache / INDEX)
        except (OSError, Outdated, *_BROKEN) as problem:
            return self._in_memory(problem)
        if error is not None:
            self._say("The library's index was damaged. It was made again from your files; nothing is lost.")
        return index

    def _in_memory(self, error: Exception) -> Index:
        self._say(
            f"The library's index cannot be written to {self.cache} ({error}). Everything works, but the next start "
            "takes longer. Make room on the disk or make the folder writable."
        )
        return Index(None)

    def _renew(self, error: Exception | None = None) -> None:
        with self._swap:
            self._index.close()
            self._index = self._anew(error)

    def _recover(self, error: Exception) -> None:
        """After a failed question or change: mend what is damaged. Raises StudioError for a disk that refuses."""
        with self._lock:
            if isinstance(error, Damaged) and error.rows:
                self._say("A part of the library's index was damaged. It was read again from your files.")
                with contextlib.suppress(*_BROKEN):
                    self._index.drop_rows(error.rows)
                    self._index.set_folders({})
                    self._refresh(False)
                    return
            if _is_corrupt(error):
                self._renew(error)
                self._refresh(False)
                return
        raise StudioError(
            "The library cannot be read right now.",
            "Your files are safe. Check that the disk is connected and not full, then try again.",
            details=f"{type(error).__name__}: {error}",
        ) from error

    def _ask(self, question: Callable[[Index], T]) -> T:
        if self._stale and time.monotonic() >= self._try_again:
            self._try_again = time.monotonic() + _PATIENCE
            with contextlib.suppress(StudioError, *_BROKEN):
                self.refresh()
        for _ in range(3):
            index = self._index
            try:
                return question(index)
            except _BROKEN as error:
                with self._swap:
                    renewed = index is not self._index  # by another thread, which closed the one we asked
                if not renewed:
                    self._recover(error)
        return question(self._index)

    def _tell(self, change: Callable[[Index], None]) -> None:
        try:
            change(self._index)
        except _BROKEN as error:
            self._stale = True
            self._try_again = time.monotonic() + _PATIENCE
            with contextlib.suppress(StudioError, *_BROKEN):
                if _is_corrupt(error):
                    self._recover(error)
        self._version += 1

    def _say(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)

    def _artifact(self, row: Row) -> Artifact:
        with self._known_lock:
            known = self._known.get(row.id)
        if known is not None and known[0] == row.sum:
            return known[1]
        artifact = sidecar.understand(json.loads(row.data), self.folder / row.file)
        with self._known_lock:
            self._known[row.id] = (row.sum, artifact)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return artifact

    # Files against rows

    def _refresh(self, sweep: bool) -> int:
        with self._lock:
            index, started = self._index, time.time()
            rows, visited, folders = index.marks(), index.folders(), {}
            seen: set[str] = set()
            read: dict[str, Path] = {}
            inside: dict[str, list[str]] = {}
            for artifact_id, (name, _) in rows.items():
                inside.setdefault(name.partition("/")[0], []).append(artifact_id)
            batch: list[tuple[Entry, str]] = []
            for folder, mark in self._folders():
                moved = visited.get(folder.name) != mark
                if started - int(mark) / 1e9 > _SETTLED:
                    folders[folder.name] = mark
                if not moved:  # as it was left: no file came, went or was renamed
                    seen.update(inside.get(folder.name, ()))
                    continue
                for artifact_id, file in _artifacts_in(folder, sweep=sweep):
                    seen.add(artifact_id)
                    row = rows.get(artifact_id)
                    name = f"{folder.name}/{file.name}"
                    if row is not None and row[0] == name and row[1] == _mark_of(file):
                        continue
                    try:
                        batch.append((sidecar.read(file.with_suffix(sidecar.SUFFIX), file), _mark_of(file)))
                        read[artifact_id] = file
                    except OSError:
                        folders.pop(folder.name, None)  # not to be passed over the next time
                if len(batch) >= _BATCH:
                    index.put(batch)
                    batch.clear()
            index.put(batch)
            gone = [artifact_id for artifact_id in rows if artifact_id not in seen]
            gone += [artifact_id for artifact_id, file in read.items() if not file.exists()]  # trashed meanwhile
            index.drop(gone)
            if folders != visited:
                index.set_folders(folders)
            self._stale = False
            self._version += 1 if read or gone else 0
            return len(read) + len(gone)

    def _folders(self) -> Iterator[tuple[Path, str]]:
        try:
            with os.scandir(self.folder) as entries:
                names = sorted(entry.name for entry in entries if len(entry.name) == 2)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StudioError(
                f"The folder {self.folder} cannot be read.",
                "Check that the disk is connected and that you may open the folder.",
                details=f"{type(error).__name__}: {error}",
            ) from error
        for name in names:
            folder = self.folder / name
            if folder.is_dir():
                yield folder, str(folder.stat().st_mtime_ns)


def _artifacts_in(folder: Path, *, sweep: bool) -> Iterator[tuple[str, Path]]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError:
        return
    last = ""
    for name in names:
        if sweep and name.startswith(TEMPORARY):
            with contextlib.suppress(OSError):
                (folder / name).unlink()
            continue
        stem, _, ending = name.partition(".")
        if f".{ending}" == sidecar.SUFFIX or "." in ending or not ending or stem == last:
            continue
        if sidecar.is_id(stem) and stem[:2] == folder.name:
            last = stem
            yield stem, folder / name


def _mark_of(file: Path) -> str:
    """What tells that an artifact's files are as they were: times and sizes of the sidecar and of the file."""
    parts = []
    for path in (file.with_suffix(sidecar.SUFFIX), file):
        try:
            found = path.stat()
            parts.append(f"{found.st_mtime_ns}:{found.st_size}")
        except OSError:
            parts.append("-")
    return " ".join(parts)


def _is_corrupt(error: Exception) -> bool:
    """Whether the index itself is bad, rather than the disk full, read-only or gone."""
    if not isinstance(error, sqlite3.Error):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by Python: a text that is no UTF-8, or the connection is closed
        return not isinstance(error, sqlite3.ProgrammingError)
    return (code & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def _file_sum(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().encode()


def _says(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
