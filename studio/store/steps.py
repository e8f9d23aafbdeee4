"""Kept steps: written one by one while a generation runs, read back for the ribbon and to branch from."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from studio.core.errors import StudioError
from studio.core.steps import Step, StepState
from studio.store import step_format
from studio.store.files import make_folder, plain_name, plain_words, sync, sync_folder
from studio.store.step_format import HEAD_SIZE, HEADER, MARK, Damaged, Head

SUFFIX = ".steps"
_SEARCH, _SEARCH_MOST = 1 << 12, 1 << 20
_PREVIEWS_LIMIT = 1 << 30
"""Bytes of previews that one `read` gives at most, against files that unpack to more than the memory."""


class StepWriter:
    """Appends steps to one file. One thread or process at a time; the file may be read meanwhile.

    A file that a killed process left half written goes on behind its last whole step; of two steps with the same
    index the later one counts. Nothing is synced until `close`: a kill -9 loses no finished write, and after a power
    cut the steps are made again with the job.
    """

    def __init__(self, path: Path) -> None:
        """Raises StudioError where the file cannot be written or comes from a newer Studio."""
        self.path = path
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
                _write_all(self._number, step_format.header())
                return
            _check_format(self.path, start)
            end = HEADER.size
            for head in _heads(file):
                end = head.end
        os.ftruncate(self._number, end)

    def write(self, step: Step, state: StepState | None = None) -> None:
        """Keep a step, with what is needed to continue from it. Raises StudioError; the steps before stay whole."""
        record = step_format.pack(step, state)
        if self._number is None:
            raise ValueError("this StepWriter is closed")
        with plain_words(self.path):
            end = os.lseek(self._number, 0, os.SEEK_END)
            try:
                _write_all(self._number, record)
            except OSError:
                with contextlib.suppress(OSError):  # the reader skips a torn record anyway
                    os.ftruncate(self._number, end)
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


class StepStore:
    """The steps files of a project. Safe from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, job_id: str) -> Path:
        """Where the steps of a job are or will be. Raises ValueError for an id that cannot be a file name."""
        return self.folder / f"{plain_name(job_id)}{SUFFIX}"

    def read(self, job_id: str) -> tuple[Step, ...]:
        """All whole steps with their previews, by index; empty where none were kept. Damaged ones are left out.

        Takes 1 ms for each 256 × 256 preview: more than a few of them from a helper thread. Raises StudioError for a
        file of a newer Studio or one that cannot be read.
        """
        path = self.path(job_id)
        steps: dict[int, Step] = {}
        with _reading(path) as file:
            if file is None:
                return ()
            size, budget = _size(file), _PREVIEWS_LIMIT
            for head in _heads(file, partial=True):
                if budget < 0:
                    break
                file.seek(head.offset + HEAD_SIZE)
                about, preview = file.read(head.about), file.read(head.preview)
                with contextlib.suppress(Damaged):
                    step = step_format.unpack_step(head, about, preview)
                    if step.has_state and head.end > size:
                        step = Step(step.index, step.total, step.preview, step.label)
                    steps[step.index] = step
                    budget -= 0 if step.preview is None else len(step.preview.data)
        return tuple(steps[index] for index in sorted(steps))

    def state(self, job_id: str, index: int) -> StepState:
        """What is needed to continue from step `index`. Raises StudioError where it was not kept or is damaged."""
        path = self.path(job_id)
        found: Head | None = None
        with _reading(path) as file:
            if file is None:
                raise _gone(index, "there is no steps file")
            for head in _heads(file):
                if head.index == index and head.state:
                    found = head
            if found is None:
                raise _gone(index, f"{path.name} has no state for step {index}")
            file.seek(found.end - found.state)
            data = file.read(found.state)
        try:
            return step_format.unpack_state(found, data)
        except Damaged as error:
            raise _gone(index, str(error)) from error

    def jobs(self) -> tuple[str, ...]:
        """The ids of all jobs that have kept steps."""
        with contextlib.suppress(OSError):
            return tuple(sorted(file.stem for file in self.folder.iterdir() if file.suffix == SUFFIX))
        return ()

    def forget(self, job_id: str) -> None:
        """Delete the steps of a job; nothing happens where there are none. Raises StudioError."""
        path = self.path(job_id)
        with plain_words(path, doing="delete"):
            path.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes on disk of all kept steps."""
        total = 0
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += entry.stat().st_size
        return total


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[BinaryIO | None]:
    with plain_words(path, doing="read"):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            yield None
            return
        with file:
            start = file.read(HEADER.size)
            if len(start) < HEADER.size:
                yield None
                return
            _check_format(path, start)
            yield file


def _check_format(path: Path, start: bytes) -> None:
    try:
        number = step_format.read_header(start)
    except Damaged as error:
        raise StudioError(
            "The kept steps of this generation cannot be read.",
            "The result itself is not affected. Generate it again with the same seed to get its steps back.",
            details=f"{path}: {error}",
        ) from error
    if number > step_format.FORMAT:
        raise StudioError(
            "These steps were kept by a newer version of Studio.",
            "Update Studio to look at them.",
            details=f"{path}: format {number}, this version reads {step_format.FORMAT}",
        )


def _gone(index: int, details: str) -> StudioError:
    return StudioError(
        f"Step {index + 1} cannot be continued: what it needs was not kept.",
        "Choose another step, or generate the result again with the same seed.",
        details=details,
    )


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _heads(file: BinaryIO, *, partial: bool = False) -> Iterator[Head]:
    """The heads of all records, skipping what is damaged. `partial` also gives a last one whose state is cut off."""
    size, offset = _size(file), HEADER.size
    while offset + HEAD_SIZE <= size:
        file.seek(offset)
        head = step_format.unpack_head(file.read(HEAD_SIZE), offset)
        if head is not None and head.end <= size:
            yield head
            offset = head.end
            continue
        if head is not None and partial and head.end - head.state <= size:
            yield head
        offset = _next_head(file, offset + 1)


def _next_head(file: BinaryIO, offset: int) -> int:
    """Where the next sound head begins at or behind `offset`; far behind the end where there is none."""
    length = _SEARCH
    while True:
        file.seek(offset)
        block = file.read(length)
        at = block.find(MARK)
        while at >= 0:
            if step_format.unpack_head(block[at : at + HEAD_SIZE], offset + at) is not None:
                return offset + at
            at = block.find(MARK, at + 1)
        if len(block) < length:
            return 1 << 62
        offset += length - HEAD_SIZE + 1
        length = min(length * 2, _SEARCH_MOST)


def _write_all(number: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(number, view) :]
