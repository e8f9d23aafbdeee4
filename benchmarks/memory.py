"""The most memory that a generation host ever holds for a picture, against a bare diffusers script with the same model.

Both load the model in fp32 from the same safetensors files and make one picture; the peak is the kernel's own count of
the process (VmHWM), libraries included. A second copy of the weights would show as half as much again. Linux only.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import _models
from _tell import tell

from _child import figures_of, machine, quick, surroundings

GOAL = 1.05
SIDE = 512


def peak(pid: int | str = "self") -> int:
    """The most bytes that a process has held in memory so far."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise SystemExit("this system does not tell the peak of a process")


def bare(path: str, side: int) -> None:
    """In the measured process: a script as the documentation of diffusers has it."""
    import torch
    from diffusers import DiffusionPipeline

    torch.set_num_threads(1)
    pipe = DiffusionPipeline.from_pretrained(path, dtype=torch.float32, use_safetensors=True)  # type: ignore[no-untyped-call]
    pipe.set_progress_bar_config(disable=True)
    pipe("a cat", num_inference_steps=1, width=side, height=side)
    tell(peak=peak())


def studio(path: str, model: str, side: int) -> None:
    """In the process that asks: the peak is the generation host's."""
    from _workplace import workplace

    folder = Path(path).parent if model.startswith("models/") else None
    with workplace(folder, precision="float32", threads=1, host=True) as place:
        place.picture(model, prompt="a cat", steps=1, width=side, height=side, guidance_scale=7.5)
        tell(peak=peak(place.workers[-1].pid))


def main() -> int:
    """Print the figures; 1 where a goal is missed."""
    from studio.store import bundled

    if not sys.platform.startswith("linux"):
        print("memory: only measured on Linux")
        return 0
    good = True
    print(f"memory: {machine()}; peak of the process for one picture in fp32, goal: {GOAL} × bare diffusers")
    with surroundings() as environment, tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        ways = [("the built-in model", bundled() / "resources" / "starter" / "pictures", "starter/pictures", 256, 0.0)]
        if not quick():
            folder = Path(os.environ.get("STUDIO_BENCH_MODELS") or name)
            if not (folder / _models.NAME).is_dir():
                _models.save(folder)
            ways.append(("SD1.5's size", folder / _models.NAME, f"models/{_models.NAME}", SIDE, GOAL))
        for title, path, model, side, goal in ways:
            if not (path / "model_index.json").is_file():
                continue
            reference = figures_of(f"import memory; memory.bare({str(path)!r}, {side})", environment, limit=1200)[
                "peak"
            ]
            call = f"memory.studio({str(path)!r}, {model!r}, {side})"
            ours = figures_of(f"import memory; {call}", environment, limit=1200)["peak"]
            kept = not goal or ours <= goal * reference
            good = good and kept
            cells = f"bare {reference / 1e9:.2f} GB, Studio {ours / 1e9:.2f} GB: {ours / reference:.3f} ×"
            print(f"  {title}, {side} × {side}: {cells}{'' if kept else '  MISSED'}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
