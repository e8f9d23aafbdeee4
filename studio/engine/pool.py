"""Keeps loaded models and other costly things between jobs, as long as memory allows."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from studio.engine.faults import out_of_memory

T = TypeVar("T")
_LOG = logging.getLogger("studio.pool")
_SMALL_KEPT = 256
"""How many things without a size are kept at most (cached embeddings and the like)."""


@dataclass(slots=True)
class _Kept:
    value: Any
    size: int
    drop: Callable[[Any], None] | None
    in_use: bool


class ModelPool:
    """Least recently used goes first, once what is kept takes more than `budget` bytes. What the running job has asked
    for is never dropped under its feet. For one thread.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    @property
    def used(self) -> int:
        """Bytes that are kept, as far as anybody told."""
        return sum(kept.size for kept in self._kept.values())

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def cached(
        self, key: Hashable, make: Callable[[], T], *, size: int = 0, drop: Callable[[T], None] | None = None
    ) -> T:
        """The value under `key`, made where it is not there. Where memory runs out while it is made, everything that is
        not in use is dropped and it is tried once more.
        """
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            kept.in_use = True
            value: T = kept.value
            return value
        self._make_room(size)
        try:
            value = make()
        except BaseException as error:
            if not out_of_memory(error) or not self._drop_where(lambda kept: not kept.in_use):
                raise
            value = make()
        self._kept[key] = _Kept(value, max(size, 0), drop, True)
        return value

    def release(self) -> None:
        """The running job has ended: nothing is in use any more."""
        for kept in self._kept.values():
            kept.in_use = False
        self._make_room(0)

    def clear(self) -> None:
        """Drop everything."""
        self._drop_where(lambda kept: True)

    def _make_room(self, size: int) -> None:
        for key in [key for key, kept in self._kept.items() if not kept.in_use and kept.size]:
            if self.used + size <= self.budget:
                break
            self._drop(key)
        small = [key for key, kept in self._kept.items() if not kept.in_use and not kept.size]
        for key in small[: max(len(small) - _SMALL_KEPT, 0)]:
            self._drop(key)

    def _drop_where(self, wanted: Callable[[_Kept], bool]) -> bool:
        keys = [key for key, kept in self._kept.items() if wanted(kept)]
        for key in keys:
            self._drop(key)
        return bool(keys)

    def _drop(self, key: Hashable) -> None:
        kept = self._kept.pop(key)
        if kept.drop is not None:
            try:
                kept.drop(kept.value)
            except Exception:  # noqa: BLE001 - a plugin's own code
                _LOG.info("dropping %r failed", key, exc_info=True)
