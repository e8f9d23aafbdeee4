"""From a Request to sound: any audio pipeline of diffusers, and MusicGen and VITS of transformers, by one route."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from typing import Any

import diffusers
import numpy as np
import soundfile
import torch
import transformers
from transformers import LogitsProcessor, LogitsProcessorList

from studio.api import GeneratorContext, Model, Output, Request, StudioError, media
from studio.inference import devices, pipelines
from studio.inference.loading import LOADING, hushed, silence_transformers
from studio.inference.sounding import SoundPlan, SoundRun

from . import tags
from .midi import RECIPE
from .params import SoundParams

FRAMES_A_TIME = 65_536
"""libsndfile is asked for no more at once."""
SPEAKERS = frozenset(("MusicgenForConditionalGeneration", "VitsModel"))


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """One WAV file with its recipe."""
    params: SoundParams = context.params
    model = context.model
    if model is None:
        raise StudioError("No model is chosen.", "Choose one in the inspector.")
    if not params.prompt.strip():
        raise StudioError("Nothing is asked for.", "Describe the sound first.")
    kind = model.family.partition("/")[2]
    if kind in SPEAKERS:
        sound, rate = _spoken(model, kind, request, params, context)
    else:
        sound, rate = _diffused(model, request, params, context)
    recipe = context.recipe()
    facts = {"seconds": round(sound.shape[1] / rate, 2), "rate": rate, "channels": len(sound)}
    return [Output(media.WAV, to_wav(sound, rate, params.prompt, RECIPE + recipe.text()), recipe, facts)]


def to_wav(sound: np.ndarray, rate: int, title: str, comment: str) -> bytes:
    """[channels, frames] as a 16-bit WAV file with words inside. Raises StudioError."""
    held = io.BytesIO()
    try:
        with soundfile.SoundFile(held, "w", rate, len(sound), "PCM_16", format="WAV") as file:
            for begin in range(0, sound.shape[1], FRAMES_A_TIME):
                file.write(np.ascontiguousarray(sound[:, begin : begin + FRAMES_A_TIME].T))
    except (soundfile.SoundFileError, RuntimeError, MemoryError) as error:
        raise StudioError("The sound could not be written.", "Make it shorter.", details=str(error)) from error
    return tags.with_chunks(held.getvalue(), [tags.info(title[:200], comment)])


def _device() -> devices.Device:
    # Vocoders and Oobleck decoders lose their highs in 16 bits: full precision unless there is a graphics card.
    device = devices.pick("auto")
    if device.kind == "cpu":
        device = devices.pick("cpu", precision="float32")
    device.prepare()
    return device


def _diffused(model: Model, request: Request, params: SoundParams, context: GeneratorContext) -> tuple[np.ndarray, int]:
    device = _device()

    def make() -> pipelines.Loaded:
        loaded = pipelines.load(model, device=device, say=context.progress, check=context.check)
        _mend(loaded.pipe)
        return loaded

    key = ("sound", str(model.path), model.sha256, device.kind, device.dtype_name)
    loaded = context.cached(key, make, size=model.size, drop=pipelines.Loaded.drop)
    plan = SoundPlan(
        prompt=params.prompt,
        negative_prompt=params.negative_prompt,
        seed=request.seed,
        steps=params.steps,
        width=0,
        height=0,
        guidance_scale=params.guidance_scale,
        preview="estimate",
        seconds=params.seconds,
        lyrics=params.lyrics,
    )
    job = SoundRun(loaded, plan, context)
    context.used(
        **device.facts(), scheduler=job.scheduler_name, torch=torch.__version__, diffusers=diffusers.__version__
    )
    context.progress("Reading the prompt")
    try:
        return job.samples()
    except ValueError as error:  # how pipelines say that a length is too much for them
        raise StudioError(
            f"{model.title} cannot make this.", "Try fewer seconds.", details=f"{type(error).__name__}: {error}"
        ) from error


def _mend(pipe: Any) -> None:
    """MusicLDM of diffusers 0.42 expects a tensor where transformers 5 answers with an object that holds it."""
    reader = getattr(pipe, "text_encoder", None)
    features = getattr(reader, "get_text_features", None)
    if features is None:
        return

    @functools.wraps(features)
    def tensor(*args: Any, **kwargs: Any) -> torch.Tensor:
        answer = features(*args, **kwargs)
        return answer if isinstance(answer, torch.Tensor) else answer.pooler_output

    object.__setattr__(reader, "get_text_features", tensor)


class _Counting(LogitsProcessor):
    """Sees every token before it is drawn: a step each, and a chance to stop. (MusicGen tells no streamer.)"""

    def __init__(self, context: GeneratorContext, total: int) -> None:
        self._context, self._total, self._count = context, total, 0

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        self._context.step(min(self._count, self._total - 1), self._total)
        self._count += 1
        return scores


def _spoken(
    model: Model, kind: str, request: Request, params: SoundParams, context: GeneratorContext
) -> tuple[np.ndarray, int]:
    device = _device()
    key = ("speaker", str(model.path), model.sha256, device.kind, device.dtype_name)
    tokenizer, net = context.cached(key, lambda: _load(model, kind, device, context), size=model.size)
    context.used(**device.facts(), torch=torch.__version__, transformers=transformers.__version__)
    words = tokenizer(params.prompt, return_tensors="pt").to(device.torch)
    torch.manual_seed(request.seed)
    with torch.inference_mode(), hushed():
        if kind == "VitsModel":
            wave = net(**words).waveform[0]
            context.step(0, 1)
            return np.clip(np.atleast_2d(wave.float().cpu().numpy()), -1, 1), int(net.config.sampling_rate)
        coder = net.config.audio_encoder
        total = max(1, round(params.seconds * coder.frame_rate))
        made = net.generate(
            **words,
            do_sample=True,
            guidance_scale=max(1.0, params.guidance_scale),
            max_new_tokens=total,
            logits_processor=LogitsProcessorList([_Counting(context, total)]),
        )
        return np.clip(np.atleast_2d(made[0].float().cpu().numpy()), -1, 1), int(coder.sampling_rate)


def _load(model: Model, kind: str, device: devices.Device, context: GeneratorContext) -> tuple[Any, Any]:
    if model.problem:
        raise StudioError(f"{model.title} cannot be used.", model.problem)
    context.progress(f"Loading {model.title}")
    with LOADING, hushed():
        context.check()
        silence_transformers()
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(model.path, local_files_only=True)
            net = getattr(transformers, kind).from_pretrained(
                model.path, dtype=device.dtype, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise StudioError(
                f"{model.title} could not be loaded.", "Its files may be damaged: copy them again.", details=str(error)
            ) from error
    return tokenizer, net.to(device.torch).eval()
