"""What a model remembers of a text while it reads on: keys and values, or a recurrent state.

Reading is canonical: a text is read in parts whose borders depend on the number of tokens alone, and what is taken from
an earlier reading was read in the very same parts. Arithmetic in 16 or 32 bits gives other last digits for other parts;
this way a text is continued bit by bit the same, whether its beginning was remembered or not. Where the machine's
arithmetic lets many small parts be read in one pass (`pieces`), they are small; elsewhere each is a pass of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import torch
from transformers.cache_utils import Cache, DynamicLayer

from . import pieces
from .recurrent import RecurrentWriter

_ROOM = 256
"""Tokens by which keys and values grow at least: copying all of them for every token costs more than a small layer."""

_FAR = 512
"""Tokens that would be forgotten for the sake of another place of a text, from which on both are remembered."""


class GrowingLayer(DynamicLayer):
    """Keys and values [rows, heads, tokens, width] of one layer in memory that is kept ready for more."""

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Called by `update`."""
        self.dtype, self.device = key_states.dtype, key_states.device
        self.length = 0
        self._all_keys = key_states.new_empty((*key_states.shape[:2], 0, key_states.shape[-1]))
        self._all_values = value_states.new_empty((*value_states.shape[:2], 0, value_states.shape[-1]))
        self.keys, self.values = self._all_keys, self._all_values
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Remember more, and give back everything."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, self.length = self.length, self.length + key_states.shape[-2]
        if self.length > self._all_keys.shape[-2]:
            room = self.length + max(_ROOM, self.length // 4)
            self._reserve(room + _ROOM - room % _ROOM)
        self._all_keys[:, :, start : self.length] = key_states
        self._all_values[:, :, start : self.length] = value_states
        self.keys, self.values = self._all_keys[:, :, : self.length], self._all_values[:, :, : self.length]
        return self.keys, self.values

    def _reserve(self, room: int) -> None:
        for name in ("_all_keys", "_all_values"):
            old = getattr(self, name)
            new = old.new_empty((*old.shape[:2], room, old.shape[-1]))
            new[:, :, : old.shape[2]] = old
            setattr(self, name, new)

    def get_seq_length(self) -> int:
        """How many tokens are remembered."""
        return self.length if self.is_initialized else 0

    def keep(self, length: int) -> None:
        """Forget everything behind the first `length` tokens."""
        if self.is_initialized and length < self.length:
            self.length = length
            self.keys, self.values = self._all_keys[:, :, :length], self._all_values[:, :, :length]

    def spread(self, rows: int) -> GrowingLayer:
        """A copy of the first row for each of `rows`."""
        copy = GrowingLayer()
        if self.is_initialized:
            copy.update(self.keys[:1].expand(rows, -1, -1, -1), self.values[:1].expand(rows, -1, -1, -1))
        return copy

    def beside(self, other: GrowingLayer, *, front: tuple[int, int]) -> GrowingLayer:
        """Rows of both, with so many empty places in front of each."""
        copy = GrowingLayer()
        pairs = []
        for mine, theirs in ((self.keys, other.keys), (self.values, other.values)):
            padded = [torch.nn.functional.pad(x, (0, 0, gap, 0)) for x, gap in zip((mine, theirs), front, strict=True)]
            pairs.append(torch.cat(padded))
        copy.update(*pairs)
        return copy


class Memory(Protocol):
    """A text in `rows` versions of equal length that a model has read so far."""

    rows: int
    length: int

    def read(self, tokens: torch.Tensor, *, every: bool = False) -> torch.Tensor:
        """Read [rows, n] more tokens; the logits (fp32) of what may follow the last, [rows, vocabulary], or with
        `every` of what may follow each, [rows, n, vocabulary].
        """

    def keep(self, length: int) -> None:
        """Forget everything behind the first `length` tokens."""

    def spread(self, rows: int) -> Memory:
        """A copy in which every row is this one's first."""


class Attending:
    """A transformer's memory. `gaps` are empty places in front of each row where rows have different lengths."""

    def __init__(self, net: Any, cache: Cache | None = None, *, rows: int = 1, gaps: tuple[int, ...] = ()) -> None:
        self.net = net
        self.rows = rows
        self.cache = Cache(layer_class_to_replicate=GrowingLayer) if cache is None else cache
        self.length = self.cache.get_seq_length()
        self._gaps = gaps

    def read(self, tokens: torch.Tensor, *, every: bool = False) -> torch.Tensor:
        """See `Memory`. Stopped in the middle, it remembers what it did before."""
        more: dict[str, Any] = {}
        if any(self._gaps):
            more = self._places(tokens)
        # The last row by its number, not as a slice of all: torch copies the whole output matrix for a slice's sake.
        last = torch.tensor([tokens.shape[1] - 1], device=tokens.device) if tokens.shape[1] > 1 else 1
        try:
            out = self.net(
                tokens, past_key_values=self.cache, use_cache=True, logits_to_keep=0 if every else last, **more
            )
        except BaseException:
            self.keep(self.length)
            raise
        self.length += tokens.shape[1]
        logits: torch.Tensor = out.logits if every else out.logits[:, -1]
        return logits.float()

    def _places(self, tokens: torch.Tensor) -> dict[str, Any]:
        gaps = torch.tensor(self._gaps, device=tokens.device)[:, None]
        seen = torch.arange(self.length + tokens.shape[1], device=tokens.device)[None]
        return {
            "attention_mask": (seen >= gaps).long(),
            "position_ids": seen[:, self.length :] - gaps,
        }

    def keep(self, length: int) -> None:
        """See `Memory`."""
        for layer in self.cache.layers:
            layer.keep(length)
        self.length = length

    def spread(self, rows: int) -> Attending:
        """See `Memory`."""
        layers = [layer.spread(rows) for layer in self.cache.layers]
        return Attending(self.net, Cache(layers=layers), rows=rows)

    def beside(self, other: Attending) -> Attending:
        """The rows of both in one memory, to be read at once; the shorter ones begin later."""
        longest = max(self.length, other.length)
        front = (longest - self.length, longest - other.length)
        pairs = zip(self.cache.layers, other.cache.layers, strict=True)
        layers = [mine.beside(theirs, front=front) for mine, theirs in pairs]
        gaps = (front[0],) * self.rows + (front[1],) * other.rows
        return Attending(self.net, Cache(layers=layers), rows=self.rows + other.rows, gaps=gaps)


class Remembering:
    """A recurrent model's memory: a state of fixed size, and the states before, to be able to go back."""

    def __init__(self, net: RecurrentWriter, state: torch.Tensor | None = None, *, rows: int = 1, length: int = 0):
        self.net = net
        self.rows = rows
        self.length = length
        self._states = {length: state}

    def read(self, tokens: torch.Tensor, *, every: bool = False) -> torch.Tensor:
        """See `Memory`."""
        state = self._states[self.length]
        if not every:
            logits, state = self.net(tokens, state)
            self.length += tokens.shape[1]
            self._states[self.length] = state
            return logits.float()
        seen = [self.read(tokens[:, place : place + 1]) for place in range(tokens.shape[1])]
        return torch.stack(seen, 1)

    def keep(self, length: int) -> None:
        """See `Memory`; raises KeyError for a place in the middle of what was read at once."""
        if length == 0:
            self._states.setdefault(0, None)
        self._states = {place: state for place, state in self._states.items() if place <= length}
        self.length = length
        _ = self._states[length]

    def spread(self, rows: int) -> Remembering:
        """See `Memory`."""
        state = self._states[self.length]
        copy = None if state is None else state[:, :1].expand(-1, rows, -1).contiguous()
        return Remembering(self.net, copy, rows=rows, length=self.length)

    def beside(self, other: Remembering) -> Remembering:
        """The rows of both in one memory."""
        states = [m._states[m.length] for m in (self, other)]
        joined = torch.cat([state for state in states if state is not None], 1)
        return Remembering(self.net, joined, rows=self.rows + other.rows, length=max(self.length, other.length))


def part_length(net: Any, device: torch.device) -> int:
    """How many tokens one pass reads: few enough that a change near the end re-reads little, many enough to be nearly
    as fast as reading all at once (every further part costs about as much as writing a token). It depends on nothing
    that changes between two runs of a model on a device.
    """
    if isinstance(net, RecurrentWriter):
        return pieces.LENGTH  # goes from token to token anyway
    weights = sum(weight.numel() for weight in net.parameters())
    if device.type == "cpu" and net.dtype != torch.float32 and weights < 2_000_000_000:
        return 512  # a pass packs all weights of 16 bits anew: a tenth of the time of so many tokens
    return 256 if device.type != "cpu" or weights < 2_000_000_000 else 128


@contextmanager
def _looking(net: Any, check: Callable[[], None]) -> Iterator[None]:
    """Call `check` in front of every layer: a large model needs seconds for a part of a text."""
    layers = [part for part in net.modules() if type(part).__name__.endswith(("Layer", "Block"))]
    hooks = [layer.register_forward_pre_hook(lambda _module, _args: check()) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class Prompts:
    """Reads the texts in front of what is written, and remembers the last ones in whole parts.

    `part` says how many tokens a part has; by itself the parts are `pieces` where these can be read in one pass, and
    else of `part_length`.
    """

    def __init__(self, net: Any, device: torch.device, *, part: int = 0, kept: int = 3) -> None:
        self._pieced = not part and not isinstance(net, RecurrentWriter) and pieces.can_be_pieced(net, device)
        self.part = part or (pieces.LENGTH if self._pieced else part_length(net, device))
        self.read_tokens = 0
        """How many tokens the last `read` really read."""
        self._net = net
        self._device = device
        self._kept: list[tuple[list[int], Any]] = []
        self._most = kept

    def read(
        self, ids: Sequence[int], *, check: Callable[[], None] = lambda: None
    ) -> tuple[Attending | Remembering, torch.Tensor]:
        """The memory of a text of at least one token, and the logits [1, vocabulary] of what may follow it. The memory
        is the caller's until the next `read` of a text that begins alike; `check` is called in every
        layer and may raise to stop.
        """
        memory, known = self._nearest(list(ids))
        self.read_tokens = len(ids) - memory.length
        logits = None
        with _looking(self._net, check):
            for end in self._borders(memory.length, len(ids)):
                check()
                piece = torch.tensor([list(ids[memory.length : end])], device=self._device)
                with self._reading(memory.length, end):
                    logits = memory.read(piece)
                known[:] = ids[: memory.length - memory.length % self.part]
        assert logits is not None
        return memory, logits

    @contextmanager
    def _reading(self, start: int, end: int) -> Iterator[None]:
        with (
            pieces.last_rows_alone(self._net, end, pieced=self._pieced),
            pieces.Pieces(start, end - start) if self._pieced else nullcontext(),
        ):
            yield

    def _borders(self, start: int, end: int) -> list[int]:
        """Where the passes end that read from `start` to `end`."""
        return [end] if self._pieced else [*range(start + self.part, end, self.part), end]

    def _nearest(self, ids: list[int]) -> tuple[Attending | Remembering, list[int]]:
        """The memory that shares most whole parts with `ids`, cut to them; the last token is always read again."""
        shared = [self._shared(known, ids) for known, _ in self._kept]
        best = max(range(len(shared)), key=lambda place: shared[place], default=-1)
        if best >= 0 and shared[best] > 0:
            known, memory = self._kept[best]
            if len(known) - shared[best] > _FAR and memory.rows == 1:  # another place of a text: this one is kept too
                known, memory = [], memory.spread(1)
            else:
                del self._kept[best]
            memory.keep(shared[best])
            known[:] = ids[: shared[best]]
        else:
            known, memory = [], self._fresh()
        self._kept.append((known, memory))
        del self._kept[: -self._most]
        return memory, known

    def _shared(self, known: list[int], ids: list[int]) -> int:
        """How many tokens of `ids` are known and need not be read again, in whole parts. Pieces are read as many rows
        at once as a product of matrices must have to come out alike.
        """
        again = self.part if self._pieced else 1
        longest = max(min(len(known), len(ids) - again), 0) // self.part * self.part
        for start in range(0, longest, self.part):
            if known[start : start + self.part] != ids[start : start + self.part]:
                return start
        return longest

    def _fresh(self) -> Attending | Remembering:
        if isinstance(self._net, RecurrentWriter):
            return Remembering(self._net)
        return Attending(self._net)

    def forget(self) -> None:
        """Free what is remembered."""
        self._kept.clear()
