"""Reading a text at once with the arithmetic of small pieces: what is remembered of it can be used up to any piece.

A network reads a hundred tokens in one pass much faster than in ten. Yet sums come out with other last digits where
more rows are added up together, and a text that was read on from a remembered beginning would not be continued as one
that was read whole. Here attention is worked out piece by piece, each over the same keys however one came there, and so
are functions that are not computed alike at every place of a tensor. Products of matrices are left whole where this
processor's library adds up every row by itself, which is tried out for the sizes of the model's own weights; where it
does not, or the network is of an unknown build, there are no pieces, and `Prompts` reads in several passes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

LENGTH = 64
"""Tokens of a piece."""
MOST_WEIGHTS = 300_000_000
"""Of a larger network a pass costs so much less than its tokens that nothing is to be won, and trying takes seconds."""
_TRIED = (LENGTH, LENGTH + 1, 2 * LENGTH - 1, 201, 333, 700)
"""Rows for which a product is compared with that of all of them."""
_SMOOTH: frozenset[Any] = frozenset(
    (F.silu, F.gelu, torch.tanh, torch.sigmoid, torch.Tensor.tanh, torch.Tensor.sigmoid)
)
"""Functions of single numbers that come out differently at the end of a thread's share."""
_CHANGED = _SMOOTH | {F.scaled_dot_product_attention}
_EVEN = 64
_PROBE = 3 * LENGTH + 9


class Pieces(TorchFunctionMode):
    """While it is entered, a network reads `rows` tokens behind `start` others as if each piece came alone."""

    def __init__(self, start: int, rows: int) -> None:
        super().__init__()
        self._start, self._rows = start, rows
        first = start // LENGTH * LENGTH
        borders = [start, *range(first + LENGTH, start + rows, LENGTH), start + rows]
        self._spans = list(itertools.pairwise(borders))
        self._masks: dict[tuple[int, int], torch.Tensor] = {}
        self._given: list[torch.Tensor] = []
        self._alone = torch.get_num_threads() == 1

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Called by torch in place of its functions, four hundred times in a small network's pass."""
        if func not in _CHANGED:
            return func(*args, **kwargs) if kwargs else func(*args)
        more = kwargs or {}
        if func is F.scaled_dot_product_attention and len(args) == 3:
            return self._attended(*args, **more)
        if func in _SMOOTH and self._of_rows(args[0]) and not (self._alone and args[0].shape[-1] % _EVEN == 0):
            return torch.cat([func(args[0][:, low:high], *args[1:], **more) for low, high in self._cuts()], 1)
        return func(*args, **more)

    def _of_rows(self, tensor: torch.Tensor) -> bool:
        return tensor.dim() == 3 and tensor.shape[1] == self._rows

    def _cuts(self) -> Iterator[tuple[int, int]]:
        return ((low - self._start, high - self._start) for low, high in self._spans)

    def _attended(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *,
        attn_mask: torch.Tensor | None = None,
        is_causal: bool = False,
        **more: Any,
    ) -> torch.Tensor:
        found = []
        for (low, high), (_, end) in zip(self._cuts(), self._spans, strict=True):
            mask = self._mask(attn_mask, low, high, end, query)
            found.append(
                F.scaled_dot_product_attention(
                    query[:, :, low:high], key[:, :, :end], value[:, :, :end], attn_mask=mask, **more
                )
            )
        return torch.cat(found, 2)

    def _mask(self, given: torch.Tensor | None, low: int, high: int, end: int, query: torch.Tensor) -> torch.Tensor:
        """0 where a row may look and minus infinity elsewhere, [1, 1, high - low, end]: always of one kind, for other
        kinds go other ways through the kernel. Made once for all layers.
        """
        name = (id(given), low)
        if name not in self._masks:
            if given is None:
                seen = torch.ones(high - low, end, dtype=torch.bool, device=query.device).tril(end - (high - low))
                seen = seen[None, None]
            else:
                seen = given[..., low:high, :end]
                self._given.append(given)  # or its id could come again
            if seen.dtype == torch.bool:
                seen = torch.zeros(seen.shape, dtype=query.dtype, device=query.device).masked_fill_(~seen, -torch.inf)
            self._masks[name] = seen.contiguous()
        return self._masks[name]


