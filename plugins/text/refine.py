"""Passages by text diffusion: repainting, filling and continuing with a model that sees both sides at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from studio.api import GeneratorContext, JobCancelled, JobPaused, Output, Preview, Request, StudioError, media
from studio.inference import devices
from studio.inference.text import refiners, refining

from . import spelling, wire
from .params import TextParams
from .settings import TextSettings

_AROUND = 3
"""Before and behind the passage each may have this share (1 in …) of what the model reads."""
_LENGTHS = {"expand": 2.0, "shorten": 0.5}


def run(request: Request, context: GeneratorContext) -> Sequence[Output]:
    """A text per alternative, and the record of their tokens. A cancelled job keeps nothing: it is full of holes."""
    params: TextParams = context.params
    refiner = _loaded(context)
    context.used(**refiner.device.facts())
    passage, report = _passage(request, params, refiner)
    job = refining.Refinement(refiner, passage, check=context.check)
    if context.resume is not None:
        job.resume(*context.resume)
    try:
        for index in job.passes():
            shown = job.texts(wire.HOLE)
            context.step(
                index,
                job.total,
                preview=lambda shown=shown: Preview(media.TEXT, "\n".join(shown).encode()),  # type: ignore[misc]
                state=job.state,
                label=f"pass {index + 1}",
            )
            looks = wire.Live(tuple(wire.LiveText(text, index + 1) for text in shown)).to_bytes()
            context.preview(lambda looks=looks: Preview(wire.LIVE, looks))  # type: ignore[misc]
    except (JobPaused, JobCancelled):
        raise
    return _outputs(job, refiner, report, context)


def _outputs(
    job: refining.Refinement, refiner: refiners.Refiner, report: wire.Report, context: GeneratorContext
) -> list[Output]:
    recipe, piece = context.recipe(), refiner.vocabulary.piece
    texts, outputs = [], []
    for row in job.pieces():
        tokens = []
        for token, text, guess in row:
            choices = () if guess is None else tuple(wire.Choice(n, piece(n), p) for n, p in guess.choices)
            tokens.append(wire.Token(token, text, 1.0 if guess is None else guess.p, choices))
        texts.append(wire.TokenText(tuple(tokens), "length"))
        facts = {"tokens": len(tokens), "finish": "length"}
        outputs.append(Output(media.TEXT, texts[-1].text.encode(), recipe, facts))
    return [*outputs, Output(wire.RECORD, wire.Record(tuple(texts), report).to_bytes(), recipe)]


def _passage(request: Request, params: TextParams, refiner: refiners.Refiner) -> tuple[refining.Passage, wire.Report]:
    words = refiner.vocabulary
    if params.task in ("chat", "prompt"):
        raise StudioError(f"{refiner.title} fills passages; it holds no conversations.", "Choose another model.")
    if params.passage:
        slots = _slots(params, refiner)
    elif params.task in ("continue", "fill"):
        slots = [None] * params.length
    else:
        raise StudioError("Nothing is selected.", "Select the words that should change.")
    room = (refiner.window - len(slots)) // _AROUND
    if room < 1:
        raise StudioError(
            f"The passage is longer than {refiner.title} can read ({refiner.window:,} tokens).",
            "Select a shorter one.",
        )
    told = "\n\n".join(text.strip("\n") for text in (params.memory, params.note) if text.strip())
    front = words.encode(told + "\n\n")[:room] if told else []
    before = words.encode(params.before[-room * 16 :])[-room:]
    after = words.encode(params.after[: room * 16])[:room]
    segments = [
        wire.Segment(origin, words.decode(ids), len(ids))
        for origin, ids in (("memory", front), ("story", before), ("after", after))
        if ids
    ]
    passage = refining.Passage(
        before=[*words.start, *front, *before],
        slots=slots,
        after=after,
        passes=params.passes,
        seed=request.seed,
        alternatives=params.alternatives,
        temperature=params.temperature,
        top_p=params.top_p,
        top_k=params.top_k,
    )
    return passage, wire.Report(tuple(segments), limit=refiner.window, room=len(slots))


def _slots(params: TextParams, refiner: refiners.Refiner) -> list[int | None]:
    """The passage's own tokens where they are pinned, open ones elsewhere; all open at another length."""
    ids, ends = refiner.vocabulary.spans(params.passage)
    if params.task in _LENGTHS:
        return [None] * max(1, round(len(ids) * _LENGTHS[params.task]))
    pinned, place = set(), 0
    starts = [0, *ends[:-1]] if ends else []
    for pin in spelling.lines(params.pinned):
        match = re.compile(rf"(?<!\w){re.escape(pin)}(?!\w)").search(params.passage, place)
        if match is None:
            raise StudioError(f"The pinned words “{pin[:60]}” do not stand in the passage.", "Pin them again.")
        place = match.end()
        spans = enumerate(zip(starts, ends, strict=True))
        pinned |= {n for n, (start, end) in spans if start < match.end() and end > match.start()}
    return [token if n in pinned else None for n, token in enumerate(ids)]


def _loaded(context: GeneratorContext) -> refiners.Refiner:
    model = context.model
    assert model is not None
    settings = context.settings(TextSettings)
    device = devices.pick(settings.device, precision=settings.precision, threads=settings.threads)
    device.prepare()
    key = ("refiner", str(model.path), model.sha256, device.kind, device.index, device.dtype_name)

    def make() -> refiners.Refiner:
        return refiners.load(model, device=device, say=context.progress, check=context.check)

    return context.cached(key, make, size=model.size, drop=refiners.Refiner.drop)
