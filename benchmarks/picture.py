"""A whole picture, a step and a tiny job, against bare diffusers with the same weights in the same process.

Studio's side is a job from its submission to its result in the library: previews on, every step kept, the PNG written.
Bare diffusers makes a picture in memory, without previews, in fp32 as it comes. Both take one thread and turns, and
what is compared are CPU seconds of the whole process. Each picture has a new prompt, but for the tiny job: there both
sides have read theirs before. Models: the built-in one, and one of SD1.5's size with random weights (not with --quick).
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _models
from _tell import tell

from _child import figures_of, machine, quick, surroundings

ROUNDS, FEW = 5, 3
SHIPPED = "starter/pictures"
GOAL_SAME, GOAL_TINY, GOAL_AUTO = 1.02, 1.05, 1.6
WORDS = ("a castle on a hill", "a cat", "the red sea", "a blue hill of cats")


def _clocked(work: Callable[[], Any]) -> tuple[float, float]:
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def child(path: str, model: str, precision: str, side: int, steps: int, rounds: int) -> None:
    """In the measured process: the two sides in turns; tells lists of (CPU, wall) seconds."""
    import torch
    from _workplace import workplace
    from diffusers import DiffusionPipeline

    torch.set_num_threads(1)
    bare = DiffusionPipeline.from_pretrained(path, dtype=torch.float32, use_safetensors=True)  # type: ignore[no-untyped-call]
    bare.set_progress_bar_config(disable=True)
    bare.to("cpu")
    read = bare.encode_prompt("a cat", "cpu", 1, True, "")

    def reference(number: int, *, side: int = side, steps: int = steps, **given: Any) -> Callable[[], Any]:
        prompt = given or {"prompt": f"{WORDS[number % 4]} {number}"}
        generator = torch.Generator("cpu").manual_seed(number)
        size = {"width": side, "height": side, "num_inference_steps": steps, "guidance_scale": 7.5}
        return lambda: bare(**prompt, **size, generator=generator)

    cached = {"prompt_embeds": read[0], "negative_prompt_embeds": read[1]}
    found: dict[str, list[tuple[float, float]]] = {}
    folder = Path(path).parent if model.startswith("models/") else None
    with workplace(folder, precision=precision, threads=1, host=False) as place:

        def ours(number: int, *, prompt: str = "", side: int = side, steps: int = steps) -> Callable[[], Any]:
            words = prompt or f"{WORDS[number % 4]} {number}"
            size = {"width": side, "height": side, "steps": steps, "guidance_scale": 7.5}
            return lambda: place.picture(model, prompt=words, seed=number, **size)

        for number in range(rounds + 1):
            sides = [
                ("bare", reference(number)),
                ("studio", ours(number)),
                ("bare one step", reference(number, steps=1)),
                ("studio one step", ours(number, steps=1)),
            ]
            for _ in range(5):
                sides.append(("bare tiny", reference(number, side=64, steps=1, **cached)))
                sides.append(("studio tiny", ours(number, prompt="a cat", side=64, steps=1)))
            if number % 2:
                sides = [sides[place ^ 1] for place in range(len(sides))]
            for name, work in sides:
                took = _clocked(work)
                if number:  # the first round loads and warms up
                    found.setdefault(name, []).append(took)
    tell(**found)


def _show(title: str, found: dict[str, list[list[float]]], goals: dict[str, float], steps: int) -> bool:
    """Print a table; whether the goals are kept."""
    print(f"  {title}")
    cpu = {name: statistics.median(one[0] for one in rows) for name, rows in found.items()}
    wall = {name: statistics.median(one[1] for one in rows) for name, rows in found.items()}
    for times in (cpu, wall):
        for who in ("bare", "studio"):
            times[f"{who} step"] = (times[who] - times[f"{who} one step"]) / (steps - 1)
    good = True
    for label, part in (("whole picture", ""), ("a step", " step"), ("one step, 64 × 64", " tiny")):
        ratio = cpu[f"studio{part}"] / cpu[f"bare{part}"]
        cells = f"{cpu[f'bare{part}']:8.3f}{cpu[f'studio{part}']:9.3f} CPU s"
        line = f"    {label:<19}{cells}{wall[f'bare{part}']:9.3f}{wall[f'studio{part}']:9.3f} s{ratio:8.3f}"
        goal = goals.get(label, 0.0)
        faster = goal > GOAL_TINY
        kept = not goal or (1 / ratio >= goal if faster else ratio <= goal)
        line += f"   {1 / ratio:.2f} × as fast" if faster else ""
        print(line + (f"   (goal {goal})" if goal else "") + ("" if kept else "  MISSED"))
        good = good and kept
    return good


def main() -> int:
    """Print the figures; 1 where a goal is missed."""
    from studio.store import bundled

    same = {"whole picture": GOAL_SAME, "a step": GOAL_SAME}
    print(f"pictures: {machine()}, one thread; medians: bare diffusers, Studio, and the ratio")
    good = True
    with surroundings() as environment, tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        ways: list[tuple[str, Path, str, str, int, int, int, dict[str, float]]] = []
        starter = bundled() / "resources" / "starter" / "pictures"
        if (starter / "model_index.json").is_file():
            title = "the built-in model, fp32, 256 × 256, 20 steps"
            ways.append((title, starter, SHIPPED, "float32", 256, 20, ROUNDS, same))
        if not quick():
            folder = Path(os.environ.get("STUDIO_BENCH_MODELS") or name)
            path = folder / _models.NAME
            if not path.is_dir():
                print("  writing a model of SD1.5's size …", flush=True)
                _models.save(folder)
            model = f"models/{_models.NAME}"
            tiny = {"one step, 64 × 64": GOAL_TINY}
            title = "SD1.5's size, fp32, 256 × 256, 4 steps"
            ways.append((title, path, model, "float32", 256, 4, FEW, same | tiny))
            title = "SD1.5's size, precision chosen by Studio, 256 × 256, 4 steps"
            ways.append((title, path, model, "auto", 256, 4, FEW, {"whole picture": GOAL_AUTO}))
        for title, path, model, precision, side, steps, rounds, goals in ways:
            call = f"picture.child({str(path)!r}, {model!r}, {precision!r}, {side}, {steps}, {rounds})"
            found = figures_of(f"import picture; {call}", environment, limit=3000)
            good = _show(title, found, goals, steps) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
