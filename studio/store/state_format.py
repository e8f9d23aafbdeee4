"""The bytes of a step's state: its JSON, then its arrays, each once a file and without bits that say nothing."""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from studio.core.canonical import thaw
from studio.core.steps import StepState, Tensor
from studio.core.values import frozen
from studio.store import state_linear
from studio.store.state_linear import LINEAR
from studio.store.step_format import CRC, STATE_LIMIT, Damaged, Head, squeeze, unsqueeze

VALUES_LIMIT = 1 << 26
PLANES = "planes"
"""How an array of noise is stored: sign and exponent of all its numbers through zlib, the rest as it is."""

AFTER = "after"
"""How an array that grows is stored: as what came since it was stored whole."""

_WORTH_SHARING = 256
_PAYS = 0.9
_TAIL = 512
"""Bytes by which an array may have grown until it is stored whole again: of 2,000 tokens each step keeps 400 bytes
instead of 8,000 at the end."""
_PATIENCE = 4
_LARGE = 1 << 12
"""Bytes of noise from which on sparing a seventh is worth the time."""
_ENOUGH = 3
"""Arrays of a shape among which one may follow from the others; of two that would be the same times a number."""

_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


_FLOATS = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8}


@frozen
class Stored:
    """Where an array lies that a file holds already: `at` is its offset in the file, or in the state while that is
    packed; `size` its bytes there; `how` it was squeezed; the CRC-32 of those bytes.
    """

    at: int
    size: int
    how: bool | str
    crc: int


@dataclass(slots=True)
class Earlier:
    """What a file holds already: its arrays by the hash of their content. `misses` is in how many states in a row no
    array followed from the others: where none ever does, nobody needs to go on looking.
    """

    arrays: dict[bytes, Stored] = field(default_factory=dict)
    misses: int = 0
    whole: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    """By the name of an array the one that was stored whole last: its hash and its bytes."""


def pack_state(state: StepState, earlier: Earlier | None = None) -> tuple[bytes, dict[bytes, Stored]]:
    """A state as bytes, and what is new in it by the hash of its content. An array that is there `earlier` is not
    stored again: a multistep scheduler keeps at each step what it kept at the one before (DPM++ 2M: a third less).

    Raises ValueError or TypeError for values that are no JSON or no tensor.
    """
    earlier, new = earlier or Earlier(), dict[bytes, Stored]()
    blobs: list[bytes] = []
    arrays: list[list[Any]] = []
    length = 0
    tails = [_tail(name, tensor, earlier) for name, tensor in state.tensors.items()]
    # What goes on where an earlier one ended is looked up no more, unless it may follow from others.
    keys = [
        b"" if tail and tensor.dtype not in _FLOATS else _key(tensor)
        for tail, tensor in zip(tails, state.tensors.values(), strict=True)
    ]
    sums = _sums(state, keys, earlier)
    for number, (name, tensor) in enumerate(state.tensors.items()):
        if tensor_size(tensor.dtype, tensor.shape) not in (len(tensor.data), -1):
            raise ValueError(f"tensor {name!r}: {len(tensor.data)} bytes are not {tensor.dtype} {tensor.shape}")
        about = [name, tensor.dtype, list(tensor.shape), len(tensor.data)]
        if number in sums:
            terms, blob = sums[number]
            blobs.append(blob)
            arrays.append([*about, len(blob), {LINEAR: terms}])
            length += len(blob)
            continue
        key = keys[number]
        there = earlier.arrays.get(key)
        if there is not None:
            arrays.append([*about, there.size, there.how, there.at, there.crc])
            continue
        blob, how = tails[number] or _squeeze(tensor)
        if len(tensor.data) >= _WORTH_SHARING and not isinstance(how, dict):
            new[key] = Stored(length, len(blob), how, zlib.crc32(blob))
            earlier.whole[name] = key, tensor.data
        blobs.append(blob)
        arrays.append([*about, len(blob), how])
        length += len(blob)
    text = json.dumps({"values": thaw(state.values), "tensors": arrays}, ensure_ascii=False, allow_nan=False)
    head = text.encode("utf-8", "surrogatepass")
    if len(head) > VALUES_LIMIT:
        raise ValueError("the JSON part of the state is too large; put it into a tensor")
    behind = CRC.size + len(head)
    placed = {key: Stored(item.at + behind, item.size, item.how, item.crc) for key, item in new.items()}
    return b"".join((CRC.pack(len(head)), head, *blobs)), placed


def unpack_state(head: Head, data: bytes, fetch: Callable[[int, int], bytes]) -> StepState:
    """The opposite of `pack_state`; `fetch(offset, size)` reads from the file. Raises Damaged."""
    if zlib.crc32(data) != head.state_crc:
        raise Damaged(f"state of step {head.index}: checksum")
    try:
        (length,) = CRC.unpack_from(data)
        about = json.loads(data[CRC.size : CRC.size + length].decode("utf-8", "surrogatepass"))
        found: dict[int, Tensor] = {}
        sums: dict[int, tuple[Any, bytes]] = {}
        offset = CRC.size + length
        for number, (_, dtype, shape, size, stored, how, *elsewhere) in enumerate(about["tensors"]):
            if elsewhere:
                blob = _fetched(fetch, int(elsewhere[0]), int(stored), int(elsewhere[1]))
            else:
                blob = data[offset : offset + stored]
                offset += stored
            if isinstance(how, dict) and AFTER in how:
                start = _beginning(fetch, *how[AFTER])
                found[number] = _tensor(str(dtype), tuple(map(int, shape)), int(size), start + blob, False)
            elif isinstance(how, dict):
                sums[number] = how[LINEAR], blob
            else:
                found[number] = _tensor(str(dtype), tuple(map(int, shape)), int(size), blob, how)
        plain = {number: tensor.data for number, tensor in found.items()}
        for number, (terms, blob) in sums.items():
            _, dtype, shape, size, *_ = about["tensors"][number]
            again = state_linear.again(terms, blob, plain, int(size))
            found[number] = _tensor(str(dtype), tuple(map(int, shape)), int(size), again, False)
        tensors = {str(about["tensors"][number][0]): found[number] for number in sorted(found)}
        return StepState(tensors=tensors, values=about["values"])
    except (KeyError, TypeError, ValueError, IndexError, struct.error, RecursionError) as error:
        raise Damaged(f"state of step {head.index}: {error}") from error


