"""From a Request to a picture: words alone, or words and a picture to start from, through any diffusers pipeline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import diffusers
import torch
import transformers

from studio.api import GeneratorContext, JobCancelled, JobPaused, Output, Request, StudioError, media
from studio.inference import devices, pipelines
from studio.inference.diffusion import DiffusionRun, Plan
from studio.inference.needs import DEVICE, Placing, choose, needs, preflight
from studio.inference.placing import free_memory

from . import codec
from .added import without_tags
from .params import ImageParams, ImageSettings
from .repaint import Repaint, repaint_of


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """One PNG with its recipe inside. A cancelled job keeps the picture as far as it had come."""
    started = time.perf_counter()
    params: ImageParams = context.params
    settings = context.settings(ImageSettings)
    repaint = repaint_of(params, context)
    plan = _plan(request, params, settings, context, repaint)
    guided = plan.guidance_scale > 1
    loaded, placing = _loaded(context, settings, width=plan.width, height=plan.height, guided=guided)
    plan = replace(plan, tiles=placing.tiles)
    loaded.overlay.put(loaded.pipe, loaded.embeddings, context.added, say=context.progress, check=context.check)
    job = DiffusionRun(loaded, plan, context)
    context.used(
        **loaded.device.facts(),
        scheduler=job.scheduler_name,
        torch=torch.__version__,
        diffusers=diffusers.__version__,
        transformers=transformers.__version__,
        **_placed(placing),
    )
    context.progress("Reading the prompt")
    try:
        pixels = job.pixels()
    except JobPaused:
        raise
    except JobCancelled:
        partial = job.partial()
        if partial is not None:
            context.keep([_output(partial, context, repaint, state="partial", started=started)])
        raise
    return [_output(pixels, context, repaint, state="done", started=started)]


def warm(context: GeneratorContext) -> None:
    """Load the libraries and the model, and read an empty prompt, before somebody waits for it."""
    if context.model is None:
        return
    side = int(context.model.facts.get("side", 512))
    loaded, _ = _loaded(context, context.settings(ImageSettings), width=side, height=side, guided=True)
    _ = loaded.colours


def _plan(
    request: Request,
    params: ImageParams,
    settings: ImageSettings,
    context: GeneratorContext,
    repaint: Repaint | None,
) -> Plan:
    start = context.input("image")
    picture = None if repaint is None else repaint.picture
    if start is not None and repaint is None:
        picture = codec.fitted(codec.open_picture(start), params.width, params.height, how=params.fit)
    return Plan(
        prompt=without_tags(params.prompt),
        negative_prompt=without_tags(params.negative_prompt),
        seed=request.seed,
        steps=params.steps,
        width=params.width,
        height=params.height,
        guidance_scale=params.guidance_scale,
        guidance_rescale=params.guidance_rescale,
        clip_skip=params.clip_skip,
        scheduler=params.scheduler,
        image=picture,
        mask=None if repaint is None else repaint.small,
        strength=params.strength,
        preview=settings.preview,
    )


def _loaded(
    context: GeneratorContext, settings: ImageSettings, *, width: int, height: int, guided: bool
) -> tuple[pipelines.Loaded, Placing]:
    """The model, placed for a picture of this size, and how it was placed."""
    model = context.model
    if model is None:
        raise StudioError("No model is chosen.", "Choose one in the inspector.")
    device = devices.pick(settings.device, precision=settings.precision, threads=settings.threads)
    device.prepare()
    asked = (settings.memory, settings.tiles, settings.eight_bits)
    same = (str(model.path), model.sha256, device.kind, device.index, device.dtype_name)
    last: dict[str, Placing] = context.cached(("placing", *same, *asked), dict)
    wanted = needs(model, width, height, itemsize=device.dtype.itemsize, guided=guided)
    placing = choose(
        wanted,
        free=free_memory(device),
        card=device.kind == "cuda",
        mode=settings.memory,
        tiles=settings.tiles,
        small=settings.eight_bits if device.kind != "mps" else "off",
        before=last.get("placing"),
    )
    last["placing"] = placing
    about = preflight(wanted, placing)
    if about:
        context.progress(about)

    def make() -> pipelines.Loaded:
        def say(text: str) -> None:
            context.progress(f"{text}. {about}" if about else text)

        return pipelines.load(model, device=device, placing=placing, say=say, check=context.check)

    size = wanted.others + (wanted.denoiser_small if placing.small else wanted.denoiser)
    key = ("pipeline", *same, placing.mode, placing.small)
    return context.cached(key, make, size=size, drop=pipelines.Loaded.drop), placing


def _placed(placing: Placing) -> dict[str, object]:
    """What a recipe records of it: nothing where all is as usual."""
    facts: dict[str, object] = {} if placing.mode == DEVICE else {"memory": placing.mode}
    return facts | {name: True for name, on in (("tiles", placing.tiles), ("eight_bits", placing.small)) if on}


def _output(pixels: Any, context: GeneratorContext, repaint: Repaint | None, *, state: str, started: float) -> Output:
    picture = codec.to_picture(pixels)
    if repaint is not None:
        picture = repaint.finish(picture)
    recipe = context.recipe(state=state)
    facts = {
        "width": picture.width,
        "height": picture.height,
        "seconds": round(time.perf_counter() - started, 2),
    }
    return Output(media.PNG, codec.png(picture, recipe), recipe, facts)
