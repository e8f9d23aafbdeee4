"""Where a model runs and in which precision, chosen by measured facts and recorded in the recipe."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import torch

from studio.api import StudioError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class Device:
    """`kind` is "cpu", "cuda" or "mps"; `name` is what a person calls it; `threads` are torch's on the processor."""

    kind: str
    name: str
    dtype: torch.dtype
    threads: int
    index: int = 0

    @property
    def torch(self) -> torch.device:
        """The device as torch names it."""
        return torch.device(self.kind, self.index) if self.kind == "cuda" else torch.device(self.kind)

    @property
    def dtype_name(self) -> str:
        """ "bfloat16", "float32" or "float16"."""
        return str(self.dtype).removeprefix("torch.")

    def facts(self) -> dict[str, object]:
        """What a recipe records: everything of the device that can change the last digits of a result."""
        return {"device": self.name, "dtype": self.dtype_name, "threads": self.threads}

    def prepare(self) -> None:
        """Fix what results depend on in this process: one and two threads differ in the last digits."""
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        if self.kind == "cuda":
            # Streams and kernels are made for the current device, not for that of the tensors they are given.
            torch.cuda.set_device(self.index)
            torch.backends.cudnn.benchmark = False
            torch.backends.cudnn.deterministic = True


def pick(device: str = "auto", *, precision: str = "auto", threads: int = 0) -> Device:
    """The device to use. `device` is "auto", "cpu", "cuda", "cuda:1" or "mps"; `precision` "auto" or a name of DTYPES;
    `threads` 0 takes every core this process may use. Raises StudioError for a device that is not there.
    """
    kind, _, number = device.partition(":")
    index = int(number) if number.isdigit() else 0
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if kind == "cuda" and not (torch.cuda.is_available() and index < torch.cuda.device_count()):
        raise StudioError(
            "There is no graphics card that can be used here.",
            "Choose “Automatic” or “Processor” as the device in Settings.",
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise StudioError("There is no Apple graphics here.", "Choose “Automatic” or “Processor” in Settings.")
    if kind not in ("cpu", "cuda", "mps"):
        raise StudioError(f"There is no device called {device[:40]!r}.", "Known: auto, cpu, cuda, mps.")
    return Device(kind, _name(kind, index), _dtype(kind, precision), threads or _cores(), index)


def _name(kind: str, index: int) -> str:
    if kind == "cuda":
        return str(torch.cuda.get_device_name(index))
    return "Apple graphics" if kind == "mps" else "CPU"


def _dtype(kind: str, precision: str) -> torch.dtype:
    wanted = DTYPES.get(precision)
    if kind == "cpu":
        # fp16 weights on a processor are 87 times slower than fp32: never, whatever was asked for.
        if wanted is torch.float16 or wanted is None:
            return torch.bfloat16 if fast_bfloat16() else torch.float32
        return wanted
    if wanted is not None:
        return wanted
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.float16


def fast_bfloat16() -> bool:
    """True where the processor multiplies bfloat16 itself (AVX-512 BF16, AMX, ARM BF16): 1.6 to 2 times as fast as
    fp32 there, slower elsewhere.
    """
    capability = torch.backends.cpu.get_cpu_capability()
    if platform.machine().lower() in ("arm64", "aarch64"):
        return _arm_bfloat16()
    if not capability.startswith("AVX512"):
        return False
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, probe, bool)()) for probe in probes)


def _arm_bfloat16() -> bool:
    try:
        return " bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False  # Macs have bf16 from the M2 on, but their graphics are taken anyway


def _cores() -> int:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


_HOST = 700_000_000
"""Bytes of a process with torch and diffusers and without a model."""


def held(device: Device) -> int:
    """Bytes of the device that this process holds for models, and can give back."""
    if device.kind == "cuda":
        return int(torch.cuda.memory_reserved(device.index))
    if device.kind == "mps":
        return int(torch.mps.driver_allocated_memory())
    return max(0, int(psutil.Process().memory_info().rss) - _HOST)


def status(device: Device) -> tuple[str, int, int]:
    """The device's name and its used and total memory in bytes (0 where unknown)."""
    if device.kind == "cuda":
        free, total = torch.cuda.mem_get_info(device.index)
        return device.name, total - free, total
    if device.kind == "mps":
        return device.name, torch.mps.driver_allocated_memory(), torch.mps.recommended_max_memory()
    memory = psutil.virtual_memory()
    return device.name, int(memory.total - memory.available), int(memory.total)
