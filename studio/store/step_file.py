"""Finding one's way in a steps file, whole or damaged, and the words for what is not there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from studio.core.errors import StudioError
from studio.store import step_format
from studio.store.files import plain_words
from studio.store.step_format import HEAD_SIZE, HEADER, MARK, Damaged, Head

_SEARCH, _SEARCH_MOST = 1 << 12, 1 << 20


@contextlib.contextmanager
def reading(path: Path) -> Iterator[BinaryIO | None]:
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
            check_format(path, start)
            yield file


def check_format(path: Path, start: bytes) -> None:
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


def gone(index: int, details: str) -> StudioError:
    return StudioError(
        f"Step {index + 1} cannot be continued: what it needs is not kept.",
        "Choose another step, or generate the result again with the same seed to get its steps back.",
        details=details,
    )


def no_room() -> StudioError:
    return StudioError(
        "The room for kept steps is full.",
        "The result itself is not affected. Give steps more room in Settings, or unpin some.",
    )


def missing(first: int, *, branch: bool) -> str:
    whose = "of what this went on from " if branch else ""
    steps = f"Steps 1 to {first}" if first > 1 else "Earlier steps"
    return f"{steps} {whose}are no longer kept: the room for steps was needed. The results are not affected."


def with_state(file: BinaryIO, index: int) -> Head | None:
    """The last record of a step that has a whole state."""
    found = [head for head in heads(file) if head.index == index and head.state]
    return found[-1] if found else None


def at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def heads(file: BinaryIO, *, partial: bool = False) -> Iterator[Head]:
    """The heads of all records, skipping what is damaged. `partial` also gives a last one whose state is cut off."""
    length, offset = size(file), HEADER.size
    while offset + HEAD_SIZE <= length:
        file.seek(offset)
        head = step_format.unpack_head(file.read(HEAD_SIZE), offset)
        if head is not None and head.end <= length:
            yield head
            offset = head.end
            continue
        if head is not None and partial and head.end - head.state <= length:
            yield head
        offset = next_head(file, offset + 1)


def next_head(file: BinaryIO, offset: int) -> int:
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


def write_all(number: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(number, view) :]