def _sums(state: StepState, keys: list[bytes], earlier: Earlier) -> dict[int, tuple[list[list[Any]], bytes]]:
    """Which arrays follow from others that do not, by their numbers: at most one of each shape."""
    if earlier.misses >= _PATIENCE:
        return {}
    alike: dict[tuple[int, ...], list[int]] = {}
    tensors = list(state.tensors.values())
    for number, tensor in enumerate(tensors):
        if tensor.dtype == "F32" and len(tensor.data) >= state_linear.SMALLEST:
            alike.setdefault(tensor.shape, []).append(number)
    found: dict[int, tuple[list[list[Any]], bytes]] = {}
    for numbers in alike.values():
        if len({keys[number] for number in numbers}) < max(len(numbers), _ENOUGH):
            continue  # two that are equal: the one is stored as the other
        for number in reversed(numbers):
            if keys[number] not in earlier.arrays:
                others = {other: tensors[other].data for other in numbers if other != number}
                answer = state_linear.find(tensors[number].data, others)
                if answer is not None:
                    found[number] = answer
                    break
        earlier.misses = earlier.misses + 1 if number not in found else 0
    return found


def _tail(name: str, tensor: Tensor, earlier: Earlier) -> tuple[bytes, Any] | None:
    """Only the end of an array that goes on where the one of its name that was stored whole has ended."""
    key, start = earlier.whole.get(name, (b"", b""))
    there = earlier.arrays.get(key)
    if (
        there is None
        or isinstance(there.how, str)
        or not 0 < len(tensor.data) - len(start) <= _TAIL
        or not tensor.data.startswith(start)
    ):
        return None
    return tensor.data[len(start) :], {AFTER: [there.at, there.size, there.how, there.crc, len(start)]}


def _beginning(fetch: Callable[[int, int], bytes], at: int, stored: int, how: Any, crc: int, size: int) -> bytes:
    blob = _fetched(fetch, int(at), int(stored), int(crc))
    if isinstance(how, str):
        raise ValueError("an array of numbers that go on is no noise")
    return unsqueeze(blob, bool(how), int(size), limit=STATE_LIMIT)


def _fetched(fetch: Callable[[int, int], bytes], at: int, size: int, crc: int) -> bytes:
    if not 0 <= size <= STATE_LIMIT or at < 0:
        raise ValueError("a reference out of bounds")
    blob = fetch(at, size)
    if zlib.crc32(blob) != crc:
        raise ValueError("an array that it shares with an earlier step is damaged")
    return blob


def _key(tensor: Tensor) -> bytes:
    kind = f"{tensor.dtype} {len(tensor.data)} ".encode()
    return hashlib.blake2b(tensor.data, digest_size=20, key=kind[:64]).digest()


def _tensor(dtype: str, shape: tuple[int, ...], size: int, blob: bytes, how: Any) -> Tensor:
    if tensor_size(dtype, shape) not in (size, -1):
        raise ValueError(f"{size} bytes are not {dtype} {shape}")
    if how == PLANES:
        return Tensor(dtype, shape, _from_planes(blob, _FLOATS[dtype], size))
    return Tensor(dtype, shape, unsqueeze(blob, bool(how), size, limit=STATE_LIMIT))


def tensor_size(dtype: str, shape: tuple[int, ...]) -> int:
    """Bytes of an array; -1 for a dtype nobody told us about."""
    bits = _BITS.get(dtype)
    return -1 if bits is None else math.prod(shape) * bits // 8


def _squeeze(tensor: Tensor) -> tuple[bytes, bool | str]:
    if len(tensor.data) < _WORTH_SHARING:
        return tensor.data, False
    data, squeezed = squeeze(tensor.data)
    width = _FLOATS.get(tensor.dtype)
    if squeezed or width is None or len(data) < _LARGE:
        return data, squeezed
    top = data[width - 1 :: width]
    # Without a search for repetitions, of which noise has none: half the time, a quarter smaller.
    deflate = zlib.compressobj(1, strategy=zlib.Z_HUFFMAN_ONLY)
    small = deflate.compress(top) + deflate.flush()
    if len(small) >= _PAYS * len(top):
        return data, False
    return b"".join((*(data[part::width] for part in range(width - 1)), small)), PLANES


def _from_planes(blob: bytes, width: int, size: int) -> bytes:
    count = size // width
    plain = count * (width - 1)
    if len(blob) < plain or not 0 <= size <= STATE_LIMIT:
        raise ValueError(f"{len(blob)} bytes are too few")
    data = bytearray(size)
    for part in range(width - 1):
        data[part::width] = blob[part * count : (part + 1) * count]
    data[width - 1 :: width] = unsqueeze(blob[plain:], True, count, limit=STATE_LIMIT)
    return bytes(data)
