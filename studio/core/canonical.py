"""One spelling for every JSON value, so that equal things have equal hashes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

Json = Any  # None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]; mypy has no useful recursive form


def canonical(value: Json) -> str:
    """`value` as JSON with sorted keys, no spaces and UTF-8 text. Raises ValueError for NaN and infinities."""
    return json.dumps(thaw(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Json) -> str:
    """SHA-256 (64 hex digits) of the canonical spelling of `value`."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def freeze(value: Json) -> Json:
    """A deep copy of a JSON value that cannot be changed: mappings become read-only, lists become tuples."""
    # Plain values first: the test for Mapping costs more than everything else together (10,000 sidecars: 1 s).
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("NaN and infinities cannot be stored")
        return value
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item) for item in value)
    if isinstance(value, Mapping):
        return FrozenDict({str(key): freeze(item) for key, item in value.items()})
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def thaw(value: Json) -> Json:
    """The opposite of `freeze`: plain dicts and lists."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [thaw(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): thaw(item) for key, item in value.items()}
    return value


class FrozenDict(Mapping[str, Any]):
    """A read-only, hashable mapping of JSON values."""

    __slots__ = ("_data", "_hash")

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self._data = MappingProxyType(dict(data or {}))
        self._hash: int | None = None

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(canonical(self))
        return self._hash

    def __repr__(self) -> str:
        return f"FrozenDict({dict(self._data)!r})"
