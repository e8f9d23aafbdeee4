"""What the model can do beside squares in twenty steps: fewer steps, other shapes, half a picture made anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from studio.inference import schedulers
from studio.inference.known import Known, known_of
from studio.inference.tap import SchedulerTap

from ..world import caption, render
from ..world.frame import Frame
from ..world.scene import COLOURS, OBJECTS, WATER, Scene, Thing
from .autoencoder import HELD_OUT
from .probe import QUESTIONS, Probe, answers, frechet, judge, single

FEW = 6
"""Steps of the quick look, with the model's own scheduler. Of those tried (DDIM, DPM++ 2M with Karras' spacing and
without, UniPC) only Karras' spacing loses something in so few."""
SHAPES = (Frame(384, 256), Frame(256, 384), Frame(336, 192))
"""Two that the denoiser learns, and one that it does not: what the panel makes of the square when 16:9 is asked for."""


@torch.no_grad()
def generate(
    pipe: StableDiffusionPipeline,
    prompts: list[str],
    *,
    steps: int,
    guidance: float,
    first_seed: int,
    batch: int = 16,
    scheduler: str = "auto",
    size: tuple[int, int] = (256, 256),
    known: list[Known] | None = None,
) -> np.ndarray:
    """[n, height, width, 3] bytes, each picture from a seed of its own; `known` (with `batch` 1) is what each keeps."""
    pipe.set_progress_bar_config(disable=True)
    own, out = pipe.scheduler, []
    pipe.scheduler = schedulers.make(scheduler, own)
    for i in range(0, len(prompts), batch):
        some = prompts[i : i + batch]
        generators = [torch.Generator().manual_seed(first_seed + i + k) for k in range(len(some))]
        tap = SchedulerTap(pipe.scheduler, lambda _step: None)
        if known is not None:
            (tap.steer,) = known[i : i + batch]
        # What is kept is compared in full precision.
        with tap, torch.autocast("cpu", torch.bfloat16, enabled=known is None):
            out += pipe(
                some,
                num_inference_steps=steps,
                guidance_scale=guidance,
                generator=generators,
                width=size[0],
                height=size[1],
            ).images
    pipe.scheduler = own
    return np.stack([np.asarray(picture) for picture in out])


def sheet(pictures: np.ndarray, path: Path, *, across: int = 8, width: int = 160) -> None:
    """Pictures of one size in rows, `width` pixels each."""
    count, tall, wide = pictures.shape[:3]
    height = round(width * tall / wide)
    page = Image.new("RGB", (across * width, -(-count // across) * height), "white")
    for i, picture in enumerate(pictures):
        small = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
        page.paste(small, (i % across * width, i // across * height))
    page.save(path, quality=88)


def hits(said: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """The share of right answers for each question, and their mean."""
    each = {name: float((said[:, i] == wanted[:, i]).mean()) for i, name in enumerate(QUESTIONS)}
    return {**each, "mean": float(np.mean(list(each.values())))}


def few_steps(
    pipe: StableDiffusionPipeline,
    probe: Probe,
    prompts: list[str],
    wanted: np.ndarray,
    f_real: np.ndarray,
    work: Path,
    *,
    guidance: float,
    steps: int = FEW,
) -> dict[str, Any]:
    """The same prompts and seeds as the main table in a handful of steps."""
    made = generate(pipe, prompts, steps=steps, guidance=guidance, first_seed=1000)
    said, features = judge(probe, made)
    sheet(made[:48], work / "few-steps.jpg")
    return {"steps": steps, "frechet": frechet(features, f_real), **hits(said, wanted)}


def shapes(
    pipe: StableDiffusionPipeline,
    probe: Probe,
    scenes: list[Scene],
    work: Path,
    *,
    steps: int,
    guidance: float,
) -> dict[str, dict[str, dict[str, float]]]:
    """Scenes of one thing in other shapes, generated and as renders in that shape, before a judge who knows them."""
    prompts = [caption(scene, np.random.default_rng(0), full=True) for scene in scenes]
    wanted = np.array([answers(scene) for scene in scenes])
    result = {}
    for frame in SHAPES:
        size = (frame.wide, frame.high)
        made = generate(pipe, prompts, steps=steps, guidance=guidance, first_seed=1000, size=size)
        said, _ = judge(probe, made)
        ceiling, _ = judge(probe, np.stack([render(scene, frame) for scene in scenes]))
        result[f"{size[0]} x {size[1]}"] = {"generated": hits(said, wanted), "render": hits(ceiling, wanted)}
        sheet(made[:24], work / f"shape-{size[0]}x{size[1]}.jpg", across=6, width=size[0] * 2 // 3)
    return result


def _other_thing(scene: Scene, number: int) -> Scene:
    """The same scene with another thing of another colour in the same place."""
    (thing,) = scene.things
    # Boats stay where water is, and a boat's water has no other thing more at home.
    kinds = [k for k in OBJECTS if k != thing.kind and (k != "sailboat" or scene.place in WATER)]
    colours = [c for c in COLOURS if c != thing.colour]
    pick = np.random.default_rng([number, 51])
    kind, colour = kinds[pick.integers(len(kinds))], colours[pick.integers(len(colours))]
    return replace(scene, things=(Thing(kind, colour, thing.position),))


def repaint(
    pipe: StableDiffusionPipeline, probe: Probe, work: Path, *, count: int, steps: int, guidance: float
) -> dict[str, Any]:
    """Half of a render is made anew as Studio does it, with another thing asked for; the judge says what is seen then.

    Place, time, weather and style are to stay, object and colour to be the new ones, in the old position.
    """
    scenes, number = [], 3 * HELD_OUT
    while len(scenes) < count:
        number += 1
        scene = single(number)
        if scene.things[0].position != "centre":
            scenes.append(scene)
    changed = [_other_thing(scene, i) for i, scene in enumerate(scenes)]
    before = np.stack([render(scene) for scene in scenes])
    masks = np.zeros(before.shape[:3], np.uint8)
    for mask, scene in zip(masks, scenes, strict=True):
        mask[:, slice(0, 128) if scene.things[0].position == "left" else slice(128, 256)] = 255
    made = generate(
        pipe,
        [caption(scene, np.random.default_rng(0), full=True) for scene in changed],
        steps=steps,
        guidance=guidance,
        first_seed=9000,
        batch=1,
        known=[
            known_of(pipe, Image.fromarray(picture), Image.fromarray(mask))
            for picture, mask in zip(before, masks, strict=True)
        ],
    )
    # Joined as Studio does: not one pixel outside the mask changes.
    joined = np.where(masks[..., None] > 0, made, before)
    sheet(np.stack([before[:24], joined[:24]], 1).reshape(-1, *before.shape[1:]), work / "repaint.jpg")
    said, _ = judge(probe, joined)
    said_before, _ = judge(probe, before)
    ceiling, _ = judge(probe, np.stack([render(scene) for scene in changed]))
    wanted = np.array([answers(scene) for scene in changed])
    return {
        "count": count,
        "before": hits(said_before, wanted),
        "generated": hits(said, wanted),
        "render": hits(ceiling, wanted),
    }
