"""What a step of an audio model costs through the program, against the bare pipeline with the same weights.

The model has Stable Audio's shape at a twentieth of its size (random weights: what it makes is noise, what it costs is
real). Once nobody looks; once somebody looks and listens: a spectrogram with every step, and a second and a half to be
heard as often as a tenth of the time allows. CPU seconds of all threads, one thread, in turns.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _child import machine

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
STEPS, SECONDS, ROUNDS = 8, 5.5, 3
GOAL_UNSEEN, GOAL_HEARD = 1.05, 1.25


def model(folder: Path) -> Any:
    """A Stable Audio of 55 M weights with a window of six seconds."""
    import torch
    from diffusers import (
        AutoencoderOobleck,
        EDMDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioPipeline,
        StableAudioProjectionModel,
    )

    from studio.api import Model
    from tests import tiny_sounds

    torch.manual_seed(0)
    pipe = StableAudioPipeline(
        vae=AutoencoderOobleck(encoder_hidden_size=128, decoder_channels=16, channel_multiples=[1, 1, 2, 2, 4]),
        text_encoder=tiny_sounds.t5(),
        projection_model=StableAudioProjectionModel(
            text_encoder_dim=32, conditioning_dim=768, min_value=0, max_value=512
        ),
        tokenizer=tiny_sounds.words(),
        transformer=StableAudioDiTModel(
            sample_size=128,
            num_layers=6,
            num_attention_heads=8,
            num_key_value_attention_heads=4,
            cross_attention_dim=768,
            cross_attention_input_dim=768,
        ),
        scheduler=EDMDPMSolverMultistepScheduler(
            sigma_min=0.3, sigma_max=500, sigma_data=1.0, sigma_schedule="exponential", prediction_type="v_prediction"
        ),
    )
    pipe.save_pretrained(folder)
    for file in (folder / "model_index.json", folder / "scheduler" / "scheduler_config.json"):
        text = file.read_text().replace("EDMDPMSolverMultistepScheduler", "CosineDPMSolverMultistepScheduler")
        file.write_text(text)
    return Model("models/sa", "Bench", "sound/StableAudioPipeline", folder, sha256="1" * 64)


def through(shape: Any, folder: Path, cache: dict[Any, Any], *, looks: bool) -> tuple[float, int]:
    """CPU seconds of a job, and how many of its steps could be heard."""
    from plugins.music import generate_sound
    from plugins.music.params import SoundParams, SoundSettings
    from studio.api import Request
    from studio.testing.context import FakeContext

    params = {"prompt": "slow piano", "seconds": SECONDS, "steps": STEPS, "guidance_scale": 3.5}
    seen = FakeContext(
        Request("music.sound", params, 3),
        SoundParams,
        scratch=folder,
        model=shape,
        cache=cache,
        looks=looks,
        settings=[SoundSettings(threads=1)],
    )
    begun = time.process_time()
    generate_sound.run(seen.request, seen)
    spent = time.process_time() - begun
    return spent, sum(1 for step in seen.steps if step.preview is not None and step.preview.sound)


def bare(cache: dict[Any, Any]) -> float:
    """CPU seconds of the pipeline alone, with the same weights, scheduler and seed."""
    import torch

    from studio.inference.loading import hushed
    from studio.inference.pipelines import Loaded

    loaded = next(value for value in cache.values() if isinstance(value, Loaded))
    loaded.pipe.scheduler = loaded.new_scheduler("auto")
    begun = time.process_time()
    with hushed():
        loaded.pipe(
            "slow piano",
            negative_prompt="",
            audio_end_in_s=SECONDS,
            num_inference_steps=STEPS,
            guidance_scale=3.5,
            generator=torch.Generator().manual_seed(3),
            output_type="np",
        )
    return time.process_time() - begun


def main() -> int:
    """Measure, print, and return 1 where a goal is missed."""
    print(machine())
    times: dict[str, list[float]] = {"bare": [], "unseen": [], "heard": []}
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        shape, cache = model(folder / "model"), {}
        through(shape, folder, cache, looks=True)  # loads it, and learns what its sounds look like
        for _ in range(1 if "--quick" in sys.argv else ROUNDS):
            times["bare"].append(bare(cache))
            times["unseen"].append(through(shape, folder, cache, looks=False)[0])
            spent, heard = through(shape, folder, cache, looks=True)
            times["heard"].append(spent)
    middle = {name: statistics.median(values) for name, values in times.items()}
    print(f"bare {middle['bare']:.2f} CPU s for {STEPS} steps and {SECONDS} s of sound")
    missed = False
    for name, goal in (("unseen", GOAL_UNSEEN), ("heard", GOAL_HEARD)):
        ratio = middle[name] / middle["bare"]
        missed |= ratio > goal
        more = f", {heard} of {STEPS} steps could be heard" if name == "heard" else ""
        verdict = "" if ratio <= goal else ": missed"
        print(f"{name} {middle[name]:.2f} CPU s, {ratio:.2f} × (goal {goal}){more}{verdict}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
