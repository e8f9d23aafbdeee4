"""The figures of the model card: do the pictures show what was asked, how real do they look, are they new."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from diffusers import StableDiffusionPipeline

from ..world import caption, render, sample_scene
from ..world.scene import STYLES
from .autoencoder import HELD_OUT, coded, pca_psnr, psnr
from .bundle import load_bundle
from .probe import answers, frechet, get_probe, get_shape_probe, judge, single
from .skills import SHAPES, few_steps, generate, hits, repaint, shapes, sheet


def _thumbnails(pictures: np.ndarray) -> np.ndarray:
    n = len(pictures)
    return pictures.reshape(n, 16, 16, 16, 16, 3).mean((2, 4)).reshape(n, -1) / 255


def _nearest(a: np.ndarray, b: np.ndarray) -> float:
    """The mean distance from each thumbnail of `a` to its nearest in `b`."""
    total = 0.0
    for row in a:
        total += float(np.sqrt(np.square(b - row).mean(1).min()))
    return total / len(a)


def measure(
    folder: Path, work: Path, *, count: int, steps: int, guidance: float, judge_scenes: int, skills: bool = True
) -> dict[str, Any]:
    """All figures, as plain values; sheets of the first pictures go into `work`."""
    probe = get_probe(work, scenes=judge_scenes)
    pipe = load_bundle(folder)
    scenes = [single(HELD_OUT + 100_000 + i) for i in range(count)]
    prompts = [caption(scene, np.random.default_rng(0), full=True) for scene in scenes]
    wanted = np.array([answers(scene) for scene in scenes])
    made = generate(pipe, prompts, steps=steps, guidance=guidance, first_seed=1000)
    sheet(made[:48], work / "samples.jpg")
    real = np.stack([render(scene) for scene in scenes])
    # The same words drawn anew: all that a perfect model could differ by.
    other = np.stack([render(replace(scene, seed=scene.seed + 77_000_000)) for scene in scenes])
    said_made, f_made = judge(probe, made)
    said_real, f_real = judge(probe, real)
    _, f_other = judge(probe, other)
    shuffled = wanted[np.random.default_rng(1).permutation(count)]
    result: dict[str, Any] = {"count": count, "steps": steps, "guidance": guidance}
    result["accuracy"] = {
        "generated": hits(said_made, wanted),
        "render": hits(said_real, wanted),
        "chance": hits(said_made, shuffled),
    }
    result["frechet"] = frechet(f_made, f_real)
    result["frechet_render"] = frechet(f_other, f_real)
    result["frechet_ratio"] = result["frechet"] / result["frechet_render"]
    # What the autoencoder alone costs: those other renders, coded and decoded.
    result["frechet_coded"] = frechet(judge(probe, coded(pipe.vae, other))[1], f_real)
    result["styles"] = {
        style: {
            "generated": float((said_made[wanted[:, -1] == i, -1] == i).mean()),
            "render": float((said_real[wanted[:, -1] == i, -1] == i).mean()),
        }
        for i, style in enumerate(STYLES)
        if (wanted[:, -1] == i).any()
    }
    # Diversity: one prompt, many seeds, against renders of the same words.
    scene = single(HELD_OUT + 5)
    many = generate(pipe, [caption(scene, np.random.default_rng(0), full=True)] * 16, steps=steps, guidance=guidance,
                    first_seed=5000)  # fmt: skip
    alike = np.stack([render(replace(scene, seed=900 + i)) for i in range(16)])
    result["diversity"] = _spread(_thumbnails(many))
    result["diversity_render"] = _spread(_thumbnails(alike))
    train = _thumbnails(np.stack([render(sample_scene(i)) for i in range(1000)]))
    result["nearest_training"] = _nearest(_thumbnails(made), train)
    result["nearest_training_render"] = _nearest(_thumbnails(real), train)
    judged = np.stack([render(sample_scene(HELD_OUT + i)) for i in range(64)])
    result["autoencoder_psnr"] = psnr(pipe.vae, judged)
    result["pca_psnr"] = pca_psnr(pipe.vae.config.latent_channels, judge=judged)
    result["seconds_alone"] = _seconds(pipe, prompts[:3], steps=steps, guidance=guidance)
    if skills:
        result["few_steps"] = few_steps(pipe, probe, prompts, wanted, f_real, work, guidance=guidance)
        some = min(count, 64)
        other_judge = get_shape_probe(work, probe, frames=SHAPES, scenes=judge_scenes // 2)
        result["shapes"] = shapes(pipe, other_judge, scenes[:some], work, steps=steps, guidance=guidance)
        result["repaint"] = repaint(pipe, probe, work, count=some, steps=steps, guidance=guidance)
    return result


def _seconds(pipe: StableDiffusionPipeline, prompts: list[str], *, steps: int, guidance: float) -> float:
    """The time of one picture made by itself, as in use: the shortest of a few, since others work here too."""
    times = []
    for i, prompt in enumerate(prompts):
        started = time.perf_counter()
        generate(pipe, [prompt], steps=steps, guidance=guidance, first_seed=i)
        times.append(time.perf_counter() - started)
    return min(times)


def _spread(rows: np.ndarray) -> float:
    """The mean distance between two of them."""
    return float(np.mean([np.sqrt(np.square(a - b).mean()) for i, a in enumerate(rows) for b in rows[i + 1 :]]))


def table(result: dict[str, Any]) -> str:
    """The figures as Markdown."""
    r, said = result, result["accuracy"]
    lines = ["| | generated | renders (ceiling) | shuffled (chance) |", "|---|---|---|---|"]
    lines += [_row(name, said["generated"], said["render"], said["chance"]) for name in said["generated"]]
    lines += [
        "",
        (
            f"Fréchet distance in the judge's features (n = {r['count']}): {r['frechet']:.2f}, renders against renders "
            f"{r['frechet_render']:.2f}, ratio {r['frechet_ratio']:.2f}; renders coded and decoded "
            f"{r['frechet_coded'] / r['frechet_render']:.2f}."
        ),
        "Style, of generated pictures and of renders: "
        + ", ".join(f"{name} {v['generated']:.2f} and {v['render']:.2f}" for name, v in r["styles"].items())
        + ".",
        (
            f"Diversity between seeds {r['diversity']:.3f} (renders {r['diversity_render']:.3f}). Distance to the "
            f"nearest of 1,000 training pictures {r['nearest_training']:.3f} "
            f"(renders {r['nearest_training_render']:.3f})."
        ),
        f"Autoencoder {r['autoencoder_psnr']:.2f} dB, PCA of the same size {r['pca_psnr']:.2f} dB.",
        f"{r['steps']} steps, guidance {r['guidance']}; a picture by itself takes {r['seconds_alone']:.2f} s.",
    ]
    if "few_steps" in r:
        few = r["few_steps"]
        lines.append(
            f"{few['steps']} steps: mean accuracy {few['mean']:.3f}, Fréchet distance "
            f"{few['frechet']:.2f}, {few['frechet'] / r['frechet']:.2f} times that of {r['steps']} steps."
        )
        for found, made in ((r["shapes"], "{}"), ({"": r["repaint"]}, "repainted")):
            columns = {}
            for shape, each in found.items():
                names = {"generated": made.format(shape), "before": "before", "render": f"renders {shape}".strip()}
                columns |= {name: each[key] for key, name in names.items() if key in each}
            lines += ["", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
            lines += [_row(name, *columns.values()) for name in said["generated"]]
    return "\n".join(lines)


def _row(name: str, *columns: dict[str, float]) -> str:
    return f"| {name} | " + " | ".join(f"{column[name]:.3f}" for column in columns) + " |"
