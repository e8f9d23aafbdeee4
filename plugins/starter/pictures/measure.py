"""The figures of the model card: do the pictures show what was asked, how real do they look, are they new."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from ..world import caption, render, sample_scene
from .autoencoder import HELD_OUT, pca_psnr, psnr
from .bundle import load_bundle
from .probe import QUESTIONS, answers, frechet, get_probe, judge, single


@torch.no_grad()
def generate(
    pipe: StableDiffusionPipeline, prompts: list[str], *, steps: int, guidance: float, first_seed: int, batch: int = 16
) -> np.ndarray:
    """[n, 256, 256, 3] bytes, each picture from a seed of its own."""
    pipe.set_progress_bar_config(disable=True)
    out = []
    for i in range(0, len(prompts), batch):
        some = prompts[i : i + batch]
        generators = [torch.Generator().manual_seed(first_seed + i + k) for k in range(len(some))]
        with torch.autocast("cpu", torch.bfloat16):
            out += pipe(some, num_inference_steps=steps, guidance_scale=guidance, generator=generators).images
    return np.stack([np.asarray(picture) for picture in out])


def _thumbnails(pictures: np.ndarray) -> np.ndarray:
    n = len(pictures)
    return pictures.reshape(n, 16, 16, 16, 16, 3).mean((2, 4)).reshape(n, -1) / 255


def _nearest(a: np.ndarray, b: np.ndarray) -> float:
    """The mean distance from each thumbnail of `a` to its nearest in `b`."""
    total = 0.0
    for row in a:
        total += float(np.sqrt(np.square(b - row).mean(1).min()))
    return total / len(a)


def measure(folder: Path, work: Path, *, count: int, steps: int, guidance: float, judge_scenes: int) -> dict[str, Any]:
    """All figures, as plain values."""
    probe = get_probe(work, scenes=judge_scenes)
    pipe = load_bundle(folder)
    scenes = [single(HELD_OUT + 100_000 + i) for i in range(count)]
    prompts = [caption(scene, np.random.default_rng(0), full=True) for scene in scenes]
    wanted = np.array([answers(scene) for scene in scenes])
    started = time.time()
    made = generate(pipe, prompts, steps=steps, guidance=guidance, first_seed=1000)
    seconds = (time.time() - started) / count
    real = np.stack([render(scene) for scene in scenes])
    # The same words drawn anew: all that a perfect model could differ by.
    other = np.stack([render(replace(scene, seed=scene.seed + 77_000_000)) for scene in scenes])
    said_made, f_made = judge(probe, made)
    said_real, f_real = judge(probe, real)
    _, f_other = judge(probe, other)
    shuffled = wanted[np.random.default_rng(1).permutation(count)]
    result: dict[str, Any] = {"count": count, "steps": steps, "guidance": guidance, "seconds_each": round(seconds, 2)}
    result["accuracy"] = {
        name: {
            "generated": float((said_made[:, i] == wanted[:, i]).mean()),
            "render": float((said_real[:, i] == wanted[:, i]).mean()),
            "chance": float((said_made[:, i] == shuffled[:, i]).mean()),
        }
        for i, name in enumerate(QUESTIONS)
    }
    result["mean"] = {
        kind: float(np.mean([row[kind] for row in result["accuracy"].values()]))
        for kind in ("generated", "render", "chance")
    }
    result["frechet"] = frechet(f_made, f_real)
    result["frechet_render"] = frechet(f_other, f_real)
    result["frechet_ratio"] = result["frechet"] / result["frechet_render"]
    # Diversity: one prompt, many seeds, against renders of the same words.
    scene = single(HELD_OUT + 5)
    many = generate(pipe, [caption(scene, np.random.default_rng(0), full=True)] * 16, steps=steps, guidance=guidance,
                    first_seed=5000)  # fmt: skip
    alike = np.stack([render(replace(scene, seed=900 + i)) for i in range(16)])
    result["diversity"] = _spread(_thumbnails(many))
    result["diversity_render"] = _spread(_thumbnails(alike))
    train = _thumbnails(np.stack([render(sample_scene(i)) for i in range(2000)]))
    result["nearest_training"] = _nearest(_thumbnails(made), train)
    result["nearest_training_render"] = _nearest(_thumbnails(real), train)
    judged = np.stack([render(sample_scene(HELD_OUT + i)) for i in range(64)])
    result["autoencoder_psnr"] = psnr(pipe.vae, judged)
    result["pca_psnr"] = pca_psnr(pipe.vae.config.latent_channels, judge=judged)
    _sheet(made[:48], work / "evaluation.png")
    return result


def _spread(rows: np.ndarray) -> float:
    """The mean distance between two of them."""
    return float(np.mean([np.sqrt(np.square(a - b).mean()) for i, a in enumerate(rows) for b in rows[i + 1 :]]))


def _sheet(pictures: np.ndarray, path: Path) -> None:
    rows = -(-len(pictures) // 8)
    sheet = Image.new("RGB", (8 * 256, rows * 256), "white")
    for i, picture in enumerate(pictures):
        sheet.paste(Image.fromarray(picture), (i % 8 * 256, i // 8 * 256))
    sheet.resize((8 * 160, rows * 160), Image.Resampling.LANCZOS).save(path)


def table(result: dict[str, Any]) -> str:
    """The figures as a Markdown table."""
    lines = ["| | generated | renders (ceiling) | shuffled (chance) |", "|---|---|---|---|"]
    for name, row in (*result["accuracy"].items(), ("mean", result["mean"])):
        lines.append(f"| {name} | {row['generated']:.3f} | {row['render']:.3f} | {row['chance']:.3f} |")
    r = result
    lines.append("")
    lines.append(
        f"Fréchet distance in the judge's features (n = {r['count']}): {r['frechet']:.2f}, renders against renders "
        f"{r['frechet_render']:.2f}, ratio {r['frechet_ratio']:.2f}."
    )
    lines.append(
        f"Diversity between seeds {r['diversity']:.3f} (renders {r['diversity_render']:.3f}). Distance to the nearest "
        f"of 2,000 training pictures {r['nearest_training']:.3f} (renders {r['nearest_training_render']:.3f})."
    )
    lines.append(f"Autoencoder {r['autoencoder_psnr']:.2f} dB, PCA of the same size {r['pca_psnr']:.2f} dB.")
    lines.append(f"{r['steps']} steps, guidance {r['guidance']}, {r['seconds_each']} s a picture in batches of 16.")
    return "\n".join(lines)
