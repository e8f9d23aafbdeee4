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

MEDIA = "application/vnd.studio.text-check+json"
"""What the panel reads and says; nothing that a library should show."""
_MOST = 20_000
"""Tokens that are looked at."""
_TRACES = 2.5
"""Deviations from which on chance is unlikely, once in 160 texts, and the mark not certain."""
_PART = 512
"""Tokens that are read at once, behind as many before them."""


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """One JSON object: "mean", "deviations", "tokens", "choices" (how many of them count), "marked" (true, false, null
    for too few), "sure" (deviations from which on it is true), "whole" (false where only the beginning was read), and
    "words", what that means for people.
    """
    params: CheckParams = context.params
    if context.model is None:
        raise StudioError("No model is chosen.", "Choose the model that may have written the text.")
    if not params.text.strip():
        raise StudioError("There is no text to check.", "Select one first.")
    desk = desk_of(context, context.model) if context.model.family not in refiners.FAMILIES else None
    vocabulary = models.load_vocabulary(context.model) if desk is None else desk.writer.vocabulary
    every = vocabulary.encode(params.text)
    ids = every[:_MOST]
    doubts = None if desk is None else _doubts(desk.writer, ids, context)
    found = watermark.Watermark().look(ids, doubts)
    data = {
        "mean": round(found.mean, 4),
        "deviations": round(found.deviations, 2),
        "tokens": found.tokens,
        "choices": found.choices,
        "marked": found.marked,
        "sure": watermark.SURE,
        "whole": len(every) <= _MOST,
        "words": words_for(found),
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


def words_for(found: watermark.Finding) -> str:
    """What a finding means."""
    if found.marked is None:
        if found.tokens >= watermark.LEAST:
            return "This model had hardly a choice of words in this text."
        return f"The text is too short: at least {watermark.LEAST} tokens are needed, better 200."
    if found.marked:
        return (
            "Much of this text was written by this model with the watermark on. People may have written or changed "
            "other parts: the mark says nothing about a single sentence."
        )
    if found.deviations >= _TRACES:
        return (
            "There are traces of a mark, too few to rule out chance: parts of the text may be this model’s, or all of "
            "it before it was changed."
        )
    return (
        "That proves nothing: the text may be a person’s, another model’s, written without the watermark, or changed "
        "so much that the mark is gone. One word in ten is often enough for that."
    )
