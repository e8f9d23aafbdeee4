"""The scale of spectrograms, wherever one is drawn: levels as colours, and where each note lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOWEST = 40.0
"""Hz at the bottom of a picture; the top is half the rate, or HIGHEST."""
HIGHEST = 16_000.0
FLOOR, CEILING = -84.0, -12.0
"""Decibels, a sine at full scale being 0, that are black and white."""
COLOURS = np.array(
    [
        (0.000, 13, 13, 20),
        (0.150, 28, 22, 66),
        (0.320, 78, 28, 118),
        (0.480, 145, 44, 121),
        (0.640, 208, 68, 100),
        (0.780, 247, 120, 75),
        (0.900, 254, 187, 108),
        (1.000, 253, 246, 205),
    ]
)
"""Levels and their colours: even steps of lightness, from the night of the window to the light of a lamp."""


def table() -> npt.NDArray[np.uint8]:
    """[256, 3]: red, green and blue of each level."""
    levels = np.linspace(0, 1, 256)
    channels = [np.interp(levels, COLOURS[:, 0], COLOURS[:, 1 + channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def mel(hertz: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float64]:
    """Pitch as it is heard, in mel (O'Shaughnessy's formula)."""
    return np.asarray(2595 * np.log10(1 + np.asarray(hertz) / 700))


def hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The opposite of `mel`."""
    return np.asarray(700 * (10 ** (np.asarray(mels) / 2595) - 1))
