"""How much it costs until the first picture could be made: libraries imported, the built-in model loaded.

The window does not wait for this: it is on the screen long before (startup.py), and the generation host warms itself in
the background. The reference is a bare script that imports diffusers and loads the same model. Peers, measured
elsewhere (AMD Zen 4, November 2026, until their page answers): ComfyUI 5.5 CPU seconds, InvokeAI 11.1.
"""

from __future__ import annotations

import statistics
import time

from _tell import tell

from _child import figures_of, machine, quick, surroundings

ROUNDS = 3
GOAL = 1.15
"""The engine, the queue, the plugins and the store stand beside the libraries."""
MODEL = "starter/pictures"


def bare(path: str) -> None:
    """In the measured process: a script that is ready to draw."""
    from diffusers import StableDiffusionPipeline

    StableDiffusionPipeline.from_pretrained(path, use_safetensors=True).set_progress_bar_config(disable=True)  # type: ignore[no-untyped-call]
    tell(cpu=time.process_time())


def studio() -> None:
    """In the process that asks: its own CPU seconds and the generation host's, until that has warmed itself."""
    import psutil
    from _workplace import workplace

    with workplace(None, precision="auto", threads=0, host=True) as place:
        place.engine.warm("image.diffusion", MODEL)
        while not place.workers or "free" not in [kind for _, kind in place.workers[0].frames]:
            time.sleep(0.02)
        used = psutil.Process(place.workers[0].pid).cpu_times()
        tell(cpu=time.process_time() + used.user + used.system)


def main() -> int:
    """Print the figures; 1 where the goal is missed."""
    from studio.store import bundled

    path = bundled() / "resources" / "starter" / "pictures"
    ways = (f"bare({str(path)!r})", "studio()")
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    with surroundings() as environment:
        for number in range(1 + (1 if quick() else ROUNDS)):
            for way, rows in found.items():
                started = time.perf_counter()
                cpu = figures_of(f"import ready; ready.{way}", environment)["cpu"]
                if number:  # the first fills the caches
                    rows.append((cpu, time.perf_counter() - started))
    print(f"ready to draw: {machine()}")
    medians = [[statistics.median(row[part] for row in rows) for part in (0, 1)] for rows in found.values()]
    for title, (cpu, wall) in zip(("bare diffusers", "Studio's engine and host"), medians, strict=True):
        print(f"  {title:<26}{cpu:6.2f} CPU s{wall:7.2f} s")
    ratio = medians[1][0] / medians[0][0]
    print(f"  ratio {ratio:.2f}, goal {GOAL}{'' if ratio <= GOAL else '  MISSED'}")
    print("  measured elsewhere (Zen 4): ComfyUI 5.5 CPU s, InvokeAI 11.1 CPU s until ready")
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
