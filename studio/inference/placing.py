"""Putting a loaded pipeline where its memory lies: all on the device, part by part, layer by layer, in 8 bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil  # type: ignore[import-untyped]
import torch

from studio.api import StudioError

from .devices import Device, held
from .eight_bits import DENOISERS, STORED, store
from .needs import DEVICE, GROUP, MODEL, TILE_SIDE, Placing


def free_memory(device: Device) -> int:
    """Bytes that a model could take on the device: what is free, and what this process holds for other models."""
    if device.kind == "cuda":
        free, _ = torch.cuda.mem_get_info(device.index)
        return int(free) + held(device)
    free = int(psutil.virtual_memory().available) + held(device)
    return min(free, torch.mps.recommended_max_memory()) if device.kind == "mps" else free


def place(pipe: Any, device: Device, placing: Placing) -> None:
    """Bring the pipeline, as it was read into the processor's memory, to where it will work.

    Raises StudioError for a way that the device does not know.
    """
    if placing.small:
        _in_eight_bits(pipe, device)
    if placing.mode == DEVICE:
        pipe.to(device.torch)
    elif placing.mode == MODEL and getattr(pipe, "model_cpu_offload_seq", None):
        pipe.enable_model_cpu_offload(device=device.torch)
    elif placing.mode in (MODEL, GROUP):
        # Streams hide the way of a layer behind the work of the one before; only CUDA has them.
        streams = device.kind == "cuda"
        pipe.enable_group_offload(
            onload_device=device.torch,
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=streams,
            low_cpu_mem_usage=streams,
        )
    else:
        raise StudioError(
            f"There is no way to place a model called {placing.mode[:40]!r}.", "Choose another in Settings."
        )


def _in_eight_bits(pipe: Any, device: Device) -> None:
    """Keep the denoiser's weights in 8 bits and bring each layer to full precision while it works."""
    if device.kind == "mps":
        raise StudioError(
            "Apple graphics cannot hold weights in 8 bits.", "Switch “Weights in 8 bits” off in Settings, Image."
        )
    for name in DENOISERS:
        store(getattr(pipe, name, None), device.dtype)


@contextmanager
def at_full_width(pipe: Any) -> Iterator[None]:
    """While it is on, weights that are kept in 8 bits look like full ones (all zero, and without taking memory): what
    is laid over the model then takes the precision that the model works in, not the one that it is stored in.
    """
    kept = []
    for name in DENOISERS:
        part = getattr(pipe, name, None)
        parameters = list(part.parameters()) if isinstance(part, torch.nn.Module) else []
        working = next((parameter.dtype for parameter in parameters if parameter.dtype != STORED), torch.float32)
        for parameter in parameters:
            if parameter.dtype == STORED:
                kept.append((parameter, parameter.data))
                parameter.data = torch.zeros((), dtype=working, device=parameter.device).expand(parameter.shape)
    try:
        yield
    finally:
        for parameter, data in kept:
            parameter.data = data


def decode_in_tiles(pipe: Any, on: bool) -> None:
    """Have the decoder work in tiles from now on, or in one go. Autoencoders without tiles stay as they are."""
    vae = getattr(pipe, "vae", None)
    side = getattr(vae, "tile_sample_min_size", None)
    if vae is not None and isinstance(side, int) and side > TILE_SIDE:
        # diffusers takes the size that a model was trained at: SDXL's 1024 would leave its pictures whole.
        vae.tile_latent_min_size = int(vae.tile_latent_min_size * TILE_SIDE / side)
        vae.tile_sample_min_size = TILE_SIDE
    for name in ("tiling", "slicing"):
        switch = getattr(vae, f"{'enable' if on else 'disable'}_{name}", None)
        if switch is not None:
            switch()
