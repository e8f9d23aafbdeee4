"""Judge the starter models: ``python -m plugins.starter.evaluate MODEL [--quick]``.

Generated pictures stand beside real renders of the same captions (the ceiling) and shuffled captions (chance).
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import json
from pathlib import Path

import platformdirs


def main(arguments: list[str] | None = None) -> int:
    """The command line; prints a table and writes it, with a contact sheet, into the work folder."""
    parser = argparse.ArgumentParser(prog="python -m plugins.starter.evaluate", description=__doc__)
    parser.add_argument("model", choices=("pictures", "prose", "prose-gru", "music"))
    parser.add_argument("--quick", action="store_true", help="96 pictures and a smaller judge: a first impression")
    parser.add_argument("--count", type=int, help="how many pictures (default 512; 96 when quick)")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, help="the model to judge (default: the shipped one)")
    parser.add_argument("--work", type=Path, help="where the judge is kept (default: the user's cache)")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    folder = options.folder or Path(__file__).resolve().parents[2] / "resources" / "starter" / options.model
    work = options.work or Path(platformdirs.user_cache_dir("studio")) / "training" / options.model

    import torch

    torch.set_num_threads(options.threads)
    work.mkdir(parents=True, exist_ok=True)
    if options.model.startswith("prose"):
        from .prose import measure as prose

        judged = prose.measure(folder, count=options.count or (32 if options.quick else 128))
        return _tell(work, judged, prose.table(judged))

    if options.model == "music":
        from .music import measure as music

        count, judged = options.count or (32 if options.quick else 192), 1500 if options.quick else 3000
        columns = music.measure(folder, count=count, judged=judged)
        return _tell(work, columns, music.table(columns))

    from .pictures.measure import measure, table

    result = measure(
        folder,
        work,
        count=options.count or (96 if options.quick else 512),
        steps=options.steps,
        guidance=options.guidance,
        judge_scenes=6_000 if options.quick else 12_000,
        skills=not options.quick,
    )
    return _tell(work, result, table(result))


def _tell(work: Path, result: object, text: str) -> int:
    """Print the table and keep it beside the figures."""
    print(text)
    (work / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (work / "evaluation.md").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
