"""What jobs run on, as the status bar and the panels show it."""

from __future__ import annotations

from studio.core.values import frozen


@frozen
class DeviceStatus:
    """What jobs run on: its name for people ("" while unknown, "CPU" for the processor), its used and total memory in
    bytes (0 unknown). `own` is the part of `used` that is held for models and given back when another needs it.
    """

    name: str = ""
    used: int = 0
    total: int = 0
    own: int = 0

    @property
    def free(self) -> int:
        """Bytes that the next model could take; 0 while unknown."""
        return max(0, self.total - self.used + self.own)
