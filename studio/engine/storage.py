"""How much room kept steps may take: a setting of Studio's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.params import param, salvage
from studio.core.values import frozen

STORAGE = "studio.Storage"


@frozen
class Storage:
    """What Studio may use of the disk."""

    steps: float = param(
        2.0,
        label="Room for steps",
        help="Kept steps let you look back, branch and go on after a crash. The oldest go first, never a result.",
        minimum=0.0,
        maximum=1000.0,
        slider=(0.5, 20.0),
        step=0.5,
        decimals=1,
        unit="GB",
        unset="None",
    )


def budget(settings: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes for the steps of a project; `settings` are those of "studio"."""
    values = settings.get(Storage.__name__, {})
    return int(salvage(Storage, values)[0].steps * 10**9)
