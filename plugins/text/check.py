"""From a text to what can be said about where it came from: "check this text"."""

from __future__ import annotations

import json
from collections.abc import Sequence

from studio.api import GeneratorContext, Output, Request, StudioError
from studio.inference.text import models, watermark

from .params import CheckParams

MEDIA = "application/json"


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """One JSON object: "mean", "deviations", "tokens", "marked" (true, false, null for too short), and "words", a
    sentence for people.
    """
    params: CheckParams = context.params
    if context.model is None:
        raise StudioError("No model is chosen.", "Choose the model that may have written the text.")
    if not params.text.strip():
        raise StudioError("There is no text to check.", "Select one first.")
    context.progress("Looking for a watermark")
    vocabulary = models.load_vocabulary(context.model)
    found = watermark.Watermark().look(vocabulary.encode(params.text))
    data = {
        "mean": round(found.mean, 4),
        "deviations": round(found.deviations, 2),
        "tokens": found.tokens,
        "marked": found.marked,
        "words": _words(found),
    }
    return [Output(MEDIA, json.dumps(data, ensure_ascii=False).encode(), context.recipe(), data)]


def _words(found: watermark.Finding) -> str:
    if found.marked is None:
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
