"""The wheels of a keyboard that is played, bend and modulation, as the warp of the notes that it holds."""

from __future__ import annotations

import numpy as np

from .controls import FINE, NONE, WHEEL, Controls, Floats, pitched

CENTRE = 8192


class Wheels:
    """`hear` is for the driver's thread, `over` for the one that renders. Places are samples of the source's clock."""

    def __init__(self) -> None:
        self._bend, self._sway = CENTRE, 0
        self._at: Floats = np.zeros(0)
        self._come: Floats = np.zeros(0)

    def hear(self, message: bytes) -> None:
        """A message of the keyboard; whatever moves no wheel is passed over."""
        kind = message[0] & 0xF0
        if kind == 0xE0 and len(message) == 3:
            self._bend = message[1] | message[2] << 7
        elif kind == 0xB0 and len(message) == 3 and message[1] == WHEEL:
            self._sway = message[2]

    @property
    def moving(self) -> bool:
        """Whether keys that are down sound otherwise than they were struck."""
        return len(self._at) > 0

    def rest(self) -> None:
        """The keyboard has gone: both wheels stand where they stand by themselves."""
        self._bend, self._sway = CENTRE, 0

    def over(self, clock: int, frames: int, since: int | None) -> Controls:
        """How the keys sound in so many frames from `clock` on; `since` is when the first of them went down (None: no
        key is down). To be asked block by block.
        """
        bend, sway = self._bend, self._sway
        neutral = bend == CENTRE and not sway
        if since is None or (neutral and not len(self._at)):
            self._at = self._come = np.zeros(0)
            return NONE
        if not len(self._at):  # until now the keys sounded as they were struck
            self._at = self._come = np.array([min(since, clock - 1), clock], np.float64)
        points = np.append(np.arange(clock, clock + frames, frames if neutral else FINE), clock + frames).astype(float)
        middle = (points[:-1] + points[1:]) / 2
        rate = pitched(np.full(len(middle), float(bend)), np.full(len(middle), float(sway)), middle)
        old = max(0, int(np.searchsorted(self._at, since, "right")) - 1)
        self._come = np.concatenate([self._come[old:], self._come[-1] + np.cumsum(np.diff(points) * rate)])
        self._at = np.concatenate([self._at[old:], points[1:]])
        return Controls(warp=(self._at, self._come))
