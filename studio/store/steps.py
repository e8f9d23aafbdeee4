"""Kept steps: written one by one while a generation runs, read back for the ribbon and to branch from."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from studio.core.job import Job
from studio.core.recipe import Passage
from studio.core.request import ResumePoint
from studio.core.steps import Step, StepState
from studio.core.values import frozen
from studio.store import state_format, step_file, step_format
from studio.store.files import make_folder, plain_name, plain_words, sync, sync_folder
from studio.store.notes import Notes
from studio.store.state_format import Earlier
from studio.store.step_format import HEAD_SIZE, HEADER, Damaged

SUFFIX = ".steps"
_PREVIEWS_LIMIT = 1 << 30
"""Bytes of previews that one `read` gives at most, against files that unpack to more than the memory."""


class StepWriter:
    """Appends steps to one file. One thread or process at a time; the file may be read meanwhile.

    A file that a killed process left half written goes on behind its last whole step; of two steps with the same
    index the later one counts. Nothing is synced until `close`: a kill -9 loses no finished write, and after a power
    cut the steps are made again with the job.
    """

    def __init__(self, path: Path, room: int | None = None) -> None:
        """`room` is how many bytes the file may have at most. Raises StudioError where the file cannot be written or
        comes from a newer Studio.
        """
        self.path = path
        self.room = room
        self._earlier = Earlier()
        with plain_words(path):
            make_folder(path.parent)
            # Appending: a host that a killed window left behind may still write its last step to the same file.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._number: int | None = os.open(path, flags, 0o666)
        try:
            with plain_words(path):
                self._begin()
        except BaseException:
            self._let_go()
            raise

    def _begin(self) -> None:
        assert self._number is not None
        with self.path.open("rb") as file:
            start = file.read(HEADER.size)
            if len(start) < HEADER.size:
                os.ftruncate(self._number, 0)
                step_file.write_all(self._number, step_format.header())
                return
            step_file.check_format(self.path, start)
            end = HEADER.size
            for head in step_file.heads(file):
                end = head.end
        os.ftruncate(self._number, end)

    def write(self, step: Step, state: StepState | None = None) -> None:
        """Keep a step, with what is needed to continue from it. Raises StudioError; the steps before stay whole."""
        for _ in self.write_all([(step, state)]):
            pass

    def write_all(self, items: Sequence[tuple[Step, StepState | None]]) -> Iterator[int]:
        """Keep several steps in their order with as few looks at the disk as can be: each costs a thread the
        interpreter. Yields how many of them are kept so far; raises StudioError where the next cannot be.
        """
        records = list[bytes]()
        for number, (step, state) in enumerate(items, start=1):
            packed, new = (b"", {}) if state is None else state_format.pack_state(state, self._earlier)
            records.append(step_format.pack(step, packed))
            if new:  # the states behind it must know where it lies
                self._append(records)
                # Not where the file ended before: another process may have appended in between.
                start = os.lseek(self._file, 0, os.SEEK_CUR) - len(packed)
                records = []
                for key, item in new.items():
                    self._earlier.arrays[key] = replace(item, at=start + item.at)
                yield number
        if records:
            self._append(records)
            yield len(items)

    @property
    def _file(self) -> int:
        if self._number is None:
            raise ValueError("this StepWriter is closed")
        return self._number

    def _append(self, records: Sequence[bytes]) -> None:
        data = b"".join(records)
        with plain_words(self.path):
            end = os.lseek(self._file, 0, os.SEEK_END)
            if self.room is not None and end + len(data) > self.room:
                raise step_file.no_room()
            try:
                step_file.write_all(self._file, data)
            except OSError:
                with contextlib.suppress(OSError):  # the reader skips a torn record anyway
                    os.ftruncate(self._file, end)
                raise

    def close(self) -> None:
        """Sync and close; calling it twice does nothing. Raises StudioError where the disk refuses."""
        if self._number is None:
            return
        try:
            with plain_words(self.path):
                sync(self._number)
                sync_folder(self.path.parent)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._number is not None:
            number, self._number = self._number, None
            os.close(number)

    def __enter__(self) -> StepWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@frozen
class StepRow:
    """All steps that led to a result. `branched` is where it left another generation; the steps up to there are that
    one's (`Step.origin` says whose). `notes` are sentences for the artist about steps that are not there any more.
    """

    job: str
    steps: tuple[Step, ...]
    branched: ResumePoint | None = None
    notes: tuple[str, ...] = ()


class StepStore:
    """The steps files of a project, each with a note of what it belongs to. Safe from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes = Notes(folder)

    def path(self, job_id: str) -> Path:
        """Where the steps of a job are or will be. Raises ValueError for an id that cannot be a file name."""
        return self.folder / f"{plain_name(job_id)}{SUFFIX}"

    def begin(self, job: Job) -> None:
        """Note what the steps of a job belong to, before the first of them is written. Raises StudioError."""
        self.notes.begin(job)

    def read(self, job_id: str) -> tuple[Step, ...]:
        """The steps of `row`."""
        return self.row(job_id).steps

    def row(self, job_id: str) -> StepRow:
        """All whole steps with their previews, by index, those of a branch behind those it went on from. Damaged ones
        are left out.

        Takes 1 ms for each 256 × 256 preview: more than a few of them from a helper thread. Raises StudioError for a
        file of a newer Studio or one that cannot be read.
        """
        steps: dict[int, Step] = {}
        notes: list[str] = []
        line = self._line(job_id)
        for number, (owner, limit) in enumerate(line):
            found = self._read(owner, limit)
            steps = {**found, **steps}
            wanted = limit is not None and (not found or max(found) < limit)
            if wanted and not (number + 1 < len(line) and line[number + 1][1] == limit):
                notes.append(step_file.missing(min(steps, default=0), branch=number > 0))
        note = self.notes.get(job_id)
        branched = None if note is None else note.request.resume
        if note is not None and not steps:
            notes = ["The steps of this result are no longer kept: the room for steps was needed."]
        return StepRow(job_id, tuple(steps[index] for index in sorted(steps)), branched, tuple(notes))

    def state(self, job_id: str, index: int) -> StepState:
        """What is needed to continue from step `index` of a row. Raises StudioError where it was not kept, is gone or
        is damaged.
        """
        point = self.owner(job_id, index)
        if point is None:
            raise step_file.gone(index, self._why(job_id, index))
        path = self.path(point.steps)
        with step_file.reading(path) as file:
            if file is None:
                raise step_file.gone(index, "there is no steps file")
            found = step_file.with_state(file, index)
            if found is None:
                raise step_file.gone(index, f"{path.name} has no state for step {index}")
            data = step_file.at(file, found.end - found.state, found.state)
            try:
                return state_format.unpack_state(found, data, lambda at, size: step_file.at(file, at, size))
            except Damaged as error:
                raise step_file.gone(index, str(error)) from error

    def owner(self, job_id: str, index: int) -> ResumePoint | None:
        """The step to go on from when one wants to go on from step `index` of this row: an inherited one is its
        parent's. None where its state is not there. Raises StudioError for a file that cannot be read.
        """
        for owner, limit in self._line(job_id):
            if limit is None or index <= limit:
                with step_file.reading(self.path(owner)) as file:
                    if file is not None and step_file.with_state(file, index) is not None:
                        return ResumePoint(owner, index)
        return None

    def last(self, job_id: str) -> int | None:
        """The last step of its own that a job can go on from. Raises StudioError for a file that cannot be read."""
        with step_file.reading(self.path(job_id)) as file:
            return None if file is None else max((h.index for h in step_file.heads(file) if h.state), default=None)

    def lineage(self, point: ResumePoint | None) -> tuple[Passage, ...]:
        """The requests that made the steps up to `point`, the first one first, as far as they are known."""
        return self.notes.lineage(point)

    def _line(self, job_id: str) -> list[tuple[str, int | None]]:
        """The files that a row is made of, its own first, each with the last index that is wanted of it."""
        line: list[tuple[str, int | None]] = [(job_id, None)]
        limit: int | None = None
        for note in self.notes.line(job_id):
            point = note.request.resume
            if point is not None and point.steps not in {owner for owner, _ in line}:
                limit = point.index if limit is None else min(limit, point.index)
                line.append((point.steps, limit))
        return line

    def _read(self, job_id: str, limit: int | None) -> dict[int, Step]:
        steps: dict[int, Step] = {}
        with step_file.reading(self.path(job_id)) as file:
            if file is None:
                return {}
            length, budget = step_file.size(file), _PREVIEWS_LIMIT
            for head in step_file.heads(file, partial=True):
                if budget < 0:
                    break
                if limit is not None and head.index > limit:
                    continue
                file.seek(head.offset + HEAD_SIZE)
                about, preview = file.read(head.about), file.read(head.preview)
                with contextlib.suppress(Damaged):
                    step = step_format.unpack_step(head, about, preview)
                    has_state = step.has_state and head.end <= length
                    steps[step.index] = replace(step, has_state=has_state, origin=job_id)
                    budget -= 0 if step.preview is None else len(step.preview.data)
        return steps

    def _why(self, job_id: str, index: int) -> str:
        owners = [owner for owner, limit in self._line(job_id) if limit is None or index <= limit]
        gone = [owner for owner in owners if not self.path(owner).exists()]
        return f"there is no steps file of {', '.join(gone)}" if gone else f"no file has a state for step {index}"

    # --- room ---------------------------------------------------------------------------------------------------------

    def jobs(self) -> tuple[str, ...]:
        """The ids of all jobs that have kept steps."""
        return tuple(sorted(self._names()))

    def forget(self, job_id: str) -> None:
        """Delete the steps of a job, but not the note of what made them. Raises StudioError."""
        path = self.path(job_id)
        with plain_words(path, doing="delete"):
            path.unlink(missing_ok=True)

    def size(self, job_id: str = "") -> int:
        """Bytes on disk of all kept steps, or of those of one job."""
        if job_id:
            with contextlib.suppress(OSError):
                return self.path(job_id).stat().st_size
            return 0
        return sum(size for _, size, _ in self._files())

    def make_room(self, budget: int, reserved: Collection[str] = ()) -> tuple[str, ...]:
        """Delete steps, the oldest first, until all take at most `budget` bytes; the jobs that lost theirs. Neither
        pinned ones, nor those of `reserved` jobs, nor what these went on from.
        """
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        if total <= budget:
            return ()
        safe = self._safe((job_id for _, _, job_id in files), reserved)
        gone: list[str] = []
        for _, size, job_id in files:
            if total <= budget:
                break
            if job_id not in safe:
                self.forget(job_id)
                gone.append(job_id)
                total -= size
        return tuple(gone)

    def room(self, job_id: str, budget: int, reserved: Collection[str] = ()) -> int:
        """How many bytes the steps of a job may take, after what `make_room` cannot delete."""
        safe = self._safe(self._names(), reserved) - {job_id}
        return max(budget - sum(map(self.size, safe)), 0)

    def _safe(self, jobs: Iterable[str], reserved: Collection[str]) -> set[str]:
        pinned = [job_id for job_id in jobs if (note := self.notes.get(job_id)) is not None and note.pinned]
        return self._with_ancestors({*reserved, *pinned})

    def leave(self, job_id: str) -> None:
        """Delete the steps and the note of a job that left nothing behind, unless it is pinned or named or something
        went on from it. Raises StudioError.
        """
        note = self.notes.get(job_id)
        dear = note is not None and (note.pinned or bool(note.name))
        if not dear and not any(not child.pruned for child in self.notes.children(job_id)):
            self.forget(job_id)
            self.notes.drop(job_id)

    def sweep(self, wanted: Callable[[str], bool]) -> tuple[str, ...]:
        """Delete steps and notes of jobs that nobody wants: not `wanted`, not pinned or named, and nothing that is kept
        went on from them. Reads every note.
        """
        self.notes.load()
        everything = {*self.jobs(), *self.notes.ids()}
        marked = (self.notes.get(job_id) for job_id in everything)
        dear = {note.id for note in marked if note is not None and (note.pinned or note.name)}
        safe = self._with_ancestors({job_id for job_id in everything if job_id in dear or wanted(job_id)})
        gone = tuple(sorted(everything - safe))
        for job_id in gone:
            self.forget(job_id)
            self.notes.drop(job_id)
        return gone

    def _with_ancestors(self, jobs: set[str]) -> set[str]:
        return {owner for job_id in jobs for owner, _ in self._line(job_id)}

    def _names(self) -> list[str]:
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            return [entry.name.removesuffix(SUFFIX) for entry in entries if entry.name.endswith(SUFFIX)]
        return []

    def _files(self) -> list[tuple[float, int, str]]:
        """When each steps file was begun, its size and its job."""
        found: list[tuple[float, int, str]] = []
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX):
                    with contextlib.suppress(OSError):
                        job_id, about = entry.name.removesuffix(SUFFIX), entry.stat()
                        note = self.notes.get(job_id)
                        begun = about.st_mtime if note is None or not note.created else note.created
                        found.append((begun, about.st_size, job_id))
        return found
