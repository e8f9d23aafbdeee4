"""What a picture will need in memory, and how a model is best placed for it: arithmetic, without loading torch.

The weights are counted from the headers of the model's files. The rest is measured (SD1.5's parts, two kinds of
processor arithmetic, 512² and 768²): the denoiser works in about 300 bytes for each pixel, picture in the batch and
byte of precision, the decoder in about 950. Both grow with the number of pixels, in the newer families too.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from studio.api import Model, frozen

DENOISE, DECODE = 300, 950
"""Bytes for each pixel and byte of precision."""
TILE_SIDE = 512
"""Pixels a side of a decoder's tile."""
TILE = 640
"""The same with what it holds of the tiles beside it."""
LAYERS = 20
"""Into about so many pieces a large part can be cut: its largest layers count, not their number."""
ROOM = 1.08
"""What allocators lose between the tensors."""
MAY_FAIL = "this may fail"
_BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "I8": 8, "U8": 8}
_DENOISERS = ("unet", "transformer", "transformer_2", "prior", "decoder")

DEVICE, MODEL, GROUP = "device", "model", "group"
"""All on the device; part by part (text encoder, denoiser, decoder); layer by layer."""
MODES = (DEVICE, MODEL, GROUP)
SLOWER = {DEVICE: 1.0, MODEL: 1.3, GROUP: 2.0}
"""About how much longer a picture takes: rules of thumb for a graphics card in a PCIe 4 slot. 8 bits on a processor
took 1.8 × (measured, SD1.5 in bfloat16)."""


@frozen
class Needs:
    """Bytes: of the denoisers' weights, in full and in 8 bits; of all other weights and the largest part among them; of
    the work of the denoiser and of the decoder, in one go and in tiles.
    """

    denoiser: int
    denoiser_small: int
    others: int
    largest_other: int
    denoise: int
    decode: int
    decode_in_tiles: int

    def of(self, mode: str, *, tiles: bool = False, small: bool = False) -> int:
        """Bytes on the device at the worst moment; `small` is the denoiser in 8 bits."""
        decode = self.decode_in_tiles if tiles else self.decode
        denoiser = self.denoiser_small if small else self.denoiser
        if mode == DEVICE:
            held = denoiser + self.others + max(self.denoise, decode)
        elif mode == MODEL:
            held = max(denoiser + self.denoise, self.largest_other, decode)
        else:
            held = max(denoiser, self.largest_other) // LAYERS + max(self.denoise, decode)
        return int(held * ROOM)


@frozen
class Placing:
    """How a model is placed for a picture. `mode` is one of MODES; `small` keeps the denoiser in 8 bits; `tiles` makes
    the decoder work in tiles. `needed` and `free` are bytes, `fits` is whether one goes into the other.
    """

    mode: str = DEVICE
    tiles: bool = False
    small: bool = False
    needed: int = 0
    free: int = 0

    @property
    def fits(self) -> bool:
        """False where it will probably fail."""
        return not self.free or self.needed <= self.free


def needs(model: Model, width: int, height: int, *, itemsize: int, guided: bool = True) -> Needs:
    """What one picture of width × height pixels needs with `itemsize` bytes for each number; `guided` pictures go
    through the denoiser twice, together.
    """
    stored = _BITS.get(model.dtype, 16) / 8
    sizes = {name: int(size * itemsize / stored) for name, size in _parts(model).items()}
    denoisers = [size for name, size in sizes.items() if name in _DENOISERS]
    others = [size for name, size in sizes.items() if name not in _DENOISERS]
    pixels = width * height
    decode = pixels * DECODE * itemsize
    # A tile at a time, and the whole picture in the making.
    tiled = min(pixels, TILE * TILE) * DECODE * itemsize + pixels * 3 * itemsize * 4
    return Needs(
        denoiser=sum(denoisers),
        denoiser_small=sum(denoisers) // itemsize,
        others=sum(others),
        largest_other=max(others, default=0),
        denoise=pixels * DENOISE * itemsize * (2 if guided else 1),
        decode=decode,
        decode_in_tiles=min(decode, tiled),
    )


def _parts(model: Model) -> Mapping[str, int]:
    parts: Any = model.facts.get("parts")
    if isinstance(parts, Mapping) and parts:
        return {str(name): int(size) for name, size in parts.items() if name not in ("safety_checker", "image_encoder")}
    return {"unet": model.size}


def choose(
    wanted: Needs,
    *,
    free: int,
    card: bool,
    mode: str = "auto",
    tiles: str = "auto",
    small: str = "auto",
    before: Placing | None = None,
) -> Placing:
    """The quickest way that fits into `free` bytes, or the smallest there is.

    `card` is true for a graphics card with memory of its own: only there parts can be moved out of the way. `mode` (one
    of MODES), `tiles` and `small` ("on", "off") are what the artist has fixed, "auto" leaves it open. 8 bits come last:
    they change the picture. `before` is how the model lies there now: it stays so unless there is a good reason,
    because to place it anew is to load it anew.
    """
    modes = (DEVICE,) if not card else MODES if mode == "auto" else (mode,)
    ways = [
        Placing(one, tiled, eight, wanted.of(one, tiles=tiled, small=eight), free)
        for eight in _open(small)
        for one in modes
        for tiled in _open(tiles)
    ]
    fitting = [way for way in ways if way.fits]
    if before is not None:
        same = [way for way in ways if (way.mode, way.small) == (before.mode, before.small)]
        kept = next((way for way in same if way.needed <= free * 1.1), None)
        better = bool(fitting) and fitting[0].needed <= free * 0.85
        if kept is not None and not better:
            return kept
    return fitting[0] if fitting else min(ways, key=lambda way: way.needed)


def _open(choice: str) -> tuple[bool, ...]:
    return {"on": (True,), "off": (False,)}.get(choice, (False, True))


def preflight(wanted: Needs, placing: Placing) -> str:
    """What is said before a run: what everything at once would need, what is free, and what is done about it."""
    if not placing.free or wanted.of(DEVICE) <= placing.free:
        return ""  # whatever the artist has fixed
    whole = gigabytes(wanted.of(DEVICE))
    start = f"Needs about {whole}, {gigabytes(placing.free)} free"
    if not placing.fits:
        return f"{start}: {MAY_FAIL}. Make the picture smaller, close other programs or choose a smaller model."
    done = []
    if placing.mode != DEVICE:
        turns = "parts" if placing.mode == MODEL else "layers"
        done.append(f"its {turns} take turns on the card, about {SLOWER[placing.mode]:g} × slower")
    if placing.small:
        done.append("its weights are kept in 8 bits, which is slower")
    if placing.tiles:
        done.append("the picture is decoded in tiles")
    return f"{start}: {', '.join(done)}." if done else f"{start}: it is close."


@lru_cache(maxsize=1)
def processor_itemsize() -> int:
    """Bytes of a number on the processor with the precision that is chosen by itself: 2 where the system says that it
    multiplies bfloat16, else 4. `devices.fast_bfloat16` asks torch for the same.
    """
    words = {"avx512_bf16", "amx_bf16"} if platform.machine().lower() in ("x86_64", "amd64") else {"bf16"}
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 4
    flags = next((line for line in text.splitlines() if line.lower().startswith(("flags", "features"))), "")
    return 2 if words & set(flags.split()) else 4


def gigabytes(size: int) -> str:
    """Bytes for people, in decimal units as the systems show them."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"
