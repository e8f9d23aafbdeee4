"""From a text to what can be said about where it came from: "check this text".

The model reads the text too: at places where it had no choice nothing can be marked, and counting them would hide the
mark of a small model, which is sure of three words in four, behind luck (seen: 2.8 deviations instead of 6.3).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import torch

from studio.api import GeneratorContext, Output, Request, StudioError
from studio.inference.text import models, refiners, watermark
from studio.inference.text.memory import Attending, Remembering

from .desk import desk_of
from .params import CheckParams

MEDIA = "application/json"
_MOST = 20_000
"""Tokens that are looked at."""
_PART = 512
"""Tokens that are read at once, behind as many before them."""


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """One JSON object: "mean", "deviations", "tokens", "choices" (how many of them count), "marked" (true, false, null
    for too few), and "words", a sentence for people.
    """
    params: CheckParams = context.params
    if context.model is None:
        raise StudioError("No model is chosen.", "Choose the model that may have written the text.")
    if not params.text.strip():
        raise StudioError("There is no text to check.", "Select one first.")
    desk = desk_of(context, context.model) if context.model.family not in refiners.FAMILIES else None
    vocabulary = models.load_vocabulary(context.model) if desk is None else desk.writer.vocabulary
    ids = vocabulary.encode(params.text)[:_MOST]
    doubts = None if desk is None else _doubts(desk.writer, ids, context)
    found = watermark.Watermark().look(ids, doubts)
    data = {
        "mean": round(found.mean, 4),
        "deviations": round(found.deviations, 2),
        "tokens": found.tokens,
        "choices": found.choices,
        "marked": found.marked,
        "words": _words(found),
    }
    return [Output(MEDIA, json.dumps(data, ensure_ascii=False).encode(), context.recipe(), data)]


def _doubts(writer: models.Writer, ids: Sequence[int], context: GeneratorContext) -> list[float]:
    """How much choice the model had at each token. It is not told what stood in memory then: nearly right is enough."""
    half, start = min(_PART, writer.window // 2 - 1), list(writer.vocabulary.start)
    found: list[float] = []
    with torch.inference_mode():
        for begin in range(0, len(ids), half):
            context.check()
            context.progress("Reading the text for its watermark", begin / len(ids))
            first = max(0, begin - half)
            row = [*start, *ids[first : begin + half]]
            memory = Remembering(writer.net) if writer.recurrent else Attending(writer.net)
            logits = memory.read(torch.tensor([row], device=writer.device.torch), every=True)[0]
            doubts = [1.0, *watermark.doubt_of(logits).tolist()]  # each token's by those before it
            found += doubts[len(start) + begin - first :][: len(ids[begin : begin + half])]
    return found


def _words(found: watermark.Finding) -> str:
    if found.marked is None:
        if found.tokens >= watermark.LEAST:
            return "Nothing can be said: this model had hardly a choice of words in this text."
        return f"Too short to say: at least {watermark.LEAST} tokens are needed, better 200."
    if found.marked:
        return (
            "This text bears Studio's watermark: most of it was written with this model's words and the watermark on. "
            "People may have changed parts of it."
        )
    return (
        "No watermark was found. That proves nothing: the text may be a person's, another model's, written without the "
        "watermark, or changed so much that the mark is gone."
    )
