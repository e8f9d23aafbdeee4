"""From a Request to a picture: words alone, or words and a picture to start from, through any diffusers pipeline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import diffusers
import torch
import transformers

from studio.api import GeneratorContext, JobCancelled, JobPaused, Model, Output, Request, StudioError, media
from studio.inference import devices, pipelines
from studio.inference.diffusion import DiffusionRun, Plan

from . import codec
from .added import without_tags
from .params import ImageParams, ImageSettings


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """One PNG with its recipe inside. A cancelled job keeps the picture as far as it had come."""
    started = time.perf_counter()
    params: ImageParams = context.params
    settings = context.settings(ImageSettings)
    plan = _plan(request, params, settings, context)
    loaded = _loaded(context, settings)
    loaded.overlay.put(loaded.pipe, loaded.embeddings, context.added, say=context.progress, check=context.check)
    job = DiffusionRun(loaded, plan, context)
    context.used(
        **loaded.device.facts(),
        scheduler=job.scheduler_name,
        torch=torch.__version__,
        diffusers=diffusers.__version__,
        transformers=transformers.__version__,
    )
    context.progress("Reading the prompt")
    try:
        pixels = job.pixels()
    except JobPaused:
        raise
    except JobCancelled:
        partial = job.partial()
        if partial is not None:
            context.keep([_output(partial, context, state="partial", started=started)])
        raise
    return [_output(pixels, context, state="done", started=started)]


def warm(context: GeneratorContext) -> None:
    """Load the libraries and the model, and read an empty prompt, before somebody waits for it."""
    if context.model is None:
        return
    loaded = _loaded(context, context.settings(ImageSettings))
    _ = loaded.colours


def _plan(request: Request, params: ImageParams, settings: ImageSettings, context: GeneratorContext) -> Plan:
    start = context.input("image")
    picture = None
    if start is not None:
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
        strength=params.strength,
        preview=settings.preview,
    )


def _loaded(context: GeneratorContext, settings: ImageSettings) -> pipelines.Loaded:
    model = context.model
    if model is None:
        raise StudioError("No model is chosen.", "Choose one in the inspector.")
    device = devices.pick(settings.device, precision=settings.precision, threads=settings.threads)
    device.prepare()
    key = ("pipeline", str(model.path), model.sha256, device.kind, device.index, device.dtype_name)

    def make() -> pipelines.Loaded:
        return pipelines.load(model, device=device, say=context.progress, check=context.check)

    return context.cached(key, make, size=_size_in_memory(model, device), drop=pipelines.Loaded.drop)


def _size_in_memory(model: Model, device: devices.Device) -> int:
    stored = 4 if model.dtype in ("F32", "") else 2
    return model.size * device.dtype.itemsize // stored


def _output(pixels: Any, context: GeneratorContext, *, state: str, started: float) -> Output:
    picture = codec.to_picture(pixels)
    recipe = context.recipe(state=state)
    facts = {
        "width": picture.width,
        "height": picture.height,
        "seconds": round(time.perf_counter() - started, 2),
    }
    return Output(media.PNG, codec.png(picture, recipe), recipe, facts)
