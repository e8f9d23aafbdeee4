"""The queue on disk: an append-only log of one line an entry, each with its checksum, so that kill -9 loses no job."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.job import Job, JobState
from studio.store.files import in_words, make_folder, plain_words, sync, sync_folder, write_file

FORMAT = 1
LOG = "queue.log"
_COMPACT_FROM = 1 << 20
_LIMIT = 1 << 30


class JobJournal:
    """Jobs in their order, and whether the queue is held. Safe from any thread; one process at a time.

    Each change is one appended line, synced before the call returns (about 1 ms on an SSD; 5–20 ms on a hard disk),
    except a job's change to running, which may be lost in a power cut: the job then waits again. A change that the
    disk refused raises StudioError, and the log stays as it was.
    """

    def __init__(self, folder: Path, *, notices: list[str] | None = None) -> None:
        self.path = folder / LOG
        self.notices = [] if notices is None else notices
        self._lock = threading.RLock()
        self._jobs: dict[str, dict[str, Any]] = {}
        self._held = False
        self._loaded = False
        self._size = 0
        self._compact_at = _COMPACT_FROM

    def load(self) -> tuple[tuple[Job, ...], bool]:
        """All jobs in order, and whether the queue is held. A torn last line is what a killed process leaves and is
        dropped; damage elsewhere is said in `notices`, a copy of the log is kept, and every sound line counts.
        """
        with self._lock:
            self._read()
            jobs = []
            for data in self._jobs.values():
                with contextlib.suppress(KeyError, TypeError, ValueError):  # of a newer Studio: kept, not shown
                    jobs.append(Job.from_json(data))
            return tuple(jobs), self._held

    def save(self, job: Job) -> None:
        """Keep a job, new (behind all others) or changed. On disk when this returns. Raises StudioError."""
        with self._lock:
            self._ensure_read()
            data = {**self._jobs.get(job.id, {}), **job.to_json()}
            self._append({"job": data}, durable=job.state is not JobState.RUNNING)
            self._jobs[job.id] = data

    def remove(self, job_id: str) -> None:
        """Forget a job. Raises StudioError."""
        with self._lock:
            self._ensure_read()
            if job_id in self._jobs:
                self._append({"remove": job_id})
                del self._jobs[job_id]

    def reorder(self, ids: Iterable[str]) -> None:
        """Put the jobs in this order; those not named stay behind, in the order they had. Raises StudioError."""
        with self._lock:
            self._ensure_read()
            order = self._in_order(ids)
            if order != list(self._jobs):
                self._append({"order": order})
                self._jobs = {job_id: self._jobs[job_id] for job_id in order}

    def set_held(self, on: bool) -> None:
        """Hold the queue (nothing new starts) or let it go on. Raises StudioError."""
        with self._lock:
            self._ensure_read()
            if on != self._held:
                self._append({"held": on})
                self._held = on

    def _in_order(self, ids: Iterable[str]) -> list[str]:
        known = [job_id for job_id in dict.fromkeys(ids) if job_id in self._jobs]
        named = set(known)
        return known + [job_id for job_id in self._jobs if job_id not in named]

    def _ensure_read(self) -> None:
        if not self._loaded:
            self._read()

    def _read(self) -> None:
        self._jobs, self._held, self._size = {}, False, 0
        try:
            with self.path.open("rb") as file:
                data = file.read(_LIMIT)
        except FileNotFoundError:
            self._loaded = True
            return
        except OSError as error:
            raise in_words(error, self.path, doing="read") from error
        *lines, tail = data.split(b"\n")
        bad = 0
        for line in lines:
            entry = _unpack(line)
            if entry is None:
                bad += 1
            else:
                self._apply(entry)
        self._size, self._loaded = len(data), True
        torn = _unpack(tail)
        if torn is not None:  # only the line's end is missing
            self._apply(torn)
        if bad:
            self._keep_copy(data, bad)
        if bad or tail:
            self._compact()

    def _keep_copy(self, data: bytes, bad: int) -> None:
        for number in range(1, 1000):
            copy = self.path.with_name(f"{self.path.stem}.damaged-{number}{self.path.suffix}")
            if not copy.exists():
                write_file(copy, data)
                self.notices.append(
                    f"The queue's file was damaged: {bad} of its entries could not be read, all others were. "
                    f"A copy was kept as {copy.name}."
                )
                return

    def _apply(self, entry: Mapping[str, Any]) -> None:
        if int(entry.get("format", 0)) > FORMAT:
            raise StudioError(
                "This queue was written by a newer version of Studio.",
                "Update Studio to open this project.",
                details=f"{self.path}: format {entry['format']}",
            )
        job = entry.get("job")
        if isinstance(job, dict) and isinstance(job.get("id"), str):
            self._jobs[job["id"]] = job
        if "remove" in entry:
            self._jobs.pop(str(entry["remove"]), None)
        if isinstance(entry.get("order"), list):
            order = self._in_order(str(job_id) for job_id in entry["order"])
            self._jobs = {job_id: self._jobs[job_id] for job_id in order}
        if "held" in entry:
            self._held = bool(entry["held"])

    def _append(self, entry: Mapping[str, Any], *, durable: bool = True) -> None:
        data, new = _pack(entry), self._size == 0
        if new:
            data = _pack({"format": FORMAT}) + data
        if self._size > self._compact_at or self._size != self._size_on_disk():
            self._compact()
        with plain_words(self.path):
            make_folder(self.path.parent)
            number = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            try:
                self._write(number, data, durable=durable)
            finally:
                os.close(number)
            if new:
                sync_folder(self.path.parent)
        self._size += len(data)

    def _size_on_disk(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def _write(self, number: int, data: bytes, *, durable: bool) -> None:
        os.lseek(number, self._size, os.SEEK_SET)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(number, view) :]
            if durable:
                sync(number)
        except OSError:
            with contextlib.suppress(OSError):  # half a line would otherwise swallow the next one
                os.ftruncate(number, self._size)
            raise

    def _compact(self) -> None:
        entries: list[dict[str, Any]] = [{"format": FORMAT}, *({"job": job} for job in self._jobs.values())]
        if self._held:
            entries.append({"held": True})
        data = b"".join(map(_pack, entries))
        write_file(self.path, data)
        self._size = len(data)
        self._compact_at = max(_COMPACT_FROM, 4 * len(data))


def _pack(entry: Mapping[str, Any]) -> bytes:
    text = json.dumps(entry, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _unpack(line: bytes) -> dict[str, Any] | None:
    """The entry of one line; None where it is damaged or cut off."""
    try:
        if len(line) < 9 or int(line[:8], 16) != zlib.crc32(line[9:]):
            return None
        entry = json.loads(line[9:])
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
