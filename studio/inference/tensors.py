"""Torch tensors as plain values that can cross a process or lie on disk, and back."""

from __future__ import annotations

import math

import torch

from studio.api import StudioError, Tensor

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


def to_blob(tensor: torch.Tensor) -> Tensor:
    """The tensor by value: dtype by its safetensors name, little endian, C order. Raises TypeError for other dtypes."""
    if tensor.dtype not in _NAMES:
        raise TypeError(f"{tensor.dtype} cannot be kept")
    plain = tensor.detach().to("cpu").contiguous()
    data = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    return Tensor(_NAMES[tensor.dtype], tuple(tensor.shape), data)


def from_blob(blob: Tensor, device: torch.device | str = "cpu") -> torch.Tensor:
    """The opposite of `to_blob`. Raises StudioError where dtype, shape and data do not fit each other."""
    dtype = _DTYPES.get(blob.dtype)
    size = math.prod(blob.shape)
    if dtype is None or any(side < 0 for side in blob.shape) or size * dtype.itemsize != len(blob.data):
        raise StudioError("This kept step is damaged.", "Choose another step to continue from.")
    if not size:
        return torch.empty(blob.shape, dtype=dtype, device=device)
    flat = torch.frombuffer(bytearray(blob.data), dtype=torch.uint8).view(dtype)
    return flat.reshape(blob.shape).to(device)
