"""Less Python between a network's products of matrices, with the very same bits.

A small network's token takes 2.2 ms, and a third of that are calls: torch looks up every part of a module by a function
of its own, goes through two more for each call, and transformers writes a norm as seven operations. Here the parts of a
module stand where Python finds them at once, plain products are called without the module around them, and norms are
torch's own function where that gives the same bits for their weights on this machine. A tenth of the time of 3 million
weights is spared, a thirtieth of that of 100 million. Of the last layer only what is asked for is worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from .pieces import LastRows, last_rows_alone

MOST_WEIGHTS = 1_000_000_000
"""Of a larger network on a processor nothing can be noticed, and trying takes seconds."""
_ROWS = (1, 2, 67)
"""Rows at once for which both ways through a norm are compared."""
_DIGITS = 0.03
"""How far a product of 16 bits may be off, as a share of the largest number."""
_TRIED = 5
"""Tokens that are read to see that the network still does what it did."""


def quicken(net: torch.nn.Module, device: torch.device) -> bool:
    """Change a network that is ready to be used, in place; False where it stayed as it was. Its modules, weights and
    names are the same afterwards. Not for one that will be moved, trained or changed: that would not be noticed.
    """
    weights = sum(weight.numel() for weight in net.parameters())
    if device.type == "cpu" and weights > MOST_WEIGHTS:
        return False
    before = {part: dict(vars(part)) for part in net.modules()}
    with torch.inference_mode():
        try:
            known = _tried(net, device)
            for part in before:
                vars(part).update({**part._modules, **part._parameters, **_shortened(part)})
            _spare_last_rows(net)
            if torch.equal(_tried(net, device), known) and _alone(net, device, known):
                return True
        except Exception:  # noqa: BLE001 - whatever a network of unknown build does with its parts, it did it before
            pass
    for part, own in before.items():
        vars(part).clear()
        vars(part).update(own)
    return False


def _spare_last_rows(net: torch.nn.Module) -> None:
    """See `LastRows`; where the last layer is built as most are."""
    layers: Any = max((part for part in net.modules() if isinstance(part, torch.nn.ModuleList)), key=len, default=None)
    inner = None if not layers else layers[-1]._modules.get("mlp")
    if inner is not None:
        rows = LastRows(inner)
        vars(layers[-1])["mlp"] = vars(net)["last_rows"] = rows


def _alone(net: Any, device: torch.device, known: torch.Tensor) -> bool:
    """Whether the last token really needs nothing of the last layer for others; one row's sum has other last digits."""
    with last_rows_alone(net, _TRIED, pieced=False):
        off = (_tried(net, device)[:, -1] - known[:, -1]).abs().max()
    return bool(off <= _DIGITS * known[:, -1].abs().max())


def _tried(net: Any, device: torch.device) -> torch.Tensor:
    ids = torch.arange(_TRIED, device=device)[None] % int(net.get_input_embeddings().weight.shape[0])
    logits: torch.Tensor = net(ids, use_cache=False).logits
    return logits


def _shortened(part: torch.nn.Module) -> dict[str, Callable[..., torch.Tensor]]:
    """What stands in for the parts of a part. The output matrix is asked for by itself and stays a module."""
    asked: Any = getattr(part, "get_output_embeddings", None)
    last = None if asked is None else asked()
    found = dict[str, Callable[..., torch.Tensor]]()
    for name, inner in part._modules.items():
        if (
            inner is None
            or inner is last
            or "forward" in vars(inner)
            or inner._forward_pre_hooks
            or inner._forward_hooks
        ):
            continue
        quick = _linear(inner) or _norm(inner)
        if quick is not None:
            vars(quick).update(inner._parameters)  # some networks look at its weight
            found[name] = quick
    return found


def _linear(part: torch.nn.Module) -> partial[torch.Tensor] | None:
    if type(part) is not torch.nn.Linear:
        return None
    return partial(F.linear, weight=part.weight, bias=part.bias)


def _norm(part: torch.nn.Module) -> partial[torch.Tensor] | None:
    weight, epsilon = getattr(part, "weight", None), getattr(part, "variance_epsilon", getattr(part, "eps", None))
    named = type(part).__name__.endswith("RMSNorm") and isinstance(epsilon, float)
    if not named or not isinstance(weight, torch.Tensor) or weight.dim() != 1:
        return None
    quick = partial(F.rms_norm, normalized_shape=list(weight.shape), weight=weight, eps=epsilon)
    return quick if _alike(part, quick, weight) else None


def _alike(norm: torch.nn.Module, quick: Callable[..., torch.Tensor], weight: torch.Tensor) -> bool:
    chance = torch.Generator().manual_seed(weight.shape[0])
    for count in _ROWS:
        rows = torch.randn(1, count, weight.shape[0], generator=chance)
        # Rows of very different size: with small ones the epsilon counts, and the first of them is nothing.
        rows *= torch.linspace(0, 40, count)[None, :, None] ** 2 if count > 1 else 1.0
        rows = rows.to(weight.device, weight.dtype)
        if not torch.equal(norm(rows), quick(rows)):
            return False
    return True
