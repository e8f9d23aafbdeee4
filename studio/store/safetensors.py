"""Reading the header of a safetensors file without trusting it, and without any library that could load more."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from studio.core.values import frozen

HEADER_LIMIT = 25_000_000
"""Bytes of JSON. The format allows 100 million; the largest known models take well under one million."""

TENSOR_LIMIT = 50_000
"""Tensors in a file. The largest known models have some thousands."""

_BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E8M0": 8,
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


class BadHeader(ValueError):
    """Why a file is no sound safetensors file, as the second half of a sentence about it."""


@frozen
class Header:
    """`tensors` maps names to (dtype, shape, bytes); `metadata` is the file's own `__metadata__`."""

    tensors: Mapping[str, tuple[str, tuple[int, ...], int]]
    metadata: Mapping[str, str]

    def dtype(self) -> str:
        """The dtype of most bytes; "" for a file without tensors."""
        sums: dict[str, int] = {}
        for dtype, _, size in self.tensors.values():
            sums[dtype] = sums.get(dtype, 0) + size
        return max(sums, key=lambda name: sums[name]) if sums else ""


def read_header(path: Path) -> Header:
    """The header of `path`, with every offset checked against the file's size. Raises BadHeader and OSError.

    Format: 8 bytes little-endian length, that many bytes of JSON, then the tensors without gaps
    (https://github.com/huggingface/safetensors#format).
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length < 2:
            raise BadHeader("is empty or cut off")
        if length > HEADER_LIMIT:
            raise BadHeader("is not a safetensors file")
        if 8 + length > size:
            raise BadHeader("is cut off")
        text = file.read(length)
    if not text.startswith(b"{"):
        raise BadHeader("is not a safetensors file")
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_never)
    except BadHeader:
        raise
    except (ValueError, RecursionError) as error:
        raise BadHeader("has a damaged header") from error
    metadata = data.pop("__metadata__", {})
    tensors, end = _tensors(data)
    if 8 + length + end > size:
        raise BadHeader(f"is incomplete: {size:,} of {8 + length + end:,} bytes")
    if 8 + length + end < size:
        raise BadHeader(f"has {size - 8 - length - end:,} bytes too many")
    if not isinstance(metadata, dict):
        metadata = {}
    return Header(tensors, {str(k): v for k, v in metadata.items() if isinstance(v, str)})


def _tensors(data: Mapping[str, Any]) -> tuple[dict[str, tuple[str, tuple[int, ...], int]], int]:
    """The tensors, and the number of bytes they take together."""
    if len(data) > TENSOR_LIMIT:
        raise BadHeader("has a damaged header: it names more tensors than any model has")
    places, tensors = [], {}
    for name, entry in data.items():
        try:
            dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        except (KeyError, TypeError, ValueError) as error:
            raise BadHeader("has a damaged header") from error
        numbers = [*shape, begin, end] if isinstance(shape, list) else [None]
        if not isinstance(dtype, str) or len(numbers) > 66 or not all(_natural(n) for n in numbers) or end < begin:
            raise BadHeader("has a damaged header")
        bits = _BITS.get(dtype)
        if bits is not None and math.prod(shape) * bits != (end - begin) * 8:
            raise BadHeader(f"has a damaged header: {name[:60]!r} does not have the size it says")
        places.append((begin, end))
        tensors[name] = (dtype, tuple(shape), end - begin)
    reached = 0
    for begin, end in sorted(places):
        if begin != reached:
            raise BadHeader("has a damaged header: gaps or overlaps between its tensors")
        reached = end
    return tensors, reached


def _natural(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise BadHeader("names a tensor twice")
    return result


def _never(name: str) -> NoReturn:
    raise BadHeader(f"has {name} in its header")
