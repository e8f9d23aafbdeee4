"""What jobs run on, as the status bar shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """What jobs run on: its name for people ("" while unknown), its used and total memory in bytes (0 unknown)."""

    name: str = ""
    used: int = 0
    total: int = 0
