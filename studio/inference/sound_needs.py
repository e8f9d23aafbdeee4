"""What a sound will need in memory: arithmetic, without loading torch.

The weights are counted from the headers of the model's files. The rest is per second of sound, from the sizes of what
Stable Audio's parts hold at once (44.1 kHz, stereo), and grows with the length; the other families need less.
"""

from __future__ import annotations

from studio.api import Model

from .needs import Needs, needs

DENOISE_SECOND, DECODE_SECOND = 4_000_000, 70_000_000
"""Bytes for each second and byte of precision: the denoiser's work, and a decoder of waves: 128 channels of 44,100
frames a second, as what goes in, what comes out and what lies between them.
"""


def sound_needs(model: Model, seconds: float, *, itemsize: int, guided: bool) -> Needs:
    """What `seconds` of sound need with `itemsize` bytes for each number."""
    weights = needs(model, 0, 0, itemsize=itemsize)
    decode = int(seconds * DECODE_SECOND * 4)  # decoders work in full precision
    return Needs(
        denoiser=weights.denoiser,
        denoiser_small=weights.denoiser_small,
        others=weights.others,
        largest_other=weights.largest_other,
        denoise=int(seconds * DENOISE_SECOND * itemsize * (2 if guided else 1)),
        decode=decode,
        decode_in_tiles=decode,
    )
