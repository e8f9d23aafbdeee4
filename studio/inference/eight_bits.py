"""Denoisers whose weights lie in 8 bits and are brought to full precision layer by layer while they work.

This is diffusers' own layerwise casting, which works on graphics cards and processors alike. Here the weights get their
8 bits one by one as they are read: the denoiser is never in memory in full, not even for a moment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
from accelerate import init_empty_weights
from safetensors import safe_open

STORED = torch.float8_e4m3fn
DENOISERS = ("unet", "transformer", "transformer_2")
_KEPT = "_keep_in_fp32_modules"


def store(part: Any, dtype: torch.dtype) -> None:
    """Have a denoiser keep its large layers in 8 bits from now on, and compute in `dtype`. Twice does nothing more."""
    if hasattr(part, "enable_layerwise_casting") and not is_stored(part):
        part.enable_layerwise_casting(storage_dtype=STORED, compute_dtype=dtype)


def is_stored(part: Any) -> bool:
    """Whether a denoiser keeps its large layers in 8 bits."""
    return isinstance(part, torch.nn.Module) and any(value.dtype == STORED for value in part.parameters())


def empty(part: Any, dtype: torch.dtype) -> Any:
    """A denoiser without weights, ready for `filled`."""
    part.to(dtype)
    for name, value in part.named_parameters():
        if any(word in name.split(".") for word in getattr(part, _KEPT, None) or ()):
            value.data = value.data.float()
    store(part, dtype)
    return part


def filled(part: Any, tensors: Iterator[tuple[str, torch.Tensor]], dtype: torch.dtype) -> Any:
    """`empty(…)` with weights: each is brought to `dtype` and then to what its place is kept in, before the next is
    read. Raises RuntimeError where one is missing or of another size.
    """
    places = part.state_dict()
    found = {}
    for name, tensor in tensors:
        place = places.get(name)
        if place is not None:
            full = tensor.to(dtype) if place.dtype == STORED else tensor
            found[name] = full.to(place.dtype)
    part.load_state_dict(found, strict=True, assign=True)
    return part.eval()


def read_denoisers(
    folder: Path, index: Mapping[str, Any], *, dtype: torch.dtype, variant: str, check: Callable[[], None]
) -> dict[str, Any]:
    """The denoisers of a diffusers folder in 8 bits, by the name of the part. What this way cannot read (a kind that
    knows no 8 bits, weights under old names) is left out: it is read in full, and made small afterwards.
    """
    return {
        name: part
        for name in DENOISERS
        if (part := _read(folder / name, index.get(name), dtype=dtype, variant=variant, check=check)) is not None
    }


def _read(folder: Path, said: Any, *, dtype: torch.dtype, variant: str, check: Callable[[], None]) -> Any:
    kind = getattr(diffusers, str(said[1]), None) if isinstance(said, list) and len(said) == 2 else None
    files = _files(folder, variant)
    if not (isinstance(kind, type) and hasattr(kind, "enable_layerwise_casting")) or not files:
        return None
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    with init_empty_weights():
        made: Any = kind.from_config(config)  # type: ignore[attr-defined]
    part = empty(made, dtype)
    places = part.state_dict()
    names: set[str] = set()
    for file in files:
        with safe_open(file, framework="pt", device="cpu") as opened:
            names.update(opened.keys())
    if not names >= set(places):
        return None
    return filled(part, _tensors(files, check), dtype)


def _files(folder: Path, variant: str) -> list[Path]:
    every = sorted(folder.glob("*.safetensors"))
    own = [file for file in every if variant and f".{variant}." in f"{file.name.replace('-', '.')}"]
    return own or [file for file in every if not any(f".{word}" in file.name for word in ("fp16", "bf16", "fp32"))]


def _tensors(files: list[Path], check: Callable[[], None]) -> Iterator[tuple[str, torch.Tensor]]:
    for path in files:
        with safe_open(path, framework="pt", device="cpu") as file:
            for name in file.keys():  # noqa: SIM118 - no mapping
                check()
                yield name, file.get_tensor(name)
