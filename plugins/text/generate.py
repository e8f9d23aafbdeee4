"""From a Request to continuations of a text."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import DynamicCache

from studio.api import GeneratorContext, JobCancelled, JobPaused, Output, Preview, Request, StudioError, media
from studio.inference import devices
from studio.inference.text import models

from . import wire
from .params import TextParams
from .settings import TextSettings


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """One text per alternative, and the record of their tokens."""
    params: TextParams = context.params
    writer = _loaded(context)
    context.used(**writer.device.facts(), torch=torch.__version__)
    tokens: list[wire.Token] = []
    state = "partial"
    try:
        for token in _continued(writer, params, request.seed):
            tokens.append(token)
            text = "".join(item.text for item in tokens)
            look = wire.Live((wire.LiveText(text, len(tokens)),)).to_bytes()
            context.preview(lambda look=look: Preview(wire.LIVE, look))  # type: ignore[misc]
            context.step(
                len(tokens) - 1,
                params.length,
                preview=lambda token=token: Preview(media.TEXT, token.text.encode()),  # type: ignore[misc]
                label=token.text,
            )
        state = "done"
    except JobPaused:
        raise
    except JobCancelled:
        context.keep(_outputs(tokens, context, "partial", "cancelled"))
        raise
    return _outputs(tokens, context, state, "length" if len(tokens) == params.length else "eos")


def _outputs(tokens: list[wire.Token], context: GeneratorContext, state: str, finish: str) -> list[Output]:
    recipe = context.recipe(state=state)
    text = wire.TokenText(tuple(tokens), finish)
    record = wire.Record((text,))
    return [
        Output(media.TEXT, text.text.encode(), recipe, {"tokens": len(tokens), "finish": finish}),
        Output(wire.RECORD, record.to_bytes(), recipe),
    ]


def _continued(writer: models.Writer, params: TextParams, seed: int):  # type: ignore[no-untyped-def]
    words = writer.vocabulary
    ids = words.encode(params.memory + params.before, start=True)
    stream = words.stream(ids)
    cache = DynamicCache(config=writer.net.config)
    noise = torch.Generator().manual_seed(seed)
    fresh = torch.tensor([ids], device=writer.device.torch)
    with torch.inference_mode():
        for _ in range(params.length):
            logits = writer.net(fresh, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[0, -1].float()
            chances = (logits / max(params.temperature, 1e-4)).softmax(-1).cpu()
            number = int(torch.multinomial(chances, 1, generator=noise))
            if number in writer.ends:
                return
            best, places = logits.softmax(-1).topk(min(10, len(chances)))
            choices = tuple(
                wire.Choice(i, words.piece(i), p) for i, p in zip(places.tolist(), best.tolist(), strict=True)
            )
            yield wire.Token(number, stream.add(number), float(chances[number]), choices)
            fresh = torch.tensor([[number]], device=writer.device.torch)


def warm(context: GeneratorContext) -> None:
    """Load the libraries and the model before somebody waits for them."""
    if context.model is not None:
        _loaded(context)


def _loaded(context: GeneratorContext) -> models.Writer:
    model = context.model
    if model is None:
        raise StudioError("No model is chosen.", "Choose one in the inspector.")
    settings = context.settings(TextSettings)
    device = devices.pick(settings.device, precision=settings.precision, threads=settings.threads)
    device.prepare()
    key = ("writer", str(model.path), model.sha256, device.kind, device.index, device.dtype_name)

    def make() -> models.Writer:
        return models.load(model, device=device, say=context.progress, check=context.check)

    return context.cached(key, make, size=model.size, drop=models.Writer.drop)