class LastRows:
    """Stands in for the last layer's feed-forward part. Of a text that is read, nobody asks what the layer makes of any
    token but the last: while `count` is set, only so many tokens at the end are worked out, which spares a twentieth of
    a small network's pass. Where texts are read in pieces, the `count` tokens begin at the border `begin` of pieces and
    are as many rows as a product must have to come out as always.
    """

    def __init__(self, part: Callable[..., torch.Tensor]) -> None:
        self._part = part
        self.count = 0
        self.begin: int | None = None

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """What the part makes of [1, n, width]; nothing in front of what counts."""
        if not self.count or rows.dim() != 3 or rows.shape[1] <= self.count:
            return self._part(rows)
        with nullcontext() if self.begin is None else Pieces(self.begin, self.count):
            made = self._part(rows[:, -self.count :])
        if not isinstance(made, torch.Tensor):  # of several experts it may say more
            return self._part(rows)
        return torch.cat([torch.zeros_like(rows[:, self.count :]), made], 1)


@contextmanager
def last_rows_alone(net: Any, end: int, *, pieced: bool) -> Iterator[None]:
    """While a text of `end` tokens is read, only what is asked of its last token is worked out."""
    rows = getattr(net, "last_rows", None)
    if rows is None:
        yield
        return
    begin = max((end - 1) // LENGTH - 1, 0) * LENGTH
    rows.begin, rows.count = (begin, end - begin) if pieced else (None, 1)
    try:
        yield
    finally:
        rows.count = 0


def can_be_pieced(net: Any, device: torch.device) -> bool:
    """Whether `Pieces` makes this network read a text alike in one pass and in several: tried out, here and now."""
    if device.type != "cpu" or sum(weight.numel() for weight in net.parameters()) > MOST_WEIGHTS:
        return False
    config = getattr(net, "config", None)
    if getattr(config, "_attn_implementation", "") != "sdpa":
        return False
    if (getattr(config, "max_position_embeddings", None) or _PROBE) < _PROBE:
        return False  # reads no text that would be worth it
    with torch.inference_mode():
        if not all(_adds_rows_alone(*shape) for shape in _products(net)):
            return False
        if _reads_alike(net):
            return True
        if getattr(net, "last_rows", None) is None:
            return False
        net.last_rows = None  # perhaps without
        return _reads_alike(net)


def _products(net: Any) -> set[tuple[int, int, torch.dtype]]:
    """The sizes of all matrices that rows are multiplied with, but of the output, which sees the last row alone."""
    last = net.get_output_embeddings()
    found = set()
    for part in net.modules():
        if part is last or not hasattr(part, "weight"):
            continue
        if isinstance(part, torch.nn.Linear):
            found.add((part.in_features, part.out_features, part.weight.dtype))
        elif type(part).__name__ == "Conv1D":
            found.add((part.weight.shape[0], part.weight.shape[1], part.weight.dtype))
    return found


def _adds_rows_alone(wide: int, out: int, dtype: torch.dtype) -> bool:
    chance = torch.Generator().manual_seed(wide + out)
    weight = torch.randn(out, wide, generator=chance).to(dtype)
    rows = torch.randn(1, max(_TRIED), wide, generator=chance).to(dtype)
    whole = F.linear(rows, weight)
    return all(
        torch.equal(F.linear(rows[:, start : start + count], weight), whole[:, start : start + count])
        for count in _TRIED
        for start in {0, min(17, max(_TRIED) - count)}
    )


def _reads_alike(net: Any) -> bool:
    """A text of chance tokens, whole and from a remembered beginning on: the same logits, keys and values."""
    from .memory import Attending

    known = int(net.get_input_embeddings().weight.shape[0])
    chance = torch.Generator().manual_seed(known)
    length, border = _PROBE, LENGTH
    ids = torch.randint(known, (1, length), generator=chance)
    whole, parted = Attending(net), Attending(net)
    with Pieces(0, length):
        one = whole.read(ids)
    with Pieces(0, border):
        parted.read(ids[:, :border])
    with Pieces(border, length - border), last_rows_alone(net, length, pieced=True):
        other = parted.read(ids[:, border:])
    pairs = zip(whole.cache.layers, parted.cache.layers, strict=True)
    same = all(torch.equal(a.keys, b.keys) and torch.equal(a.values, b.values) for a, b in pairs)
    return same and torch.equal(one, other)
