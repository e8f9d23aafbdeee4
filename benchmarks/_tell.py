"""How a measured process hands its figures to the one that started it. Imports next to nothing: it is measured too."""

from __future__ import annotations

import json
from typing import Any

MARK = "figures: "


def tell(**figures: Any) -> None:
    """In the measured process: hand figures to the one that started it."""
    print(MARK + json.dumps(figures), flush=True)
