"""From a Request to sound: a new one, a part of one anew, or more of one, with any audio model by one route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import diffusers
import numpy as np
import torch

from studio.api import GeneratorContext, Model, Output, Request, StudioError, media
from studio.inference import devices, pipelines
from studio.inference.needs import DEVICE, MODEL, Placing, choose, preflight
from studio.inference.placing import free_memory
from studio.inference.resampling import Frames
from studio.inference.sound_line import Stretch, make
from studio.inference.sound_mends import in_turn, mend
from studio.inference.sound_needs import sound_needs
from studio.inference.sound_spaces import SoundSpace, space_of
from studio.inference.sounding import SoundPlan, SoundRun, loud_enough

from . import sound_spoken
from .midi import RECIPE
from .params import SoundParams, SoundSettings
from .sound_given import Wished, for_model, joined, to_wav, wished
from .sound_ways import NEW, kind_of, why_not

SHORTEST = 0.05
PEAK = 10 ** (-1 / 20)
"""1 dB below full scale: what ACE-Step's own pipeline brings everything to."""


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """One WAV file with its recipe: a new sound, or all of the given one with what was asked for in it."""
    params: SoundParams = context.params
    model = context.model
    if model is None:
        raise StudioError("No model is chosen.", "Choose one in the inspector.")
    if not params.prompt.strip():
        raise StudioError("Nothing is asked for.", "Describe the sound first.")
    problem, hint = why_not(model.family, params.task)
    if problem:
        raise StudioError(problem, hint)
    wish = None if params.task == NEW else wished(context.input("audio"), params)
    if kind_of(model.family) in sound_spoken.KINDS:

        def rescue(so_far: Frames, rate: int, part: Wished | None) -> None:
            context.keep([_output(so_far, rate, part, context, state="partial")])

        sound, rate = sound_spoken.make(model, request, params, wish, context, rescue)
    else:
        sound, rate = _diffused(model, request, params, wish, context)
    return [_output(sound, rate, wish, context)]


def _output(sound: Frames, rate: int, wish: Wished | None, context: GeneratorContext, state: str = "done") -> Output:
    recipe = context.recipe(state=state)
    facts: dict[str, Any] = {"seconds": round(len(sound) / rate, 2), "rate": rate, "channels": sound.shape[1]}
    if wish is not None:
        facts |= {"first_frame": wish.first, "last_frame": wish.last}
    title: str = context.params.prompt
    return Output(media.WAV, to_wav(sound, rate, title, RECIPE + recipe.text()), recipe, facts)


def _diffused(
    model: Model, request: Request, params: SoundParams, wish: Wished | None, context: GeneratorContext
) -> tuple[Frames, int]:
    loaded, placing = _loaded(model, params, context)
    plan = SoundPlan(
        prompt=params.prompt,
        negative_prompt=params.negative_prompt,
        seed=request.seed,
        steps=params.steps,
        width=0,
        height=0,
        guidance_scale=params.guidance_scale,
        strength=1.0 if wish is None or not wish.repaints else params.strength,
        preview="estimate",
        seconds=params.seconds,
        lyrics=params.lyrics,
    )
    space = space_of(loaded.pipe)
    context.used(
        **loaded.device.facts(),
        scheduler=type(loaded.scheduler).__name__,
        torch=torch.__version__,
        diffusers=diffusers.__version__,
        **({} if placing.mode == DEVICE else {"memory": placing.mode}),
    )
    context.progress("Reading the prompt")
    if space is not None:
        return _in_latents(loaded, space, plan, wish, context)
    try:
        sound, rate = SoundRun(loaded, plan, context).samples()
    except ValueError as error:  # how pipelines say that a length is too much for them
        raise StudioError(
            f"{model.title} cannot make this.", "Try fewer seconds.", details=f"{type(error).__name__}: {error}"
        ) from error
    return loud_enough(sound.T), rate


def _in_latents(
    loaded: pipelines.Loaded, space: SoundSpace, plan: SoundPlan, wish: Wished | None, context: GeneratorContext
) -> tuple[Frames, int]:
    origin = 0
    if wish is None:
        count = max(1, round(max(SHORTEST, plan.seconds) * space.rate))
        stretch = Stretch(np.zeros((count, space.channels), np.float32), 0, count)
    else:
        heard = for_model(wish, space)
        stretch = Stretch(heard.line, heard.first, heard.last, backwards=wish.front)
        origin = heard.origin

    def finished(line: Frames, until: int) -> tuple[Frames, Wished | None, int]:
        if wish is not None:
            so_far = wish if until == stretch.last else wish.up_to((until - stretch.first) / space.rate)
            return joined(so_far, line, space.rate, origin), so_far, wish.rate
        made = line[:until]
        if type(loaded.pipe).__name__ == "AceStepPipeline":
            made = np.asarray(made * (PEAK / max(1e-6, float(np.abs(made).max()))), np.float32)
        return loud_enough(made), None, space.rate

    def rescue(line: Frames, until: int) -> None:
        sound, part, rate = finished(line, until)
        context.keep([_output(sound, rate, part, context, state="partial")])

    made, runs = make(loaded, space, plan, stretch, context, rescue)
    context.used(runs=runs)
    sound, _, rate = finished(made, stretch.last)
    return sound, rate


def _loaded(model: Model, params: SoundParams, context: GeneratorContext) -> tuple[pipelines.Loaded, Placing]:
    """The model, placed for a sound of this length, and how it was placed."""
    settings = context.settings(SoundSettings)
    device = device_for(settings)
    wanted = sound_needs(model, params.seconds, itemsize=device.dtype.itemsize, guided=params.guidance_scale > 1)
    free, card = free_memory(device), device.kind == "cuda"
    same = (str(model.path), model.sha256, device.kind, device.index, device.dtype_name)
    last: dict[str, Placing] = context.cached(("sound placing", *same, settings.memory), dict)
    ways = (DEVICE, MODEL) if settings.memory == "auto" else (settings.memory,)
    if not in_turn(model):
        ways = (DEVICE,)
    for mode in ways:
        placing = choose(wanted, free=free, card=card, mode=mode, tiles="off", small="off", before=last.get("placing"))
        if placing.fits:
            break
    last["placing"] = placing
    about = preflight(wanted, placing).replace("Make the picture smaller", "Make the sound shorter")
    if about:
        context.progress(about)

    def load() -> pipelines.Loaded:
        def say(text: str) -> None:
            context.progress(f"{text}. {about}" if about else text)

        found = pipelines.load(model, device=device, placing=placing, say=say, check=context.check)
        mend(found.pipe, full=placing.mode == DEVICE)
        return found

    key = ("sound", *same, placing.mode)
    return context.cached(key, load, size=model.size, drop=pipelines.Loaded.drop), placing


def device_for(settings: SoundSettings) -> devices.Device:
    """Where sound is made. Vocoders and decoders of waves lose their highs in 16 bits: in full precision on a
    processor, unless another is asked for.
    """
    device = devices.pick(settings.device, precision=settings.precision, threads=settings.threads)
    if device.kind == "cpu" and settings.precision == "auto":
        device = devices.pick("cpu", precision="float32", threads=settings.threads)
    device.prepare()
    return device
