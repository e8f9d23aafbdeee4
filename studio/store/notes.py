"""Notes beside kept steps: which request made them, what the artist called them. They outlive the steps themselves."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.core.job import Job
from studio.core.recipe import Passage
from studio.core.request import Request, ResumePoint
from studio.core.values import frozen
from studio.store.files import make_folder, plain_name, plain_words, read_object, write_json

FORMAT = 1
SUFFIX = ".json"
_NAME = 200


@frozen
class Note:
    """What is known of one generation's steps. `id` is its job. A `pruned` one is no longer shown in the tree."""

    id: str
    request: Request
    title: str = ""
    created: float = 0.0
    name: str = ""
    pinned: bool = False
    pruned: bool = False

    @property
    def parent(self) -> str:
        """The job whose steps it went on from, or ""."""
        return "" if self.request.resume is None else self.request.resume.steps


class Notes:
    """`steps/<job id>.json`, read once and kept in memory. Safe from any thread; `get` reads at most one small file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._known: dict[str, Note | None] = {}
        self._children: dict[str, list[str]] = {}
        self._version = 0

    @property
    def version(self) -> int:
        """Counts up with every change."""
        return self._version

    def path(self, job_id: str) -> Path:
        """Where the note of a job is or will be. Raises ValueError for an id that cannot be a file name."""
        return self.folder / f"{plain_name(job_id)}{SUFFIX}"

    def get(self, job_id: str) -> Note | None:
        """The note of a job; None where there is none, or none that can be read."""
        with self._lock:
            if job_id not in self._known:
                self._learn(job_id, _read(self.folder, job_id))
            return self._known[job_id]

    def put(self, note: Note) -> None:
        """Write a note; fields that a newer Studio wrote into it stay. Raises StudioError."""
        path = self.path(note.id)
        before: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            before = read_object(path)
        data = {
            **before,
            "format": before.get("format", FORMAT),
            "request": note.request.to_json(),
            "title": note.title,
            "created": note.created,
            "name": note.name[:_NAME],
            "pinned": note.pinned,
            "pruned": note.pruned,
        }
        with plain_words(path):
            make_folder(self.folder)
            write_json(path, data, durable=False)
        self.learn(note)

    def begin(self, job: Job) -> None:
        """Note what the steps of a job belong to, before the first of them is written. Raises StudioError."""
        known = self.get(job.id)
        note = Note(job.id, job.request, job.title, job.created)
        if known is not None:
            note = replace(note, name=known.name, pinned=known.pinned)
        if note != known:
            self.put(note)

    def learn(self, note: Note) -> None:
        """Know of a note that is not on disk, or is already."""
        with self._lock:
            self._learn(note.id, note)
            self._version += 1

    def drop(self, job_id: str) -> None:
        """Delete a note. Raises StudioError."""
        path = self.path(job_id)
        with plain_words(path, doing="delete"):
            path.unlink(missing_ok=True)
        with self._lock:
            self._learn(job_id, None)
            self._version += 1

    def ids(self) -> tuple[str, ...]:
        """The ids of all notes on disk."""
        with contextlib.suppress(OSError):
            return tuple(sorted(file.stem for file in self.folder.iterdir() if file.suffix == SUFFIX))
        return ()

    def load(self) -> None:
        """Read every note: 0.1 ms each, from a helper thread, please."""
        for job_id in self.ids():
            self.get(job_id)
        with self._lock:
            self._version += 1

    def children(self, job_id: str) -> tuple[Note, ...]:
        """What went on from the steps of a job, as far as notes have been read; the oldest first."""
        with self._lock:
            found = [self._known.get(child) for child in self._children.get(job_id, ())]
        return tuple(sorted((note for note in found if note is not None), key=lambda note: (note.created, note.id)))

    def line(self, job_id: str) -> Iterator[Note]:
        """The note of a job, that of the one it went on from, and so on up to the first that is known."""
        seen: set[str] = set()
        note = self.get(job_id)
        while note is not None and note.id not in seen:
            seen.add(note.id)
            yield note
            note = self.get(note.parent) if note.parent else None

    def lineage(self, point: ResumePoint | None) -> tuple[Passage, ...]:
        """The requests that made the steps up to `point`, the first one first, as far as they are known."""
        if point is None:
            return ()
        return tuple(reversed([Passage(note.id, note.request) for note in self.line(point.steps)]))

    def _learn(self, job_id: str, note: Note | None) -> None:
        before = self._known.get(job_id)
        if before is not None and before.parent in self._children:
            self._children[before.parent].remove(job_id)
        self._known[job_id] = note
        if note is not None:
            self._children.setdefault(note.parent, []).append(job_id)


def _read(folder: Path, job_id: str) -> Note | None:
    try:
        data = read_object(folder / f"{plain_name(job_id)}{SUFFIX}")
        return Note(
            id=job_id,
            request=Request.from_json(data["request"]),
            title=str(data.get("title", "")),
            created=float(data.get("created", 0.0)),
            name=str(data.get("name", ""))[:_NAME],
            pinned=data.get("pinned") is True,
            pruned=data.get("pruned") is True,
        )
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        return None
