"""Train the starter models: ``python -m plugins.starter.train MODEL [--tiny] [--minutes N] ...``.

Every stage resumes where it stopped. See --help; a file named PAUSE in the work folder makes it sleep.
"""

from __future__ import annotations

import os

# Before torch is loaded: waiting threads that spin would cost everybody else on this machine three to five times.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import time
from pathlib import Path

import platformdirs

HERE = Path(__file__).resolve()
SHIPPED = HERE.parents[2] / "resources" / "starter"


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m plugins.starter.train", description=__doc__)
    parser.add_argument("model", choices=("pictures", "prose", "prose-gru", "music"))
    parser.add_argument(
        "--stage",
        choices=("all", "autoencoder", "text", "cache", "denoiser", "decoder", "refine", "adopt", "polish", "ship"),
        default="all",
        help="all: autoencoder, text, denoiser, ship. Beside them: cache (encode ahead), decoder (better pictures from "
        "the same latents), refine (better latents too) and then adopt (take them), polish (let the rate run out, for "
        "weights to ship)",
    )
    parser.add_argument("--tiny", action="store_true", help="a toy of the same shape, in seconds: for tests")
    parser.add_argument("--fresh", action="store_true", help="forget the checkpoints in the work folder")
    parser.add_argument("--work", type=Path, help="checkpoints, caches, logs, samples (default: the user's cache)")
    parser.add_argument("--out", type=Path, help="where the finished model goes (default: resources/starter)")
    parser.add_argument("--start", type=Path, help="prose: a finished model to go on from (or whose words to take)")
    parser.add_argument("--steps", type=int, default=0, help="prose: end after so many steps in all, rate and all")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes, with a checkpoint")
    parser.add_argument("--polish", type=int, default=1000, help="steps of the stage polish")
    parser.add_argument("--threads", type=int, default=1, help="processor threads (1 leaves the machine usable)")
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto")
    options = parser.parse_args(arguments)
    work = options.work or Path(platformdirs.user_cache_dir("studio")) / "training" / options.model
    # A toy must never take the place of what is shipped.
    out = options.out or (work / "toy" if options.tiny else SHIPPED / options.model)
    if options.fresh:
        for file in work.glob("*.safetensors"):
            file.unlink()

    import torch

    torch.set_num_threads(options.threads)
    if options.device == "auto":
        options.device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    deadline = time.time() + options.minutes * 60 if options.minutes else None
    device = torch.device(options.device)
    usual = {"work": work, "out": out, "tiny": options.tiny, "device": device, "deadline": deadline}
    if options.model.startswith("prose"):
        from .prose.stages import run as train_prose

        train_prose(options.model, **usual, begin=options.start, steps=options.steps)
    elif options.model == "music":
        from .music.model import run as train_music

        train_music(options.stage, **usual, polish=options.polish)
    else:
        from .pictures.stages import run as train_pictures

        train_pictures(options.stage, **usual, polish=options.polish)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
