"""How soon Studio answers: an identical request, the first preview, and Cancel at every stage of a job.

Everything runs as in the window: jobs in a generation host, events through the mailbox. Steps are the reference: the
same picture's own step time is measured in the same run. Cancel is measured on the model of SD1.5's size (with --quick
on the built-in one): from the call to the moment the model stops, and to the end of the job, by when the partial
picture has been decoded and kept.
"""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _models
from _tell import tell

from _child import figures_of, machine, quick, surroundings

GOAL_SAME, GOAL_FIRST, GOAL_CANCEL = 0.015, 0.050, 0.10
SIZE = {"width": 256, "height": 256, "guidance_scale": 7.5}
MODEL = "starter/pictures"


def soon() -> None:
    """In the measured process: the built-in model, warm."""
    from _workplace import workplace

    from studio.core.events import Finished, Stepped

    with workplace(None, precision="float32", threads=1, host=True) as place:
        place.picture(MODEL, prompt="a cat", steps=10, **SIZE)
        first, steps = [], []
        for number in range(9):
            asked = time.perf_counter()
            job = place.ask(MODEL, prompt=f"a cat {number}", steps=10, **SIZE)
            place.wait(lambda event, job=job: isinstance(event, Finished) and event.job_id == job)
            seen = [moment for moment, event in place.events if isinstance(event, Stepped) and event.step.preview]
            first.append(seen[0] - asked)
            steps += [later - sooner for sooner, later in itertools.pairwise(seen[1:])]
        same, cpu = [], []
        for _ in range(20):
            asked, used = time.perf_counter(), time.process_time()
            job = place.ask(MODEL, again=False, prompt="a cat 1", steps=10, **SIZE)
            moment, event = place.wait(lambda event, job=job: isinstance(event, Finished) and event.job_id == job)
            assert isinstance(event, Finished)
            assert event.artifacts
            same.append(moment - asked)
            cpu.append(time.process_time() - used)
        frames = [kind for _, kind in place.workers[0].frames]
    tell(same=same, cpu=cpu, first=first, step=statistics.median(steps), started=frames.count("started"))


def cancelled(folder: str, model: str, steps: int, rounds: int) -> None:
    """In the measured process: cancel at each stage; tells (stopped, ended) after the call, by stage, and a step."""
    from _workplace import workplace

    from studio.core.events import Cancelled, Finished, Progressed, Stepped

    found: dict[str, list[tuple[float, float]]] = {}
    with workplace(Path(folder) if folder else None, precision="auto", threads=1, host=True) as place:

        def stop(stage: str, job: str, wait: float) -> None:
            time.sleep(wait)
            asked = time.perf_counter()
            place.engine.cancel(job)
            ended, event = place.wait(lambda one: isinstance(one, (Cancelled, Finished)) and one.job_id == job)
            heard = [moment for moment, kind in place.workers[-1].frames if kind == "heard" and moment >= asked]
            stopped = heard[0] if heard and isinstance(event, Cancelled) else ended
            found.setdefault(stage, []).append((stopped - asked, ended - asked))

        def reached(job: str, wanted: Callable[[Any], bool]) -> None:
            place.wait(lambda one: one.job_id == job and wanted(one))

        def said(text: str) -> Callable[[Any], bool]:
            return lambda one: isinstance(one, Progressed) and text in one.message

        job = place.ask(model, prompt="a cat", steps=steps, **SIZE)
        reached(job, said("Loading"))
        stop("loading the libraries", job, 0.5)  # which nothing can interrupt: the job ends, the host goes on
        job = place.ask(model, prompt="a cat", steps=steps, **SIZE)
        if folder:
            for part in range(rounds):
                reached(job, said(f"Loading {_models.NAME}"))
                stop("loading the model", job, 0.05 + 0.3 * part)
                job = place.ask(model, prompt=f"a cat {part}", steps=steps, **SIZE)
        reached(job, lambda one: isinstance(one, Finished))
        seen = [moment for moment, event in place.events if isinstance(event, Stepped)]
        step = statistics.median(later - sooner for sooner, later in itertools.pairwise(seen))
        for part in range(rounds):
            job = place.ask(model, prompt=f"a cat {part} steps", steps=steps, **SIZE)
            reached(job, lambda one: isinstance(one, Stepped))
            stop("a step", job, step * (part + 0.5) / rounds)
            job = place.ask(model, prompt=f"a cat {part} words", steps=steps, **SIZE)
            reached(job, said("Reading"))
            stop("reading the prompt", job, 0.002 * part)
            job = place.ask(model, prompt=f"a cat {part} steps", steps=steps, **SIZE)
            reached(job, lambda one: isinstance(one, Stepped) and one.step.index == one.step.total - 1)
            stop("decoding the picture", job, step * (part + 0.5) / rounds / 2)
    tell(found=found, step=step)


def _show_soon(told: dict[str, Any]) -> bool:
    same, cpu, first = (1000 * statistics.median(told[name]) for name in ("same", "cpu", "first"))
    step = 1000 * told["step"]
    answered = f"{same:.1f} ms (CPU {cpu:.1f} ms), {same / step:.2f} × a step"
    print(f"  an identical request is answered in {answered}; goal {GOAL_SAME * 1000:.0f} ms")
    print(f"    jobs that reached the worker: {told['started']} of {told['started'] + len(told['same'])}")
    over = f"{first - step:.0f} ms over a step of {step:.0f} ms"
    print(f"  Generate to the first preview, warm: {first:.0f} ms, {over}; goal {GOAL_FIRST * 1000:.0f} ms")
    return same <= GOAL_SAME * 1000 and first - step <= GOAL_FIRST * 1000


def _show_cancelled(told: dict[str, Any]) -> bool:
    step, good = told["step"], True
    print(f"  Cancel: shares of a step ({step * 1000:.0f} ms) until the model stops; goal: median {GOAL_CANCEL:.0%}")
    for stage, rows in told["found"].items():
        stopped = [row[0] / step for row in rows]
        ended = 1000 * statistics.median(row[1] for row in rows)
        kept = statistics.median(stopped) <= GOAL_CANCEL
        good = good and kept
        shares = f"{statistics.median(stopped):7.1%} (worst {max(stopped):.1%})"
        print(f"    {stage:<24}{shares}; job ended after {ended:6.0f} ms{'' if kept else '  MISSED'}")
    return good


def main() -> int:
    """Print the figures; 1 where a goal is missed."""
    print(f"answers: {machine()}, one thread")
    with surroundings() as environment, tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        good = _show_soon(figures_of("import answers; answers.soon()", environment))
        if quick():
            call = f"answers.cancelled('', {MODEL!r}, 40, 5)"
        else:
            folder = Path(os.environ.get("STUDIO_BENCH_MODELS") or name)
            if not (folder / _models.NAME).is_dir():
                _models.save(folder)
            call = f"answers.cancelled({str(folder)!r}, {'models/' + _models.NAME!r}, 3, 7)"
        good = _show_cancelled(figures_of(f"import answers; {call}", environment, limit=3000)) and good
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
