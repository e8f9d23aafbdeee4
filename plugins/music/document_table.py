"""Notes as arrays: so that ten thousand of them follow the mouse. Each becomes a Note when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from .document_values import Note

Ints = npt.NDArray[np.int64]

ID, START, LENGTH, PITCH, VELOCITY, LOCKED, RELEASE = range(7)
"""The rows of a table, as the fields of a Note."""


class Notes(Sequence[Note]):
    """The notes of a track, sorted as there. `table` is [7, notes] and never changed."""

    __slots__ = ("_made", "table")

    def __init__(self, table: Ints) -> None:
        self.table = table
        self._made: tuple[Note, ...] | None = None

    def _all(self) -> tuple[Note, ...]:
        if self._made is None:
            rows = self.table.tolist()
            rows[LOCKED] = self.table[LOCKED].astype(bool).tolist()
            self._made = tuple(map(Note, *rows))
        return self._made

    def __len__(self) -> int:
        return int(self.table.shape[1])

    @overload
    def __getitem__(self, place: int) -> Note: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Note, ...]: ...
    def __getitem__(self, place: int | slice) -> Note | tuple[Note, ...]:
        return self._all()[place]

    def __iter__(self) -> Iterator[Note]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Notes):
            return self.table is other.table or bool(np.array_equal(self.table, other.table))
        return self._all() == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


def table_of(notes: Sequence[Note]) -> Ints:
    """[7, notes] of any notes."""
    if isinstance(notes, Notes):
        return notes.table
    rows = [(n.id, n.start, n.length, n.pitch, n.velocity, n.locked, n.release) for n in notes]
    return np.ascontiguousarray(np.array(rows, np.int64).reshape(-1, 7).T)


def in_order(table: Ints) -> Ints:
    """The same notes, sorted by start, pitch and id."""
    start, pitch, number = table[START], table[PITCH], table[ID]
    if len(start) > 1:
        later = np.diff(start)
        if (later < 0).any() or ((later == 0) & (np.diff(pitch * (1 << 40) + number) < 0)).any():
            return np.ascontiguousarray(table[:, np.lexsort((number, pitch, start))])
    return table
